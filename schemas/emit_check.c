#include "schemas/emit_check.h"

#include "config/base/ensure.h"
#include "schemas/emit.h"

#include <stdlib.h>

struct place {
    const struct avro_type *type;
    size_t next; /* fields or items seen */
    size_t count; /* expected */
    bool has_key; /* map: a key waits for its value */
};

struct emit_check {
    const struct avro_type *root;
    const struct avro_type *last; /* type of the value just begun */
    bool is_begun, has_branch;
    uint32_t branch;
    size_t depth;
    struct place places[EMIT_DEPTH_MAX];
};

struct emit_check *emit_check_create(const struct avro_schema *schema)
{
    struct emit_check *check = calloc(1, sizeof *check);
    ASSERT(check);
    check->root = avro_schema_root(schema);
    return check;
}

void emit_check_end(struct emit_check *check)
{
    ASSERT(check->is_begun && check->depth == 0);
    free(check);
}

/* The type of the next value, by position. */
static const struct avro_type *next_type(struct emit_check *check, const char *name)
{
    if (!check->depth) {
        ASSERT(!check->is_begun && !name);
        check->is_begun = true;
        return check->root;
    }
    struct place *place = &check->places[check->depth - 1];
    ASSERT(place->next < place->count);
    size_t index = place->next++;
    if (place->type->kind == AVRO_KIND_RECORD) {
        const struct avro_field *field = &place->type->fields[index];
        ASSERT(name && slice_is(field->name, name));
        return field->type;
    }
    ASSERT(!name && (place->type->kind == AVRO_KIND_ARRAY || place->has_key));
    place->has_key = false;
    return place->type->items;
}

void emit_check_value(struct emit_check *check, const char *name, enum avro_kind kind)
{
    const struct avro_type *type = next_type(check, name);
    ASSERT(check->has_branch == (type->kind == AVRO_KIND_UNION));
    if (check->has_branch) {
        ASSERT(check->branch < type->count);
        type = type->branches[check->branch];
        check->has_branch = false;
    }
    ASSERT(type->kind == kind);
    check->last = type;
    if (kind == AVRO_KIND_RECORD || kind == AVRO_KIND_ARRAY || kind == AVRO_KIND_MAP) {
        ASSERT(check->depth < EMIT_DEPTH_MAX);
        check->places[check->depth++] =
            (struct place){.type = type, .count = kind == AVRO_KIND_RECORD ? type->count : 0};
    }
}

void emit_check_count(struct emit_check *check, size_t count)
{
    check->places[check->depth - 1].count = count;
}

void emit_check_close(struct emit_check *check, enum avro_kind kind)
{
    ASSERT(check->depth > 0 && !check->has_branch);
    const struct place *place = &check->places[--check->depth];
    ASSERT(place->type->kind == kind && place->next == place->count && !place->has_key);
}

void emit_check_key(struct emit_check *check)
{
    ASSERT(check->depth > 0);
    struct place *place = &check->places[check->depth - 1];
    ASSERT(place->type->kind == AVRO_KIND_MAP && !place->has_key);
    place->has_key = true;
}

void emit_check_branch(struct emit_check *check, uint32_t branch)
{
    ASSERT(!check->has_branch);
    check->has_branch = true;
    check->branch = branch;
}

void emit_check_symbol(struct emit_check *check, uint32_t index, const char *symbol)
{
    ASSERT(index < check->last->count && slice_is(check->last->symbols[index], symbol));
}
