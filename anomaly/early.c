#include "anomaly/early.h"

#include "anomaly/calibrate.h"
#include "anomaly/field.h"
#include "anomaly/nbtail.h"
#include "config/base/ensure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN10 2.302585092994045684
#define LEAST_MEAN 1e-3f
#define KEEP 0.992 /* of counts, per day: they halve in 86, as those of tails */
#define NEVER 1e9f

enum { VERSION = 1, SPIKE = 0, DROP, RUN };
static const enum alert_kind KINDS[EARLY_KINDS] = {ALERT_SPIKE, ALERT_DROP, ALERT_ZERO_RUN};

struct early {
    struct alert_options options;
    double budget;
    uint64_t tests, last_tests; /* rows of this close, and of the last */
    float threshold;
    struct calibrate_pool pools[EARLY_CLASSES][EARLY_KINDS];
    float limit[EARLY_CLASSES][EARLY_KINDS]; /* derived: raw score of the threshold */
};

static void set_limits(struct early *early)
{
    double tests = (double)(early->last_tests ? early->last_tests : 1) * EARLY_KINDS;
    double alpha = fmin(early->budget / tests, 0.001);
    early->threshold = alpha > 0 ? (float)-log10(alpha) : NEVER;
    for (int c = 0; c < EARLY_CLASSES; c++) {
        for (int k = 0; k < EARLY_KINDS; k++) {
            early->limit[c][k] =
                alpha > 0 ? calibrate_raw(&early->pools[c][k], early->threshold) : NEVER;
        }
    }
}

struct early *early_create(const struct alert_options *options)
{
    struct early *early = calloc(1, sizeof *early);
    if (early) {
        early->options = *options;
        for (int c = 0; c < EARLY_CLASSES; c++) {
            for (int k = 0; k < EARLY_KINDS; k++) {
                calibrate_init(&early->pools[c][k]);
            }
        }
        set_limits(early);
    }
    return early;
}

void early_destroy(struct early *early)
{
    free(early);
}

void early_begin(struct early *early, double days, double budget)
{
    double keep = pow(KEEP, days), slow = pow(0.5, days);
    for (int c = 0; c < EARLY_CLASSES; c++) {
        for (int k = 0; k < EARLY_KINDS; k++) {
            calibrate_fold(&early->pools[c][k], keep);
        }
    }
    /* A night tests little and must not loosen the morning. */
    uint64_t kept = (uint64_t)(slow * (double)early->last_tests);
    early->last_tests = early->tests > kept ? early->tests : kept;
    early->tests = 0;
    early->budget = budget * ALERT_SHARE_TAILS * EARLY_SHARE;
    set_limits(early);
}

static double spread_of(const struct early_row *row, float mean)
{
    return fmax((double)(row->lump + row->relative * mean), NBTAIL_LEAST_SPREAD);
}

/* -log10 of the tail above; 0 where nothing is odd, without the price of a tail. */
static float above(const struct early_row *row, float units, float mean)
{
    double spread = spread_of(row, mean);
    double off = (double)units - (double)mean;
    if (!(mean >= LEAST_MEAN) || off <= 0 || off * off < (double)mean * spread) {
        return 0;
    }
    return (float)(-nbtail_log_upper((double)units, (double)mean, spread) / LN10);
}

static void score(const struct early_row *row, float raw[EARLY_KINDS])
{
    float one = above(row, row->units, row->most), all = above(row, row->day_units, row->day_most);
    raw[SPIKE] = fmaxf(one, all);
    raw[DROP] = raw[RUN] = 0;
    float mean = row->day_least;
    double spread = spread_of(row, mean), off = (double)(mean - row->day_units);
    if (row->day_units > 0 && off > 0 && off * off > (double)mean * spread) {
        raw[DROP] = (float)(-nbtail_log_lower((double)row->day_units, (double)mean, spread) / LN10);
    }
    if (row->run && row->run_least >= LEAST_MEAN) {
        raw[RUN] =
            (float)(-nbtail_log_zero((double)row->run_least, spread_of(row, row->run_least)) /
                    LN10);
    }
}

static void fill(const struct early *early, const struct early_row *row, int kind, float raw,
                 struct alert_signal *out)
{
    const struct calibrate_pool *pool = &early->pools[row->demand_class][kind];
    *out = (struct alert_signal){.kind = KINDS[kind],
                                 .strength = ALERT_STRONG,
                                 .series = row->series,
                                 .onset_bucket = row->day,
                                 .score = calibrate_score(pool, raw)};
    out->probability = powf(10, -out->score);
    bool one = kind == SPIKE && above(row, row->units, row->most) >= raw;
    out->expected = kind == RUN    ? row->run_least
                    : kind == DROP ? row->day_least
                    : one          ? row->most
                                   : row->day_most;
    out->observed = kind == RUN ? 0 : one ? row->units : row->day_units;
    if (kind == RUN) {
        alert_evidence(out, EVIDENCE_RUN_BUCKETS, row->run);
    }
    alert_evidence(out, EVIDENCE_RATIO,
                   out->expected > 0 ? (double)(out->observed / out->expected) : 0);
    alert_evidence(out, EVIDENCE_THRESHOLD, (double)early->threshold);
    alert_evidence(out, EVIDENCE_RAW_SCORE, (double)raw);
}

uint32_t early_judge(struct early *early, const struct early_row *row, struct alert_signal *out)
{
    ASSERT(row->demand_class >= 0 && row->demand_class < EARLY_CLASSES);
    uint32_t count = 0;
    if (!(row->day_most >= LEAST_MEAN || row->run_least >= LEAST_MEAN) ||
        !isfinite(row->day_most)) {
        return 0;
    }
    float raw[EARLY_KINDS];
    score(row, raw);
    early->tests++;
    for (int k = 0; k < EARLY_KINDS; k++) {
        struct calibrate_pool *pool = &early->pools[row->demand_class][k];
        float limit = early->limit[row->demand_class][k];
        pool->fresh_tests++;
        calibrate_count(pool, fminf(raw[k], limit)); /* an anomaly must not hide the next ones */
        if (raw[k] >= limit) {
            fill(early, row, k, raw[k], &out[count++]);
        }
    }
    return count;
}

float early_threshold(const struct early *early)
{
    return early->threshold;
}

/* --- state
 * ------------------------------------------------------------------------------------------------------
 */

void early_save(const struct early *early, struct buf *out)
{
    buf_byte(out, VERSION);
    buf_put(out, &early->budget, sizeof early->budget);
    buf_put(out, &early->tests, sizeof early->tests);
    buf_put(out, &early->last_tests, sizeof early->last_tests);
    for (int c = 0; c < EARLY_CLASSES; c++) {
        for (int k = 0; k < EARLY_KINDS; k++) {
            calibrate_save(&early->pools[c][k], out);
        }
    }
}

struct status *early_load(struct early *early, struct slice bytes)
{
    struct early loaded = *early;
    unsigned char version = 0;
    bool fine = field_take(&bytes, &version, 1) && version == VERSION &&
                field_take(&bytes, &loaded.budget, sizeof loaded.budget) &&
                field_take(&bytes, &loaded.tests, sizeof loaded.tests) &&
                field_take(&bytes, &loaded.last_tests, sizeof loaded.last_tests) &&
                loaded.budget >= 0 && isfinite(loaded.budget);
    for (int c = 0; c < EARLY_CLASSES && fine; c++) {
        for (int k = 0; k < EARLY_KINDS && fine; k++) {
            struct status *st = calibrate_load(&bytes, &loaded.pools[c][k]);
            fine = !st;
            status_free(st);
        }
    }
    if (!fine || bytes.bytes) {
        return status_new(STATUS_CORRUPT, "early tails are not what this program writes");
    }
    *early = loaded;
    set_limits(early);
    return NULL;
}
