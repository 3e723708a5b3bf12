/* The quantile levels of every forecast, and what can be asked of one row of quantiles.
 *
 *     float q[FORECAST_LEVELS] = {...};                 // ascending
 *     float p95 = levels_at(q, 0.95f);                  // quantile at any level
 *     float risk = 1 - levels_of(q, stock);             // P(demand > stock)
 *
 * Between levels a row is linear; below 0.05 it falls to zero demand at level 0, above 0.99 it goes
 * on as an exponential tail through the last two levels. Pure; any thread. */
#ifndef RESTOCK_LEVELS_H
#define RESTOCK_LEVELS_H

#include "model/mat.h"

#include <math.h>

enum {
    LEVEL_P05,
    LEVEL_P10,
    LEVEL_P20,
    LEVEL_P30,
    LEVEL_P40,
    LEVEL_P50,
    LEVEL_P60,
    LEVEL_P70,
    LEVEL_P80,
    LEVEL_P90,
    LEVEL_P95,
    LEVEL_P99
};

extern const float forecast_levels[FORECAST_LEVELS]; /* 0.05, 0.1, 0.2 .. 0.9, 0.95, 0.99 */

/* Quantile at `level`, clamped into (0, 0.99999]. q: [Q] ascending, not negative. */
float levels_at(const float *q, float level);
/* P(demand <= x), 0 for x < 0, at most 0.99999. The inverse of levels_at; on a flat piece (one
 * count at several levels) the upper end. */
float levels_of(const float *q, float x);
/* E[max(demand - x, 0)], the units expected beyond x: from the same piecewise distribution. x >= 0.
 */
float levels_excess(const float *q, float x);
/* Pinball loss max(p (y - q), (1 - p) (q - y)) of one quantile. */
float levels_pinball(float y, float q, float level);
/* Mean over all levels of 2 * pinball: an approximation of the continuous ranked probability score.
 */
float levels_loss(float y, const float *q);

/* Demand comes in units: a quantile rounded to a count, below the median down sooner, in the upper
 * tail up sooner. k: place of its level. */
static inline float levels_counted(float q, int k)
{
    return k < LEVEL_P50 ? floorf(q + 0.25f) : k > LEVEL_P80 ? ceilf(q - 0.25f) : rintf(q);
}

#endif
