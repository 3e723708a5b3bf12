/* One walk over an outgoing event, two encodings: compact JSON or Avro binary.
 *
 *     struct emit w;
 *     wire_begin(encoder, buf, &w);                        // framing, then emit_init
 *     emit_record_begin(&w, NULL);
 *     emit_text(&w, "sku", sku);
 *     emit_optional_f64(&w, "money_at_risk", known, money);   // union of null and double
 *     emit_array_begin(&w, "steps", count);
 *     for (...) { emit_record_begin(&w, NULL); ...; emit_record_end(&w); }   // items have no name
 *     emit_array_end(&w);
 *     emit_record_end(&w);
 *     emit_end(&w);
 *
 * Calls come in schema order: JSON writes names, Avro only positions. `name` is the field's name,
 * NULL for items of arrays, values of maps (after emit_key) and the root. Names are our own
 * identifiers: never escaped. When a schema is given to emit_init each call is checked against it
 * (ASSERT), so the two forms cannot drift apart; wire_begin gives it in debug builds. Floats: the
 * shortest digits that read back as the same float32 (double for emit_f64), whole numbers without
 * ".0"; a number that is not finite is our mistake (ASSERT). Union values in JSON stand bare,
 * without Avro's {"type": value} wrapping. Thread: one owner.
 */
#ifndef RESTOCK_EMIT_H
#define RESTOCK_EMIT_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "schemas/avro_schema.h"
#include "schemas/emit_put.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* schema NULL: unchecked; else it must outlive the walk. */
void emit_init(struct emit *w, struct buf *buf, enum emit_format format,
               const struct avro_schema *schema);
void emit_end(struct emit *w); /* the walk is complete; frees the check */

/* Before a value whose type is a union: which branch follows. No effect in JSON. */
void emit_branch(struct emit *w, uint32_t branch);

static inline void emit_record_begin(struct emit *w, const char *name)
{
    emit_prefix(w, name, AVRO_KIND_RECORD);
    emit_put_open(w, '{');
}

/* count must be the number of items that follow. */
static inline void emit_array_begin(struct emit *w, const char *name, size_t count)
{
    emit_prefix(w, name, AVRO_KIND_ARRAY);
    emit_put_blocks(w, '[', count);
}

static inline void emit_map_begin(struct emit *w, const char *name, size_t count)
{
    emit_prefix(w, name, AVRO_KIND_MAP);
    emit_put_blocks(w, '{', count);
}

void emit_key(struct emit *w, struct slice key); /* then one value with name NULL */
void emit_record_end(struct emit *w);
void emit_array_end(struct emit *w);
void emit_map_end(struct emit *w);

/* Fields that were just written, from this place on, may be repeated as they stand: JSON without a
 * check only, else emit_repeats says false and they must be written again. */
static inline bool emit_repeats(const struct emit *w)
{
    return w->format == EMIT_JSON && !w->check;
}

static inline size_t emit_place(const struct emit *w)
{
    return w->buf->bytes;
}

/* The fields between two places, at least one, in the middle of a record. */
static inline void emit_again(struct emit *w, size_t from, size_t to)
{
    buf_room(w->buf, to - from);
    memcpy(w->buf->data + w->buf->bytes, w->buf->data + from, to - from);
    w->buf->bytes += to - from;
    w->comma = true;
}

/* A field of type null; for unions see emit_optional_*. */
static inline void emit_null(struct emit *w, const char *name)
{
    emit_prefix(w, name, AVRO_KIND_NULL);
    emit_put_null(w);
}

static inline void emit_bool(struct emit *w, const char *name, bool value)
{
    emit_prefix(w, name, AVRO_KIND_BOOLEAN);
    emit_put_bool(w, value);
}

static inline void emit_i32(struct emit *w, const char *name, int32_t value)
{
    emit_prefix(w, name, AVRO_KIND_INT);
    emit_put_i64(w, value);
}

static inline void emit_i64(struct emit *w, const char *name, int64_t value)
{
    emit_prefix(w, name, AVRO_KIND_LONG);
    emit_put_i64(w, value);
}

static inline void emit_f32(struct emit *w, const char *name, float value)
{
    emit_prefix(w, name, AVRO_KIND_FLOAT);
    emit_put_f32(w, value);
}

static inline void emit_f64(struct emit *w, const char *name, double value)
{
    emit_prefix(w, name, AVRO_KIND_DOUBLE);
    emit_put_f64(w, value);
}

/* value: valid UTF-8 */
static inline void emit_text(struct emit *w, const char *name, struct slice value)
{
    emit_prefix(w, name, AVRO_KIND_STRING);
    emit_put_text(w, value);
}

static inline void emit_enum(struct emit *w, const char *name, uint32_t index, const char *symbol)
{
    emit_prefix(w, name, AVRO_KIND_ENUM);
    emit_put_enum(w, index, symbol);
}

/* A whole array of floats: the hot loop of forecasts. */
static inline void emit_f32s(struct emit *w, const char *name, const float *values, size_t count)
{
    emit_array_begin(w, name, count);
    emit_put_f32s(w, values, count);
    emit_array_end(w);
}

/* Unions of null (branch 0) and a type (branch 1): the value, or null. */
static inline void emit_optional_i32(struct emit *w, const char *name, bool has, int32_t value)
{
    emit_branch(w, has ? 1 : 0);
    if (has) {
        emit_i32(w, name, value);
    } else {
        emit_null(w, name);
    }
}

static inline void emit_optional_i64(struct emit *w, const char *name, bool has, int64_t value)
{
    emit_branch(w, has ? 1 : 0);
    if (has) {
        emit_i64(w, name, value);
    } else {
        emit_null(w, name);
    }
}

static inline void emit_optional_f32(struct emit *w, const char *name, bool has, float value)
{
    emit_branch(w, has ? 1 : 0);
    if (has) {
        emit_f32(w, name, value);
    } else {
        emit_null(w, name);
    }
}

static inline void emit_optional_f64(struct emit *w, const char *name, bool has, double value)
{
    emit_branch(w, has ? 1 : 0);
    if (has) {
        emit_f64(w, name, value);
    } else {
        emit_null(w, name);
    }
}

/* A field without a value that JSON leaves out: null in Avro. */
void emit_absent(struct emit *w, const char *name);

/* data NULL: null */
static inline void emit_optional_text(struct emit *w, const char *name, struct slice value)
{
    emit_branch(w, value.data ? 1 : 0);
    if (value.data) {
        emit_text(w, name, value);
    } else {
        emit_null(w, name);
    }
}

#endif
