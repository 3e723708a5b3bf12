#include "anomaly/combine.h"

#include "anomaly/field.h"
#include "anomaly/ordinary.h"
#include "config/base/ensure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEEP 0.992 /* counts of the pool halve in 86 closes */
#define FADE 0.25f /* of an episode's peak, per bucket */
#define QUIET_SCORE 1.301f /* p = 0.05 */
#define NEVER 1e9f
#define LASTING_DEVIANCE 1.5f /* signed root, see anomaly/trace.h */

enum { LAYOUT = 2, THINNED = 1 }; /* before 2, pools left out what looked like anomalies */

struct combine {
    struct alert_options options;
    const struct weigh *weigh_ref;
    struct trace trace;
    uint64_t net; /* whose odds the pool knows */
    double budget;
    uint64_t tests, last_tests; /* of this close, of the last one */
    struct combine_rates rates;
    struct calibrate_pool pool;
    struct ordinary ordinary; /* derived */
    float quiet, strong; /* raw; derived */
    float *x; /* [N,TRACE_INPUTS] of the last tile */
    float raw[TRACE_TILE];
    uint8_t judged[TRACE_TILE];
};

static void set_limits(struct combine *combine)
{
    double tests = (double)(combine->last_tests ? combine->last_tests : 1);
    double alpha = fmin(combine->budget / tests, 0.01);
    ordinary_fit(&combine->ordinary, &combine->pool);
    combine->quiet = ordinary_raw(&combine->ordinary, QUIET_SCORE);
    combine->strong = alpha > 0 ? ordinary_raw(&combine->ordinary, (float)-log10(alpha)) : NEVER;
}

struct combine *combine_create(const struct alert_options *options, const struct weigh *weigh_ref)
{
    struct combine *combine = calloc(1, sizeof *combine);
    if (!combine) {
        return NULL;
    }
    combine->options = *options;
    combine->weigh_ref = weigh_ref;
    combine->net = weigh_hash(weigh_ref);
    combine->x = calloc((size_t)TRACE_TILE * TRACE_INPUTS, sizeof *combine->x);
    if (!combine->x) {
        combine_destroy(combine);
        return NULL;
    }
    calibrate_init(&combine->pool);
    set_limits(combine);
    return combine;
}

void combine_destroy(struct combine *combine)
{
    if (combine) {
        free(combine->x);
        free(combine);
    }
}

void combine_begin_close(struct combine *combine, int64_t bucket, double total_lines, double budget)
{
    if (combine->trace.started && bucket <= combine->trace.bucket) {
        return;
    }
    trace_begin_close(&combine->trace, bucket, total_lines);
    ordinary_temper(&combine->ordinary, &combine->pool);
    calibrate_fold(&combine->pool, KEEP);
    /* A day on which the shop is closed must not loosen the next one. */
    uint64_t half = combine->last_tests / 2;
    combine->last_tests = combine->tests > half ? combine->tests : half;
    combine->tests = 0;
    combine->budget = budget * COMBINE_SHARE;
    if (combine->last_tests) {
        combine->rates.budgeted += combine->budget;
    }
    set_limits(combine);
}

/* An episode counts once, at its highest score: each level once, when it is passed. */
static void count(struct combine *combine, struct trace_cols *cols, uint32_t i)
{
    float raw = combine->raw[i], before = cols->row[i].peak - FADE;
    combine->tests++;
    combine->pool.fresh_tests++;
    combine->rates.tests++;
    combine->rates.strong += raw >= combine->strong && before < combine->strong;
    if (raw > before) {
        calibrate_move(&combine->pool, fmaxf(before, 0), raw);
    }
    cols->row[i].peak = fmaxf(raw, fmaxf(before, 0));
}

/* Buckets that the evidence for a kind goes back: the run of zeros, or the window that is furthest
 * off. */
static uint32_t length_of(const struct combine *combine, uint32_t i, enum alert_kind kind)
{
    const float *x = combine->x + (size_t)i * TRACE_INPUTS;
    if (kind == ALERT_ZERO_RUN) {
        return (uint32_t)fmaxf(roundf(expm1f(x[TRACE_RUN_AT])), 1);
    }
    if (kind > ALERT_ZERO_RUN) {
        return 1;
    }
    int best = 0;
    for (int w = 1; w < TRACE_WINDOWS; w++) {
        best = fabsf(x[2 * w]) > fabsf(x[2 * best]) ? w : best;
    }
    return trace_windows[best];
}

/* Observed and expected of the kinds that show in lines: the price furthest off (minor units), the
 * largest line, returned lines. */
static void describe_line(const struct combine *combine, const struct trace_input *in, uint32_t i,
                          struct alert_signal *out)
{
    const float *x = combine->x + (size_t)i * TRACE_INPUTS;
    const struct linecheck_cols *checks = in->checks;
    if (out->kind == ALERT_PRICE_ERROR) {
        float units = out->observed;
        out->expected = expf(checks->row[i].price_median);
        out->observed = out->expected * expf(x[TRACE_EVENTS_AT + EVENT_PRICE]);
        double gap = fabs((double)out->observed - (double)out->expected);
        out->money = (int64_t)fmin(gap * (double)units, 1e15);
    } else if (out->kind == ALERT_BULK_ORDER) {
        float sd = sqrtf(checks->row[i].quantity_spread + 0.05f);
        out->expected = expf(checks->row[i].quantity_mean);
        out->observed = out->expected * expf(sd * x[TRACE_EVENTS_AT + EVENT_QUANTITY]);
    } else if (out->kind == ALERT_RETURNS_BURST) {
        out->observed = expm1f(x[TRACE_RETURNS_AT]) + expm1f(x[TRACE_RETURNS_AT + 1]);
        out->expected = 2 * expf(x[TRACE_RETURNS_AT + 4]);
    }
}

/* The net remembers a spike for as long as its windows do: a rise lasts only if the last two and
 * three buckets are high on their own. */
static bool lasts(const struct combine *combine, uint32_t i, enum alert_kind kind)
{
    const float *x = combine->x + (size_t)i * TRACE_INPUTS;
    return kind != ALERT_LEVEL_SHIFT_UP ||
           (x[2] >= LASTING_DEVIANCE && x[4] >= LASTING_DEVIANCE && x[3] > 0);
}

static void describe(const struct combine *combine, const struct trace_input *in, uint32_t i,
                     struct alert_signal *out)
{
    const struct window *window = in->window;
    uint32_t length = length_of(combine, i, out->kind);
    const float *last = window->units + (size_t)i * window->width + window->width - 1;
    for (uint32_t k = 0; k < length && k < window->width; k++) {
        out->observed += last[-(ptrdiff_t)k];
    }
    out->expected = fmaxf(in->next_mean[i], 0) * (float)length;
    describe_line(combine, in, i, out);
    out->named = lasts(combine, i, out->kind) ? (uint8_t)(1 + out->kind) : 0;
    out->score = ordinary_score(&combine->ordinary, combine->raw[i]);
    out->probability = powf(10, -out->score);
    out->onset_bucket = combine->trace.bucket - (length - 1);
    alert_evidence(out, EVIDENCE_RUN_BUCKETS, length);
    alert_evidence(out, EVIDENCE_LINES, in->lines[i]);
    alert_evidence(out, EVIDENCE_RATIO,
                   out->expected > 0 ? (double)(out->observed / out->expected) : 0);
    alert_evidence(out, EVIDENCE_RAW_SCORE, (double)combine->raw[i]);
    alert_evidence(out, EVIDENCE_THRESHOLD,
                   (double)ordinary_score(&combine->ordinary, combine->strong));
}

void combine_signal(const struct combine *combine, const struct trace_input *in, uint32_t row,
                    enum alert_kind kind, struct alert_signal *out)
{
    ASSERT(row < in->window->series);
    *out = (struct alert_signal){
        .kind = kind, .series = row, .onset_bucket = combine->trace.bucket, .probability = 1};
    if (!combine->judged[row]) {
        return; /* ALERT_MISSING */
    }
    float raw = combine->raw[row];
    out->strength = raw >= combine->strong ? ALERT_STRONG
                    : raw < combine->quiet ? ALERT_QUIET
                                           : ALERT_NEUTRAL;
    describe(combine, in, row, out);
}

uint32_t combine_close(struct combine *combine, struct trace_cols *cols,
                       const struct trace_input *in, struct alert_signal *out, uint32_t capacity)
{
    const struct weigh_net *net = weigh_net(combine->weigh_ref);
    uint32_t signals = 0;
    trace_close(&combine->trace, cols, in, combine->x, combine->judged);
    for (uint32_t i = 0; i < in->window->series; i++) {
        if (!combine->judged[i]) {
            continue;
        }
        struct weigh_pass pass;
        enum alert_kind kind;
        weigh_forward(net, combine->x + (size_t)i * TRACE_INPUTS, &pass);
        float odds = weigh_odds(&pass, &kind);
        combine->raw[i] = weigh_raw(net, odds);
        count(combine, cols, i);
        if (combine->raw[i] >= combine->strong && signals < capacity) {
            combine_signal(combine, in, i, kind, &out[signals++]);
        }
    }
    return signals;
}

const float *combine_rows(const struct combine *combine, const uint8_t **judged)
{
    *judged = combine->judged;
    return combine->x;
}

double combine_tests(const struct combine *combine)
{
    return (double)(combine->tests > combine->last_tests ? combine->tests : combine->last_tests);
}

const struct combine_rates *combine_rates(const struct combine *combine)
{
    return &combine->rates;
}

/* Layout 2: u8 layout, trace, FIELDS, the pool. Of layout 1 all but the pool is taken. */
#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct combine, name), sizeof(((struct combine *)0)->name)                        \
    }
static const struct field FIELDS[] = {FIELD(net), FIELD(budget), FIELD(tests), FIELD(last_tests),
                                      FIELD(rates)};
#undef FIELD

void combine_save(const struct combine *combine, struct buf *out)
{
    buf_byte(out, LAYOUT);
    trace_save(&combine->trace, out);
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        buf_put(out, (const char *)combine + FIELDS[i].offset, FIELDS[i].bytes);
    }
    calibrate_save(&combine->pool, out);
}

struct status *combine_load(struct combine *combine, struct slice bytes)
{
    unsigned char layout = 0;
    if (!field_take(&bytes, &layout, 1) || layout < THINNED || layout > LAYOUT) {
        return status_new(STATUS_CORRUPT,
                          "read the learned judge: layout %d is not known to this version", layout);
    }
    struct combine read = *combine;
    TRY(trace_load(&bytes, &read.trace));
    bool whole = true;
    for (size_t i = 0; whole && i < sizeof FIELDS / sizeof *FIELDS; i++) {
        whole = field_take(&bytes, (char *)&read + FIELDS[i].offset, FIELDS[i].bytes);
    }
    if (!whole || !isfinite(read.budget) || read.budget < 0 || !isfinite(read.rates.budgeted)) {
        return status_new(STATUS_CORRUPT,
                          "read the learned judge: the record is cut short or out of range");
    }
    TRY(calibrate_load(&bytes, &read.pool));
    if (bytes.bytes) {
        return status_new(STATUS_CORRUPT, "read the learned judge: bytes are left over");
    }
    if (read.net != combine->net || layout == THINNED) {
        read.net = combine->net;
        read.pool = combine->pool;
    }
    *combine = read;
    set_limits(combine);
    return NULL;
}
