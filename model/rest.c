#include "model/rest.h"

#include <math.h>
#include <string.h>

static const double KEEP = 0.985; /* per day */
/* What is believed before days have told, and how much: as much as 300 days of a series that sells
 * five a day in lumps of two. */
static const double PRIOR_RELATIVE = 0.05, PRIOR_SQUARE = 60;
/* The shop is one series, but a large one: each day tells as much as it can. */
static const double PRIOR_SHOP = 0.03, PRIOR_DAYS = 10;
static const double LEAST = 0.0025, MOST = 1;
static const float LEAST_LUMP = 1.01f, MOST_OF_SPREAD = 0.75f;
static const double WILD = 6; /* standard deviations that one half counts at most */

void rest_fold(struct rest_moments *moments)
{
    for (int c = 0; c < REST_CLASSES; c++) {
        moments->product[c] *= KEEP;
        moments->square[c] *= KEEP;
    }
}

static double limited(double off, double deviation)
{
    return fmax(fmin(off, WILD * deviation), -WILD * deviation);
}

void rest_learn(struct rest_moments *moments, int demand_class, const struct rest_half *half)
{
    double mean = (double)half->mean, p = (double)half->share,
           variance = mean * (double)half->spread;
    if (!(mean > 0) || !(variance > 0) || !(p > 0.05 && p < 0.95) || !isfinite(variance)) {
        return;
    }
    double first = limited((double)half->first - mean * p, sqrt(variance * p));
    double second = limited((double)half->second - mean * (1 - p), sqrt(variance * (1 - p)));
    /* Least squares of the product on mean^2 p (1 - p), whose noise is variance^2 p (1 - p). */
    double weight = demand_class == REST_SHOP ? 1 / (mean * mean * p * (1 - p))
                                              : mean * mean / (variance * variance);
    moments->product[demand_class] += weight * first * second;
    moments->square[demand_class] += weight * mean * mean * p * (1 - p);
}

float rest_relative(const struct rest_moments *moments, int demand_class)
{
    bool shop = demand_class == REST_SHOP;
    double prior = shop ? PRIOR_SHOP : PRIOR_RELATIVE, trust = shop ? PRIOR_DAYS : PRIOR_SQUARE;
    double relative =
        (moments->product[demand_class] + prior * trust) / (moments->square[demand_class] + trust);
    return (float)fmin(fmax(relative, LEAST), MOST);
}

struct rest rest_of_day(const struct rest_day *day)
{
    struct rest rest = {.level = 1};
    /* A class knows how much of a spread is the day's; never all of one that is less. */
    float relative = fminf(day->relative, MOST_OF_SPREAD * day->spread / fmaxf(day->mean, 1e-6f));
    rest.lump = fmaxf(day->spread - relative * day->mean, LEAST_LUMP);
    float expected = day->observed * day->mean, prior = rest.lump / relative;
    rest.level = (prior + day->sold) / (prior + expected);
    rest.relative = relative * prior / (prior + expected);
    float left = fmaxf(1 - day->elapsed, 0) * day->mean;
    rest.mean = rest.level * left;
    rest.variance = rest.lump * rest.mean + left * left * rest.relative;
    return rest;
}

/* Quantiles keep their shape about the mean, as wide as the variance that is left. */
void rest_sums(const struct forecast_block *day, uint32_t i, const struct rest_shift *shift,
               float *sum_mean, float *sum_q)
{
    for (uint32_t s = 0; s < day->sums; s++) {
        float *q = sum_q + (size_t)s * FORECAST_LEVELS, mean;
        forecast_sum_at(day, i, (float)day->sum_length[s] + shift->ahead, q, &mean);
        float gone = fminf(shift->mean, mean), left = mean - gone + shift->rest->mean;
        float variance = shift->spread * mean,
              now = fmaxf(shift->spread * (mean - gone), 0) + shift->rest->variance;
        float width = variance > 0 ? sqrtf(now / variance) : 0;
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            q[k] = levels_counted(fmaxf(left + (q[k] - mean) * width, 0), k);
            q[k] = k ? fmaxf(q[k], q[k - 1]) : q[k];
            q[k] = s ? fmaxf(q[k], q[k - FORECAST_LEVELS]) : q[k];
        }
        sum_mean[s] = s ? fmaxf(left, sum_mean[s - 1]) : left;
    }
}

void rest_save(const struct rest_moments *moments, struct buf *out)
{
    buf_put(out, moments, sizeof *moments);
}

struct status *rest_load(struct rest_moments *moments, struct slice bytes)
{
    struct rest_moments loaded;
    bool fine = bytes.bytes == sizeof loaded;
    if (fine) {
        memcpy(&loaded, bytes.data, sizeof loaded);
    }
    for (int c = 0; c < REST_CLASSES && fine; c++) {
        fine = isfinite(loaded.product[c]) && isfinite(loaded.square[c]) && loaded.square[c] >= 0;
    }
    if (!fine) {
        return status_new(STATUS_CORRUPT,
                          "what days say of their rest is not what this program writes");
    }
    *moments = loaded;
    return NULL;
}
