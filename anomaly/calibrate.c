#include "anomaly/calibrate.h"

#include "anomaly/field.h"

#include <math.h>
#include <string.h>

#define LN10 2.302585092994045684
#define PEAK_SHARE 0.01 /* of the tests are peaks, where the pool has enough */
#define PRIOR_MEAN 1.3 /* nats of excess: models are too sure until they have shown otherwise */
#define LEAST_PEAKS 50.0
#define LEAST_SCALE 0.05
#define FORGOTTEN 1e-3 /* counts below are none, so that records do not grow */

/* Excesses are measured in nats: under an exact model they are exponential with mean 1, whatever
 * the threshold. */

static double edge(int bin)
{
    return exp2((double)bin / CALIBRATE_PER_OCTAVE);
}

static double middle(int bin)
{
    return 0.5 * (edge(bin) + edge(bin + 1));
}

static void fit(struct calibrate_pool *pool)
{
    /* The base: as high as leaves enough peaks. */
    double above = 0, wanted = fmax(PEAK_SHARE * pool->tests, LEAST_PEAKS);
    int base, most = CALIBRATE_BINS; /* bins from most on are empty */
    while (most > 0 && !(pool->seen[most - 1] > 0)) {
        most--;
    }
    for (base = most; base > 0 && above < wanted;) {
        above += (double)pool->seen[--base];
    }
    /* Moments, with a prior of exponential excesses: robust where scores are discrete. */
    double first = PRIOR_MEAN * CALIBRATE_PRIOR, second = 2 * PRIOR_MEAN * first;
    for (int bin = base; bin < most; bin++) {
        double count = (double)pool->seen[bin], excess = (middle(bin) - edge(base)) * LN10;
        first += count * excess;
        second += count * excess * excess;
    }
    first /= above + CALIBRATE_PRIOR;
    second /= above + CALIBRATE_PRIOR;
    double ratio = first * first / fmax(second - first * first, 1e-9);
    double shape = fmax(0.5 * (1 - ratio), 0); /* a bounded tail is never believed */
    pool->shape = (float)shape;
    pool->scale =
        (float)fmax(first * (1 - shape), LEAST_SCALE); /* the mean is scale / (1 - shape) */
    double exact = exp(-edge(base) * LN10);
    double share = (above + CALIBRATE_PRIOR) / (pool->tests + CALIBRATE_PRIOR / exact);
    pool->base = (float)edge(base);
    pool->base_score = (float)fmax(-log10(share), 0.1);
}

void calibrate_init(struct calibrate_pool *pool)
{
    memset(pool, 0, sizeof *pool);
    fit(pool);
}

void calibrate_fold(struct calibrate_pool *pool, double keep)
{
    for (int i = 0; i < CALIBRATE_BINS; i++) {
        double seen = keep * (double)pool->seen[i] + (double)pool->fresh[i];
        pool->seen[i] = seen < FORGOTTEN ? 0 : (float)seen;
    }
    pool->tests = keep * pool->tests + (double)pool->fresh_tests;
    memset(pool->fresh, 0, sizeof pool->fresh);
    pool->fresh_tests = 0;
    fit(pool);
}

float calibrate_score(const struct calibrate_pool *pool, float raw_score)
{
    if (!(raw_score > 0)) {
        return 0;
    }
    if (raw_score <= pool->base) {
        return raw_score / pool->base * pool->base_score;
    }
    double excess = ((double)raw_score - (double)pool->base) * LN10 / (double)pool->scale,
           shape = (double)pool->shape;
    double nats = shape < 1e-4 ? excess : log1p(shape * excess) / shape;
    return fminf((float)((double)pool->base_score + nats / LN10), CALIBRATE_MOST);
}

float calibrate_raw(const struct calibrate_pool *pool, float score)
{
    if (score <= pool->base_score) {
        return score / pool->base_score * pool->base;
    }
    double nats = ((double)score - (double)pool->base_score) * LN10, shape = (double)pool->shape;
    double excess = shape < 1e-4 ? nats : expm1(shape * nats) / shape;
    return (float)((double)pool->base + excess * (double)pool->scale / LN10);
}

/* Layout: tests, fresh_tests, number of bins in use, then {u8 bin, u32 fresh, f32 seen} each. The
 * fit is derived. */

void calibrate_save(const struct calibrate_pool *pool, struct buf *out)
{
    uint8_t used = 0;
    for (int i = 0; i < CALIBRATE_BINS; i++) {
        used = (uint8_t)(used + (pool->fresh[i] != 0 || pool->seen[i] > 0));
    }
    buf_put(out, &pool->tests, sizeof pool->tests);
    buf_put(out, &pool->fresh_tests, sizeof pool->fresh_tests);
    buf_byte(out, used);
    for (int i = 0; i < CALIBRATE_BINS; i++) {
        if (pool->fresh[i] != 0 || pool->seen[i] > 0) {
            buf_byte(out, (unsigned char)i);
            buf_put(out, &pool->fresh[i], sizeof pool->fresh[i]);
            buf_put(out, &pool->seen[i], sizeof pool->seen[i]);
        }
    }
}

static bool take_bins(struct slice *bytes, struct calibrate_pool *pool, int used)
{
    int last = -1;
    for (int i = 0; i < used; i++) {
        uint8_t bin = 0;
        if (!field_take(bytes, &bin, 1) || bin >= CALIBRATE_BINS || bin <= last ||
            !field_take(bytes, &pool->fresh[bin], sizeof pool->fresh[bin]) ||
            !field_take(bytes, &pool->seen[bin], sizeof pool->seen[bin]) ||
            !isfinite(pool->seen[bin]) || pool->seen[bin] < 0) {
            return false;
        }
        last = bin;
    }
    return true;
}

struct status *calibrate_load(struct slice *bytes, struct calibrate_pool *pool)
{
    struct calibrate_pool read = {0};
    struct slice rest = *bytes;
    uint8_t used = 0;
    if (!field_take(&rest, &read.tests, sizeof read.tests) ||
        !field_take(&rest, &read.fresh_tests, sizeof read.fresh_tests) ||
        !field_take(&rest, &used, 1) || !isfinite(read.tests) || read.tests < 0 ||
        !take_bins(&rest, &read, used)) {
        return status_new(STATUS_CORRUPT,
                          "read a calibration pool: the record is cut short or out of range");
    }
    fit(&read);
    *pool = read;
    *bytes = rest;
    return NULL;
}
