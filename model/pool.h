/* Pools: what all series of one demand class have taught at one length of forecast.
 *
 * Each pool holds the prior weights of the experts and how far the quantiles of their mixture are
 * stretched away from its median, below and above. Both descend the pinball loss of matured probes:
 * the weights by exponentiated gradient, the stretches by plain gradient. As the probes keep what
 * the experts said, a score always judges the weights and stretches of today, and no delay enters
 * their dynamics. Scores of one close are counted in integers, whose sum has no order, and folded
 * into the pool once per close.
 *
 * Thread: one owner. */
#ifndef RESTOCK_POOL_H
#define RESTOCK_POOL_H

#include "model/forecaster.h"

#include <stdint.h>

enum { POOL_ROWS_MAX = FORECAST_SUMS_MAX + 1 };
enum pool_side { POOL_BELOW, POOL_ABOVE, POOL_SIDES };

extern const uint8_t
    pool_levels[FORECASTER_PROBE_LEVELS]; /* which of forecast_levels a probe keeps */

struct pool {
    float weight[FORECAST_EXPERTS]; /* sum 1 */
    float stretch[POOL_SIDES]; /* 1: as the experts say */
    float loss, scores; /* discounted sums */
};

struct pool_tally { /* of one close; all but scores in fixed point, 1 = 2^-20 */
    int64_t scores, loss, gradient[FORECAST_EXPERTS], slope[POOL_SIDES];
};

struct pool_score { /* one matured probe */
    float y;
    const float *q; /* [E, K] */
    const float *weight; /* [E] of the series in this pool */
};

void pool_init(struct pool *pool);
/* Count one score; relative: [E] each expert's loss over the mean of the experts' (1 everywhere
 * where nobody lost). */
void pool_count(const struct pool *pool, struct pool_tally *tally, const struct pool_score *score,
                float *relative);
/* Take the close's tally, which is cleared. length: of the pool's forecasts, in buckets. */
void pool_fold(struct pool *pool, struct pool_tally *tally, uint32_t length);
/* What an expert's own relative losses at a series are worth there. loss, trust: [E] */
void pool_trust(const float *loss, float *trust);
/* Weights of one series: prior of the pool times trust. They add to 1. */
void pool_weights(const struct pool *pool, const float *trust, float *weight);

#endif
