#include "stream/line.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"

#include <math.h>

/* Layout 1: version byte, kind byte, source (input, partition, offset, number) for all but ticks,
 * then the fields in the order of the structs. Integers, enums and flags are zig-zag varints, texts
 * have their length before them, doubles and fingerprints are 8 and 16 little-endian bytes.
 *
 * Encoding reserves room once per line and then writes without checks; decoding reads through one
 * cursor whose failure is sticky, so that there is one branch per field and one verdict at the end.
 */

enum {
    LINE_VERSION = 1,
    VARINT_BYTES = 10,
    NUMBERS_MAX = 24 /* varints of an order or stock line */
};

static inline unsigned char *put_varint(unsigned char *at, int64_t value)
{
    uint64_t coded = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    while (coded > 127) {
        *at++ = (unsigned char)(coded | 128);
        coded >>= 7;
    }
    *at++ = (unsigned char)coded;
    return at;
}

static inline unsigned char *put_slice(unsigned char *at, struct slice text)
{
    at = put_varint(at, (int64_t)text.bytes);
    if (text.bytes) {
        memcpy(at, text.data, text.bytes);
    }
    return at + text.bytes;
}

static inline unsigned char *put_raw(unsigned char *at, const void *data, size_t bytes)
{
    memcpy(at, data, bytes);
    return at + bytes;
}

static unsigned char *put_head(const struct line *line, unsigned char *at)
{
    *at++ = LINE_VERSION;
    *at++ = (unsigned char)line->kind;
    if (line->kind != LINE_TICK) {
        at = put_varint(at, line->source.input);
        at = put_varint(at, line->source.partition);
        at = put_varint(at, line->source.offset);
        at = put_varint(at, line->source.number);
    }
    return at;
}

static unsigned char *put_order(const struct order_line *order, unsigned char *at)
{
    at = put_varint(at, order->kind);
    at = put_varint(at, order->event_ms);
    at = put_slice(at, order->sku);
    at = put_slice(at, order->location);
    at = put_slice(at, order->order_id);
    at = put_slice(at, order->customer);
    at = put_slice(at, order->group);
    at = put_slice(at, order->currency);
    at = put_slice(at, order->channel);
    at = put_varint(at, order->quantity);
    at = put_varint(at, order->unit_price);
    at = put_varint(at, order->promotion);
    at = put_raw(at, &order->fingerprint, sizeof order->fingerprint);
    at = put_varint(at, order->basket_lines);
    at = put_varint(at, order->line_rank);
    at = put_varint(at, order->basket_units);
    return put_varint(at, order->basket_median);
}

static unsigned char *put_stock(const struct stock_line *stock, unsigned char *at)
{
    at = put_varint(at, stock->kind);
    at = put_varint(at, stock->event_ms);
    at = put_slice(at, stock->sku);
    at = put_slice(at, stock->location);
    at = put_slice(at, stock->reference);
    at = put_varint(at, stock->quantity);
    at = put_varint(at, stock->expected_ms);
    return put_raw(at, &stock->fingerprint, sizeof stock->fingerprint);
}

/* The two hot kinds: room for everything at once. */
static void encode_hot(const struct line *line, struct buf *out)
{
    const struct order_line *order = &line->order;
    const struct stock_line *stock = &line->stock;
    size_t texts = line->kind == LINE_ORDER
                       ? order->sku.bytes + order->location.bytes + order->order_id.bytes +
                             order->customer.bytes + order->group.bytes + order->currency.bytes +
                             order->channel.bytes
                       : stock->sku.bytes + stock->location.bytes + stock->reference.bytes;
    buf_room(out, texts + (size_t)NUMBERS_MAX * VARINT_BYTES + sizeof(struct hash128));
    unsigned char *at = put_head(line, (unsigned char *)out->data + out->bytes);
    at = line->kind == LINE_ORDER ? put_order(order, at) : put_stock(stock, at);
    out->bytes = (size_t)(at - (unsigned char *)out->data);
}

static void encode_slice(struct buf *out, struct slice text)
{
    buf_varint(out, (int64_t)text.bytes);
    buf_slice(out, text);
}

static void encode_f64(struct buf *out, double value)
{
    buf_put(out, &value, sizeof value);
}

static void encode_item(const struct item_line *item, struct buf *out)
{
    ASSERT(item->plan_count >= 0 && item->plan_count <= ITEM_PLANS_MAX);
    const struct slice texts[] = {item->sku, item->supplier, item->currency, item->category,
                                  item->brand};
    const double numbers[] = {item->lead_time_days,  item->lead_time_sd_days,
                              item->review_days,     item->holding_cost_rate,
                              item->shelf_life_days, item->weight,
                              item->volume};
    const int64_t integers[] = {item->unit_cost,    item->price,         item->shortage_cost,
                                item->order_cost,   item->minimum_order, item->pack,
                                item->maximum_order};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        encode_slice(out, texts[i]);
    }
    buf_varint(out, item->deleted);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        encode_f64(out, numbers[i]);
    }
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        buf_varint(out, integers[i]);
    }
    buf_varint(out, item->plan_count);
    for (int32_t i = 0; i < item->plan_count; i++) {
        const struct item_plan *plan = &item->plans[i];
        buf_varint(out, plan->from_ms);
        buf_varint(out, plan->to_ms);
        buf_varint(out, plan->price);
        buf_varint(out, plan->promotion);
    }
}

static void encode_feedback(const struct feedback_line *feedback, struct buf *out)
{
    buf_varint(out, feedback->kind);
    encode_slice(out, feedback->proposal_id);
    encode_slice(out, feedback->sku);
    encode_slice(out, feedback->location);
    encode_slice(out, feedback->reason);
    buf_varint(out, feedback->quantity);
    buf_varint(out, feedback->event_ms);
}

static void encode_tick(const struct tick_line *tick, struct buf *out)
{
    buf_varint(out, tick->input);
    buf_varint(out, tick->partition);
    buf_varint(out, tick->state);
    buf_varint(out, tick->mark_ms);
    buf_varint(out, tick->clock_ms);
    buf_varint(out, tick->written_ms);
    for (int i = 0; i < TIME_INPUTS; i++) {
        buf_varint(out, tick->roster[i]);
    }
    buf_varint(out, tick->count_count);
    for (int32_t i = 0; i < tick->count_count; i++) {
        const struct tick_count *count = &tick->counts[i];
        buf_varint(out, count->slot);
        encode_slice(out, count->group);
        buf_varint(out, count->lines);
        buf_varint(out, count->invoices);
        buf_varint(out, count->units);
        buf_varint(out, count->returned);
    }
}

void line_encode(const struct line *line, struct buf *out)
{
    switch (line->kind) {
    case LINE_ORDER:
    case LINE_STOCK:
        encode_hot(line, out);
        return;
    case LINE_ITEM:
    case LINE_FEEDBACK:
    case LINE_TICK:
        break;
    }
    buf_room(out, 2 + 4 * VARINT_BYTES);
    unsigned char *at = put_head(line, (unsigned char *)out->data + out->bytes);
    out->bytes = (size_t)(at - (unsigned char *)out->data);
    if (line->kind == LINE_ITEM) {
        encode_item(&line->item, out);
    } else if (line->kind == LINE_FEEDBACK) {
        encode_feedback(&line->feedback, out);
    } else {
        ASSERT(line->kind == LINE_TICK);
        encode_tick(&line->tick, out);
    }
}

struct reader {
    const unsigned char *at, *end;
    const char *reason; /* NULL as long as all went well */
};

static const char CUT[] = "line ends too early";
static const char RANGE[] = "number out of range";

static __attribute__((noinline)) int64_t get_long(struct reader *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && in->at < in->end; shift += 7) {
        uint64_t byte = *in->at++;
        if (shift == 63 && byte > 1) {
            in->reason = RANGE;
            in->at = in->end;
            return 0;
        }
        value |= (byte & 127) << shift;
        if (byte < 128) {
            return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
        }
    }
    in->reason = in->reason ? in->reason : CUT;
    in->at = in->end;
    return 0;
}

static inline int64_t get_varint(struct reader *in)
{
    if (in->at < in->end && *in->at < 128) {
        unsigned byte = *in->at++;
        return (int64_t)(byte >> 1) ^ -(int64_t)(byte & 1);
    }
    return get_long(in);
}

static inline int64_t get_between(struct reader *in, int64_t low, int64_t high)
{
    int64_t value = get_varint(in);
    if (value < low || value > high) {
        in->reason = in->reason ? in->reason : RANGE;
        in->at = in->end;
        return low;
    }
    return value;
}

static inline struct slice get_slice(struct reader *in)
{
    int64_t bytes = get_varint(in);
    if (bytes < 0 || bytes > in->end - in->at) {
        in->reason = in->reason ? in->reason : CUT;
        in->at = in->end;
        return (struct slice){NULL, 0};
    }
    struct slice text = {(const char *)in->at, (size_t)bytes};
    in->at += bytes;
    return text;
}

static inline void get_raw(struct reader *in, void *out, size_t bytes)
{
    if ((size_t)(in->end - in->at) < bytes) {
        in->reason = in->reason ? in->reason : CUT;
        in->at = in->end;
        memset(out, 0, bytes);
        return;
    }
    memcpy(out, in->at, bytes);
    in->at += bytes;
}

static double get_f64(struct reader *in)
{
    double value;
    get_raw(in, &value, sizeof value);
    if (!isfinite(value)) {
        in->reason = in->reason ? in->reason : "number is not finite";
        return 0;
    }
    return value;
}

static void decode_order(struct reader *in, struct order_line *order)
{
    order->kind = (enum order_kind)get_between(in, ORDER_SALE, ORDER_RETURN);
    order->event_ms = get_varint(in);
    order->sku = get_slice(in);
    order->location = get_slice(in);
    order->order_id = get_slice(in);
    order->customer = get_slice(in);
    order->group = get_slice(in);
    order->currency = get_slice(in);
    order->channel = get_slice(in);
    order->quantity = get_varint(in);
    order->unit_price = get_varint(in);
    order->promotion = get_between(in, 0, 1) != 0;
    get_raw(in, &order->fingerprint, sizeof order->fingerprint);
    order->basket_lines = (int32_t)get_between(in, 0, INT32_MAX);
    order->line_rank = (int32_t)get_between(in, 0, INT32_MAX);
    order->basket_units = get_varint(in);
    order->basket_median = get_varint(in);
}

static void decode_stock(struct reader *in, struct stock_line *stock)
{
    stock->kind = (enum stock_kind)get_between(in, STOCK_COUNT, STOCK_ON_ORDER);
    stock->event_ms = get_varint(in);
    stock->sku = get_slice(in);
    stock->location = get_slice(in);
    stock->reference = get_slice(in);
    stock->quantity = get_varint(in);
    stock->expected_ms = get_varint(in);
    get_raw(in, &stock->fingerprint, sizeof stock->fingerprint);
}

static void decode_item(struct reader *in, struct item_line *item)
{
    struct slice *const texts[] = {&item->sku, &item->supplier, &item->currency, &item->category,
                                   &item->brand};
    double *const numbers[] = {&item->lead_time_days,  &item->lead_time_sd_days,
                               &item->review_days,     &item->holding_cost_rate,
                               &item->shelf_life_days, &item->weight,
                               &item->volume};
    int64_t *const integers[] = {&item->unit_cost,    &item->price,         &item->shortage_cost,
                                 &item->order_cost,   &item->minimum_order, &item->pack,
                                 &item->maximum_order};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = get_slice(in);
    }
    item->deleted = get_between(in, 0, 1) != 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i] = get_f64(in);
    }
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        *integers[i] = get_varint(in);
    }
    item->plan_count = (int32_t)get_between(in, 0, ITEM_PLANS_MAX);
    for (int32_t i = 0; i < item->plan_count; i++) {
        struct item_plan *plan = &item->plans[i];
        plan->from_ms = get_varint(in);
        plan->to_ms = get_varint(in);
        plan->price = get_varint(in);
        plan->promotion = get_between(in, 0, 1) != 0;
    }
}

static void decode_feedback(struct reader *in, struct feedback_line *feedback)
{
    feedback->kind = (enum feedback_kind)get_between(in, FEEDBACK_ACCEPTED, FEEDBACK_ROLL_BACK);
    feedback->proposal_id = get_slice(in);
    feedback->sku = get_slice(in);
    feedback->location = get_slice(in);
    feedback->reason = get_slice(in);
    feedback->quantity = get_varint(in);
    feedback->event_ms = get_varint(in);
}

enum { COUNTS_MAX = TICK_SLOTS_MAX * (TICK_GROUPS_MAX + 1), COUNT_BYTES_MIN = 6 };

static void decode_tick(struct reader *in, struct arena *arena, struct tick_line *tick)
{
    tick->input = (enum line_input)get_between(in, INPUT_ORDERS, TIME_INPUTS - 1);
    tick->partition = (int32_t)get_between(in, 0, INT32_MAX);
    tick->state = (enum tick_state)get_between(in, TICK_LIVE, TICK_ENDED);
    tick->mark_ms = get_varint(in);
    tick->clock_ms = get_varint(in);
    tick->written_ms = get_varint(in);
    for (int i = 0; i < TIME_INPUTS; i++) {
        tick->roster[i] = (int32_t)get_between(in, 0, INT32_MAX);
    }
    tick->count_count = (int32_t)get_between(in, 0, COUNTS_MAX);
    tick->counts = NULL;
    if (in->reason || tick->count_count == 0) {
        return;
    }
    struct tick_count *counts = NULL;
    if (tick->count_count <= (in->end - in->at) / COUNT_BYTES_MIN) {
        counts = arena_alloc(arena, (size_t)tick->count_count * sizeof *counts);
    }
    if (!counts) {
        in->reason = "more counts than bytes";
        return;
    }
    for (int32_t i = 0; i < tick->count_count; i++) {
        struct tick_count *count = &counts[i];
        count->slot = get_varint(in);
        count->group = get_slice(in);
        count->lines = get_varint(in);
        count->invoices = get_varint(in);
        count->units = get_varint(in);
        count->returned = get_varint(in);
    }
    tick->counts = counts;
}

static void decode_fields(struct reader *in, struct arena *arena, struct line *line)
{
    if (line->kind != LINE_TICK) {
        line->source.input = (enum line_input)get_between(in, INPUT_ORDERS, INPUT_COUNT - 1);
        line->source.partition = (int32_t)get_between(in, 0, INT32_MAX);
        line->source.offset = get_varint(in);
        line->source.number = (int32_t)get_between(in, 0, INT32_MAX);
    }
    switch (line->kind) {
    case LINE_ORDER:
        decode_order(in, &line->order);
        break;
    case LINE_STOCK:
        decode_stock(in, &line->stock);
        break;
    case LINE_ITEM:
        decode_item(in, &line->item);
        break;
    case LINE_FEEDBACK:
        decode_feedback(in, &line->feedback);
        break;
    case LINE_TICK:
        decode_tick(in, arena, &line->tick);
        break;
    }
}

bool line_decode(struct slice bytes, struct arena *arena, struct line *out, const char **reason)
{
    if (bytes.bytes < 2) {
        *reason = CUT;
        return false;
    }
    const unsigned char *data = (const unsigned char *)bytes.data;
    if (data[0] != LINE_VERSION) {
        *reason = "unknown layout version";
        return false;
    }
    if (data[1] < LINE_ORDER || data[1] > LINE_TICK) {
        *reason = "unknown kind of line";
        return false;
    }
    struct reader in = {data + 2, data + bytes.bytes, NULL};
    out->kind = (enum line_kind)data[1];
    decode_fields(&in, arena, out);
    if (!in.reason && in.at != in.end) {
        in.reason = "bytes behind the line";
    }
    if (in.reason) {
        *reason = in.reason;
        return false;
    }
    if (out->kind != LINE_TICK && line_sku(out).bytes == 0) {
        *reason = "line without sku";
        return false;
    }
    return true;
}

struct slice line_sku(const struct line *line)
{
    switch (line->kind) {
    case LINE_ORDER:
        return line->order.sku;
    case LINE_STOCK:
        return line->stock.sku;
    case LINE_ITEM:
        return line->item.sku;
    case LINE_FEEDBACK:
        return line->feedback.sku;
    case LINE_TICK:
        break;
    }
    return (struct slice){NULL, 0};
}
