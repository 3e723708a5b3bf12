/* Schema resolution, once per pair of schemas.
 *
 * resolve(writer, reader) gives an operation, never fails: what cannot be resolved is an operation
 * of code REFUSED with its reason, and only the place that needs it decides whether all is lost (a
 * record's field) or just some values (a branch of a writer's union). reader NULL = "as written",
 * also used for fields that the reader drops. Records are remembered by their pair before their
 * fields are resolved, so recursive types end. */
#include "schemas/avro_plan.h"

#include "config/base/ensure.h"
#include "schemas/avro_decode.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    ARENA_BLOCK_BYTES = 16 << 10,
    ARENA_BYTES_MAX = 64 << 20,
    REASON_BYTES = 512,
    DEPTH_MAX = 1024
};

struct pair {
    const struct avro_type *writer, *reader;
    struct avro_op *op;
    const struct pair *next;
};

struct compile {
    struct arena *arena;
    const struct pair *pairs;
    uint32_t op_count, depth;
    bool is_full;
};

static const struct avro_op FULL = {.code = AVRO_READ_REFUSED, .reason = "schemas are too large"};

#define SLICE_ARGS(s) (int)((s).bytes < 120 ? (s).bytes : 120), (s).data

static void *take(struct compile *c, size_t bytes)
{
    void *memory = c->is_full ? NULL : arena_zero(c->arena, bytes);
    c->is_full = !memory;
    return memory;
}

static struct avro_op *op_new(struct compile *c, enum avro_code code)
{
    struct avro_op *op = c->op_count < AVRO_PLAN_OPS_MAX ? take(c, sizeof *op) : NULL;
    if (!op) {
        c->is_full = true;
        return NULL;
    }
    c->op_count++;
    op->code = (uint8_t)code;
    return op;
}

static const struct avro_op *or_full(const struct avro_op *op)
{
    return op ? op : &FULL;
}

static const char *text_of(struct compile *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *text_of(struct compile *c, const char *format, ...)
{
    char text[REASON_BYTES];
    va_list list;
    va_start(list, format);
    int bytes = vsnprintf(text, sizeof text, format, list); // NOLINT: the analyzer misses va_start
    va_end(list);
    size_t kept = (size_t)bytes < sizeof text ? (size_t)bytes : sizeof text - 1;
    const char *copy = c->is_full ? NULL : arena_copy(c->arena, text, kept);
    return copy ? copy : FULL.reason;
}

static const struct avro_op *refused(struct compile *c, const char *reason)
{
    struct avro_op *op = op_new(c, AVRO_READ_REFUSED);
    if (op) {
        op->reason = reason;
    }
    return or_full(op);
}

static struct slice short_name(struct slice full)
{
    const char *dot = full.bytes ? memrchr(full.data, '.', full.bytes) : NULL;
    return dot ? (struct slice){dot + 1, full.bytes - (size_t)(dot + 1 - full.data)} : full;
}

/* Unqualified names are compared, as the specification says; the reader's aliases in full. */
static bool names_match(const struct avro_type *writer, const struct avro_type *reader)
{
    if (slice_equal(short_name(writer->name), short_name(reader->name))) {
        return true;
    }
    for (uint32_t i = 0; i < reader->alias_count; i++) {
        if (slice_equal(writer->name, reader->aliases[i])) {
            return true;
        }
    }
    return false;
}

static bool is_named(const struct avro_type *type)
{
    return type->kind == AVRO_KIND_RECORD || type->kind == AVRO_KIND_ENUM ||
           type->kind == AVRO_KIND_FIXED;
}

static bool is_promoted(enum avro_kind from, enum avro_kind to)
{
    switch (from) {
    case AVRO_KIND_INT:
        return to == AVRO_KIND_LONG || to == AVRO_KIND_FLOAT || to == AVRO_KIND_DOUBLE;
    case AVRO_KIND_LONG:
        return to == AVRO_KIND_FLOAT || to == AVRO_KIND_DOUBLE;
    case AVRO_KIND_FLOAT:
        return to == AVRO_KIND_DOUBLE;
    case AVRO_KIND_STRING:
        return to == AVRO_KIND_BYTES;
    case AVRO_KIND_BYTES:
        return to == AVRO_KIND_STRING;
    case AVRO_KIND_NULL:
    case AVRO_KIND_BOOLEAN:
    case AVRO_KIND_DOUBLE:
    case AVRO_KIND_RECORD:
    case AVRO_KIND_ENUM:
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
    case AVRO_KIND_UNION:
    case AVRO_KIND_FIXED:
        break;
    }
    return false;
}

static bool is_same(const struct avro_type *writer, const struct avro_type *reader)
{
    return writer->kind == reader->kind && (!is_named(writer) || names_match(writer, reader));
}

static const struct avro_op *resolve(struct compile *c, const struct avro_type *writer,
                                     const struct avro_type *reader);

/* Where the two disagree about what a number means, guessing would be wrong by factors. */
static bool meanings_clash(const struct avro_type *writer, const struct avro_type *reader)
{
    return writer->logical != DATUM_PLAIN && reader->logical != DATUM_PLAIN &&
           writer->logical != reader->logical;
}

static enum datum_kind result_kind(enum avro_kind kind)
{
    switch (kind) {
    case AVRO_KIND_NULL:
    case AVRO_KIND_UNION:
        return DATUM_NULL;
    case AVRO_KIND_BOOLEAN:
        return DATUM_BOOL;
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
        return DATUM_INT;
    case AVRO_KIND_FLOAT:
    case AVRO_KIND_DOUBLE:
        return DATUM_DOUBLE;
    case AVRO_KIND_BYTES:
    case AVRO_KIND_FIXED:
        return DATUM_BYTES;
    case AVRO_KIND_STRING:
    case AVRO_KIND_ENUM:
        return DATUM_TEXT;
    case AVRO_KIND_RECORD:
        return DATUM_RECORD;
    case AVRO_KIND_ARRAY:
        return DATUM_ARRAY;
    case AVRO_KIND_MAP:
        return DATUM_MAP;
    }
    return DATUM_NULL;
}

/* Types without parts: the writer's bytes, the reader's meaning. */
static const struct avro_op *resolve_leaf(struct compile *c, const struct avro_type *writer,
                                          const struct avro_type *reader)
{
    static const uint8_t CODES[] = {
        [AVRO_KIND_NULL] = AVRO_READ_NULL,   [AVRO_KIND_BOOLEAN] = AVRO_READ_BOOLEAN,
        [AVRO_KIND_INT] = AVRO_READ_INT,     [AVRO_KIND_LONG] = AVRO_READ_LONG,
        [AVRO_KIND_FLOAT] = AVRO_READ_FLOAT, [AVRO_KIND_DOUBLE] = AVRO_READ_DOUBLE,
        [AVRO_KIND_BYTES] = AVRO_READ_BYTES, [AVRO_KIND_STRING] = AVRO_READ_STRING,
        [AVRO_KIND_FIXED] = AVRO_READ_FIXED,
    };
    if (meanings_clash(writer, reader)) {
        return refused(c, "writer and reader give the value different logical types");
    }
    struct avro_op *op = op_new(c, (enum avro_code)CODES[writer->kind]);
    if (!op) {
        return &FULL;
    }
    op->kind = (uint8_t)result_kind(reader->kind);
    bool is_float = writer->kind == AVRO_KIND_FLOAT || reader->kind == AVRO_KIND_FLOAT;
    op->logical = (uint8_t)(is_float ? DATUM_FLOAT : reader->logical);
    op->count = writer->fixed_bytes;
    if (reader->is_decimal) {
        const struct avro_type *exact = writer->is_decimal ? writer : reader;
        op->kind = DATUM_DECIMAL;
        op->scale = (int16_t)exact->scale;
    }
    return op;
}

static const struct avro_op *resolve_enum(struct compile *c, const struct avro_type *writer,
                                          const struct avro_type *reader)
{
    struct avro_op *op = op_new(c, AVRO_READ_ENUM);
    struct slice *symbols = take(c, writer->count * sizeof *symbols);
    if (!op || !symbols) {
        return &FULL;
    }
    for (uint32_t i = 0; i < writer->count; i++) {
        if (reader->symbol_default >= 0) {
            symbols[i] = reader->symbols[reader->symbol_default];
        }
        for (uint32_t j = 0; j < reader->count; j++) {
            if (slice_equal(writer->symbols[i], reader->symbols[j])) {
                symbols[i] = reader->symbols[j];
                break;
            }
        }
    }
    op->kind = DATUM_TEXT;
    op->logical = DATUM_ENUM;
    op->count = writer->count;
    op->symbols = symbols;
    return op;
}

static const struct avro_op *resolve_items(struct compile *c, const struct avro_type *writer,
                                           const struct avro_type *reader)
{
    const struct avro_op *items = resolve(c, writer->items, reader->items);
    if (items->code == AVRO_READ_REFUSED) {
        return items;
    }
    bool is_map = writer->kind == AVRO_KIND_MAP;
    struct avro_op *op = op_new(c, is_map ? AVRO_READ_MAP : AVRO_READ_ARRAY);
    if (op) {
        op->kind = is_map ? DATUM_MAP : DATUM_ARRAY;
        op->items = items;
    }
    return or_full(op);
}

static const struct avro_op *resolve_writer_union(struct compile *c, const struct avro_type *writer,
                                                  const struct avro_type *reader)
{
    struct avro_op *op = op_new(c, AVRO_READ_UNION);
    const struct avro_op **branches = take(c, writer->count * sizeof(void *));
    if (!op || !branches) {
        return &FULL;
    }
    uint32_t refused_count = 0;
    for (uint32_t i = 0; i < writer->count; i++) {
        const struct avro_type *branch = writer->branches[i];
        branches[i] = resolve(c, branch, reader == writer ? branch : reader);
        refused_count += branches[i]->code == AVRO_READ_REFUSED;
    }
    op->branches = branches;
    op->count = writer->count;
    return refused_count == writer->count ? branches[0] : op;
}

/* The reader's branch: the one of the same type, else the first that the value can become. */
static const struct avro_op *resolve_reader_union(struct compile *c, const struct avro_type *writer,
                                                  const struct avro_type *reader)
{
    const struct avro_op *found = NULL;
    for (uint32_t i = 0; i < reader->count; i++) {
        if (is_same(writer, reader->branches[i])) {
            found = resolve(c, writer, reader->branches[i]);
            if (found->code != AVRO_READ_REFUSED) {
                return found;
            }
        }
    }
    for (uint32_t i = 0; i < reader->count; i++) {
        if (is_promoted(writer->kind, reader->branches[i]->kind)) {
            const struct avro_op *op = resolve(c, writer, reader->branches[i]);
            if (op->code != AVRO_READ_REFUSED) {
                return op;
            }
        }
    }
    return found ? found
                 : refused(c, text_of(c, "reader's union has no branch for a %s",
                                      avro_schema_kind_name(writer->kind)));
}

static int32_t field_index(const struct avro_type *record, struct slice name)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (slice_equal(record->fields[i].name, name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* Index of the reader's field that takes the writer's, or -1. A name goes before any alias. */
static int32_t field_target(const struct avro_type *writer, const struct avro_type *reader,
                            struct slice name)
{
    int32_t same = field_index(reader, name);
    if (same >= 0) {
        return same;
    }
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct avro_field *field = &reader->fields[i];
        for (uint32_t j = 0; j < field->alias_count; j++) {
            if (slice_equal(field->aliases[j], name) && field_index(writer, field->name) < 0) {
                return (int32_t)i;
            }
        }
    }
    return -1;
}

/* Names and defaults of the result; NULL or why a field of the reader finds no value. */
static const char *record_children(struct compile *c, const struct avro_type *reader,
                                   const bool *is_given, struct datum *children)
{
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct avro_field *field = &reader->fields[i];
        if (!is_given[i] && !field->fallback) {
            return text_of(c, "field %.*s of %.*s: the writer lacks it and it has no default",
                           SLICE_ARGS(field->name), SLICE_ARGS(reader->name));
        }
        if (!is_given[i]) {
            children[i] = *field->fallback;
        }
        children[i].name = field->name;
    }
    return NULL;
}

/* Steps of a record; NULL or why it cannot be resolved. */
static const char *record_steps(struct compile *c, const struct avro_type *writer,
                                const struct avro_type *reader, struct avro_step *steps,
                                bool *is_given)
{
    for (uint32_t i = 0; i < writer->count; i++) {
        const struct avro_field *field = &writer->fields[i];
        int32_t target = field_target(writer, reader, field->name);
        if (target >= 0 && is_given[target]) {
            target = -1; /* two of its aliases match: the first one stays */
        }
        const struct avro_type *to = target >= 0 ? reader->fields[target].type : field->type;
        const struct avro_op *op = resolve(c, field->type, to);
        if (op->code == AVRO_READ_REFUSED) {
            return text_of(c, "field %.*s of %.*s: %s", SLICE_ARGS(field->name),
                           SLICE_ARGS(writer->name), op->reason);
        }
        steps[i] = (struct avro_step){op, field->name, target};
        if (target >= 0) {
            is_given[target] = true;
        }
    }
    return NULL;
}

static const struct avro_op *resolve_record(struct compile *c, const struct avro_type *writer,
                                            const struct avro_type *reader)
{
    for (const struct pair *pair = c->pairs; pair; pair = pair->next) {
        if (pair->writer == writer && pair->reader == reader) {
            return pair->op;
        }
    }
    struct avro_op *op = op_new(c, AVRO_READ_RECORD);
    struct pair *pair = take(c, sizeof *pair);
    struct avro_step *steps = take(c, writer->count * sizeof *steps);
    bool *is_given = take(c, reader->count);
    struct datum *children = take(c, reader->count * sizeof *children);
    if (!op || !pair || !steps || !is_given || !children) {
        return &FULL;
    }
    *pair = (struct pair){writer, reader, op, c->pairs};
    c->pairs = pair;
    const char *reason = record_steps(c, writer, reader, steps, is_given);
    reason = reason ? reason : record_children(c, reader, is_given, children);
    if (reason) {
        op->code = AVRO_READ_REFUSED;
        op->reason = reason;
        return op;
    }
    op->kind = DATUM_RECORD;
    op->count = writer->count;
    op->steps = steps;
    op->child_count = reader->count;
    op->children = children;
    return op;
}

static const struct avro_op *resolve_pair(struct compile *c, const struct avro_type *writer,
                                          const struct avro_type *reader)
{
    if (writer->kind == AVRO_KIND_UNION) {
        return resolve_writer_union(c, writer, reader);
    }
    if (reader->kind == AVRO_KIND_UNION) {
        return resolve_reader_union(c, writer, reader);
    }
    if (is_promoted(writer->kind, reader->kind)) {
        return resolve_leaf(c, writer, reader);
    }
    if (writer->kind != reader->kind) {
        return refused(c,
                       text_of(c, "a %s cannot be read as %s", avro_schema_kind_name(writer->kind),
                               avro_schema_kind_name(reader->kind)));
    }
    if (is_named(writer) && !names_match(writer, reader)) {
        return refused(c, text_of(c, "a %.*s cannot be read as %.*s", SLICE_ARGS(writer->name),
                                  SLICE_ARGS(reader->name)));
    }
    if (writer->kind == AVRO_KIND_RECORD) {
        return resolve_record(c, writer, reader);
    }
    if (writer->kind == AVRO_KIND_ENUM) {
        return resolve_enum(c, writer, reader);
    }
    if (writer->kind == AVRO_KIND_ARRAY || writer->kind == AVRO_KIND_MAP) {
        return resolve_items(c, writer, reader);
    }
    if (writer->kind == AVRO_KIND_FIXED && writer->fixed_bytes != reader->fixed_bytes) {
        return refused(c, "a fixed of another size");
    }
    return resolve_leaf(c, writer, reader);
}

static const struct avro_op *resolve(struct compile *c, const struct avro_type *writer,
                                     const struct avro_type *reader)
{
    if (c->is_full || c->depth == DEPTH_MAX) {
        c->is_full = true;
        return &FULL;
    }
    c->depth++;
    const struct avro_op *op = resolve_pair(c, writer, reader);
    c->depth--;
    return op;
}

struct status *avro_plan_create(const struct avro_schema *writer, const struct avro_schema *reader,
                                struct avro_plan **out)
{
    struct arena *arena = arena_create(ARENA_BLOCK_BYTES, ARENA_BYTES_MAX);
    struct avro_plan *plan = arena ? arena_zero(arena, sizeof *plan) : NULL;
    if (!plan) {
        arena_destroy(arena);
        return status_new(STATUS_NO_MEMORY, "no memory for an avro plan");
    }
    struct compile compile = {.arena = arena};
    plan->arena = arena;
    plan->root =
        resolve(&compile, avro_schema_root(writer), avro_schema_root(reader ? reader : writer));
    if (compile.is_full || plan->root->code == AVRO_READ_REFUSED) {
        struct status *st =
            status_new(STATUS_CORRUPT, "writer's schema does not fit the reader's: %s",
                       compile.is_full ? FULL.reason : plan->root->reason);
        arena_destroy(arena);
        return st;
    }
    *out = plan;
    return NULL;
}

void avro_plan_destroy(struct avro_plan *plan)
{
    if (plan) {
        arena_destroy(plan->arena);
    }
}
