#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "stream/ingest_parts.h"
#include "stream/input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One message: decoded, mapped, judged. It becomes the head of its source, or is done with at once.
 */

enum { CODE_BYTES_MAX = 255 };

struct message {
    struct ingest_source *source;
    int64_t offset;
    struct slice key, value;
    int32_t schema_id;
};

void ingest_done_with(struct ingest *ingest, struct ingest_source *source, int64_t offset)
{
    source->next_offset = offset + 1;
    ingest->open.messages[source->input]++;
    ingest->dirty = true;
}

static void dead_letter(struct ingest *ingest, const struct message *message, const char *reason,
                        const char *field)
{
    char partition[16], offset[24], schema[16];
    const struct ingest_source *source = message->source;
    const char *topic = ingest->options.topics[source->input];
    (void)snprintf(partition, sizeof partition, "%" PRId32, source->partition);
    (void)snprintf(offset, sizeof offset, "%" PRId64, message->offset);
    schema[0] = '\0';
    if (message->schema_id != WIRE_NO_SCHEMA) {
        (void)snprintf(schema, sizeof schema, "%" PRId32, message->schema_id);
    }
    const struct outbox_header headers[] = {
        {"topic", slice_of(topic ? topic : "")},
        {"partition", slice_of(partition)},
        {"offset", slice_of(offset)},
        {"reason", slice_of(reason)},
        {"field", slice_of(field)},
        {"schema_id", slice_of(schema)},
        {"version", slice_of(RESTOCK_VERSION)},
    };
    outbox_add_headers(ingest->outbox, TOPIC_DEAD_LETTERS, -1, message->key, message->value,
                       headers, sizeof headers / sizeof headers[0]);
    ingest_tally_reason(ingest, reason, source->input == INPUT_ORDERS);
    ingest_done_with(ingest, message->source, message->offset);
}

static size_t put_text(struct buf *buf, struct slice text)
{
    size_t at = buf->bytes;
    buf_slice(buf, text);
    return at;
}

static void add_to_head(struct ingest *ingest, const struct message *message,
                        const struct mapped_line *mapped)
{
    struct ingest_head *head = &message->source->head;
    head->lines = grow(head->lines, &head->capacity, head->count + 1, sizeof *head->lines);
    struct ingest_line *kept = &head->lines[head->count++];
    struct line line = {.source = {message->source->input, message->source->partition,
                                   message->offset, mapped->number}};
    line.kind = mapped->kind;
    *kept = (struct ingest_line){.order = mapped->kind == LINE_ORDER};
    if (kept->order) {
        int64_t quantity = mapped->order.quantity, cap = ingest->options.winsor_units;
        line.order = mapped->order;
        kept->event_ms = mapped->order.event_ms;
        kept->units = mapped->order.kind != ORDER_SALE ? 0 : quantity < cap ? quantity : cap;
        kept->returned = mapped->order.kind == ORDER_SALE ? 0 : -quantity < cap ? -quantity : cap;
        kept->group_at = put_text(&head->bytes, mapped->order.group);
        kept->group_bytes = (uint32_t)mapped->order.group.bytes;
    } else {
        line.stock = mapped->stock;
        kept->event_ms = mapped->stock.event_ms;
    }
    struct slice sku = line_sku(&line);
    kept->key_at = put_text(&head->bytes, sku);
    kept->key_bytes = (uint32_t)sku.bytes;
    kept->line_at = head->bytes.bytes;
    line_encode(&line, &head->bytes);
    kept->line_bytes = (uint32_t)(head->bytes.bytes - kept->line_at);
}

/* Impossible values that only the worker can judge: it has the clock and the configuration. */
static const char *impossible(const struct ingest *ingest, const struct mapped_line *line)
{
    bool order = line->kind == LINE_ORDER;
    int64_t quantity = order ? line->order.quantity : line->stock.quantity;
    int64_t event_ms = order ? line->order.event_ms : line->stock.event_ms;
    int64_t most = ingest->options.max_quantity ? ingest->options.max_quantity : INT64_C(1) << 53;
    if (quantity > most || quantity < -most) {
        return "quantity out of range";
    }
    if (ingest->clock_ms != INT64_MIN && event_ms > ingest->clock_ms &&
        event_ms - ingest->clock_ms > ingest->options.future_bound_ms) {
        return "future";
    }
    return NULL;
}

static int by_event(const void *a, const void *b)
{
    const struct ingest_line *left = a, *right = b;
    if (left->event_ms != right->event_ms) {
        return left->event_ms < right->event_ms ? -1 : 1;
    }
    return (left->line_at > right->line_at) - (left->line_at < right->line_at);
}

static void fill_head(struct ingest *ingest, const struct message *message,
                      const struct mapped *mapped)
{
    struct ingest_head *head = &message->source->head;
    bool sorted = true;
    head->count = 0;
    buf_reset(&head->bytes);
    for (size_t i = 0; i < mapped->count; i++) {
        add_to_head(ingest, message, &mapped->lines[i]);
        sorted = sorted && (i == 0 || head->lines[i - 1].event_ms <= head->lines[i].event_ms);
    }
    if (!sorted) {
        qsort(head->lines, head->count, sizeof *head->lines, by_event);
    }
    memcpy(head->filtered, mapped->filtered, sizeof head->filtered);
    head->stock_filtered = mapped->stock_filtered;
    head->offset = message->offset;
    head->event_ms = mapped->event_ms;
    head->full = true;
    ingest_before_line(ingest, message->source, head->event_ms);
}

static void read_time_message(struct ingest *ingest, const struct message *message,
                              const struct datum *datum)
{
    struct mapped mapped;
    struct map_refusal why;
    struct mapper *mapper = ingest->mappers[message->source->input];
    if (!mapper_apply(mapper, ingest->arena, datum, &mapped, &why)) {
        dead_letter(ingest, message, why.reason, why.field);
        return;
    }
    for (size_t i = 0; i < mapped.count; i++) {
        const char *reason = impossible(ingest, &mapped.lines[i]);
        if (reason) {
            dead_letter(ingest, message, reason, reason[0] == 'f' ? "event_time" : "quantity");
            return;
        }
    }
    if (mapped.event_ms == INT64_MAX) { /* no line at all */
        ingest_done_with(ingest, message->source, message->offset);
        return;
    }
    fill_head(ingest, message, &mapped);
}

/* A control record goes to the shard that it names, or to each. */
static void add_fact(struct ingest *ingest, const struct line *line)
{
    struct slice bytes = buf_view(&ingest->line);
    if (line->kind != LINE_FEEDBACK || line->feedback.kind != FEEDBACK_ROLL_BACK) {
        outbox_add(ingest->outbox, TOPIC_LINES, -1, line_sku(line), bytes);
        return;
    }
    bool all = slice_equal(line->feedback.location, slice_of(FEEDBACK_ALL));
    int64_t named = 0;
    for (size_t i = 0; !all && i < line->feedback.location.bytes; i++) {
        named = 10 * named + (line->feedback.location.data[i] - '0');
    }
    for (int32_t p = 0; p < ingest->options.lines_partitions; p++) {
        if (all || p == named) {
            outbox_add(ingest->outbox, TOPIC_LINES, p, line_sku(line), bytes);
        }
    }
}

static void write_fact(struct ingest *ingest, const struct message *message, struct line *line)
{
    line->source = (struct line_source){message->source->input, message->source->partition,
                                        message->offset, 0};
    buf_reset(&ingest->line);
    line_encode(line, &ingest->line);
    add_fact(ingest, line);
    ingest_done_with(ingest, message->source, message->offset);
}

static void read_fact(struct ingest *ingest, const struct message *message,
                      const struct datum *datum)
{
    struct line line;
    struct map_refusal why;
    const struct zone *zone = ingest->options.buckets->zone_ref;
    bool item = message->source->input == INPUT_ITEMS;
    line.kind = item ? LINE_ITEM : LINE_FEEDBACK;
    bool ok = item ? input_item(ingest->arena, zone, message->key, datum, &line.item, &why)
                   : input_feedback(ingest->arena, zone, message->key, datum, &line.feedback, &why);
    if (ok) {
        write_fact(ingest, message, &line);
    } else {
        dead_letter(ingest, message, why.reason, why.field);
    }
}

/* A null value: nothing, except that it deletes an item. */
static void read_null(struct ingest *ingest, const struct message *message)
{
    const struct ingest_source *source = message->source;
    if (source->input == INPUT_ITEMS && message->key.bytes &&
        message->key.bytes <= CODE_BYTES_MAX) {
        struct line line = {.kind = LINE_ITEM};
        input_item_deleted(message->key, &line.item);
        write_fact(ingest, message, &line);
        return;
    }
    ingest_tally_filter(ingest, "null", 1, source->input == INPUT_ORDERS);
    ingest_done_with(ingest, message->source, message->offset);
}

static struct ingest_source *begin_read(struct ingest *ingest, enum line_input input,
                                        int32_t partition)
{
    struct ingest_source *source = ingest_own(ingest, input, partition);
    ASSERT(source && !source->head.full);
    return source;
}

/* Whatever was read: the end is not where we are any more. */
static void end_read(struct ingest_source *source)
{
    source->at_end = false;
}

static void read_datum(struct ingest *ingest, const struct message *message,
                       const struct datum *datum)
{
    if ((int)message->source->input < TIME_INPUTS) {
        read_time_message(ingest, message, datum);
    } else {
        read_fact(ingest, message, datum);
    }
    end_read(message->source);
}

struct status *ingest_read(struct ingest *ingest, enum line_input input, int32_t partition,
                           int64_t offset, struct slice key, struct slice value)
{
    struct message message = {begin_read(ingest, input, partition), offset, key, value,
                              WIRE_NO_SCHEMA};
    if (!value.data) {
        read_null(ingest, &message);
        end_read(message.source);
        return NULL;
    }
    struct wire_message decoded;
    struct wire_decoder *decoder = ingest->options.decoders[input];
    ASSERT(decoder);
    arena_reset(ingest->arena);
    TRY(wire_decode(decoder, ingest->arena, value, &decoded));
    message.schema_id = decoded.schema_id;
    if (!decoded.datum) {
        dead_letter(ingest, &message, decoded.error.reason, decoded.error.field);
        end_read(message.source);
        return NULL;
    }
    read_datum(ingest, &message, decoded.datum);
    return NULL;
}

void ingest_read_datum(struct ingest *ingest, enum line_input input, int32_t partition,
                       int64_t offset, const struct datum *datum, struct slice original)
{
    struct message message = {
        begin_read(ingest, input, partition), offset, {NULL, 0}, original, WIRE_NO_SCHEMA};
    arena_reset(ingest->arena);
    read_datum(ingest, &message, datum);
}

void ingest_at_end(struct ingest *ingest, enum line_input input, int32_t partition)
{
    struct ingest_source *source = ingest_own(ingest, input, partition);
    ASSERT(source);
    if (!source->at_end) {
        source->at_end = true;
        source->end_since_ms = ingest->clock_ms;
    }
    if ((int)input < TIME_INPUTS) {
        ingest_settle(ingest, source);
    }
}
