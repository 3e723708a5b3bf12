#include "stream/map_explain.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"
#include "stream/mapper.h"

#include <inttypes.h>

enum {
    LINES_SHOWN = 8, /* of one message */
    REFUSALS_SHOWN = 20,
    ORIGINAL_SHOWN = 160, /* bytes */
    REASONS_MAX = 32,
    ARENA_BLOCK_BYTES = 256 << 10,
    ARENA_LIMIT_BYTES = 256 << 20,
};

static const char *const ORDER_KINDS[] = {"ORDER", "CANCEL", "RETURN"};
static const char *const STOCK_KINDS[] = {"COUNT", "RECEIPT", "ADJUSTMENT", "RESERVATION",
                                          "ON_ORDER"};

struct summary {
    uint64_t messages, refused, empty;
    uint64_t orders[3], stock[5], filtered[MAP_FILTERS_MAX], stock_filtered;
    struct {
        const char *reason;
        uint64_t count;
    } reasons[REASONS_MAX];
};

/* What came from outside must not steer a terminal. */
static void print_safe(FILE *out, struct slice text, size_t most)
{
    for (size_t i = 0; i < text.bytes && i < most; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ' || byte == 0x7f) {
            (void)fputc(byte == '\n' || byte == '\t' ? ' ' : '?', out);
        } else {
            (void)fputc(byte, out);
        }
    }
    if (text.bytes > most) {
        (void)fputs(" ...", out);
    }
}

static void print_field(FILE *out, const char *name, struct slice text)
{
    if (text.bytes) {
        (void)fprintf(out, " %s \"", name);
        print_safe(out, text, 60);
        (void)fputc('"', out);
    }
}

static void print_time(FILE *out, const char *name, int64_t ms)
{
    struct civil civil = civil_of(ms);
    (void)fprintf(out, " %s %04d-%02d-%02dT%02d:%02d:%02dZ", name, (int)civil.year,
                  (int)civil.month, (int)civil.day, (int)civil.hour, (int)civil.minute,
                  (int)civil.second);
}

static void print_series(FILE *out, struct slice sku, struct slice location)
{
    print_safe(out, sku, 60);
    (void)fputc('@', out);
    print_safe(out, location, 60);
}

static void print_line(FILE *out, const struct mapped_line *line)
{
    if (line->kind == LINE_ORDER) {
        const struct order_line *order = &line->order;
        (void)fprintf(out, "  %d %s ", (int)line->number, ORDER_KINDS[order->kind]);
        print_series(out, order->sku, order->location);
        (void)fprintf(out, " quantity %" PRId64, order->quantity);
        if (order->unit_price >= 0) {
            (void)fprintf(out, " unit_price %" PRId64, order->unit_price);
        }
        print_time(out, "at", order->event_ms);
        print_field(out, "order", order->order_id);
        print_field(out, "customer", order->customer);
        print_field(out, "group", order->group);
        print_field(out, "currency", order->currency);
        print_field(out, "channel", order->channel);
        (void)fputs(order->promotion ? " promotion\n" : "\n", out);
        return;
    }
    const struct stock_line *stock = &line->stock;
    (void)fprintf(out, "  %d %s ", (int)line->number, STOCK_KINDS[stock->kind]);
    print_series(out, stock->sku, stock->location);
    (void)fprintf(out, " quantity %" PRId64, stock->quantity);
    print_time(out, "at", stock->event_ms);
    print_field(out, "reference", stock->reference);
    if (stock->expected_ms >= 0) {
        print_time(out, "expected", stock->expected_ms);
    }
    (void)fputc('\n', out);
}

static void note_reason(struct summary *summary, const char *reason)
{
    summary->refused++;
    for (int i = 0; i < REASONS_MAX; i++) {
        if (!summary->reasons[i].reason || strcmp(summary->reasons[i].reason, reason) == 0) {
            summary->reasons[i].reason = reason;
            summary->reasons[i].count++;
            return;
        }
    }
}

static void explain_refusal(FILE *out, const struct map_explain_message *message,
                            const char *reason, const char *field, struct summary *summary)
{
    note_reason(summary, reason);
    if (summary->refused > REFUSALS_SHOWN) {
        return;
    }
    (void)fprintf(out, "%s: refused: %s%s", message->place, field, *field ? ": " : "");
    (void)fprintf(out, "%s\n    ", reason);
    print_safe(out, message->original, ORIGINAL_SHOWN);
    (void)fputc('\n', out);
}

static void explain_mapped(FILE *out, const struct map_explain_options *options,
                           const struct map_explain_message *message, const struct mapped *mapped,
                           struct summary *summary)
{
    uint64_t filtered = mapped->stock_filtered;
    bool shown = summary->messages <= options->shown;
    for (size_t i = 0; i < mapped->count; i++) {
        const struct mapped_line *line = &mapped->lines[i];
        if (line->kind == LINE_ORDER) {
            summary->orders[line->order.kind]++;
        } else {
            summary->stock[line->stock.kind]++;
        }
    }
    summary->stock_filtered += mapped->stock_filtered;
    for (int i = 0; i < MAP_FILTERS_MAX; i++) {
        filtered += mapped->filtered[i];
        summary->filtered[i] += mapped->filtered[i];
    }
    summary->empty += mapped->count == 0;
    if (!shown) {
        return;
    }
    (void)fprintf(out, "%s: %zu lines, %" PRIu64 " filtered\n", message->place, mapped->count,
                  filtered);
    for (size_t i = 0; i < mapped->count && i < LINES_SHOWN; i++) {
        print_line(out, &mapped->lines[i]);
    }
    if (mapped->count > LINES_SHOWN) {
        (void)fprintf(out, "  ... %zu more\n", mapped->count - LINES_SHOWN);
    }
    for (size_t i = 0; options->map && i < map_filter_count(options->map); i++) {
        if (mapped->filtered[i]) {
            (void)fprintf(out, "  filtered: %s %" PRIu32 "\n", map_filter_name(options->map, i),
                          mapped->filtered[i]);
        }
    }
}

static void print_summary(FILE *out, const struct map_explain_options *options,
                          const struct summary *summary)
{
    (void)fprintf(out, "%" PRIu64 " messages", summary->messages);
    for (int i = 0; i < 3; i++) {
        if (summary->orders[i]) {
            (void)fprintf(out, ", %" PRIu64 " %s", summary->orders[i], ORDER_KINDS[i]);
        }
    }
    for (int i = 0; i < 5; i++) {
        if (summary->stock[i]) {
            (void)fprintf(out, ", %" PRIu64 " %s", summary->stock[i], STOCK_KINDS[i]);
        }
    }
    (void)fprintf(out, "; %" PRIu64 " refused, %" PRIu64 " without a line\n", summary->refused,
                  summary->empty);
    for (size_t i = 0; options->map && i < map_filter_count(options->map); i++) {
        (void)fprintf(out, "filtered %s: %" PRIu64 "\n", map_filter_name(options->map, i),
                      summary->filtered[i]);
    }
    if (summary->stock_filtered) {
        (void)fprintf(out, "filtered stock movements: %" PRIu64 "\n", summary->stock_filtered);
    }
    for (int i = 0; i < REASONS_MAX && summary->reasons[i].reason; i++) {
        (void)fprintf(out, "refused %s: %" PRIu64 "\n", summary->reasons[i].reason,
                      summary->reasons[i].count);
    }
}

struct status *map_explain(FILE *out, const struct map_explain_options *options,
                           map_explain_next next, void *context)
{
    struct summary summary = {0};
    struct map_explain_message message;
    struct arena *arena = arena_create(ARENA_BLOCK_BYTES, ARENA_LIMIT_BYTES);
    ASSERT(arena && "out of memory for explaining a map");
    struct mapper *mapper = mapper_create(options->map, options->input, options->location);
    struct status *st = NULL;
    bool more = true;
    while (!options->limit || summary.messages < options->limit) {
        st = next(context, &message, &more);
        if (st || !more) {
            break;
        }
        struct mapped mapped;
        struct map_refusal why;
        arena_reset(arena);
        summary.messages++;
        if (!message.datum) {
            explain_refusal(out, &message, message.error.reason, message.error.field, &summary);
        } else if (mapper_apply(mapper, arena, message.datum, &mapped, &why)) {
            explain_mapped(out, options, &message, &mapped, &summary);
        } else {
            explain_refusal(out, &message, why.reason, why.field, &summary);
        }
    }
    if (!st) {
        print_summary(out, options, &summary);
    }
    mapper_destroy(mapper);
    arena_destroy(arena);
    return st;
}
