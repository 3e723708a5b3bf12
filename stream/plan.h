/* Plan: what all shards of a process share and never change: settings, dimensions, column tables,
 * output encoders, supplier calendar.
 *
 *     struct plan *plan;
 *     TRY(plan_create(&settings, partitions, registry, &plan));
 *     ... shard_create(plan, ...) in any thread ...
 *     plan_destroy(plan);                               // after the last shard
 *
 * Thread: created and destroyed by one thread, read by all. */
#ifndef RESTOCK_PLAN_H
#define RESTOCK_PLAN_H

#include "model/explain.h"
#include "schemas/registry.h"
#include "stream/settings.h"

#include <stdio.h>

enum { PLAN_TILE_SERIES = 256, PLAN_SHORT_DAYS = 14 };

/* Listeners of a run on files, instead of output topics. Each may be NULL. Called by the shard's
 * thread. */
struct plan_sinks {
    void *context;
    /* Buckets after whose close forecasts are made, ascending; count 0: never. */
    const int64_t *origins;
    size_t origin_count;
    /* A forecast: row of block, as in model/forecaster.h. */
    void (*forecast)(void *context, struct slice sku, struct slice location, int64_t origin,
                     const struct forecast_block *block, uint32_t row);
    /* Why it says so, after it. NULL: nobody asks. Not called where nothing can be said. */
    void (*explain)(void *context, struct slice sku, int64_t origin, const struct explanation *why);
    void (*alert)(void *context, const struct alert *alert, enum alert_change change,
                  const struct alert_subject *subject);
    /* Framed JSON of a replenishment event. */
    void (*replenishment)(void *context, struct slice json);
    /* What is known of a series in `count` buckets from `bucket` on: fills out[count,
     * WINDOW_KNOWN]. NULL: nothing is known of any. */
    void (*known)(void *context, struct slice sku, int64_t bucket, uint32_t count, float *out);
    void *known_context;
    /* A closed bucket of a series that has sold, when it leaves the ring: it is final. */
    void (*bucket)(void *context, struct slice sku, struct slice location, int64_t bucket,
                   int64_t units);
    /* Statistics of a series that the detector has judged, [TRACE_INPUTS], at each close. */
    void (*statistics)(void *context, struct slice sku, struct slice location, int64_t bucket,
                       const float *x);
};

struct plan {
    const struct settings *settings_ref; /* owner: the caller of plan_create */
    int32_t partitions; /* of `lines` */
    /* Of the ring that sums and decisions use, in days (settings->days): buckets, or days where the
     * bucket is shorter. W; K, that may be open; ring cells = W + K. */
    uint32_t window, open, slots;
    int64_t dedup_buckets, cancel_buckets, retire_buckets; /* the same unit */
    /* Of the ring of buckets shorter than a day; per_day 0: there is none. */
    struct short_plan {
        uint32_t per_day, window, open, slots;
    } shorts;
    double slot_days; /* of optimize/: 1, or 7 for weekly buckets */
    struct wire_encoder *forecasts, *alerts, *replenishments;
    const struct plan_sinks *sinks_ref; /* NULL: events go to the outbox; owner: the caller */
};

/* registry: needed for output.format confluent only, during the call; else NULL. */
struct status *plan_create(const struct settings *settings, int32_t partitions,
                           struct registry *registry, struct plan **out)
    __attribute__((warn_unused_result));
void plan_destroy(struct plan *plan);
/* Buckets of the ring after which seasons repeat: days of the week, weeks of the year. */
static inline int32_t plan_season(const struct plan *plan)
{
    return plan->slot_days > 1 ? 52 : 7;
}
/* Keep so many days in buckets shorter than a day, instead of PLAN_SHORT_DAYS; before the first
 * shard. Nothing happens where the bucket is a day or longer. */
void plan_keep_short_days(struct plan *plan, uint32_t days);
/* Memory and layout of a series: the column tables, for the size report and inspect. */
void plan_print_layout(const struct plan *plan, FILE *out);

#endif
