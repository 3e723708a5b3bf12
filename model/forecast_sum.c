/* Total demand of any number of buckets, from the rows of sums that were forecast. */
#include "model/forecaster.h"

#include <math.h>

static const float SPAN_80 =
    2.5631f; /* 0.9 quantile less 0.1 quantile of a normal distribution, in standard deviations */

static float variance_of(const float *q)
{
    float deviation = (q[LEVEL_P90] - q[LEVEL_P10]) / SPAN_80;
    return deviation * deviation;
}

/* The row that zero buckets would have: nothing. */
static const float NOTHING[FORECAST_LEVELS];

/* Beyond the last row mean and variance grow as from the row before it; the shape about the mean
 * stays. */
static void extrapolate(const float *before, const float *last, const float *mean, float ahead,
                        float *q)
{
    float grown = mean[1] + ahead * fmaxf(mean[1] - mean[0], 0);
    float variance = variance_of(last), growth = fmaxf(variance - variance_of(before), 0);
    float wider = variance > 0 ? sqrtf((variance + ahead * growth) / variance) : 1;
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        q[k] = fmaxf(grown + (last[k] - mean[1]) * wider, last[k]);
        q[k] = k ? fmaxf(q[k], q[k - 1]) : q[k];
    }
}

void forecast_sum_at(const struct forecast_block *block, uint32_t i, float length, float *q,
                     float *mean)
{
    const float *means = block->sum_mean + (size_t)i * block->sums;
    const float *rows = block->sum_q + (size_t)i * block->sums * FORECAST_LEVELS;
    uint32_t s = 0;
    while (s < block->sums && (float)block->sum_length[s] < length) {
        s++;
    }
    uint32_t high = s < block->sums ? s : block->sums - 1;
    const float *above = rows + (size_t)high * FORECAST_LEVELS;
    const float *below = high ? above - FORECAST_LEVELS : NOTHING;
    float low_length = high ? block->sum_length[high - 1] : 0,
          low_mean = high ? means[high - 1] : 0;
    float step = (float)block->sum_length[high] - low_length;
    float share = fmaxf(length - low_length, 0) / step;
    if (s == block->sums && share > 1) {
        const float pair[2] = {low_mean, means[high]};
        extrapolate(below, above, pair, share - 1, q);
        *mean = means[high] + (share - 1) * fmaxf(means[high] - low_mean, 0);
        return;
    }
    *mean = low_mean + share * (means[high] - low_mean);
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        q[k] = below[k] + share * (above[k] - below[k]);
    }
}
