/* Probes: forecasts put aside until their target has matured, so that experts are only scored on
 * what they could not know.
 *
 * A series keeps up to FORECASTER_PROBES of them: the length and demand class of the forecast, the
 * closes left, and five quantiles of each expert in bfloat16 (sign, 8 bits of exponent, 7 of
 * fraction: counts up to 256 are exact). Where there is no network, what it would have said is not
 * kept: it would have repeated nb.
 *
 * Pure; any thread. */
#ifndef RESTOCK_PROBE_H
#define RESTOCK_PROBE_H

#include "model/forecaster.h"

enum { PROBE_NONE = -1, PROBE_LENGTH_MAX = 63 };

struct probe_target { /* class as of the forecast: as of the target it would know the outcome */
    uint8_t length, demand_class;
};

/* One close nearer: the slot of series i whose target has matured with it, or PROBE_NONE. Slots
 * mature one at a time: two that end with the same close come in two calls with `begin` behind the
 * last. */
int probe_due(const struct forecaster_cols *cols, uint32_t tile, uint32_t i, int begin);
/* Count down the probes of all series. tile: N of the planes; series: rows in use. */
void probe_tick(struct forecaster_cols *cols, uint32_t tile, uint32_t series);
/* A free slot of series i, or PROBE_NONE. */
int probe_free(const struct forecaster_cols *cols, uint32_t tile, uint32_t i);
/* Put quantiles q[E * Q] (all levels of each expert) aside in a free slot, for a target of 1 ..
 * PROBE_LENGTH_MAX buckets. */
void probe_put(struct forecaster_cols *cols, uint32_t tile, uint32_t i, int slot,
               struct probe_target target, const float *q);
/* Quantiles of a slot, q[E, K]; the slot is free afterwards. Returns its target. */
struct probe_target probe_take(struct forecaster_cols *cols, uint32_t tile, uint32_t i, int slot,
                               float *q);

#endif
