#include "anomaly/tails.h"

#include "anomaly/excursion.h"
#include "anomaly/nbtail.h"
#include "anomaly/tails_state.h"
#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One pass per tile. A series costs two or three logarithms in the usual case; the continued
 * fraction runs only for buckets more than one standard deviation off, the evidence only for
 * signals.
 *
 * Raw scores are -log10 of: the mid-p tail (spike, drop), the product of P(0) (zero run), e^-g for
 * a log likelihood ratio of g that restarts at zero (shifts). Of the sequences a pool counts the
 * peak of each finished excursion against the buckets tested, so that a calibrated score is the
 * rate of events per bucket, not of buckets.
 *
 * A fall of at most DROP_BUCKETS and a rise of at most SPIKE_BUCKETS are called drop and spike:
 * they need no tests of their own. */

#define MOST_NATS 4.0f /* one bucket adds at most this to a shift: it takes several to shift */
#define LEAST_FACTOR 0.05f /* phases with less than this of a usual one tell nothing of levels */
/* Lines are judged where a series that sells has more than one a bucket, as a rule; where orders
 * come as totals, one line says nothing. */
#define LINES_ON 1.25
#define LINES_OFF 1.1
#define QUARTER 90.0f /* buckets */
#define TOTAL_RATE 0.05
#define LINES_RATE 0.04f
#define MEMORY 40.0f /* buckets that an exponentially weighted level has seen */
#define DOUBT 10.0f /* units sold in them that make its own spread as good as its cohort's */
#define MOST_SPREAD 1000.0f
#define SPREAD_UNIT 1024.0f /* of the tally */
#define SPREAD_RATE 0.05f
#define LEAST_MEAN 1e-3f
#define QUIET_SCORE 1.301f /* p = 0.05 */
#define SMEAR_KEY 0x9e3779b97f4a7c15ULL
#define NEVER 1e9f
#define KEEP 0.992 /* counts of pools halve in 86 closes */
#define WEAK_SHARE 20.0

enum {
    COUNTED_AGE =
        14, /* from here to min_age pools learn, silently; younger forecasts tell nothing */
    SPIKE_BUCKETS = 3,
    DROP_BUCKETS = 7,
    SHIFT_ACCEPTED = 28, /* buckets after which a new level is the level */
    RUN_ACCEPTED = 84,
};

enum row_state { ROW_MISSING, ROW_YOUNG, ROW_JUDGED };

#define ROW(name, type)                                                                            \
    {                                                                                              \
        "tails." #name, type, COLUMN_COLD, 1, offsetof(struct tails_cols, name)                    \
    }
static const struct column ROWS[] = {
    ROW(run, COLUMN_F32),         ROW(run_level, COLUMN_F32),   ROW(run_spread, COLUMN_F32),
    ROW(rise, COLUMN_F32),        ROW(rise_level, COLUMN_F32),  ROW(rise_spread, COLUMN_F32),
    ROW(fall, COLUMN_F32),        ROW(fall_level, COLUMN_F32),  ROW(fall_spread, COLUMN_F32),
    ROW(rise_peak, COLUMN_F32),   ROW(fall_peak, COLUMN_F32),   ROW(lines_level, COLUMN_F32),
    ROW(lines_error, COLUMN_F32), ROW(lines_seen, COLUMN_U16),  ROW(run_length, COLUMN_U16),
    ROW(rise_length, COLUMN_U16), ROW(fall_length, COLUMN_U16),
};
#undef ROW

const struct column_table tails_column_table = {"tails", ROWS, sizeof ROWS / sizeof *ROWS};

void tails_set_limits(struct tails *tails)
{
    double tests = (double)(tails->last_tests ? tails->last_tests : 1) * TAILS_KINDS;
    double alpha = fmin(tails->budget / tests, 0.01);
    bool any = alpha > 0;
    tails->threshold = any ? (float)-log10(alpha) : NEVER;
    /* Two weak ones within three steps cost 2 p^2: a tenth of the budget more. */
    tails->weak = any ? (float)(-0.5 * log10(alpha / WEAK_SHARE)) : NEVER;
    for (int c = 0; c < TAILS_COHORTS; c++) {
        for (int kind = 0; kind < TAILS_KINDS; kind++) {
            const struct calibrate_pool *pool = &tails->pools[c][kind];
            bool single = kind == ALERT_SPIKE || kind == ALERT_DROP;
            tails->limits[c][kind].quiet = calibrate_raw(pool, QUIET_SCORE);
            tails->limits[c][kind].weak = single && any ? calibrate_raw(pool, tails->weak) : NEVER;
            tails->limits[c][kind].strong = any ? calibrate_raw(pool, tails->threshold) : NEVER;
            tails->limits[c][kind].most = tails->limits[c][kind].strong;
        }
    }
}

struct tails *tails_create(const struct alert_options *options, uint32_t tile_series)
{
    struct tails *tails = calloc(1, sizeof *tails);
    if (!tails) {
        return NULL;
    }
    tails->options = *options;
    tails->tile_series = tile_series;
    tails->factor = 1;
    tails->spike = calloc(tile_series, sizeof *tails->spike);
    tails->drop = calloc(tile_series, sizeof *tails->drop);
    tails->y = calloc(tile_series, sizeof *tails->y);
    tails->mean = calloc(tile_series, sizeof *tails->mean);
    tails->variance = calloc(tile_series, sizeof *tails->variance);
    tails->cohort = calloc(tile_series, sizeof *tails->cohort);
    tails->state = calloc(tile_series, sizeof *tails->state);
    if (!tails->spike || !tails->drop || !tails->y || !tails->mean || !tails->variance ||
        !tails->cohort || !tails->state) {
        tails_destroy(tails);
        return NULL;
    }
    for (int c = 0; c < TAILS_COHORTS; c++) {
        tails->spread[c] = 2;
        for (int kind = 0; kind < TAILS_KINDS; kind++) {
            calibrate_init(&tails->pools[c][kind]);
        }
    }
    tails_set_limits(tails);
    return tails;
}

void tails_destroy(struct tails *tails)
{
    if (tails) {
        free(tails->spike);
        free(tails->drop);
        free(tails->y);
        free(tails->mean);
        free(tails->variance);
        free(tails->cohort);
        free(tails->state);
        free(tails);
    }
}

void tails_begin_close(struct tails *tails, int64_t bucket, int32_t phase, int32_t season,
                       double total_units, double budget)
{
    if (tails->started && bucket <= tails->bucket) {
        return;
    }
    tails->started = 1;
    tails->bucket = bucket;
    tails->phase = phase;
    tails->factor =
        tails->phases.season == season && phase < season ? tails->phases.factor[phase] : 1;
    phase_add(&tails->phases, phase, season, (float)total_units);
    for (int c = 0; c < TAILS_COHORTS; c++) {
        if (tails->spread_count[c]) {
            float usual = (float)((double)tails->spread_sum[c] / (double)tails->spread_count[c]) /
                          SPREAD_UNIT;
            tails->spread[c] += SPREAD_RATE * (usual - tails->spread[c]);
        }
        tails->spread_sum[c] = tails->spread_count[c] = 0;
        for (int kind = 0; kind < TAILS_KINDS; kind++) {
            calibrate_fold(&tails->pools[c][kind], KEEP);
        }
    }
    /* A day on which the shop is closed tests nothing and must not loosen the next one. */
    uint64_t half = tails->last_tests / 2;
    tails->last_tests = tails->tests > half ? tails->tests : half;
    tails->tests = 0;
    tails->turned = 0;
    tails->budget = budget * ALERT_SHARE_TAILS;
    if (tails->last_tests) {
        tails->rates.budgeted += tails->budget;
    }
    tails_set_limits(tails);
}

void tails_total(struct tails *tails, double lines, double sellers)
{
    if (!(lines >= sellers) || !(sellers >= 0) || lines > 1e15) {
        return;
    }
    tails->share = tails->usual_lines > 0 ? (float)(lines / tails->usual_lines) : 1;
    if (lines > 0) {
        double rate = tails->usual_lines > 0 ? TOTAL_RATE : 1;
        tails->usual_lines += rate * (lines - tails->usual_lines);
        tails->usual_sellers += rate * (sellers - tails->usual_sellers);
    }
    double ratio = tails->usual_sellers > 0 ? tails->usual_lines / tails->usual_sellers : 0;
    uint8_t by_lines = ratio >= LINES_ON || (tails->by_lines && ratio >= LINES_OFF);
    tails->turned = tails->by_lines != by_lines;
    tails->by_lines = by_lines;
}

/* The shop's factor of the bucket that closed, for what is judged. */
static float factor_of(const struct tails *tails)
{
    return tails->by_lines ? tails->share : tails->factor;
}

static uint8_t cohort_of(const struct tails_input *in, uint32_t i, float level)
{
    int class = in->demand_class ? in->demand_class[i] & (TAILS_CLASSES - 1) : 0;
    int speed = level < 0.3f ? 0 : level < 2 ? 1 : level < 10 ? 2 : 3;
    return (uint8_t)(class * TAILS_SPEEDS + speed);
}

/* Variance over mean; the less a series has sold, the more it is that of its cohort. */
static float spread_of(const struct tails *tails, const struct tails_input *in, uint32_t i)
{
    float mean = tails->mean[i], age = (float)in->window->age[i];
    float sold = mean * fminf(age, MEMORY), own = fmaxf(tails->variance[i] / mean, 1);
    float spread = (own * sold + tails->spread[tails->cohort[i]] * DOUBT) / (sold + DOUBT);
    return fmaxf(spread, (float)NBTAIL_LEAST_SPREAD);
}

static void judge_single(struct tails *tails, const struct tails_input *in, uint32_t i, float y)
{
    float mean = tails->mean[i], off = y - mean;
    tails->spike[i] = tails->drop[i] = 0;
    if (off * off < tails->variance[i]) {
        return;
    }
    double spread = (double)spread_of(tails, in, i);
    if (off > 0) {
        tails->spike[i] =
            (float)-nbtail_log_upper((double)y, (double)mean, spread) / EXCURSION_LN10;
    } else {
        tails->drop[i] = (float)-nbtail_log_lower((double)y, (double)mean, spread) / EXCURSION_LN10;
    }
}

static void sequence_pool(struct tails *tails, struct excursion *seq, uint8_t cohort,
                          enum alert_kind kind)
{
    seq->pool = &tails->pools[cohort][kind];
    seq->most = tails->limits[cohort][kind].most;
}

static struct excursion rise_of(struct tails_cols *cols, uint32_t i)
{
    return (struct excursion){&cols->rise[i],
                              &cols->rise_level[i],
                              &cols->rise_spread[i],
                              &cols->rise_peak[i],
                              &cols->rise_length[i],
                              NULL,
                              0,
                              0};
}

static struct excursion fall_of(struct tails_cols *cols, uint32_t i)
{
    return (struct excursion){&cols->fall[i],
                              &cols->fall_level[i],
                              &cols->fall_spread[i],
                              &cols->fall_peak[i],
                              &cols->fall_length[i],
                              NULL,
                              0,
                              0};
}

static struct excursion run_of(struct tails_cols *cols, uint32_t i)
{
    return (struct excursion){&cols->run[i],
                              &cols->run_level[i],
                              &cols->run_spread[i],
                              NULL,
                              &cols->run_length[i],
                              NULL,
                              0,
                              0};
}

static void judge_sequences(struct tails *tails, struct tails_cols *cols,
                            const struct tails_input *in, uint32_t i, float y)
{
    struct excursion run = run_of(cols, i), rise = rise_of(cols, i), fall = fall_of(cols, i);
    uint64_t began = (uint64_t)(tails->bucket - *run.length);
    run.smear = (float)(hash_mix(began * SMEAR_KEY + i) >> 40) * 0x1p-24f;
    if (y > 0) {
        sequence_pool(tails, &run, cohort_of(in, i, *run.level), ALERT_ZERO_RUN);
        excursion_end(&run);
    }
    if (factor_of(tails) < LEAST_FACTOR) {
        return;
    }
    float level = tails->mean[i] / factor_of(tails), spread = spread_of(tails, in, i);
    /* The level itself is uncertain: half a standard error, and one more event of the usual size.
     */
    float seen = fminf((float)in->window->age[i], MEMORY),
          doubt = 0.5f * sqrtf(level * spread / seen);
    if (!(y > 0)) {
        excursion_anchor(&run, fmaxf(level - doubt, 0.5f * level), spread);
        sequence_pool(tails, &run, cohort_of(in, i, *run.level), ALERT_ZERO_RUN);
        excursion_add(
            &run,
            (float)-nbtail_log_zero((double)(*run.level * factor_of(tails)), (double)*run.spread),
            RUN_ACCEPTED);
    }
    excursion_anchor(&rise, level + doubt + spread / seen, spread);
    sequence_pool(tails, &rise, cohort_of(in, i, *rise.level), ALERT_LEVEL_SHIFT_UP);
    float up = excursion_nats(y, *rise.level * factor_of(tails), *rise.spread, 2.0f);
    excursion_add(&rise, fminf(up, MOST_NATS), SHIFT_ACCEPTED);
    excursion_anchor(&fall, fmaxf(level - doubt, 0.5f * level), spread);
    sequence_pool(tails, &fall, cohort_of(in, i, *fall.level), ALERT_LEVEL_SHIFT_DOWN);
    float down = excursion_nats(y, *fall.level * factor_of(tails), *fall.spread, 0.5f);
    excursion_add(&fall, fminf(down, MOST_NATS), SHIFT_ACCEPTED);
}

/* Raw score of a kind. Falls to nothing are zero runs; short rises and falls are spikes and drops.
 */
static float raw_sequence(const struct tails_cols *cols, uint32_t i, enum alert_kind kind)
{
    if (kind == ALERT_LEVEL_SHIFT_UP) {
        return cols->rise[i] / EXCURSION_LN10;
    }
    if (kind == ALERT_ZERO_RUN) {
        return cols->run[i] / EXCURSION_LN10;
    }
    return cols->run_length[i] >= cols->fall_length[i] ? 0 : cols->fall[i] / EXCURSION_LN10;
}

struct reading {
    float raw;
    enum alert_kind pool; /* whose limits hold, and of which cohort */
    uint8_t cohort;
    uint16_t length;
};

static struct reading read_sequence(const struct tails_cols *cols, const struct tails_input *in,
                                    uint32_t i, enum alert_kind kind)
{
    struct reading reading = {.raw = raw_sequence(cols, i, kind), .pool = kind};
    float level = kind == ALERT_ZERO_RUN         ? cols->run_level[i]
                  : kind == ALERT_LEVEL_SHIFT_UP ? cols->rise_level[i]
                                                 : cols->fall_level[i];
    reading.cohort = cohort_of(in, i, level);
    reading.length = kind == ALERT_ZERO_RUN         ? cols->run_length[i]
                     : kind == ALERT_LEVEL_SHIFT_UP ? cols->rise_length[i]
                                                    : cols->fall_length[i];
    return reading;
}

static struct reading read_kind(const struct tails *tails, const struct tails_cols *cols,
                                const struct tails_input *in, uint32_t i, enum alert_kind kind)
{
    if (kind == ALERT_ZERO_RUN) {
        return read_sequence(cols, in, i, kind);
    }
    bool up = kind == ALERT_SPIKE || kind == ALERT_LEVEL_SHIFT_UP;
    enum alert_kind shift = up ? ALERT_LEVEL_SHIFT_UP : ALERT_LEVEL_SHIFT_DOWN;
    struct reading slow = read_sequence(cols, in, i, shift);
    bool brief = slow.length <= (up ? SPIKE_BUCKETS : DROP_BUCKETS);
    if (kind == shift) {
        slow.raw = brief ? 0 : slow.raw;
        return slow;
    }
    struct reading single = {up ? tails->spike[i] : tails->drop[i], kind, tails->cohort[i], 1};
    float slow_limit = tails->limits[slow.cohort][shift].strong;
    float single_limit = tails->limits[single.cohort][kind].strong;
    bool better = brief && slow.length > 1 && slow.raw / slow_limit > single.raw / single_limit;
    return better ? slow : single;
}

static enum alert_strength strength_of(const struct tails *tails, uint32_t i,
                                       const struct reading *reading)
{
    if (tails->state[i] != ROW_JUDGED) {
        return ALERT_MISSING;
    }
    const struct tails_limits *limits = &tails->limits[reading->cohort][reading->pool];
    if (reading->raw >= limits->strong) {
        return ALERT_STRONG;
    }
    if (reading->raw >= limits->weak) {
        return ALERT_WEAK;
    }
    return reading->raw < limits->quiet ? ALERT_QUIET : ALERT_NEUTRAL;
}

static void put_bounds(const struct tails *tails, const struct tails_input *in, uint32_t i,
                       struct alert_signal *out)
{
    double raw = (double)tails->limits[tails->cohort[i]][out->kind].strong;
    double mean = (double)tails->mean[i], spread = (double)spread_of(tails, in, i);
    if (raw >= (double)NEVER) {
        return;
    }
    if (out->kind == ALERT_SPIKE) {
        alert_evidence(out, EVIDENCE_UPPER,
                       nbtail_upper_bound(-raw * (double)EXCURSION_LN10, mean, spread));
    } else {
        alert_evidence(out, EVIDENCE_LOWER,
                       nbtail_lower_bound(-raw * (double)EXCURSION_LN10, mean, spread));
    }
}

static void fill(const struct tails *tails, const struct tails_cols *cols,
                 const struct tails_input *in, uint32_t i, enum alert_kind kind,
                 struct alert_signal *out)
{
    struct reading reading = read_kind(tails, cols, in, i, kind);
    const struct window *window = in->window;
    *out = (struct alert_signal){.kind = kind, .series = i, .onset_bucket = tails->bucket};
    out->strength = strength_of(tails, i, &reading);
    if (out->strength == ALERT_MISSING) {
        return;
    }
    out->score = calibrate_score(&tails->pools[reading.cohort][reading.pool], reading.raw);
    out->probability = powf(10, -out->score);
    uint32_t length = reading.length ? reading.length : 1, width = window->width;
    bool single = reading.pool == ALERT_SPIKE || reading.pool == ALERT_DROP;
    out->onset_bucket = tails->bucket - (length - 1);
    const float *last = window->units + (size_t)i * width + width - 1;
    for (uint32_t j = 0; j < length && j < width; j++) {
        out->observed += last[-(ptrdiff_t)j];
    }
    float level = kind == ALERT_ZERO_RUN                 ? cols->run_level[i]
                  : reading.pool == ALERT_LEVEL_SHIFT_UP ? cols->rise_level[i]
                                                         : cols->fall_level[i];
    float mean = single ? tails->mean[i] : level * (float)length;
    if (tails->by_lines && in->lines) { /* judged by lines, told in units */
        alert_evidence(out, EVIDENCE_LINES, (double)mean);
        /* The forecast has followed a sequence already: what was before it is what was expected. */
        float usual = single ? in->next_mean[i] : window_mean_before(window, i, length);
        float units_a_line = tails->mean[i] > 0 ? in->next_mean[i] / tails->mean[i] : 0;
        mean = single ? usual : usual >= 0 ? usual * (float)length : mean * units_a_line;
    }
    out->expected = mean;
    if (single && out->strength >= ALERT_WEAK && !tails->by_lines) {
        put_bounds(tails, in, i, out);
    }
    alert_evidence(out, EVIDENCE_RUN_BUCKETS, length);
    alert_evidence(out, EVIDENCE_RATIO,
                   out->expected > 0 ? (double)(out->observed / out->expected) : 0);
    alert_evidence(out, EVIDENCE_THRESHOLD, (double)tails->threshold);
    alert_evidence(out, EVIDENCE_RAW_SCORE, (double)reading.raw);
}

static void count_single(struct tails *tails, uint32_t i)
{
    struct calibrate_pool *pools = tails->pools[tails->cohort[i]];
    const struct tails_limits *limits = tails->limits[tails->cohort[i]];
    calibrate_count(&pools[ALERT_SPIKE], fminf(tails->spike[i], limits[ALERT_SPIKE].most));
    calibrate_count(&pools[ALERT_DROP], fminf(tails->drop[i], limits[ALERT_DROP].most));
    float own = fminf(tails->variance[i] / tails->mean[i], MOST_SPREAD);
    tails->spread_sum[tails->cohort[i]] += (uint64_t)(own * SPREAD_UNIT);
    tails->spread_count[tails->cohort[i]]++;
    for (int kind = 0; kind < TAILS_KINDS; kind++) {
        pools[kind].fresh_tests++;
    }
}

/* Enough lines in a quarter of a year, or before the present excursion began. */
static bool busy(const struct tails *tails, const struct tails_cols *cols, uint32_t i)
{
    float level = cols->lines_level[i];
    level = cols->run_length[i] ? fmaxf(level, cols->run_level[i]) : level;
    level = cols->fall_length[i] ? fmaxf(level, cols->fall_level[i]) : level;
    return level * QUARTER >= (float)tails->options.min_lines;
}

static enum row_state row_state(const struct tails *tails, const struct tails_cols *cols,
                                const struct tails_input *in, uint32_t i)
{
    const struct window *window = in->window;
    uint8_t flags = window->flags[(size_t)i * window->width + window->width - 1];
    float mean = tails->mean[i], variance = tails->variance[i];
    /* What sells because it is on promotion is explained, and says nothing about other days. */
    if (flags & (WINDOW_CENSORED | WINDOW_PROMOTION) || window->age[i] < COUNTED_AGE ||
        !(mean >= LEAST_MEAN) || !(variance > 0) || !isfinite(mean) || !isfinite(variance)) {
        return ROW_MISSING;
    }
    bool young =
        window->age[i] < tails->options.min_age || (tails->by_lines && !busy(tails, cols, i));
    return young ? ROW_YOUNG : ROW_JUDGED;
}

/* What is judged, and what was expected: units against the forecast, or lines against their own
 * exponentially weighted past times the shop's lines of this bucket. */
static void take_row(struct tails *tails, const struct tails_cols *cols,
                     const struct tails_input *in, uint32_t i)
{
    const struct window *window = in->window;
    if (tails->by_lines && in->lines) {
        float seen = cols->lines_seen[i], level = cols->lines_level[i];
        tails->y[i] = in->lines[i];
        tails->mean[i] = seen > 0 ? level * tails->share : 0;
        tails->variance[i] = fmaxf(cols->lines_error[i], level) * tails->share;
    } else {
        tails->y[i] = window->units[(size_t)i * window->width + window->width - 1];
        tails->mean[i] = in->next_mean[i];
        tails->variance[i] = in->next_variance[i];
    }
}

static void learn_lines(struct tails *tails, struct tails_cols *cols, const struct tails_input *in,
                        uint32_t i)
{
    const struct window *window = in->window;
    uint8_t flags = window->flags[(size_t)i * window->width + window->width - 1];
    if (flags & WINDOW_CENSORED || !window->age[i] || tails->share < LEAST_FACTOR) {
        return;
    }
    uint16_t seen = cols->lines_seen[i];
    float level = cols->lines_level[i], mean = level * tails->share, y = in->lines[i];
    float rate = fmaxf(1 / (1 + (float)seen), LINES_RATE);
    if (seen >= COUNTED_AGE) { /* winsorised */
        float variance = fmaxf(cols->lines_error[i], level) * tails->share;
        y = fminf(y, mean + 4 * sqrtf(variance) + 1);
    }
    float error = y - mean;
    if (seen) {
        cols->lines_error[i] += fmaxf(1 / (float)seen, LINES_RATE) *
                                (error * error / tails->share - cols->lines_error[i]);
    }
    cols->lines_level[i] += rate * (y / tails->share - cols->lines_level[i]);
    cols->lines_seen[i] = seen < UINT16_MAX ? (uint16_t)(seen + 1) : UINT16_MAX;
}

/* What began on the forecasts of a young series is no evidence. */
static void forget(struct tails_cols *cols, uint32_t i)
{
    cols->run[i] = cols->rise[i] = cols->fall[i] = cols->rise_peak[i] = cols->fall_peak[i] = 0;
    cols->run_length[i] = cols->rise_length[i] = cols->fall_length[i] = 0;
}

/* Metrics count events: a sequence counts in the close in which it crosses the limit. */
static void count_rates(struct tails *tails, const struct alert_signal *signal, bool crossed)
{
    tails->rates.weak += signal->strength == ALERT_WEAK;
    tails->rates.strong += signal->strength == ALERT_STRONG && crossed;
}

uint32_t tails_close(struct tails *tails, struct tails_cols *cols, const struct tails_input *in,
                     struct alert_signal *out, uint32_t capacity)
{
    const struct window *window = in->window;
    ASSERT(window->series <= tails->tile_series && window->bucket == tails->bucket);
    uint32_t count = 0;
    for (uint32_t i = 0; i < window->series; i++) {
        take_row(tails, cols, in, i);
        float y = tails->y[i];
        tails->state[i] = (uint8_t)row_state(tails, cols, in, i);
        if (in->lines) {
            learn_lines(tails, cols, in, i);
        }
        if (tails->state[i] == ROW_MISSING) {
            continue;
        }
        tails->cohort[i] = cohort_of(in, i, tails->mean[i]);
        if (window->age[i] == tails->options.min_age || tails->turned) {
            forget(cols, i);
        }
        float rise = cols->rise[i], fall = cols->fall[i], run = cols->run[i];
        judge_single(tails, in, i, y);
        judge_sequences(tails, cols, in, i, y);
        count_single(tails, i);
        tails->tests++;
        tails->rates.tests += TAILS_KINDS;
        if (tails->state[i] == ROW_YOUNG) {
            continue;
        }
        for (int kind = 0; kind < TAILS_KINDS; kind++) {
            struct reading reading = read_kind(tails, cols, in, i, (enum alert_kind)kind);
            if (strength_of(tails, i, &reading) < ALERT_WEAK || count == capacity) {
                continue;
            }
            fill(tails, cols, in, i, (enum alert_kind)kind, &out[count]);
            float before = reading.pool == ALERT_LEVEL_SHIFT_UP ? rise
                           : reading.pool == ALERT_ZERO_RUN     ? run
                                                                : fall;
            bool single = reading.pool <= ALERT_DROP;
            count_rates(tails, &out[count++],
                        single || before / EXCURSION_LN10 <
                                      tails->limits[reading.cohort][reading.pool].strong);
        }
    }
    return count;
}

void tails_signal(const struct tails *tails, const struct tails_cols *cols,
                  const struct tails_input *in, uint32_t row, enum alert_kind kind,
                  struct alert_signal *out)
{
    ASSERT(row < in->window->series && (unsigned)kind < TAILS_KINDS);
    fill(tails, cols, in, row, kind, out);
}

float tails_threshold(const struct tails *tails)
{
    return tails->threshold;
}

double tails_tests(const struct tails *tails)
{
    return (double)(tails->tests > tails->last_tests ? tails->tests : tails->last_tests);
}

const struct tails_rates *tails_rates(const struct tails *tails)
{
    return &tails->rates;
}
