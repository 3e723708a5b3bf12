/* The inner half of emit.h: the state of a walk, what stands before a value, the bare values.
 * Include emit.h instead. */
#ifndef RESTOCK_EMIT_PUT_H
#define RESTOCK_EMIT_PUT_H

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

/* What stands before a value: JSON's comma and name, the check. Inline, so that the length of a
 * literal name is a constant. */
void emit_check_value(struct emit_check *check, const char *name, enum avro_kind kind);

static inline __attribute__((always_inline)) void emit_prefix(struct emit *w, const char *name,
                                                              enum avro_kind kind)
{
    if (__builtin_expect(w->check != NULL, 0)) {
        emit_check_value(w->check, name, kind);
    }
    if (w->format != EMIT_JSON) {
        return;
    }
    size_t bytes = name ? strlen(name) : 0;
    buf_room(w->buf, bytes + 4);
    char *at = w->buf->data + w->buf->bytes;
    *at = ',';
    at += w->comma;
    if (name) {
        *at++ = '"';
        at = mempcpy(at, name, bytes);
        *at++ = '"';
        *at++ = ':';
    }
    w->buf->bytes = (size_t)(at - w->buf->data);
    w->comma = true;
}

/* The values alone, behind emit_prefix. */
void emit_put_open(struct emit *w, char bracket);
void emit_put_blocks(struct emit *w, char bracket, size_t count);
void emit_put_bool(struct emit *w, bool value);
void emit_put_i64(struct emit *w, int64_t value);
void emit_put_f32(struct emit *w, float value);
void emit_put_f64(struct emit *w, double value);
void emit_put_text(struct emit *w, struct slice value);
void emit_put_f32s(struct emit *w, const float *values, size_t count);
void emit_put_enum(struct emit *w, uint32_t index, const char *symbol);
void emit_put_null(struct emit *w);

#endif
