#include "stream/mapper.h"

#include "config/base/ensure.h"
#include "stream/map_parts.h"

#include <stdlib.h>

/* Rules that depend on the message alone are read once per message, the others once per line, all
 * into one array of values, from which conditions and the line are made. */

enum { CODE_BYTES_MAX = 255, BASKET_INSERTION_MAX = 48 };

static const char CANONICAL[] = "name: canonical\n"
                                "zone: UTC\n"
                                "orders:\n"
                                "  fields:\n"
                                "    sku: sku\n"
                                "    location: {from: location, optional: true}\n"
                                "    order_id: {from: order_id, optional: true}\n"
                                "    customer: {from: customer, optional: true}\n"
                                "    group: {from: group, optional: true}\n"
                                "    currency: {from: currency, optional: true}\n"
                                "    channel: {from: channel, optional: true}\n"
                                "    kind: {from: kind, default: ORDER}\n"
                                "    quantity: quantity\n"
                                "    unit_price: {from: unit_price, decimals: 0, optional: true}\n"
                                "    promotion: {from: promotion, optional: true}\n"
                                "    event_time: event_time\n"
                                "stock:\n"
                                "  fields:\n"
                                "    sku: sku\n"
                                "    location: {from: location, optional: true}\n"
                                "    reference: {from: reference, optional: true}\n"
                                "    kind: kind\n"
                                "    quantity: quantity\n"
                                "    event_time: event_time\n"
                                "    expected: {from: expected, optional: true}\n";

struct mapper {
    const struct map *map;
    struct map *own; /* the canonical one */
    int first_section, last_section;
    uint32_t *hints;
    struct buf location, print;
};

/* One section applied to one message. */
struct run {
    struct mapper *mapper;
    const struct map_section *section;
    enum map_section_name name;
    struct map_context context;
    struct mapped *out;
    size_t capacity, first; /* of out->lines; where this section's lines begin */
    size_t print_bytes; /* of the message's part of the fingerprint */
    int32_t *number;
};

static const struct map_path NOWHERE;

struct mapper *mapper_create(const struct map *map, enum line_input input, const char *location)
{
    ASSERT(input == INPUT_ORDERS || input == INPUT_STOCK);
    struct mapper *mapper = calloc(1, sizeof *mapper);
    ASSERT(mapper && "out of memory for a mapper");
    if (!map) {
        struct status *st = map_parse("canonical", slice_of(CANONICAL), NULL, &mapper->own);
        ASSERT(!st && "the canonical map is ours");
        map = mapper->own;
        mapper->first_section = mapper->last_section =
            input == INPUT_ORDERS ? MAP_ORDERS : MAP_STOCK;
    } else {
        mapper->last_section = MAP_SECTIONS - 1;
    }
    mapper->map = map;
    mapper->hints = calloc(map->hint_count + 1, sizeof *mapper->hints);
    ASSERT(mapper->hints && "out of memory for a mapper");
    buf_text(&mapper->location, location && *location ? location : "main");
    return mapper;
}

void mapper_destroy(struct mapper *mapper)
{
    if (mapper) {
        map_destroy(mapper->own);
        buf_fini(&mapper->location);
        buf_fini(&mapper->print);
        free(mapper->hints);
        free(mapper);
    }
}

static bool read_rules(struct run *run, bool per_line)
{
    for (int field = 0; field < MAP_FIELD_COUNT; field++) {
        const struct map_rule *rule = &run->section->fields[field];
        if (run->section->has[field] && rule->per_line == per_line &&
            !map_rule_value(rule, &run->context, &run->context.values[field])) {
            return false;
        }
    }
    return true;
}

/* Number of the first `keep` that does not hold, or -1: the line stays. */
static int filter_of(const struct run *run)
{
    for (uint32_t i = 0; i < run->section->keep_count; i++) {
        if (!map_condition_holds(&run->section->keeps[i], run->section, &run->context)) {
            return (int)i;
        }
    }
    return -1;
}

static bool refuse_field(struct run *run, enum map_field field, const char *reason)
{
    return map_path_refuse(run->section->has[field] ? &run->section->fields[field].path : &NOWHERE,
                           &run->context, reason);
}

static bool kind_by_name(struct run *run, int *kind)
{
    static const char *const NAMES[MAP_SECTIONS][6] = {
        {"ORDER", "CANCEL", "RETURN", NULL},
        {"COUNT", "RECEIPT", "ADJUSTMENT", "RESERVATION", "ON_ORDER", NULL}};
    struct slice text = run->context.values[MAP_KIND].text;
    for (int i = 0; NAMES[run->name][i]; i++) {
        if (slice_is(text, NAMES[run->name][i])) {
            *kind = i;
            return true;
        }
    }
    return refuse_field(run, MAP_KIND, "unknown kind");
}

static bool kind_of(struct run *run, int *kind)
{
    *kind = 0; /* ORDER, COUNT */
    if (run->section->has[MAP_KIND] && run->context.values[MAP_KIND].has) {
        return kind_by_name(run, kind);
    }
    for (uint32_t i = 0; i < run->section->kind_count; i++) {
        if (map_condition_holds(&run->section->kinds[i].when, run->section, &run->context)) {
            *kind = run->section->kinds[i].kind;
            break;
        }
    }
    return true;
}

/* Codes become keys and names of series. */
static bool check_code(struct run *run, enum map_field field)
{
    struct slice code = run->context.values[field].text;
    if (code.bytes > CODE_BYTES_MAX) {
        return refuse_field(run, field, "code is too long");
    }
    for (size_t i = 0; i < code.bytes; i++) {
        if ((unsigned char)code.data[i] < ' ') {
            return refuse_field(run, field, "control character in a code");
        }
    }
    return true;
}

static struct slice text_of(const struct run *run, enum map_field field)
{
    const struct map_value *value = &run->context.values[field];
    return run->section->has[field] && value->has ? value->text : (struct slice){"", 0};
}

static int64_t number_of(const struct run *run, enum map_field field, int64_t otherwise)
{
    const struct map_value *value = &run->context.values[field];
    return run->section->has[field] && value->has ? value->number : otherwise;
}

static struct slice location_of(const struct run *run)
{
    struct slice location = text_of(run, MAP_LOCATION);
    return location.bytes ? location : buf_view(&run->mapper->location);
}

static bool fill_order(struct run *run, int kind, struct order_line *order)
{
    int64_t quantity = number_of(run, MAP_QUANTITY, 0);
    int64_t price = number_of(run, MAP_UNIT_PRICE, -1);
    if (kind != ORDER_SALE && quantity > 0) {
        quantity = -quantity;
    } else if (kind == ORDER_SALE && quantity <= 0) {
        kind = ORDER_RETURN;
    }
    *order = (struct order_line){
        .kind = (enum order_kind)kind,
        .event_ms = number_of(run, MAP_EVENT_TIME, 0),
        .sku = text_of(run, MAP_SKU),
        .location = location_of(run),
        .order_id = text_of(run, MAP_ORDER_ID),
        .customer = text_of(run, MAP_CUSTOMER),
        .group = text_of(run, MAP_GROUP),
        .currency = text_of(run, MAP_CURRENCY),
        .channel = text_of(run, MAP_CHANNEL),
        .quantity = quantity,
        .unit_price = price < 0 ? -1 : price,
        .promotion = number_of(run, MAP_PROMOTION, 0) != 0,
    };
    return true;
}

static bool fill_stock(struct run *run, int kind, struct stock_line *stock)
{
    *stock = (struct stock_line){
        .kind = (enum stock_kind)kind,
        .event_ms = number_of(run, MAP_EVENT_TIME, 0),
        .sku = text_of(run, MAP_SKU),
        .location = location_of(run),
        .reference = text_of(run, MAP_REFERENCE),
        .quantity = number_of(run, MAP_QUANTITY, 0),
        .expected_ms = number_of(run, MAP_EXPECTED, -1),
    };
    bool signed_kind = kind == STOCK_ADJUSTMENT || kind == STOCK_RESERVATION || kind == STOCK_COUNT;
    if (stock->quantity < 0 && !signed_kind) {
        return refuse_field(run, MAP_QUANTITY, "negative quantity");
    }
    return true;
}

static struct mapped_line *new_line(struct run *run)
{
    struct mapped *out = run->out;
    if (out->count == run->capacity) {
        size_t capacity = run->capacity ? run->capacity * 2 : 32;
        if (out->count >= MAP_LINES_MAX) {
            return NULL;
        }
        struct mapped_line *lines = arena_alloc(run->context.arena, capacity * sizeof *lines);
        if (!lines) {
            return NULL;
        }
        if (out->count) {
            memcpy(lines, out->lines, out->count * sizeof *lines);
        }
        out->lines = lines;
        run->capacity = capacity;
    }
    return &out->lines[out->count];
}

static bool print_line(struct run *run, struct hash128 *fingerprint)
{
    struct buf *print = &run->mapper->print;
    print->bytes = run->print_bytes;
    if (!map_print_line(run->section, &run->context, print)) {
        return false;
    }
    *fingerprint = hash_128(print->data, print->bytes);
    return true;
}

static bool map_one(struct run *run)
{
    int32_t number = (*run->number)++;
    int kind;
    if (number >= MAP_LINES_MAX) {
        return map_path_refuse(&NOWHERE, &run->context, "more than 100000 lines in one message");
    }
    if (!read_rules(run, true)) {
        return false;
    }
    int64_t event_ms = number_of(run, MAP_EVENT_TIME, 0);
    run->out->event_ms = event_ms < run->out->event_ms ? event_ms : run->out->event_ms;
    int filter = filter_of(run);
    if (filter >= 0) {
        if (run->name == MAP_ORDERS) {
            run->out->filtered[filter]++;
        } else {
            run->out->stock_filtered++;
        }
        return true;
    }
    if (!text_of(run, MAP_SKU).bytes) {
        return refuse_field(run, MAP_SKU, "field is empty");
    }
    struct mapped_line *line = new_line(run);
    if (!line) {
        return map_path_refuse(&NOWHERE, &run->context, "message is too large");
    }
    if (!check_code(run, MAP_SKU) ||
        (text_of(run, MAP_LOCATION).bytes && !check_code(run, MAP_LOCATION)) ||
        !kind_of(run, &kind)) {
        return false;
    }
    line->number = number;
    if (run->name == MAP_ORDERS) {
        line->kind = LINE_ORDER;
        run->out->order_count++;
        run->out->count++;
        return fill_order(run, kind, &line->order) && print_line(run, &line->order.fingerprint);
    }
    line->kind = LINE_STOCK;
    run->out->count++;
    return fill_stock(run, kind, &line->stock) && print_line(run, &line->stock.fingerprint);
}

/* The parts of a text, each a line of its own. */
static bool map_parts(struct run *run)
{
    const struct map_section *section = run->section;
    const struct datum *whole = map_path_find(&section->split, &run->context);
    if (!whole || whole->kind != DATUM_TEXT) {
        return map_path_refuse(&section->split, &run->context,
                               whole ? "not a text" : "field is missing");
    }
    struct datum parts[2] = {{.kind = DATUM_TEXT}, {.kind = DATUM_TEXT}};
    struct datum number = {.kind = DATUM_INT};
    const char *at = whole->text.data, *end = at + whole->text.bytes;
    for (int64_t index = 0; at < end; index++) {
        const char *stop = at + 1;
        if (section->split_by) {
            stop = memchr(at, section->split_by, (size_t)(end - at));
            stop = stop ? stop : end;
        }
        parts[index & 1].text = (struct slice){at, (size_t)(stop - at)};
        run->context.index = number.i64 = index;
        run->context.roots[MAP_INDEX] = &number;
        run->context.roots[MAP_ITEM] = &parts[index & 1];
        run->context.roots[MAP_PREVIOUS] = index ? &parts[!(index & 1)] : NULL;
        if (!map_one(run)) {
            return false;
        }
        at = stop + (section->split_by && stop < end);
    }
    run->context.roots[MAP_ITEM] = run->context.roots[MAP_PREVIOUS] = NULL;
    run->context.roots[MAP_INDEX] = NULL;
    return true;
}

static bool map_line(struct run *run, const struct datum *line, int64_t number)
{
    run->context.roots[MAP_LINE] = line;
    run->context.line_number = number;
    return run->section->split.count ? map_parts(run) : map_one(run);
}

static bool map_lines(struct run *run, const struct datum *message)
{
    const struct map_section *section = run->section;
    const struct datum *lines = NULL;
    if (section->each.count) {
        lines = map_path_find(&section->each, &run->context);
        if (!lines || lines->kind != DATUM_ARRAY) {
            return map_path_refuse(&section->each, &run->context,
                                   lines ? "not a list" : "field is missing");
        }
    }
    run->mapper->print.bytes = 0;
    buf_byte(&run->mapper->print, (unsigned char)run->name);
    if (!read_rules(run, false) ||
        !map_print_message(section, &run->context, lines, &run->mapper->print)) {
        return false;
    }
    run->print_bytes = run->mapper->print.bytes;
    if (!lines) {
        return map_line(run, message, 0);
    }
    for (uint32_t i = 0; i < lines->count; i++) {
        if (!map_line(run, &lines->children[i], i)) {
            return false;
        }
    }
    return true;
}

struct place {
    int64_t quantity;
    uint32_t index;
};

static int by_quantity(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return left->quantity != right->quantity
               ? (left->quantity < right->quantity ? 1 : -1)
               : (left->index > right->index) - (left->index < right->index);
}

static void sort_places(struct place *places, size_t count)
{
    if (count > BASKET_INSERTION_MAX) {
        qsort(places, count, sizeof *places, by_quantity);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct place place = places[i];
        size_t at = i;
        for (; at > 0 && by_quantity(&places[at - 1], &place) > 0; at--) {
            places[at] = places[at - 1];
        }
        places[at] = place;
    }
}

/* What only the whole message tells. The median of an even number is the lower one; units saturate.
 */
static bool fill_baskets(struct run *run)
{
    size_t count = run->out->count - run->first;
    if (run->name != MAP_ORDERS || count == 0) {
        return true;
    }
    struct place *places = arena_alloc(run->context.arena, count * sizeof *places);
    if (!places) {
        return map_path_refuse(&NOWHERE, &run->context, "message is too large");
    }
    struct mapped_line *lines = run->out->lines + run->first;
    int64_t units = 0;
    for (size_t i = 0; i < count; i++) {
        places[i] = (struct place){lines[i].order.quantity, (uint32_t)i};
        if (__builtin_add_overflow(units, places[i].quantity, &units)) {
            units = places[i].quantity < 0 ? INT64_MIN : INT64_MAX;
        }
    }
    sort_places(places, count);
    for (size_t i = 0; i < count; i++) {
        struct order_line *order = &lines[places[i].index].order;
        order->basket_lines = (int32_t)count;
        order->basket_units = units;
        order->basket_median = places[count / 2].quantity;
        order->line_rank = (int32_t)i;
    }
    return true;
}

bool mapper_apply(struct mapper *mapper, struct arena *arena, const struct datum *message,
                  struct mapped *out, struct map_refusal *why)
{
    *out = (struct mapped){.event_ms = INT64_MAX};
    int32_t number = 0;
    struct run run = {.mapper = mapper, .out = out, .number = &number};
    run.context.hints = mapper->hints;
    run.context.arena = arena;
    run.context.field = why->field;
    why->field[0] = '\0';
    if (message->kind != DATUM_RECORD && message->kind != DATUM_MAP) {
        why->reason = "message is no record";
        return false;
    }
    for (int name = mapper->first_section; name <= mapper->last_section; name++) {
        run.section = &mapper->map->sections[name];
        run.name = (enum map_section_name)name;
        run.first = out->count;
        if (!run.section->present) {
            continue;
        }
        memset(run.context.roots, 0, sizeof run.context.roots);
        run.context.roots[MAP_MESSAGE] = message;
        run.context.index = run.context.line_number = 0;
        if (!map_lines(&run, message) || !fill_baskets(&run)) {
            why->reason = run.context.reason;
            return false;
        }
    }
    return true;
}
