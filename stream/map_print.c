#include "stream/map_parts.h"

#include "config/base/buf.h"

#include <stdlib.h>

/* Form in which source values are compared: numbers by value (2.550 is 2.55, and 6 is 6 as text or
 * number where the map says `exact`), texts by bytes, fields by name, so that neither the order of
 * keys nor the encoding matters. Each value carries its length, so that no two different lines
 * print the same. */

static void print_number(struct buf *out, struct map_number number)
{
    buf_byte(out, 'n');
    buf_varint(out, number.value);
    buf_byte(out, (unsigned char)number.scale);
}

static void print_text(struct buf *out, char tag, struct slice text)
{
    buf_byte(out, (unsigned char)tag);
    buf_varint(out, (int64_t)text.bytes);
    buf_slice(out, text);
}

static int by_name(const void *a, const void *b)
{
    const struct datum *left = *(const struct datum *const *)a;
    const struct datum *right = *(const struct datum *const *)b;
    size_t bytes = left->name.bytes < right->name.bytes ? left->name.bytes : right->name.bytes;
    int order = bytes ? memcmp(left->name.data, right->name.data, bytes) : 0;
    return order ? order
                 : (left->name.bytes > right->name.bytes) - (left->name.bytes < right->name.bytes);
}

static bool print_datum(struct buf *out, struct arena *arena, const struct datum *d,
                        const struct datum *without);

static bool print_children(struct buf *out, struct arena *arena, const struct datum *d,
                           const struct datum *without)
{
    bool named = d->kind != DATUM_ARRAY;
    const struct datum **order = arena_alloc(arena, (d->count + 1) * sizeof *order);
    if (!order) {
        return false;
    }
    for (uint32_t i = 0; i < d->count; i++) {
        order[i] = &d->children[i];
    }
    if (named) {
        qsort(order, d->count, sizeof(const struct datum *), by_name);
    }
    buf_byte(out, named ? '{' : '[');
    for (uint32_t i = 0; i < d->count; i++) {
        if (order[i] == without) {
            continue;
        }
        if (named) {
            print_text(out, 'k', order[i]->name);
        }
        if (!print_datum(out, arena, order[i], without)) {
            return false;
        }
    }
    buf_byte(out, '}');
    return true;
}

static bool print_datum(struct buf *out, struct arena *arena, const struct datum *d,
                        const struct datum *without)
{
    struct map_number number;
    switch ((enum datum_kind)d->kind) {
    case DATUM_NULL:
        buf_byte(out, '0');
        return true;
    case DATUM_BOOL:
        buf_byte(out, d->boolean ? 'T' : 'F');
        return true;
    case DATUM_INT:
    case DATUM_DECIMAL:
    case DATUM_DOUBLE:
        if (map_number_exact(d, &number) == DATUM_NUMBER_OK) {
            print_number(out, number);
        } else if (d->text.bytes) {
            print_text(out, 'w', d->text);
        } else {
            print_text(out, 'd', (struct slice){(const char *)&d->f64, sizeof d->f64});
        }
        return true;
    case DATUM_TEXT:
        print_text(out, 't', d->text);
        return true;
    case DATUM_BYTES:
        print_text(out, 'b', d->text);
        return true;
    case DATUM_RECORD:
    case DATUM_MAP:
    case DATUM_ARRAY:
        return print_children(out, arena, d, without);
    }
    return true;
}

static void print_value(struct buf *out, enum map_type type, const struct map_value *value)
{
    if (!value->has) {
        buf_byte(out, '0');
    } else if (type == MAP_TEXT) {
        print_text(out, 't', value->text);
    } else {
        print_number(out, (struct map_number){value->number, 0});
    }
}

static bool print_part(const struct map_print_part *part, const struct map_section *section,
                       struct map_context *context, struct buf *out)
{
    if (part->is_field) {
        struct map_value none = {.has = false};
        print_value(out, MAP_FIELDS[part->field].type,
                    section->has[part->field] ? &context->values[part->field] : &none);
        return true;
    }
    const struct datum *d = map_path_find(&part->rule.path, context);
    struct map_number number;
    if (!d) {
        buf_byte(out, '0');
    } else if (part->rule.exact && map_number_exact(d, &number) == DATUM_NUMBER_OK) {
        print_number(out, number);
    } else if (d->kind == DATUM_TEXT) {
        struct slice text;
        if (!map_rule_text(&part->rule, context, d, &text)) {
            return false;
        }
        print_text(out, 't', text);
    } else if (!print_datum(out, context->arena, d, NULL)) {
        return map_path_refuse(&part->rule.path, context, "message is too large");
    }
    return true;
}

bool map_print_message(const struct map_section *section, struct map_context *context,
                       const struct datum *without, struct buf *out)
{
    static const struct map_path NOWHERE;
    if (section->print_count == 0) {
        return print_datum(out, context->arena, context->roots[MAP_MESSAGE], without) ||
               map_path_refuse(&NOWHERE, context, "message is too large");
    }
    for (uint32_t i = 0; i < section->print_count; i++) {
        if (!section->prints[i].per_line &&
            !print_part(&section->prints[i], section, context, out)) {
            return false;
        }
    }
    return true;
}

bool map_print_line(const struct map_section *section, struct map_context *context, struct buf *out)
{
    static const struct map_path NOWHERE;
    for (uint32_t i = 0; i < section->print_count; i++) {
        if (section->prints[i].per_line &&
            !print_part(&section->prints[i], section, context, out)) {
            return false;
        }
    }
    if (section->print_count == 0) {
        for (int root = MAP_LINE; root <= MAP_ITEM; root++) {
            const struct datum *d = context->roots[root];
            if (d && d != context->roots[MAP_MESSAGE] &&
                !print_datum(out, context->arena, d, NULL)) {
                return map_path_refuse(&NOWHERE, context, "message is too large");
            }
        }
    }
    if (section->split.count) {
        print_number(out, (struct map_number){context->index, 0});
    }
    return true;
}
