/* What a line does to its shard. Order of stages for an order line: late or not -> duplicate? ->
 * feed check -> ring, stock, open sales
 * -> checks of the line itself -> trigger level. A line is applied, duplicate or late, exactly one
 * of them. */
#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "stream/decide_parts.h"
#include "stream/learning.h"
#include "stream/lookahead.h"
#include "stream/verdict.h"

#include <inttypes.h>
#include <stdio.h>

static const int64_t HOUR_MS = 3600000;

static void dead_letter(struct shard *shard, const struct line *line, struct slice value,
                        const char *reason)
{
    static const char *const TOPICS[INPUT_COUNT] = {"orders", "stock", "items", "feedback"};
    const struct stream_options *stream = &shard->plan->settings_ref->stream;
    char partition[16], offset[24], number[16];
    (void)snprintf(partition, sizeof partition, "%" PRId32, line->source.partition);
    (void)snprintf(offset, sizeof offset, "%" PRId64, line->source.offset);
    (void)snprintf(number, sizeof number, "%" PRId32, line->source.number);
    enum topic topic = (enum topic)line->source.input;
    struct outbox_header headers[] = {
        {"topic", slice_of(stream->topics[topic] ? stream->topics[topic] : TOPICS[topic])},
        {"partition", slice_of(partition)},
        {"offset", slice_of(offset)},
        {"line", slice_of(number)},
        {"reason", slice_of(reason)},
        {"field", slice_of("event_time")},
        {"schema_id", slice_of("")},
        {"version", slice_of(RESTOCK_VERSION)},
    };
    outbox_add_headers(shard->outbox, TOPIC_DEAD_LETTERS, -1, line_sku(line), value, headers,
                       sizeof headers / sizeof headers[0]);
    shard->counts.late_dropped++;
}

/* Buckets that the watermark has passed are owed a close. */
static void pass_buckets(struct shard *shard, int64_t watermark_ms)
{
    const struct buckets *days = &shard->plan->settings_ref->days;
    while (bucket_start(days, shard->until + 2) <= watermark_ms) {
        shard->until++;
    }
    if (shard->subday) {
        subday_watermark(shard, watermark_ms);
    }
}

/* The first order line fixes where the shard's buckets begin; lines a little older are still on
 * time. What the watermark has passed by then closes before that line: if it waited for the next
 * tick, the number of ticks would say how many lines those closes see. */
static void start_at(struct shard *shard, int64_t bucket, int64_t event_ms)
{
    shard->started = true;
    shard->closed = bucket - 1 - (int64_t)shard->plan->open / 2;
    shard->until = shard->closed;
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        shard->tiles[t]->closed = shard->closed;
    }
    if (shard->subday) {
        subday_start(shard, event_ms);
    }
    int64_t watermark = sources_watermark(shard->sources);
    if (watermark != INT64_MIN) {
        pass_buckets(shard, watermark);
    }
}

/* What a line says of its bucket, where that is shorter than a day. */
static void in_short(struct shard *shard, uint32_t series, int64_t event_ms, int64_t units,
                     uint8_t flags)
{
    int64_t bucket = bucket_of(&shard->plan->settings_ref->buckets, event_ms);
    if (!shard->subday || !short_ring_has(shard, bucket)) {
        return;
    }
    if (units) {
        short_ring_add(shard, series, bucket, units);
    }
    if (flags) {
        short_ring_flag(shard, series, bucket, flags);
    }
}

static uint32_t series_of(struct shard *shard, const struct lookahead *ahead, struct slice sku,
                          struct slice location)
{
    uint32_t series = series_find_guessed(shard->series, ahead->guess, ahead->name, sku, location);
    if (series != SERIES_NONE) {
        close_through(shard, series);
        return series;
    }
    close_all(shard); /* a retired series may give up its index in a close under way */
    series = series_add(shard->series, sku, location);
    shard_make_tiles(shard, series);
    struct tile *tile = shard_tile(shard, series);
    if (shard_row(series) >= tile->series) {
        tile->series = shard_row(series) + 1;
    }
    shard_touch(shard, series);
    return series;
}

static void signal(struct shard *shard, struct alert_signal *alert, uint32_t series,
                   int64_t event_ms, double units_at_risk)
{
    alert->series = series;
    alert->scope = 0;
    alert->money = (int64_t)(units_at_risk * (double)decide_price(shard, series));
    shard->counts.alerts += alert_table_step(shard->alerts, alert, (struct slice){0}, event_ms);
}

static void check_line(struct shard *shard, const struct order_line *order, uint32_t series,
                       int64_t bucket)
{
    if (!shard->linecheck) {
        return;
    }
    shard->checks_changed = true;
    struct linecheck_cols *cols = &shard_tile(shard, series)->linecheck;
    uint32_t row = shard_row(series);
    struct alert_signal alert;
    verdict_line(shard, order, series, bucket);
    if (order->kind != ORDER_SALE) {
        if (linecheck_return(shard->linecheck, cols, row, bucket, &alert)) {
            signal(shard, &alert, series, order->event_ms, (double)-order->quantity);
        }
        return;
    }
    if (order->unit_price > 0 &&
        linecheck_price(shard->linecheck, cols, row, bucket, order->unit_price, &alert)) {
        signal(shard, &alert, series, order->event_ms, (double)order->quantity);
    }
    linecheck_basket(shard->linecheck, order->basket_median, order->basket_lines);
    if (linecheck_quantity(shard->linecheck, cols, row, bucket, order->quantity, &alert)) {
        signal(shard, &alert, series, order->event_ms, (double)order->quantity);
    }
}

static void sell(struct shard *shard, const struct order_line *order, uint32_t series,
                 int64_t bucket)
{
    struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series);
    shard_cell_add(shard, series, bucket, order->quantity);
    if (order->promotion) {
        shard_cell_flag(shard, series, bucket, WINDOW_PROMOTION);
    }
    in_short(shard, series, order->event_ms, order->quantity,
             order->promotion ? WINDOW_PROMOTION : 0);
    struct stream_row *sold = &tile->cols.row[row];
    if (!sold->first || bucket + 1 < sold->first) {
        sold->first = (int32_t)(bucket + 1);
    }
    if (bucket + 1 > sold->last) {
        sold->last = (int32_t)(bucket + 1);
    }
    if (order->unit_price >= 0) {
        sold->price = column_d32_of(order->unit_price + 1);
    }
    if (order->customer.bytes) {
        cancel_sale(shard->cancel, bucket, series, order->event_ms, order->customer,
                    order->quantity);
    }
}

static void move_stock(struct shard *shard, uint32_t series, int64_t event_ms, int64_t quantity)
{
    struct stock_entry *stock = decide_stock(shard, series);
    if (stock) {
        struct position_rules rules = decide_rules(shard);
        position_order(&stock->position, &rules, event_ms, quantity);
        decide_trigger(shard, series, event_ms);
    }
}

static void apply_cancel(struct shard *shard, const struct order_line *order, uint32_t series,
                         int64_t bucket)
{
    if (order->quantity >= 0 || !order->customer.bytes) {
        return; /* takes nothing back, or from nobody known */
    }
    int64_t until = shard->until;
    if (shard->subday) {
        bucket = bucket_of(&shard->plan->settings_ref->buckets, order->event_ms);
        until = shard->subday->until;
    }
    int64_t at = bucket > until ? bucket : until + 1;
    cancel_wait(shard->cancel, at, series, order->event_ms, order->customer, -order->quantity);
    move_stock(shard, series, order->event_ms, order->quantity);
}

/* "orders[3]", or the name of a group. */
static struct slice scope_name(const struct shard *shard, uint64_t scope, char *room, size_t bytes)
{
    static const char *const INPUTS[TIME_INPUTS] = {"orders", "stock"};
    for (int input = 0; input < TIME_INPUTS; input++) {
        int32_t partitions = sources_roster(shard->sources, (enum line_input)input);
        for (int32_t p = 0; p < partitions; p++) {
            if (shard_source_key((enum line_input)input, p) == scope) {
                (void)snprintf(room, bytes, "%s[%" PRId32 "]", INPUTS[input], p);
                return slice_of(room);
            }
        }
    }
    for (uint32_t i = 0; i < shard->groups.count; i++) {
        if (shard->groups.key[i] == scope) {
            return slice_of(shard->groups.name[i]);
        }
    }
    return slice_of("orders"); /* a line before the first tick of its source */
}

static void step_feed(struct shard *shard, struct alert_signal *alert, int64_t now_ms)
{
    char room[32];
    struct slice name = scope_name(shard, alert->scope, room, sizeof room);
    alert->series = ALERT_NO_SERIES;
    alert->money = 0;
    shard->counts.alerts += alert_table_step(shard->alerts, alert, name, now_ms);
}

static void check_feed(struct shard *shard, const struct line *line, bool duplicate)
{
    const struct order_line *order = &line->order;
    uint64_t key = shard_source_key(INPUT_ORDERS, line->source.partition);
    if (key % (uint64_t)shard->plan->partitions != (uint64_t)shard->partition || !shard->tails) {
        return;
    }
    struct feed_line fed = {.key = key,
                            .order = hash_64(order->order_id.data, order->order_id.bytes, 0),
                            .event_ms = order->event_ms,
                            .duplicate = duplicate};
    struct alert_signal alert;
    shard->feed_changed = true;
    if (feed_line(shard->feed, &fed, &alert)) {
        step_feed(shard, &alert, order->event_ms);
    }
}

static void apply_order(struct shard *shard, const struct lookahead *ahead, struct slice value)
{
    const struct line *line = &ahead->line;
    const struct order_line *order = &line->order;
    const struct settings *settings = shard->plan->settings_ref;
    int64_t bucket = ahead->bucket;
    if (!shard->started) {
        start_at(shard, bucket, order->event_ms);
    }
    bool duplicate = dedup_seen(shard->fingerprints, bucket, order->fingerprint);
    check_feed(shard, line, duplicate);
    if (duplicate) {
        shard->counts.duplicate++;
        return;
    }
    bool late = bucket <= shard->until, early = bucket > shard->until + (int64_t)shard->plan->open;
    if (shard->subday) {
        int64_t shorter = bucket_of(&settings->buckets, order->event_ms);
        late |= shorter <= shard->subday->until;
        early |= shorter > shard->subday->until + (int64_t)shard->plan->shorts.open;
    }
    shard->counts.late += late;
    shard->counts.applied += !late;
    if (bucket <= shard->until - (int64_t)shard->plan->window || early) {
        shard->counts.applied -= !late;
        shard->counts.late += !late;
        dead_letter(shard, line, value, late ? "late" : "ahead");
        return;
    }
    uint32_t series = series_of(shard, ahead, order->sku, order->location);
    if (order->kind == ORDER_SALE) {
        sell(shard, order, series, bucket);
        move_stock(shard, series, order->event_ms, order->quantity);
    } else if (order->kind == ORDER_CANCEL) {
        apply_cancel(shard, order, series, bucket);
    }
    check_line(shard, order, series, bucket);
    shard_touch(shard, series);
}

static struct supply supply_of(const struct shard *shard, uint32_t series,
                               const struct stock_line *line)
{
    const struct settings *settings = shard->plan->settings_ref;
    const struct item_line *item = items_find(shard->items, series_sku(shard->series, series));
    double lead_days =
        item && item->lead_time_days >= 0 ? item->lead_time_days : settings->item.lead_time_days;
    int64_t ordered = bucket_of(&settings->days, line->event_ms);
    bool dated = line->expected_ms >= 0;
    return (struct supply){
        .quantity = line->quantity,
        .ordered = ordered,
        .expected = dated ? bucket_of(&settings->days, line->expected_ms)
                          : ordered + (int64_t)(lead_days / shard->plan->slot_days + 0.5),
        .reference = position_reference(line->reference),
        .kind = SUPPLY_ON_ORDER,
        .uncertain = !dated};
}

static void apply_movement(struct shard *shard, struct stock_entry *stock,
                           const struct stock_line *line)
{
    struct position_rules rules = decide_rules(shard);
    struct position *position = &stock->position;
    switch (line->kind) {
    case STOCK_COUNT:
        position_count(position, &rules, line->event_ms, line->quantity);
        return;
    case STOCK_RECEIPT:
        risk_receive(shard, stock, &rules, line);
        return;
    case STOCK_ADJUSTMENT:
        position_adjust(position, &rules, line->event_ms, line->quantity);
        return;
    case STOCK_RESERVATION:
        position_reserve(position, &rules, line->event_ms, line->quantity);
        return;
    case STOCK_ON_ORDER:
        position_on_order(position, supply_of(shard, stock->series, line));
        return;
    }
}

static void apply_stock(struct shard *shard, const struct lookahead *ahead)
{
    const struct stock_line *stock = &ahead->line.stock;
    int64_t bucket = ahead->bucket;
    shard->counts.stock_lines++;
    if (dedup_seen(shard->stock_fingerprints, bucket, stock->fingerprint)) {
        return;
    }
    uint32_t series = series_of(shard, ahead, stock->sku, stock->location);
    struct stock_entry *entry = decide_stock(shard, series);
    entry = entry ? entry : decide_stock_new(shard, series);
    apply_movement(shard, entry, stock);
    /* A bucket that was out of stock at any moment is a lower bound of demand. */
    if (shard->started && entry->position.known && entry->position.stock <= 0 &&
        bucket > shard->until - (int64_t)shard->plan->window &&
        bucket <= shard->until + (int64_t)shard->plan->open) {
        shard_cell_flag(shard, series, bucket, WINDOW_OUT_OF_STOCK);
        in_short(shard, series, stock->event_ms, 0, WINDOW_OUT_OF_STOCK);
    }
    decide_trigger(shard, series, stock->event_ms);
    shard_touch(shard, series);
}

static void tally_add(struct shard *shard, int64_t bucket, int64_t units)
{
    struct tally *tally = &shard->tally;
    if (shard->started && bucket <= shard->until) {
        return; /* its close has begun or is owed: what is late changes no total */
    }
    for (uint32_t i = 0; i < tally->count; i++) {
        if (tally->bucket[i] == bucket) {
            tally->units[i] += units;
            return;
        }
    }
    if (tally->count < TALLY_MAX) {
        tally->bucket[tally->count] = bucket;
        tally->units[tally->count++] = units;
    }
}

static bool is_order_source(const struct shard *shard, uint64_t key)
{
    int32_t partitions = sources_roster(shard->sources, INPUT_ORDERS);
    for (int32_t i = 0; i < partitions; i++) {
        if (shard_source_key(INPUT_ORDERS, i) == key) {
            return true;
        }
    }
    return false;
}

/* That no orders come at all says it of each group, too: they open nothing, and count anew when the
 * sources have come back. */
static void feed_signals(struct shard *shard, struct alert_signal *signals, uint32_t count,
                         int64_t hour, bool was_silent)
{
    bool silent = close_all_silent(shard);
    for (uint32_t i = 0; i < count; i++) {
        struct alert_signal *alert = &signals[i];
        if ((silent || was_silent) && alert->kind == ALERT_MISSING_FEED &&
            alert->strength == ALERT_STRONG && !is_order_source(shard, alert->scope)) {
            alert->strength = ALERT_NEUTRAL;
            if (!silent) {
                feed_explain(shard->feed, alert->scope);
            }
        }
        if (alert->scope % (uint64_t)shard->plan->partitions == (uint64_t)shard->partition) {
            step_feed(shard, alert, (hour + 1) * HOUR_MS); /* one shard speaks for a source */
        }
    }
}

/* Hours that the watermark has passed, in order. The profile of a feed is by local hour of the
 * week. */
static void pass_hours(struct shard *shard, int64_t watermark_ms)
{
    enum { HOURS_AT_ONCE = 24 * 400 };
    int64_t last = watermark_ms / HOUR_MS - 1; /* the last hour that is over */
    int64_t first = shard->feed_hour == INT64_MIN ? last : shard->feed_hour + 1;
    if (last - first > HOURS_AT_ONCE) {
        first = last - HOURS_AT_ONCE;
    }
    const struct zone *zone = shard->plan->settings_ref->zone;
    struct alert_signal signals[2 * FEED_STREAMS];
    for (int64_t hour = first; hour <= last; hour++) {
        int64_t local = zone_to_local(zone, hour * HOUR_MS) / HOUR_MS;
        int32_t phase = (int32_t)((local + 72) % FEED_WEEK); /* 1970-01-01 was a Thursday */
        int64_t day = local >= 0 ? local / 24 : (local - 23) / 24;
        bool holiday = holiday_is(&shard->plan->settings_ref->holidays, day);
        bool silent = close_all_silent(shard);
        uint32_t count = feed_hour(shard->feed, hour, phase, holiday, signals, 2 * FEED_STREAMS);
        feed_signals(shard, signals, count, hour, silent);
        shard->feed_hour = hour;
        shard->feed_changed = true;
    }
}

static uint64_t group_key(struct shard *shard, struct slice group)
{
    struct group_names *names = &shard->groups;
    uint64_t key = hash_64(group.data, group.bytes, 1);
    for (uint32_t i = 0; i < names->count; i++) {
        if (names->key[i] == key) {
            return key;
        }
    }
    if (names->count < GROUPS_MAX) {
        size_t bytes = group.bytes < GROUP_NAME_BYTES ? group.bytes : GROUP_NAME_BYTES - 1;
        while (bytes < group.bytes && bytes && ((unsigned char)group.data[bytes] & 0xc0) == 0x80) {
            bytes--; /* cut between characters */
        }
        memcpy(names->name[names->count], group.data, bytes);
        names->name[names->count][bytes] = '\0';
        names->key[names->count++] = key;
    }
    return key;
}

static void tick_counts(struct shard *shard, const struct tick_line *tick)
{
    uint64_t source = shard_source_key(tick->input, tick->partition);
    for (int32_t i = 0; i < tick->count_count; i++) {
        const struct tick_count *count = &tick->counts[i];
        if (!count->group.bytes) {
            tally_add(
                shard,
                bucket_of(&shard->plan->settings_ref->days, count->slot * HOUR_MS + HOUR_MS / 2),
                count->units);
            if (shard->subday) {
                subday_count(shard, count);
            }
        }
        if (shard->tails) {
            uint64_t key = count->group.bytes ? group_key(shard, count->group) : source;
            feed_count(shard->feed, key, count->slot, count->invoices);
            shard->feed_changed = true;
        }
    }
}

static void apply_tick(struct shard *shard, const struct tick_line *tick)
{
    tick_counts(shard, tick);
    sources_tick(shard->sources, tick);
    int64_t watermark = sources_watermark(shard->sources);
    if (watermark == INT64_MIN) {
        return;
    }
    if (shard->tails) {
        pass_hours(shard, watermark);
    }
    if (shard->started) {
        pass_buckets(shard, watermark);
    }
    shard_learn(shard);
}

static void apply_line(struct shard *shard, const struct shard_record *record,
                       const struct lookahead *ahead)
{
    const struct line *line = &ahead->line;
    ASSERT(record->offset >= shard->next_offset);
    shard->next_offset = record->offset + 1;
    shard->changed = true;
    if (!ahead->good) {
        /* Not ours: somebody else writes into the internal topic. Keep the bytes, say where. */
        struct line unknown = {.kind = LINE_TICK};
        unknown.source.input = INPUT_ORDERS;
        unknown.source.offset = record->offset;
        unknown.source.partition = shard->partition;
        dead_letter(shard, &unknown, record->value, ahead->reason);
        return;
    }
    switch (line->kind) {
    case LINE_ORDER:
        apply_order(shard, ahead, record->value);
        return;
    case LINE_STOCK:
        apply_stock(shard, ahead);
        return;
    case LINE_ITEM:
        close_all(shard);
        items_put(shard->items, line);
        return;
    case LINE_FEEDBACK:
        close_all(shard);
        decide_feedback(shard, &line->feedback);
        return;
    case LINE_TICK:
        apply_tick(shard, &line->tick);
        return;
    }
}

size_t apply_batch(struct shard *shard, const struct shard_record *records, size_t count,
                   size_t outbox_limit)
{
    struct lookahead ahead[LOOKAHEAD_LINES];
    for (size_t from = 0; from < count; from += LOOKAHEAD_LINES) {
        size_t lines = count - from < LOOKAHEAD_LINES ? count - from : LOOKAHEAD_LINES;
        arena_reset(shard->arena);
        for (size_t i = 0; i < lines; i++) {
            lookahead_decode(shard, records[from + i].value, &ahead[i]);
        }
        if (lines > 1) {
            lookahead_load(shard, ahead, lines);
        }
        for (size_t i = 0; i < lines; i++) {
            bool pending = close_pending(shard);
            apply_line(shard, &records[from + i], &ahead[i]);
            if (outbox_bytes(shard->outbox) >= outbox_limit || (!pending && close_pending(shard))) {
                return from + i + 1;
            }
        }
    }
    return count;
}
