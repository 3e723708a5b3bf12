/* .avsc -> tree, in three passes: JSON, types (a name may be used before its record is complete),
 * then defaults, which need complete types. Everything lives in the schema's arena. */
#include "schemas/avro_schema.h"

#include "config/base/arena.h"
#include "schemas/avro_default.h"
#include "schemas/json.h"

#include <errno.h>
#include <stdio.h>

enum { ARENA_BLOCK_BYTES = 16 << 10, ARENA_BYTES_MAX = 256 << 20 };

struct avro_schema {
    struct arena *arena;
    struct slice text;
    const struct avro_type *root;
    uint32_t type_count, name_count;
    uint32_t depth;
    struct named {
        struct avro_type *type;
        struct avro_field *fields; /* record: type->fields, writable */
    } * names; /* [AVRO_SCHEMA_NAMES_MAX] */
};

static const char *const KIND_NAMES[] = {
    [AVRO_KIND_NULL] = "null",   [AVRO_KIND_BOOLEAN] = "boolean", [AVRO_KIND_INT] = "int",
    [AVRO_KIND_LONG] = "long",   [AVRO_KIND_FLOAT] = "float",     [AVRO_KIND_DOUBLE] = "double",
    [AVRO_KIND_BYTES] = "bytes", [AVRO_KIND_STRING] = "string",   [AVRO_KIND_RECORD] = "record",
    [AVRO_KIND_ENUM] = "enum",   [AVRO_KIND_ARRAY] = "array",     [AVRO_KIND_MAP] = "map",
    [AVRO_KIND_UNION] = "union", [AVRO_KIND_FIXED] = "fixed",
};

static const struct logical_row {
    const char *name;
    enum avro_kind kind;
    enum datum_logical logical;
} LOGICALS[] = {
    {"date", AVRO_KIND_INT, DATUM_DATE},
    {"time-millis", AVRO_KIND_INT, DATUM_TIME_MILLIS},
    {"time-micros", AVRO_KIND_LONG, DATUM_TIME_MICROS},
    {"timestamp-millis", AVRO_KIND_LONG, DATUM_TIMESTAMP_MILLIS},
    {"timestamp-micros", AVRO_KIND_LONG, DATUM_TIMESTAMP_MICROS},
    {"local-timestamp-millis", AVRO_KIND_LONG, DATUM_LOCAL_TIMESTAMP_MILLIS},
    {"local-timestamp-micros", AVRO_KIND_LONG, DATUM_LOCAL_TIMESTAMP_MICROS},
    {"uuid", AVRO_KIND_STRING, DATUM_UUID},
};

#define SLICE_ARGS(s) (int)((s).bytes < 200 ? (s).bytes : 200), (s).data

const char *avro_schema_kind_name(enum avro_kind kind)
{
    return KIND_NAMES[kind];
}

static struct status *no_memory(void)
{
    return status_new(STATUS_CORRUPT, "schema is too large");
}

static const struct datum *member(const struct datum *json, const char *name)
{
    return datum_child(json, slice_of(name), NULL);
}

static struct slice member_text(const struct datum *json, const char *name)
{
    const struct datum *found = member(json, name);
    return found && found->kind == DATUM_TEXT ? found->text : (struct slice){0};
}

static bool is_name(struct slice name, bool dots)
{
    bool at_start = true;
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (c == '.' && dots && !at_start) {
            at_start = true;
        } else if (letter || (c >= '0' && c <= '9' && !at_start)) {
            at_start = false;
        } else {
            return false;
        }
    }
    return !at_start;
}

static struct slice space_of(struct slice full)
{
    const char *dot = full.bytes ? memrchr(full.data, '.', full.bytes) : NULL;
    return dot ? (struct slice){full.data, (size_t)(dot - full.data)} : (struct slice){0};
}

/* `name` within `space`, unless it has dots itself. */
static struct status *full_name(struct avro_schema *schema, struct slice name, struct slice space,
                                struct slice *out)
{
    if (!is_name(name, true)) {
        return status_new(STATUS_CORRUPT, "\"%.*s\" is no name", SLICE_ARGS(name));
    }
    if (!space.bytes || memchr(name.data, '.', name.bytes)) {
        *out = name;
        return NULL;
    }
    char *text = arena_alloc(schema->arena, space.bytes + 1 + name.bytes);
    if (!text) {
        return no_memory();
    }
    memcpy(text, space.data, space.bytes);
    text[space.bytes] = '.';
    memcpy(text + space.bytes + 1, name.data, name.bytes);
    *out = (struct slice){text, space.bytes + 1 + name.bytes};
    return NULL;
}

static struct avro_type *find_name(const struct avro_schema *schema, struct slice full)
{
    for (uint32_t i = 0; i < schema->name_count; i++) {
        if (slice_equal(schema->names[i].type->name, full)) {
            return schema->names[i].type;
        }
    }
    return NULL;
}

/* NULL: too many types, or no memory. */
static struct avro_type *type_new(struct avro_schema *schema, enum avro_kind kind)
{
    struct avro_type *type = NULL;
    if (schema->type_count < AVRO_SCHEMA_TYPES_MAX) {
        type = arena_zero(schema->arena, sizeof *type);
    }
    if (type) {
        type->kind = kind;
        type->symbol_default = -1;
        type->index = schema->type_count++;
    }
    return type;
}

static struct status *parse_type(struct avro_schema *schema, const struct datum *json,
                                 struct slice space, const struct avro_type **out);

/* "string" or the name of a type that stands before. */
static struct status *parse_named(struct avro_schema *schema, struct slice name, struct slice space,
                                  const struct avro_type **out)
{
    for (int kind = AVRO_KIND_NULL; kind <= AVRO_KIND_STRING; kind++) {
        if (slice_is(name, KIND_NAMES[kind])) {
            *out = type_new(schema, (enum avro_kind)kind);
            return *out ? NULL : no_memory();
        }
    }
    struct slice full = {0};
    TRY(full_name(schema, name, space, &full));
    struct avro_type *type = find_name(schema, full);
    if (!type) {
        type = find_name(schema, name);
    }
    if (!type) {
        return status_new(STATUS_CORRUPT,
                          "unknown type \"%.*s\": it must be defined before in the same schema "
                          "(references to other schemas are not supported)",
                          SLICE_ARGS(name));
    }
    *out = type;
    return NULL;
}

/* Array of names under `key`; with `space` they become full names. */
static struct status *parse_names(struct avro_schema *schema, const struct datum *json,
                                  const char *key, const struct slice *space,
                                  const struct slice **out, uint32_t *count)
{
    const struct datum *list = member(json, key);
    if (!list) {
        return NULL;
    }
    if (list->kind != DATUM_ARRAY) {
        return status_new(STATUS_CORRUPT, "\"%s\" is no list", key);
    }
    struct slice *names = arena_zero(schema->arena, list->count * sizeof *names);
    if (!names) {
        return no_memory();
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->children[i].kind != DATUM_TEXT) {
            return status_new(STATUS_CORRUPT, "\"%s\" has an item that is no text", key);
        }
        names[i] = list->children[i].text;
        if (space) {
            TRY(full_name(schema, names[i], *space, &names[i]));
        } else if (!is_name(names[i], false)) {
            return status_new(STATUS_CORRUPT, "\"%.*s\" in \"%s\" is no name", SLICE_ARGS(names[i]),
                              key);
        }
    }
    *out = names;
    *count = list->count;
    return NULL;
}

static bool has_twin_names(const struct slice *names, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (slice_equal(names[i], names[j])) {
                return true;
            }
        }
    }
    return false;
}

static struct status *parse_enum(struct avro_schema *schema, const struct datum *json,
                                 struct avro_type *type)
{
    TRY(parse_names(schema, json, "symbols", NULL, &type->symbols, &type->count));
    if (!type->symbols) {
        return status_new(STATUS_CORRUPT, "has no symbols");
    }
    if (type->count > AVRO_SCHEMA_NAMES_MAX) {
        return no_memory();
    }
    if (has_twin_names(type->symbols, type->count)) {
        return status_new(STATUS_CORRUPT, "has a symbol twice");
    }
    const struct datum *fallback = member(json, "default");
    for (uint32_t i = 0; fallback && i < type->count; i++) {
        if (fallback->kind == DATUM_TEXT && slice_equal(type->symbols[i], fallback->text)) {
            type->symbol_default = (int32_t)i;
        }
    }
    if (fallback && type->symbol_default < 0) {
        return status_new(STATUS_CORRUPT, "its default is none of its symbols");
    }
    return NULL;
}

static struct status *parse_fixed(const struct datum *json, struct avro_type *type)
{
    const struct datum *size = member(json, "size");
    int64_t bytes;
    if (!size || datum_scaled(size, 0, &bytes) != DATUM_NUMBER_OK || bytes < 0 ||
        bytes > AVRO_FIXED_BYTES_MAX) {
        return status_new(STATUS_CORRUPT, "needs a \"size\" of 0 to %d bytes",
                          AVRO_FIXED_BYTES_MAX);
    }
    type->fixed_bytes = (uint32_t)bytes;
    return NULL;
}

static struct status *parse_field(struct avro_schema *schema, const struct datum *json,
                                  struct slice space, struct avro_field *field)
{
    if (json->kind != DATUM_RECORD) {
        return status_new(STATUS_CORRUPT, "a field is no object");
    }
    field->name = member_text(json, "name");
    if (!is_name(field->name, false)) {
        return status_new(STATUS_CORRUPT, "a field has no valid name");
    }
    const struct datum *type = member(json, "type");
    struct status *st = type ? parse_type(schema, type, space, &field->type)
                             : status_new(STATUS_CORRUPT, "has no type");
    if (!st) {
        st = parse_names(schema, json, "aliases", NULL, &field->aliases, &field->alias_count);
    }
    field->fallback_json = member(json, "default");
    return status_wrap(st, "field %.*s", SLICE_ARGS(field->name));
}

static struct status *parse_fields(struct avro_schema *schema, const struct datum *json,
                                   struct named *named)
{
    struct avro_type *type = named->type;
    const struct datum *list = member(json, "fields");
    if (!list || list->kind != DATUM_ARRAY || list->count > AVRO_SCHEMA_NAMES_MAX) {
        return status_new(STATUS_CORRUPT, "needs a list of \"fields\"");
    }
    struct avro_field *fields = arena_zero(schema->arena, list->count * sizeof *fields);
    if (!fields) {
        return no_memory();
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(parse_field(schema, &list->children[i], space_of(type->name), &fields[i]));
        for (uint32_t j = 0; j < i; j++) {
            if (slice_equal(fields[j].name, fields[i].name)) {
                return status_new(STATUS_CORRUPT, "has two fields %.*s",
                                  SLICE_ARGS(fields[i].name));
            }
        }
    }
    named->fields = fields;
    type->fields = fields;
    type->count = list->count;
    return NULL;
}

static struct status *parse_definition(struct avro_schema *schema, const struct datum *json,
                                       enum avro_kind kind, struct slice space,
                                       struct avro_type **out)
{
    struct avro_type *type = type_new(schema, kind);
    if (!type) {
        return no_memory();
    }
    struct slice name = member_text(json, "name");
    if (!name.bytes) {
        return status_new(STATUS_CORRUPT, "a %s has no name", KIND_NAMES[kind]);
    }
    const struct datum *own = member(json, "namespace");
    if (own && own->kind == DATUM_TEXT) {
        space = own->text;
        if (space.bytes && !is_name(space, true)) {
            return status_new(STATUS_CORRUPT, "\"%.*s\" is no namespace", SLICE_ARGS(space));
        }
    }
    TRY(full_name(schema, name, space, &type->name));
    if (find_name(schema, type->name)) {
        return status_new(STATUS_CORRUPT, "type %.*s is defined twice", SLICE_ARGS(type->name));
    }
    if (schema->name_count == AVRO_SCHEMA_NAMES_MAX) {
        return no_memory();
    }
    struct named *named = &schema->names[schema->name_count++];
    named->type = type;
    space = space_of(type->name);
    struct status *st =
        parse_names(schema, json, "aliases", &space, &type->aliases, &type->alias_count);
    if (!st) {
        st = kind == AVRO_KIND_RECORD ? parse_fields(schema, json, named)
             : kind == AVRO_KIND_ENUM ? parse_enum(schema, json, type)
                                      : parse_fixed(json, type);
    }
    *out = type;
    return status_wrap(st, "%s %.*s", KIND_NAMES[kind], SLICE_ARGS(type->name));
}

static struct status *parse_items(struct avro_schema *schema, const struct datum *json,
                                  enum avro_kind kind, struct slice space, struct avro_type **out)
{
    const char *key = kind == AVRO_KIND_MAP ? "values" : "items";
    const struct datum *items = member(json, key);
    if (!items) {
        return status_new(STATUS_CORRUPT, "%s without \"%s\"", KIND_NAMES[kind], key);
    }
    struct avro_type *type = type_new(schema, kind);
    if (!type) {
        return no_memory();
    }
    *out = type;
    return status_wrap(parse_type(schema, items, space, &type->items), "%s", KIND_NAMES[kind]);
}

/* Only named types may stand in a union more than once (under different names). */
static bool same_branch(const struct avro_type *a, const struct avro_type *b)
{
    return a->kind == b->kind && slice_equal(a->name, b->name);
}

static struct status *parse_union(struct avro_schema *schema, const struct datum *json,
                                  struct slice space, const struct avro_type **out)
{
    struct avro_type *type = type_new(schema, AVRO_KIND_UNION);
    if (!type) {
        return no_memory();
    }
    const struct avro_type **branches = arena_zero(schema->arena, json->count * sizeof(void *));
    if (!branches || json->count > AVRO_SCHEMA_NAMES_MAX) {
        return no_memory();
    }
    for (uint32_t i = 0; i < json->count; i++) {
        TRY(parse_type(schema, &json->children[i], space, &branches[i]));
        if (branches[i]->kind == AVRO_KIND_UNION) {
            return status_new(STATUS_CORRUPT, "a union stands directly in a union");
        }
        for (uint32_t j = 0; j < i; j++) {
            if (same_branch(branches[i], branches[j])) {
                return status_new(STATUS_CORRUPT, "a union has two branches of type %s",
                                  KIND_NAMES[branches[i]->kind]);
            }
        }
    }
    if (!json->count) {
        return status_new(STATUS_CORRUPT, "a union has no branches");
    }
    type->branches = branches;
    type->count = json->count;
    *out = type;
    return NULL;
}

static bool whole_member(const struct datum *json, const char *name, int64_t *out)
{
    const struct datum *found = member(json, name);
    return !found || datum_scaled(found, 0, out) == DATUM_NUMBER_OK;
}

/* As the specification says, a logical type that does not fit is ignored. */
static struct status *parse_logical(const struct datum *json, struct avro_type *type)
{
    struct slice name = member_text(json, "logicalType");
    for (size_t i = 0; i < sizeof LOGICALS / sizeof LOGICALS[0]; i++) {
        if (type->kind == LOGICALS[i].kind && slice_is(name, LOGICALS[i].name)) {
            type->logical = LOGICALS[i].logical;
        }
    }
    if (type->kind == AVRO_KIND_FIXED && type->fixed_bytes == 12 && slice_is(name, "duration")) {
        type->logical = DATUM_DURATION;
    }
    bool fits = type->kind == AVRO_KIND_BYTES || type->kind == AVRO_KIND_FIXED;
    int64_t precision = 0, scale = 0;
    if (!fits || !slice_is(name, "decimal") || !whole_member(json, "precision", &precision) ||
        !whole_member(json, "scale", &scale) || precision < 1 || scale < 0 || scale > precision) {
        return NULL;
    }
    if (precision > AVRO_PRECISION_MAX) {
        return status_new(STATUS_CORRUPT, "a decimal of %lld digits is too wide (%d at most)",
                          (long long)precision, AVRO_PRECISION_MAX);
    }
    type->is_decimal = true;
    type->precision = (int)precision;
    type->scale = (int)scale;
    return NULL;
}

static struct status *parse_object(struct avro_schema *schema, const struct datum *json,
                                   struct slice space, const struct avro_type **out)
{
    const struct datum *inner = member(json, "type");
    if (!inner) {
        return status_new(STATUS_CORRUPT, "a type has no \"type\"");
    }
    if (inner->kind != DATUM_TEXT) {
        return parse_type(schema, inner, space, out);
    }
    struct slice name = slice_is(inner->text, "error") ? slice_of("record") : inner->text;
    struct avro_type *type = NULL;
    for (int kind = AVRO_KIND_NULL; kind <= AVRO_KIND_FIXED && !type; kind++) {
        if (!slice_is(name, KIND_NAMES[kind])) {
            continue;
        }
        if (kind <= AVRO_KIND_STRING) {
            type = type_new(schema, (enum avro_kind)kind);
            if (!type) {
                return no_memory();
            }
        } else if (kind == AVRO_KIND_ARRAY || kind == AVRO_KIND_MAP) {
            TRY(parse_items(schema, json, (enum avro_kind)kind, space, &type));
        } else if (kind != AVRO_KIND_UNION) {
            TRY(parse_definition(schema, json, (enum avro_kind)kind, space, &type));
        }
    }
    if (!type) {
        return parse_named(schema, name, space, out);
    }
    *out = type;
    return parse_logical(json, type);
}

static struct status *parse_type(struct avro_schema *schema, const struct datum *json,
                                 struct slice space, const struct avro_type **out)
{
    if (schema->depth == AVRO_SCHEMA_DEPTH_MAX) {
        return status_new(STATUS_CORRUPT, "schema is nested too deeply");
    }
    schema->depth++;
    struct status *st;
    if (json->kind == DATUM_TEXT) {
        st = parse_named(schema, json->text, space, out);
    } else if (json->kind == DATUM_ARRAY) {
        st = parse_union(schema, json, space, out);
    } else if (json->kind == DATUM_RECORD) {
        st = parse_object(schema, json, space, out);
    } else {
        st = status_new(STATUS_CORRUPT, "expected a type, found %s", datum_kind_name(json));
    }
    schema->depth--;
    return st;
}

/* Defaults of all records; a record is reached through the list of names. */
static struct status *parse_defaults(struct avro_schema *schema)
{
    for (uint32_t i = 0; i < schema->name_count; i++) {
        const struct avro_type *type = schema->names[i].type;
        for (uint32_t j = 0; type->kind == AVRO_KIND_RECORD && j < type->count; j++) {
            struct avro_field *field = &schema->names[i].fields[j];
            if (!field->fallback_json) {
                continue;
            }
            struct datum *value = arena_zero(schema->arena, sizeof *value);
            if (!value) {
                return no_memory();
            }
            const char *reason =
                avro_default_decode(schema->arena, field->type, field->fallback_json, value);
            if (reason) {
                return status_new(STATUS_CORRUPT, "record %.*s: field %.*s: %s",
                                  SLICE_ARGS(type->name), SLICE_ARGS(field->name), reason);
            }
            value->name = field->name;
            field->fallback = value;
        }
    }
    return NULL;
}

static struct status *parse_text(struct avro_schema *schema, struct slice text)
{
    if (text.bytes > AVRO_SCHEMA_BYTES_MAX) {
        return no_memory();
    }
    char *copy = arena_copy(schema->arena, text.data, text.bytes);
    schema->names = arena_zero(schema->arena, AVRO_SCHEMA_NAMES_MAX * sizeof *schema->names);
    if (!copy || !schema->names) {
        return no_memory();
    }
    schema->text = (struct slice){copy, text.bytes};
    struct datum *json;
    struct decode_error error;
    if (!json_decode(schema->arena, schema->text, &json, &error)) {
        return status_new(STATUS_CORRUPT, "not valid JSON at byte %zu: %s", error.offset,
                          error.reason);
    }
    TRY(parse_type(schema, json, (struct slice){0}, &schema->root));
    return parse_defaults(schema);
}

struct status *avro_schema_parse(struct slice text, struct avro_schema **out)
{
    struct arena *arena = arena_create(ARENA_BLOCK_BYTES, ARENA_BYTES_MAX);
    struct avro_schema *schema = arena ? arena_zero(arena, sizeof *schema) : NULL;
    if (!schema) {
        arena_destroy(arena);
        return status_new(STATUS_NO_MEMORY, "no memory for a schema");
    }
    schema->arena = arena;
    struct status *st = parse_text(schema, text);
    if (st) {
        arena_destroy(arena);
        return status_wrap(st, "avro schema");
    }
    *out = schema;
    return NULL;
}

struct status *avro_schema_load(const char *path, struct avro_schema **out)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return status_new(STATUS_IO, "read schema %s: %s", path, strerror(errno));
    }
    struct buf text = {0};
    size_t got = 1;
    while (got && text.bytes <= AVRO_SCHEMA_BYTES_MAX) {
        buf_room(&text, 1 << 16);
        got = fread(text.data + text.bytes, 1, 1 << 16, file);
        text.bytes += got;
    }
    struct status *st = ferror(file)
                            ? status_new(STATUS_IO, "could not be read: %s", strerror(errno))
                            : avro_schema_parse(buf_view(&text), out);
    fclose(file);
    buf_fini(&text);
    return status_wrap(st, "schema %s", path);
}

void avro_schema_destroy(struct avro_schema *schema)
{
    if (schema) {
        arena_destroy(schema->arena);
    }
}

const struct avro_type *avro_schema_root(const struct avro_schema *schema)
{
    return schema->root;
}

uint32_t avro_schema_types(const struct avro_schema *schema)
{
    return schema->type_count;
}

struct slice avro_schema_text(const struct avro_schema *schema)
{
    return schema->text;
}
