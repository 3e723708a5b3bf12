/* Scratch memory of the close of a tile, made with the shard, so that a close allocates nothing,
 * and what is gathered into it: the windows of all rows and what is known ahead. */
#include "stream/item_plans.h"
#include "stream/shard_state.h"

#include <math.h>
#include <stdlib.h>

struct status *close_scratch_init(struct shard *shard)
{
    const uint32_t W = shard->plan->window;
    struct close_scratch *scratch = &shard->scratch;
    scratch->units = aligned_alloc(64, (size_t)PLAN_TILE_SERIES * W * sizeof(float));
    scratch->flags = aligned_alloc(64, (size_t)PLAN_TILE_SERIES * W);
    scratch->age = calloc(PLAN_TILE_SERIES, sizeof(uint32_t));
    scratch->want = calloc(PLAN_TILE_SERIES, 1);
    scratch->signals = calloc((size_t)TAILS_KINDS * PLAN_TILE_SERIES, sizeof(struct alert_signal));
    scratch->known =
        calloc((size_t)PLAN_TILE_SERIES * (1 + WINDOW_AHEAD) * WINDOW_KNOWN, sizeof(float));
    if (!scratch->known || !scratch->units || !scratch->flags || !scratch->age || !scratch->want ||
        !scratch->signals) {
        return status_new(STATUS_NO_MEMORY, "out of memory for the windows of a tile");
    }
    return NULL;
}

void close_scratch_fini(struct shard *shard)
{
    struct close_scratch *scratch = &shard->scratch;
    free(scratch->units);
    free(scratch->flags);
    free(scratch->age);
    free(scratch->known);
    free(scratch->want);
    free(scratch->signals);
    buf_fini(&scratch->key);
    buf_fini(&scratch->value);
}

enum { KNOWN_ROW = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };

/* Plans of the items of a tile; true where there is one. empty: nothing else is known. */
static bool gather_plans(struct shard *shard, const struct tile *tile, uint32_t tile_index,
                         int64_t last, bool empty)
{
    float *known = shard->scratch.known;
    bool any = false;
    for (uint32_t i = 0; i < tile->series && items_count(shard->items); i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        const struct item_line *item =
            series_live(shard->series, series)
                ? items_find(shard->items, series_sku(shard->series, series))
                : NULL;
        if (!item || !item->plan_count) {
            continue;
        }
        for (size_t k = 0; empty && !any && k < (size_t)tile->series * KNOWN_ROW; k++) {
            known[k] = NAN;
        }
        any = true;
        item_plans_known(item, &shard->plan->settings_ref->days, last, known + i * KNOWN_ROW);
    }
    return any;
}

const float *close_known(struct shard *shard, const struct tile *tile, uint32_t tile_index,
                         int64_t last)
{
    const struct plan *plan = shard->plan;
    const struct plan_sinks *sinks = plan->sinks_ref;
    const struct holidays *holidays = &plan->settings_ref->holidays;
    float *known = shard->scratch.known;
    if (!(sinks && sinks->known)) {
        bool calendar = plan->slot_days <= 1 && holidays->count > 0;
        if (calendar) {
            calendars_known(holidays, &plan->settings_ref->days, last, tile->series, known);
        }
        bool plans = gather_plans(shard, tile, tile_index, last, !calendar);
        return calendar || plans ? known : NULL;
    }
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        sinks->known(sinks->known_context, series_sku(shard->series, series), last,
                     1 + WINDOW_AHEAD, known + (size_t)i * KNOWN_ROW);
    }
    return known;
}

/* Rows whose windows are written side by side: few enough to stay in the first cache. */
enum { GATHER_BLOCK = 32 };

struct span {
    uint32_t begin, end;
};

/* scratch->age is known. */
static void gather_block(struct shard *shard, const struct tile *tile, uint32_t tile_index,
                         int64_t last, struct span rows)
{
    const struct ring_overflow *overflow = shard->overflow;
    const uint32_t W = shard->plan->window;
    const uint32_t *age = shard->scratch.age;
    float *units = shard->scratch.units;
    uint8_t *restrict flags = shard->scratch.flags;
    for (uint32_t k = 0; k < W; k++) {
        uint32_t slot = tile_slot(shard->plan, last - (int64_t)(W - 1) + (int64_t)k);
        const uint16_t *cells = tile->cells + (size_t)slot * PLAN_TILE_SERIES;
        uint32_t back = W - k; /* the row is absent when the series is younger than this */
        __builtin_prefetch(&cells[rows.end]); /* of the next block */
        for (uint32_t i = rows.begin; i < rows.end; i++) {
            uint32_t series = tile_index * PLAN_TILE_SERIES + i;
            units[(size_t)i * W + k] = (float)ring_get(overflow, &cells[i], series, slot);
            flags[(size_t)i * W + k] =
                (uint8_t)(ring_flags(cells[i]) | (age[i] < back ? WINDOW_ABSENT : 0));
        }
    }
}

void close_gather(struct shard *shard, struct tile *tile, uint32_t tile_index, int64_t last,
                  struct window *window)
{
    const struct plan *plan = shard->plan;
    const uint32_t N = tile->series, W = plan->window;
    struct close_scratch *scratch = &shard->scratch;
    for (uint32_t i = 0; i < N; i++) {
        int64_t first = tile->cols.row[i].first - 1;
        scratch->age[i] =
            tile->cols.row[i].first && first <= last ? (uint32_t)(last - first + 1) : 0;
    }
    for (uint32_t begin = 0; begin < N; begin += GATHER_BLOCK) {
        uint32_t end = begin + GATHER_BLOCK < N ? begin + GATHER_BLOCK : N;
        gather_block(shard, tile, tile_index, last, (struct span){begin, end});
    }
    const struct buckets *buckets = &plan->settings_ref->days;
    *window = (struct window){.series = N,
                              .width = W,
                              .bucket = last,
                              .phase = bucket_phase(buckets, last),
                              .season = plan_season(plan),
                              .units = scratch->units,
                              .flags = scratch->flags,
                              .age = scratch->age,
                              .known = close_known(shard, tile, tile_index, last)};
    scratch->window = *window;
}
