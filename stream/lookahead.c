#include "stream/lookahead.h"

#include "config/base/ahead.h"
#include "stream/shard_state.h"

/* As one by one: what the arena holds for one line it holds for LOOKAHEAD_LINES of them. */
_Static_assert(LOOKAHEAD_LINES *TICK_SLOTS_MAX *(TICK_GROUPS_MAX + 1) * sizeof(struct tick_count) <
                   SHARD_LINE_ARENA_BYTES,
               "decoding does not depend on the size of a batch");

void lookahead_decode(struct shard *shard, struct slice value, struct lookahead *ahead)
{
    ahead->reason = "null value";
    ahead->guess = SERIES_NONE;
    ahead->good = value.data && line_decode(value, shard->arena, &ahead->line, &ahead->reason);
    const struct buckets *buckets = &shard->plan->settings_ref->days;
    if (ahead->good && ahead->line.kind == LINE_ORDER) {
        const struct order_line *order = &ahead->line.order;
        ahead->bucket = bucket_of_memo(buckets, &shard->days, order->event_ms);
        ahead->name = series_hash(order->sku, order->location);
    } else if (ahead->good && ahead->line.kind == LINE_STOCK) {
        const struct stock_line *stock = &ahead->line.stock;
        ahead->bucket = bucket_of_memo(buckets, &shard->days, stock->event_ms);
        ahead->name = series_hash(stock->sku, stock->location);
    }
}

static bool is_hot(const struct lookahead *ahead)
{
    return ahead->good && (ahead->line.kind == LINE_ORDER || ahead->line.kind == LINE_STOCK);
}

static void prefetch_fingerprint(const struct shard *shard, const struct lookahead *ahead)
{
    if (ahead->line.kind == LINE_ORDER) {
        dedup_prefetch(shard->fingerprints, ahead->bucket, &ahead->line.order.fingerprint);
    } else {
        dedup_prefetch(shard->stock_fingerprints, ahead->bucket, &ahead->line.stock.fingerprint);
    }
}

static void prefetch_series(const struct shard *shard, const struct lookahead *ahead)
{
    const struct tile *tile = shard_tile(shard, ahead->guess);
    uint32_t row = shard_row(ahead->guess);
    ahead_touch(&tile->cols.row[row]);
    ahead_touch(&tile->linecheck.row[row]);
    if (tile->traced) {
        ahead_touch(&tile->trace.row[row]);
    }
    ahead_touch(
        &tile->units[(size_t)tile_slot(shard->plan, ahead->bucket) * PLAN_TILE_SERIES + row]);
    ahead_touch(&shard->dirty_mark[ahead->guess]);
}

void lookahead_prefetch(const struct shard *shard, struct lookahead *ahead, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_hot(&ahead[i])) {
            series_prefetch(shard->series, ahead[i].name);
            prefetch_fingerprint(shard, &ahead[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (is_hot(&ahead[i])) {
            ahead[i].guess = series_guess(shard->series, ahead[i].name);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (ahead[i].guess != SERIES_NONE) {
            series_prefetch_text(shard->series, ahead[i].guess);
            prefetch_series(shard, &ahead[i]);
        }
    }
}
