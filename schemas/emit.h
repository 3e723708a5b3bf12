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

#include <stdbool.h>
#include <stdint.h>

enum emit_format { EMIT_JSON, EMIT_AVRO };

struct emit_check; /* emit_check.c */

struct emit {
    struct buf *buf;
    enum emit_format format;
    bool comma; /* JSON: a sibling stands before the next value */
    struct emit_check *check; /* NULL: unchecked */
};

/* schema NULL: unchecked; else it must outlive the walk. */
void emit_init(struct emit *w, struct buf *buf, enum emit_format format,
               const struct avro_schema *schema);
void emit_end(struct emit *w); /* the walk is complete; frees the check */

void emit_record_begin(struct emit *w, const char *name);
void emit_record_end(struct emit *w);
void emit_array_begin(struct emit *w, const char *name, size_t count);
void emit_array_end(struct emit *w);
void emit_map_begin(struct emit *w, const char *name, size_t count);
void emit_key(struct emit *w, struct slice key); /* then one value with name NULL */
void emit_map_end(struct emit *w);

/* Before a value whose type is a union: which branch follows. No effect in JSON. */
void emit_branch(struct emit *w, uint32_t branch);

void emit_null(struct emit *w, const char *name); /* not in a union: a field of type null */
void emit_bool(struct emit *w, const char *name, bool value);
void emit_i32(struct emit *w, const char *name, int32_t value); /* int */
void emit_i64(struct emit *w, const char *name, int64_t value); /* long */
void emit_f32(struct emit *w, const char *name, float value);
void emit_f64(struct emit *w, const char *name, double value);
void emit_text(struct emit *w, const char *name, struct slice value); /* valid UTF-8 */
void emit_enum(struct emit *w, const char *name, uint32_t index, const char *symbol);

/* A whole array of floats: the hot loop of forecasts. */
void emit_f32s(struct emit *w, const char *name, const float *values, size_t count);

/* Unions of null (branch 0) and a type (branch 1): the value, or null. */
void emit_optional_i32(struct emit *w, const char *name, bool has, int32_t value);
void emit_optional_i64(struct emit *w, const char *name, bool has, int64_t value);
void emit_optional_f32(struct emit *w, const char *name, bool has, float value);
void emit_optional_f64(struct emit *w, const char *name, bool has, double value);
void emit_optional_text(struct emit *w, const char *name, struct slice value); /* data NULL: null */

/* Shortest text of a finite number; returns its length (at most EMIT_NUMBER_BYTES), no NUL. */
enum { EMIT_NUMBER_BYTES = 32 };
size_t emit_f32_digits(char *out, float value);
size_t emit_f64_digits(char *out, double value);
size_t emit_i64_digits(char *out, int64_t value);

#endif
