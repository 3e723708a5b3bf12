#include "model/probe.h"

#include "config/base/ensure.h"
#include "model/bfloat.h"
#include "model/pool.h"

enum { CLASS_SHIFT = 6 };
_Static_assert(FORECAST_CLASSES << CLASS_SHIFT <= 256 && PROBE_LENGTH_MAX < 1 << CLASS_SHIFT,
               "target is a byte");

static size_t plane(uint32_t tile, int slot)
{
    return (size_t)slot * tile;
}

void probe_tick(struct forecaster_cols *cols, uint32_t tile, uint32_t series)
{
    for (int slot = 0; slot < FORECASTER_PROBES; slot++) {
        uint8_t *left = cols->probe_left + plane(tile, slot);
        for (uint32_t i = 0; i < series; i++) {
            left[i] = (uint8_t)(left[i] - (left[i] > 0));
        }
    }
}

int probe_due(const struct forecaster_cols *cols, uint32_t tile, uint32_t i, int begin)
{
    for (int slot = begin; slot < FORECASTER_PROBES; slot++) {
        size_t at = plane(tile, slot) + i;
        if (cols->probe_target[at] && !cols->probe_left[at]) {
            return slot;
        }
    }
    return PROBE_NONE;
}

int probe_free(const struct forecaster_cols *cols, uint32_t tile, uint32_t i)
{
    for (int slot = 0; slot < FORECASTER_PROBES; slot++) {
        if (!cols->probe_target[plane(tile, slot) + i]) {
            return slot;
        }
    }
    return PROBE_NONE;
}

/* Without a network the third expert repeats nb: so does what is read for it. */
static uint16_t *quantile_at(const struct forecaster_cols *cols, uint32_t tile, uint32_t i,
                             int slot, int e, int k)
{
    size_t row = (size_t)slot * FORECASTER_PROBE_LEVELS + (size_t)k;
    if (e == FORECAST_GRU && cols->gru_probe_q) {
        return cols->gru_probe_q + row * tile + i;
    }
    e = e == FORECAST_GRU ? FORECAST_NB : e;
    row += ((size_t)slot * (FORECAST_STATISTICAL - 1) + (size_t)e) * FORECASTER_PROBE_LEVELS;
    return cols->probe_q + row * tile + i;
}

void probe_put(struct forecaster_cols *cols, uint32_t tile, uint32_t i, int slot,
               struct probe_target target, const float *q)
{
    size_t at = plane(tile, slot) + i;
    DEBUG_ASSERT(!cols->probe_target[at] && target.length && target.length <= PROBE_LENGTH_MAX);
    cols->probe_target[at] = (uint8_t)(target.demand_class << CLASS_SHIFT | target.length);
    cols->probe_left[at] = target.length;
    int experts = cols->gru_probe_q ? FORECAST_EXPERTS : FORECAST_STATISTICAL;
    for (int e = 0; e < experts; e++) {
        for (int k = 0; k < FORECASTER_PROBE_LEVELS; k++) {
            float value = q[e * FORECAST_LEVELS + pool_levels[k]];
            *quantile_at(cols, tile, i, slot, e, k) = bfloat_pack(value);
        }
    }
}

struct probe_target probe_take(struct forecaster_cols *cols, uint32_t tile, uint32_t i, int slot,
                               float *q)
{
    size_t at = plane(tile, slot) + i;
    struct probe_target target = {.length = cols->probe_target[at] & PROBE_LENGTH_MAX,
                                  .demand_class = cols->probe_target[at] >> CLASS_SHIFT};
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        for (int k = 0; k < FORECASTER_PROBE_LEVELS; k++) {
            *q++ = bfloat_unpack(*quantile_at(cols, tile, i, slot, e, k));
        }
    }
    cols->probe_target[at] = 0;
    return target;
}
