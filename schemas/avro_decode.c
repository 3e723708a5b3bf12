/* The walker. It trusts nothing but the plan: every read is checked against the end, every
 * container consumes bytes or a budget, recursion is bounded by depth. */
#include "schemas/avro_decode.h"

#include "schemas/avro_leaf.h"
#include "schemas/avro_plan.h"
#include "schemas/datum_twins.h"
#include "schemas/decode_path.h"
#include "schemas/utf8.h"

enum { ITEMS_FIRST = 64, VARINT_BYTES_MAX = 10 };

struct place { /* for the path of an error: a field, or an item */
    const struct slice *name;
    uint32_t index;
};

struct walk {
    const char *at, *end, *start;
    struct arena *arena;
    const char *reason;
    uint32_t depth;
    uint32_t empty_items; /* items without bytes so far */
    struct datum *items; /* a stack: items of open arrays and maps */
    uint32_t count, capacity;
    struct place places[AVRO_DECODE_DEPTH_MAX + 1];
    struct datum first_items[ITEMS_FIRST];
};

static const char ENDS_EARLY[] = "message ends too early";

static void __attribute__((cold, noinline)) note(struct walk *w, const char *reason)
{
    if (!w->reason) {
        w->reason = reason;
    }
}

static inline bool refuse(struct walk *w, const char *reason)
{
    note(w, reason);
    return false;
}

static bool __attribute__((noinline)) long_varint(struct walk *w, int64_t *out)
{
    uint64_t coded = 0;
    const char *at = w->at;
    for (unsigned shift = 0; shift < 7 * VARINT_BYTES_MAX; shift += 7) {
        if (at == w->end) {
            return refuse(w, ENDS_EARLY);
        }
        uint64_t byte = (unsigned char)*at++;
        if (shift == 63 && byte > 1) {
            return refuse(w, "integer does not fit 64 bits");
        }
        coded |= (byte & 127) << shift;
        if (byte < 128) {
            w->at = at;
            *out = (int64_t)(coded >> 1) ^ -(int64_t)(coded & 1);
            return true;
        }
    }
    return refuse(w, "integer has more than 10 bytes");
}

static inline bool varint(struct walk *w, int64_t *out)
{
    if (w->at < w->end && (unsigned char)*w->at < 128) {
        unsigned char byte = (unsigned char)*w->at++;
        *out = (byte >> 1) ^ -(int64_t)(byte & 1);
        return true;
    }
    return long_varint(w, out);
}

static bool raw(struct walk *w, size_t bytes, struct slice *out)
{
    if ((size_t)(w->end - w->at) < bytes) {
        return refuse(w, ENDS_EARLY);
    }
    *out = (struct slice){w->at, bytes};
    w->at += bytes;
    return true;
}

static bool sized(struct walk *w, struct slice *out)
{
    int64_t bytes;
    if (!varint(w, &bytes)) {
        return false;
    }
    if (bytes < 0 || bytes > w->end - w->at) {
        return refuse(w, bytes < 0 ? "negative length" : "length goes past the end");
    }
    return raw(w, (size_t)bytes, out);
}

static bool text_checked(struct walk *w, struct slice text)
{
    size_t valid = utf8_valid(text.data, text.bytes);
    if (valid != text.bytes) {
        w->at = text.data + valid;
        return refuse(w, "text is not valid UTF-8");
    }
    return true;
}

static bool read_whole(struct walk *w, const struct avro_op *op, struct datum *out)
{
    int64_t value;
    if (!varint(w, &value)) {
        return false;
    }
    if (op->code == AVRO_READ_INT && value != (int32_t)value) {
        return refuse(w, "integer does not fit 32 bits");
    }
    if (op->kind == DATUM_INT) {
        out->i64 = value;
    } else {
        out->f64 = op->logical == DATUM_FLOAT ? (double)(float)value : (double)value;
    }
    return true;
}

static bool read_real(struct walk *w, const struct avro_op *op, struct datum *out)
{
    struct slice bytes;
    if (op->code == AVRO_READ_FLOAT) {
        float value;
        if (!raw(w, sizeof value, &bytes)) {
            return false;
        }
        memcpy(&value, bytes.data, sizeof value);
        out->f64 = (double)value;
        return true;
    }
    if (!raw(w, sizeof out->f64, &bytes)) {
        return false;
    }
    memcpy(&out->f64, bytes.data, sizeof out->f64);
    return true;
}

static bool read_run(struct walk *w, const struct avro_op *op, struct datum *out)
{
    if (!(op->code == AVRO_READ_FIXED ? raw(w, op->count, &out->text) : sized(w, &out->text))) {
        return false;
    }
    if ((op->code == AVRO_READ_STRING || op->kind == DATUM_TEXT) && !text_checked(w, out->text)) {
        return false;
    }
    if (op->kind == DATUM_DECIMAL) {
        const char *reason = avro_leaf_decimal(w->arena, out->text, op->scale, out);
        return !reason || refuse(w, reason);
    }
    return true;
}

static bool read_enum(struct walk *w, const struct avro_op *op, struct datum *out)
{
    int64_t index;
    if (!varint(w, &index)) {
        return false;
    }
    if (index < 0 || index >= op->count) {
        return refuse(w, "enum index is out of range");
    }
    out->text = op->symbols[index];
    return out->text.data || refuse(w, "the reader has no such enum symbol");
}

static bool value(struct walk *w, const struct avro_op *op, struct datum *out);

static bool read_record(struct walk *w, const struct avro_op *op, struct datum *out)
{
    struct datum skipped;
    struct datum *children = arena_alloc(w->arena, op->child_count * sizeof *children);
    if (!children) {
        return refuse(w, DATUM_TOO_LARGE);
    }
    if (op->child_count) {
        memcpy(children, op->children, op->child_count * sizeof *children);
    }
    struct place *place = &w->places[w->depth];
    for (uint32_t i = 0; i < op->count; i++) {
        const struct avro_step *step = &op->steps[i];
        place->name = &step->name;
        if (!value(w, step->op, step->target < 0 ? &skipped : &children[step->target])) {
            return false;
        }
    }
    out->count = op->child_count;
    out->children = children;
    return true;
}

static bool items_grow(struct walk *w)
{
    if (w->capacity >= UINT32_MAX / 4) {
        return false;
    }
    uint32_t capacity = w->capacity * 4;
    struct datum *items = arena_alloc(w->arena, capacity * sizeof *items);
    if (!items) {
        return false;
    }
    memcpy(items, w->items, w->count * sizeof *items);
    w->items = items;
    w->capacity = capacity;
    return true;
}

static bool read_item(struct walk *w, const struct avro_op *op)
{
    struct datum item;
    const char *before = w->at;
    item.name = (struct slice){0};
    if (op->code == AVRO_READ_MAP && (!sized(w, &item.name) || !text_checked(w, item.name))) {
        return false;
    }
    if (!value(w, op->items, &item)) {
        return false;
    }
    if (w->at == before && ++w->empty_items > AVRO_EMPTY_ITEMS_MAX) {
        return refuse(w, "too many items without bytes");
    }
    if (w->count == w->capacity && !items_grow(w)) {
        return refuse(w, DATUM_TOO_LARGE);
    }
    w->items[w->count++] = item;
    return true;
}

/* Head of a block: number of items, 0 at the end; *stop where the block must end, or NULL. */
static bool block_head(struct walk *w, int64_t *count, const char **stop)
{
    *stop = NULL;
    if (!varint(w, count)) {
        return false;
    }
    if (*count < 0) {
        int64_t bytes;
        if (*count == INT64_MIN || !varint(w, &bytes)) {
            return refuse(w, "block count is out of range");
        }
        if (bytes < 0 || bytes > w->end - w->at) {
            return refuse(w, "block goes past the end");
        }
        *count = -*count;
        *stop = w->at + bytes;
    }
    if (*count > w->end - w->at + (int64_t)AVRO_EMPTY_ITEMS_MAX) {
        return refuse(w, "block count is out of range");
    }
    return true;
}

static bool read_items(struct walk *w, const struct avro_op *op, struct datum *out)
{
    uint32_t first = w->count;
    struct place *place = &w->places[w->depth];
    place->name = NULL;
    for (;;) {
        int64_t count;
        const char *stop;
        place->index = w->count - first;
        if (!block_head(w, &count, &stop)) {
            return false;
        }
        if (!count) {
            break;
        }
        for (int64_t i = 0; i < count; i++) {
            place->index = w->count - first;
            if (!read_item(w, op)) {
                return false;
            }
        }
        if (stop && w->at != stop) {
            return refuse(w, "block has another size than it says");
        }
    }
    out->count = w->count - first;
    out->children = arena_alloc(w->arena, out->count * sizeof *out->children);
    if (!out->children) {
        return refuse(w, DATUM_TOO_LARGE);
    }
    memcpy(out->children, w->items + first, out->count * sizeof *out->children);
    w->count = first;
    if (op->code == AVRO_READ_MAP) {
        const char *reason = datum_twins(w->arena, out->children, out->count);
        if (reason) {
            w->depth--; /* the map itself is to blame, not an item */
            return refuse(w, reason);
        }
    }
    return true;
}

static bool read_container(struct walk *w, const struct avro_op *op, struct datum *out)
{
    if (w->depth == AVRO_DECODE_DEPTH_MAX) {
        return refuse(w, "nested too deeply");
    }
    w->depth++;
    bool ok = op->code == AVRO_READ_RECORD ? read_record(w, op, out) : read_items(w, op, out);
    w->depth -= ok; /* after a refusal the depth stays: it says where */
    return ok;
}

static bool read_boolean(struct walk *w, struct datum *out)
{
    struct slice byte;
    if (!raw(w, 1, &byte)) {
        return false;
    }
    out->boolean = *byte.data == 1;
    return (unsigned char)*byte.data <= 1 || refuse(w, "boolean is neither 0 nor 1");
}

/* Fills *out but for its name. */
static bool value(struct walk *w, const struct avro_op *op, struct datum *out)
{
    while (op->code == AVRO_READ_UNION) { /* unions never nest directly */
        int64_t branch;
        if (!varint(w, &branch)) {
            return false;
        }
        if (branch < 0 || branch >= op->count) {
            return refuse(w, "union branch is out of range");
        }
        op = op->branches[branch];
    }
    out->kind = op->kind;
    out->logical = op->logical;
    out->scale = 0;
    out->count = 0;
    out->text = (struct slice){0};
    switch ((enum avro_code)op->code) {
    case AVRO_READ_NULL:
        return true;
    case AVRO_READ_BOOLEAN:
        return read_boolean(w, out);
    case AVRO_READ_INT:
    case AVRO_READ_LONG:
        return read_whole(w, op, out);
    case AVRO_READ_FLOAT:
    case AVRO_READ_DOUBLE:
        return read_real(w, op, out);
    case AVRO_READ_BYTES:
    case AVRO_READ_STRING:
    case AVRO_READ_FIXED:
        return read_run(w, op, out);
    case AVRO_READ_ENUM:
        return read_enum(w, op, out);
    case AVRO_READ_RECORD:
    case AVRO_READ_ARRAY:
    case AVRO_READ_MAP:
        return read_container(w, op, out);
    case AVRO_READ_UNION:
        break;
    case AVRO_READ_REFUSED:
        return refuse(w, op->reason);
    }
    return refuse(w, "unknown operation");
}

static bool failed(const struct walk *w, struct decode_error *error)
{
    error->reason = w->reason;
    error->offset = (size_t)(w->at - w->start);
    error->field[0] = 0;
    for (uint32_t i = 1; i <= w->depth; i++) {
        if (w->places[i].name) {
            decode_path_name(error, *w->places[i].name);
        } else {
            decode_path_index(error, w->places[i].index);
        }
    }
    return false;
}

bool avro_decode(const struct avro_plan *plan, struct arena *arena, struct slice body,
                 struct datum **out, struct decode_error *error)
{
    struct walk w; /* not zeroed: mostly never touched */
    w.start = w.at = body.bytes ? body.data : "";
    w.end = w.start + body.bytes;
    w.arena = arena;
    w.reason = NULL;
    w.depth = w.empty_items = w.count = 0;
    w.items = w.first_items;
    w.capacity = ITEMS_FIRST;
    struct datum *root = arena_zero(arena, sizeof *root);
    if (!root) {
        refuse(&w, DATUM_TOO_LARGE);
        return failed(&w, error);
    }
    if (!value(&w, plan->root, root)) {
        return failed(&w, error);
    }
    if (w.at != w.end) {
        refuse(&w, "something follows the value");
        return failed(&w, error);
    }
    *out = root;
    return true;
}
