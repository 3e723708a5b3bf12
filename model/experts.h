/* What each expert says of one series: rows of quantiles, side by side. Used by forecaster.c alone.
 * Thread: that of the forecaster. */
#ifndef RESTOCK_EXPERTS_H
#define RESTOCK_EXPERTS_H

#include "model/empirical.h"
#include "model/forecaster_parts.h"

/* Buckets with an open point anomaly are no such buckets: to leave them out made sums of 7 days 10
 * % worse on M5 (its zero runs) and those of 14 days 1.7 % worse on Online Retail; winsorising is
 * guard enough. */
enum { EXPERTS_UNTRUSTED = WINDOW_CENSORED }; /* buckets that tell nothing about demand */

enum { EXPERT_LANES = NEGBIN_LANES };

/* Up to EXPERT_LANES forecasts of one series while they are made, side by side: a lane is a sum or
 * a step. */
struct expert_lanes {
    uint32_t count; /* lanes in use; the others are zero */
    float weight[FORECAST_EXPERTS][EXPERT_LANES]; /* the caller's */
    float mean[FORECAST_EXPERTS][EXPERT_LANES];
    float q[FORECAST_EXPERTS][FORECAST_LEVELS][EXPERT_LANES];
};

enum forecast_class experts_class(const struct window *window, uint32_t i);
/* Of row i; buckets count at most as much as they do in its statistics (model.winsor), which are in
 * fc->level, fc->spread. */
void experts_history(const struct forecaster *fc, const struct window *window, uint32_t i,
                     struct empirical_history *history);

struct expert_shape { /* empirical quantiles of single buckets, before they move to the level of a
                         phase */
    bool known;
    float q[FORECAST_LEVELS], mean;
};

void experts_shape(const struct empirical_history *history, struct expert_shape *shape);
/* lanes->count and weight are given, all else comes zero and is filled: lane l is row `begin` + l
 * of the sums of series i, or the bucket `begin` + l ahead (1 .. H). fc->level, fc->spread,
 * fc->prospect and the network's view are of this tile and series. Of an expert without a weight
 * the lane is zero; one that knows nothing repeats the negative binomial one. */
void experts_sums(const struct forecaster *fc, const struct empirical_history *history, uint32_t i,
                  uint32_t begin, struct expert_lanes *lanes);
void experts_steps(const struct forecaster *fc, const struct expert_shape *shape, uint32_t i,
                   uint32_t begin, struct expert_lanes *lanes);
/* Average of the experts' quantiles by weight, stretched about its median, counted, ascending.
 * stretch: [POOL_SIDES, EXPERT_LANES]; mean: [EXPERT_LANES]; q: [Q, EXPERT_LANES]. */
void experts_mix(const struct expert_lanes *lanes, const float *stretch, float *mean, float *q);

#endif
