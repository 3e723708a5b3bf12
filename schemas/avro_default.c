/* Recursion is bounded by the depth of the JSON text: each level of values consumes one of it,
 * except that a record's own defaults may nest; those are bounded by `depth`. */
#include "schemas/avro_default.h"

#include "schemas/avro_leaf.h"
#include "schemas/datum_twins.h"

#include <math.h>

static const char *decode(struct arena *arena, const struct avro_type *type,
                          const struct datum *json, struct datum *out, int depth);

static const char *whole(const struct avro_type *type, const struct datum *json, struct datum *out)
{
    int64_t value;
    if (datum_scaled(json, 0, &value) != DATUM_NUMBER_OK ||
        (type->kind == AVRO_KIND_INT && value != (int32_t)value)) {
        return "its default is no such whole number";
    }
    out->kind = DATUM_INT;
    out->i64 = value;
    return NULL;
}

static const char *real(const struct avro_type *type, const struct datum *json, struct datum *out)
{
    double value;
    if (datum_f64(json, &value) != DATUM_NUMBER_OK) {
        return "its default is no number";
    }
    out->kind = DATUM_DOUBLE;
    out->f64 = value;
    if (type->kind == AVRO_KIND_FLOAT) {
        out->logical = DATUM_FLOAT;
        out->f64 = (double)(float)value;
    }
    return isfinite(out->f64) ? NULL : "its default does not fit a float";
}

/* Avro writes bytes in JSON as text whose code points 0..255 are the bytes. */
static const char *bytes(struct arena *arena, const struct avro_type *type,
                         const struct datum *json, struct datum *out)
{
    if (json->kind != DATUM_TEXT) {
        return "its default is no text";
    }
    char *copy = arena_alloc(arena, json->text.bytes);
    if (!copy) {
        return DATUM_TOO_LARGE;
    }
    size_t used = 0;
    for (size_t i = 0; i < json->text.bytes; i++) {
        unsigned char byte = (unsigned char)json->text.data[i];
        if (byte >= 0x80) {
            if (byte > 0xc3) {
                return "its default has a character above U+00FF";
            }
            byte = (unsigned char)(byte << 6 | ((unsigned char)json->text.data[++i] & 0x3f));
        }
        copy[used++] = (char)byte;
    }
    if (type->kind == AVRO_KIND_FIXED && used != type->fixed_bytes) {
        return "its default has another size";
    }
    out->kind = DATUM_BYTES;
    out->text = (struct slice){copy, used};
    return type->is_decimal ? avro_leaf_decimal(arena, out->text, type->scale, out) : NULL;
}

static const char *symbol(const struct avro_type *type, const struct datum *json, struct datum *out)
{
    for (uint32_t i = 0; json->kind == DATUM_TEXT && i < type->count; i++) {
        if (slice_equal(type->symbols[i], json->text)) {
            out->kind = DATUM_TEXT;
            out->logical = DATUM_ENUM;
            out->text = type->symbols[i];
            return NULL;
        }
    }
    return "its default is none of the symbols";
}

static const char *items(struct arena *arena, const struct avro_type *type,
                         const struct datum *json, struct datum *out, int depth)
{
    bool is_map = type->kind == AVRO_KIND_MAP;
    if (json->kind != (is_map ? DATUM_RECORD : DATUM_ARRAY)) {
        return is_map ? "its default is no object" : "its default is no list";
    }
    out->kind = is_map ? DATUM_MAP : DATUM_ARRAY;
    out->count = json->count;
    out->children = arena_zero(arena, json->count * sizeof *out->children);
    if (!out->children) {
        return DATUM_TOO_LARGE;
    }
    for (uint32_t i = 0; i < json->count; i++) {
        out->children[i].name = json->children[i].name;
        const char *reason =
            decode(arena, type->items, &json->children[i], &out->children[i], depth + 1);
        if (reason) {
            return reason;
        }
    }
    return NULL;
}

static const char *fields(struct arena *arena, const struct avro_type *type,
                          const struct datum *json, struct datum *out, int depth)
{
    if (json->kind != DATUM_RECORD) {
        return "its default is no object";
    }
    out->kind = DATUM_RECORD;
    out->count = type->count;
    out->children = arena_zero(arena, type->count * sizeof *out->children);
    if (!out->children) {
        return DATUM_TOO_LARGE;
    }
    for (uint32_t i = 0; i < type->count; i++) {
        const struct avro_field *field = &type->fields[i];
        out->children[i].name = field->name;
        const struct datum *given = datum_child(json, field->name, NULL);
        if (!given) {
            given = field->fallback_json;
        }
        if (!given) {
            return "its default lacks a field";
        }
        const char *reason = decode(arena, field->type, given, &out->children[i], depth + 1);
        if (reason) {
            return reason;
        }
    }
    return NULL;
}

static const char *branch(struct arena *arena, const struct avro_type *type,
                          const struct datum *json, struct datum *out, int depth)
{
    const char *first = "its union has no branches";
    for (uint32_t i = 0; i < type->count; i++) {
        const char *reason = decode(arena, type->branches[i], json, out, depth + 1);
        if (!reason) {
            return NULL;
        }
        first = i ? first : reason;
    }
    return first;
}

static const char *decode(struct arena *arena, const struct avro_type *type,
                          const struct datum *json, struct datum *out, int depth)
{
    if (depth > AVRO_SCHEMA_DEPTH_MAX) {
        return "its default is nested too deeply";
    }
    *out = (struct datum){.name = out->name, .logical = (uint8_t)type->logical};
    switch (type->kind) {
    case AVRO_KIND_NULL:
        return json->kind == DATUM_NULL ? NULL : "its default is not null";
    case AVRO_KIND_BOOLEAN:
        out->kind = DATUM_BOOL;
        out->boolean = json->kind == DATUM_BOOL && json->boolean;
        return json->kind == DATUM_BOOL ? NULL : "its default is not true or false";
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
        return whole(type, json, out);
    case AVRO_KIND_FLOAT:
    case AVRO_KIND_DOUBLE:
        return real(type, json, out);
    case AVRO_KIND_BYTES:
    case AVRO_KIND_FIXED:
        return bytes(arena, type, json, out);
    case AVRO_KIND_STRING:
        out->kind = DATUM_TEXT;
        out->text = json->text;
        return json->kind == DATUM_TEXT ? NULL : "its default is no text";
    case AVRO_KIND_ENUM:
        return symbol(type, json, out);
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
        return items(arena, type, json, out, depth);
    case AVRO_KIND_RECORD:
        return fields(arena, type, json, out, depth);
    case AVRO_KIND_UNION:
        return branch(arena, type, json, out, depth);
    }
    return "its type is unknown";
}

const char *avro_default_decode(struct arena *arena, const struct avro_type *type,
                                const struct datum *json, struct datum *out)
{
    return decode(arena, type, json, out, 0);
}
