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

struct expert_row { /* one forecast while it is made */
    float q[FORECAST_EXPERTS][FORECAST_LEVELS];
    float mean[FORECAST_EXPERTS];
};

enum forecast_class experts_class(const struct window *window, uint32_t i);
void experts_history(const struct window *window, uint32_t i, struct empirical_history *history);
/* Row s of the sums of series i, from experts with a weight; fc->level, fc->spread and the
 * network's view are of this tile. An expert without a weight, or that knows nothing, repeats the
 * negative binomial one. */
void experts_ask(const struct forecaster *fc, const struct empirical_history *history, uint32_t i,
                 uint32_t s, const float *weight, struct expert_row *row);

struct expert_shape { /* empirical quantiles of single buckets, before they move to the level of a
                         phase */
    bool known;
    float q[FORECAST_LEVELS], mean;
};

void experts_shape(const struct empirical_history *history, struct expert_shape *shape);
/* Bucket `step` ahead, step 1 .. H. */
void experts_ask_step(const struct forecaster *fc, const struct expert_shape *shape, uint32_t i,
                      uint32_t step, const float *weight, struct expert_row *row);

#endif
