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

#include "schemas/registry.h"
#include "stream/settings.h"

#include <stdio.h>

enum { PLAN_TILE_SERIES = 256 };

struct plan {
    const struct settings *settings_ref; /* owner: the caller of plan_create */
    int32_t partitions; /* of `lines` */
    uint32_t window, open, slots; /* buckets: W; K, that may be open; ring cells = W + K */
    int64_t dedup_buckets, cancel_buckets, retire_buckets;
    double slot_days; /* of optimize/: 1, or 7 for weekly buckets */
    struct wire_encoder *forecasts, *alerts, *replenishments;
    /* Called for each closed bucket of each series that sold at least once, when the bucket leaves
     * the ring; NULL: nobody asks. */
    void (*panel_sink)(void *context, struct slice sku, struct slice location, int64_t bucket,
                       int64_t units);
    void *panel_context;
    /* Called with each forecast of a close when set (backtest): block row `row` of series `index`.
     */
};

/* registry: needed for output.format confluent only, during the call; else NULL. */
struct status *plan_create(const struct settings *settings, int32_t partitions,
                           struct registry *registry, struct plan **out)
    __attribute__((warn_unused_result));
void plan_destroy(struct plan *plan);
/* Memory and layout of a series: the column tables, for the size report and inspect. */
void plan_print_layout(const struct plan *plan, FILE *out);

#endif
