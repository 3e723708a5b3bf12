#include "stream/rehearse.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "stream/line.h"
#include "stream/plan.h"
#include "stream/series.h"
#include "stream/shard.h"

#include <math.h>
#include <stdlib.h>

#define DULL_KEPT 0.12f
#define STRIKING 2.5f

struct stage {
    const struct till *shop;
    const struct injected *injected;
    const uint8_t *odd;
    struct weigh_rows *rows;
    struct series_table *names; /* numbers of products */
    uint64_t seen;
};

/* Something in it is large, whatever it means. */
static bool striking(const float *x)
{
    for (int w = 0; w < TRACE_WINDOWS; w++) {
        if (fabsf(x[2 * w]) > STRIKING) {
            return true;
        }
    }
    const float *event = x + TRACE_EVENTS_AT;
    return event[EVENT_QUANTITY] > STRIKING || event[EVENT_RECORD] > 0 || event[EVENT_CHEAP] > 0 ||
           event[EVENT_DEAR] > 0;
}

static void on_statistics(void *context, struct slice sku, struct slice location, int64_t bucket,
                          const float *x)
{
    struct stage *stage = context;
    uint32_t product = series_find(stage->names, sku, location);
    if (product == SERIES_NONE || bucket < stage->shop->first || bucket > stage->shop->last) {
        return;
    }
    size_t cell = inject_cell(stage->shop, product, bucket);
    uint8_t label = stage->injected->labels[cell];
    if (label == INJECT_SPARED) {
        return;
    }
    if (label != INJECT_NONE) {
        weigh_rows_add(stage->rows, x, label, 1 / sqrtf(fmaxf(stage->injected->length[cell], 1)));
        return;
    }
    bool keep = striking(x);
    float dice = (float)(hash_mix(++stage->seen) >> 40) * 0x1p-24f;
    if (keep || dice < DULL_KEPT) {
        float weight = keep ? 1 : 1 / DULL_KEPT;
        weigh_rows_add(stage->rows, x, 0, stage->odd[cell] ? REHEARSE_ODD * weight : weight);
    }
}

struct run {
    const struct settings *settings;
    struct plan *plan;
    struct shard *shard;
    struct outbox *outbox;
    struct buf value;
    int64_t offset;
};

static void give(struct run *run, const struct line *line)
{
    buf_reset(&run->value);
    line_encode(line, &run->value);
    struct slice key = line_sku(line);
    shard_apply(run->shard, run->offset++, key.bytes ? key : (struct slice){0},
                buf_view(&run->value));
    while (shard_work(run->shard)) {
    }
    outbox_reset(run->outbox);
}

/* The bucket is over. No invoices are told: a rehearsal has no feed to be checked. */
static void tick(struct run *run, int64_t bucket, int64_t units)
{
    const struct buckets *buckets = &run->settings->buckets;
    struct tick_count count = {
        .slot = bucket_start(buckets, bucket) / 3600000 + 1, .group = slice_of(""), .units = units};
    struct line line = {
        .kind = LINE_TICK,
        .tick = {.input = INPUT_ORDERS,
                 .state = TICK_LIVE,
                 .mark_ms = bucket_start(buckets, bucket + 1) + run->settings->stream.lateness_ms,
                 .roster = {1, 0},
                 .count_count = 1,
                 .counts = &count}};
    line.tick.clock_ms = line.tick.mark_ms;
    give(run, &line);
}

static void play(struct run *run, const struct till *shop, const struct injected *injected)
{
    int64_t bucket = shop->first, units = 0;
    for (uint32_t k = 0; k < injected->count; k++) {
        const struct till_line *from = &injected->lines[k];
        for (; bucket < from->bucket; bucket++) {
            tick(run, bucket, units);
            units = 0;
        }
        struct line line = {.kind = LINE_ORDER, .order = from->order};
        units += from->order.kind == ORDER_SALE ? from->order.quantity : 0;
        give(run, &line);
    }
    tick(run, bucket, units);
}

struct status *rehearse(const struct till *shop, const struct injected *injected,
                        const uint8_t *odd, const struct settings *settings,
                        struct weigh_rows *rows)
{
    ASSERT(settings->alert.detector_ref && "statistics are made where there is a detector");
    struct stage stage = {.shop = shop, .injected = injected, .odd = odd, .rows = rows};
    struct plan_sinks sinks = {.context = &stage, .statistics = on_statistics};
    struct run run = {.settings = settings, .outbox = outbox_create()};
    stage.names = series_table_create();
    struct status *st = NULL;
    if (!run.outbox || !stage.names) {
        st = status_new(STATUS_NO_MEMORY, "out of memory for a rehearsal");
    }
    for (uint32_t p = 0; !st && p < shop->product_count; p++) {
        uint32_t number =
            series_add(stage.names, shop->products[p].sku, shop->products[p].location);
        ASSERT(number == p);
    }
    st = st ? st : plan_create(settings, 1, NULL, &run.plan);
    if (!st) {
        run.plan->sinks_ref = &sinks;
        st = shard_create(run.plan, 0, run.outbox, &run.shard);
    }
    if (!st) {
        play(&run, shop, injected);
    }
    shard_destroy(run.shard);
    plan_destroy(run.plan);
    outbox_destroy(run.outbox);
    series_table_destroy(stage.names);
    buf_fini(&run.value);
    return st;
}
