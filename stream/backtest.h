/* Backtest: the pipeline of `run` on files. Orders go through the mapping, INGEST's core and the
 * shards exactly as in live mode; only source, sink and clock differ. A panel (demand per series
 * and bucket, already clean) enters as lines.
 *
 *     struct backtest_options options = {.settings = &settings, .orders = files, .order_count = 1,
 * .map = "maps/x.yaml", .shards = 1}; struct backtest_report report; TRY(backtest_run(&options,
 * &report));
 *
 * Thread: the caller's alone. Memory: the shards, and the panel where one is written or read. */
#ifndef RESTOCK_BACKTEST_H
#define RESTOCK_BACKTEST_H

#include "stream/settings.h"
#include "stream/shard.h"

enum { BACKTEST_ORIGINS_MAX = 512, BACKTEST_SHARDS_MAX = 1024 };

struct backtest_end { /* shards as they stand at the end; hash_partition says which has a series */
    struct shard *const *shards;
    int32_t count;
    double unit; /* of the panel: what one base unit is worth */
};

struct backtest_options {
    const struct settings *settings;
    const char *const *orders; /* files, in order of time; or none */
    size_t order_count;
    const char *map; /* mapping file of the orders */
    const char *panel; /* or a panel file */
    const char *known; /* columns of the panel that are known ahead ("price,promo"); NULL: none */
    int32_t shards;
    /* Dates or times as in the files ("2011-05-14"): forecasts are written after the close of these
     * buckets. */
    const char *const *origins;
    size_t origin_count;
    /* Files to write; NULL: not wanted. */
    const char *forecasts, *explain, *alerts, *proposals, *panel_out;
    /* Called after the last bucket; its error is the run's. NULL: nobody looks. */
    struct status *(*finish)(void *context, const struct backtest_end *end);
    void *finish_context;
    bool stop_at_origin; /* panel: the first origin is the last bucket that is read */
    /* Progress: share of the input read, 0 .. 1; NULL: nobody looks. False ends the run with
     * STATUS_STOPPED. */
    bool (*progress)(void *context, double share);
    void *progress_context;
};

struct backtest_report {
    uint64_t read, applied, duplicate, late, filtered, dead_letter;
    uint64_t forecasts, alerts, replenishments;
    double active_seconds;
    bool leaky; /* the base model knows these series beyond the first origin */
};

struct status *backtest_run(const struct backtest_options *options, struct backtest_report *report)
    __attribute__((warn_unused_result));

#endif
