#include "stream/lookahead.h"

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

static void add_fingerprint(const struct shard *shard, const struct lookahead *line,
                            struct ahead *ahead)
{
    if (line->line.kind == LINE_ORDER) {
        dedup_ahead(shard->fingerprints, line->bucket, &line->line.order.fingerprint, ahead);
    } else {
        dedup_ahead(shard->stock_fingerprints, line->bucket, &line->line.stock.fingerprint, ahead);
    }
}

static void add_series(const struct shard *shard, const struct lookahead *line, struct ahead *ahead)
{
    const struct tile *tile = shard_tile(shard, line->guess);
    uint32_t row = shard_row(line->guess);
    size_t cell = (size_t)tile_slot(shard->plan, line->bucket) * PLAN_TILE_SERIES + row;
    ahead_add(ahead, &tile->cols.row[row]);
    ahead_add(ahead, &tile->linecheck.row[row]);
    if (tile->traced) {
        ahead_add(ahead, &tile->trace.row[row]);
    }
    ahead_add(ahead, &tile->cells[cell]);
    ahead_add(ahead, &shard->dirty_mark[line->guess]);
}

/* A line adds at most 7 places at once. */
_Static_assert(LOOKAHEAD_LINES * 7 <= AHEAD_MOST, "all lines at once");

void lookahead_load(const struct shard *shard, struct lookahead *lines, size_t count)
{
    struct ahead ahead;
    ahead.count = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_hot(&lines[i])) {
            series_ahead(shard->series, lines[i].name, &ahead);
            add_fingerprint(shard, &lines[i], &ahead);
        }
    }
    ahead_load(&ahead);
    for (size_t i = 0; i < count; i++) {
        if (is_hot(&lines[i])) {
            lines[i].guess = series_guess(shard->series, lines[i].name, &ahead);
            if (lines[i].guess != SERIES_NONE) {
                add_series(shard, &lines[i], &ahead);
            }
        }
    }
    ahead_load(&ahead);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].guess != SERIES_NONE) {
            series_ahead_text(shard->series, lines[i].guess, &ahead);
        }
    }
    ahead_load(&ahead);
}
