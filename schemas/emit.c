#include "schemas/emit.h"

#include "config/base/ensure.h"
#include "schemas/datum.h"
#include "schemas/digits.h"
#include "schemas/emit_check.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are copied as they stand");

void emit_init(struct emit *w, struct buf *buf, enum emit_format format,
               const struct avro_schema *schema)
{
    *w = (struct emit){.buf = buf, .format = format};
    if (schema) {
        w->check = emit_check_create(schema);
    }
}

void emit_end(struct emit *w)
{
    if (w->check) {
        emit_check_end(w->check);
        w->check = NULL;
    }
}

void emit_put_open(struct emit *w, char bracket)
{
    if (w->format == EMIT_JSON) {
        buf_byte(w->buf, (unsigned char)bracket);
        w->comma = false;
    }
}

void emit_put_blocks(struct emit *w, char bracket, size_t count)
{
    if (w->check) {
        emit_check_count(w->check, count);
    }
    emit_put_open(w, bracket);
    if (w->format == EMIT_AVRO && count) {
        buf_varint(w->buf, (int64_t)count);
    }
}

static void close_bracket(struct emit *w, char bracket)
{
    buf_byte(w->buf, (unsigned char)bracket);
    w->comma = true;
}

void emit_record_end(struct emit *w)
{
    if (w->check) {
        emit_check_close(w->check, AVRO_KIND_RECORD);
    }
    if (w->format == EMIT_JSON) {
        close_bracket(w, '}');
    }
}

void emit_array_end(struct emit *w)
{
    if (w->check) {
        emit_check_close(w->check, AVRO_KIND_ARRAY);
    }
    if (w->format == EMIT_JSON) {
        close_bracket(w, ']');
    } else {
        buf_byte(w->buf, 0);
    }
}

void emit_map_end(struct emit *w)
{
    if (w->check) {
        emit_check_close(w->check, AVRO_KIND_MAP);
    }
    if (w->format == EMIT_JSON) {
        close_bracket(w, '}');
    } else {
        buf_byte(w->buf, 0);
    }
}

void emit_key(struct emit *w, struct slice key)
{
    if (w->check) {
        emit_check_key(w->check);
    }
    if (w->format == EMIT_JSON) {
        if (w->comma) {
            buf_byte(w->buf, ',');
        }
        datum_print_text(w->buf, key);
        buf_byte(w->buf, ':');
        w->comma = false;
    } else {
        emit_put_text(w, key);
    }
}

void emit_branch(struct emit *w, uint32_t branch)
{
    if (w->check) {
        emit_check_branch(w->check, branch);
    }
    if (w->format == EMIT_AVRO) {
        buf_varint(w->buf, branch);
    }
}

void emit_absent(struct emit *w, const char *name)
{
    emit_branch(w, 0);
    if (w->format != EMIT_JSON) {
        emit_null(w, name);
    } else if (w->check) {
        emit_check_value(w->check, name, AVRO_KIND_NULL);
    }
}

void emit_put_null(struct emit *w)
{
    if (w->format == EMIT_JSON) {
        buf_put(w->buf, "null", 4);
    }
}

void emit_put_bool(struct emit *w, bool value)
{
    if (w->format == EMIT_JSON) {
        buf_text(w->buf, value ? "true" : "false");
    } else {
        buf_byte(w->buf, value);
    }
}

void emit_put_i64(struct emit *w, int64_t value)
{
    if (w->format == EMIT_JSON) {
        buf_room(w->buf, DIGITS_BYTES);
        w->buf->bytes += digits_i64(w->buf->data + w->buf->bytes, value);
    } else {
        buf_varint(w->buf, value);
    }
}

void emit_put_f32(struct emit *w, float value)
{
    if (w->format == EMIT_JSON) {
        buf_room(w->buf, DIGITS_BYTES);
        w->buf->bytes += digits_f32(w->buf->data + w->buf->bytes, value);
    } else {
        ASSERT(__builtin_isfinite(value));
        buf_put(w->buf, &value, sizeof value);
    }
}

void emit_put_f64(struct emit *w, double value)
{
    if (w->format == EMIT_JSON) {
        buf_room(w->buf, DIGITS_BYTES);
        w->buf->bytes += digits_f64(w->buf->data + w->buf->bytes, value);
    } else {
        ASSERT(__builtin_isfinite(value));
        buf_put(w->buf, &value, sizeof value);
    }
}

void emit_put_f32s(struct emit *w, const float *values, size_t count)
{
    if (w->check) {
        for (size_t i = 0; i < count; i++) {
            emit_check_value(w->check, NULL, AVRO_KIND_FLOAT);
        }
    }
    if (w->format == EMIT_AVRO) {
        for (size_t i = 0; i < count; i++) {
            ASSERT(__builtin_isfinite(values[i]));
        }
        buf_put(w->buf, values, count * sizeof *values);
        return;
    }
    buf_room(w->buf, count * (DIGITS_BYTES + 1));
    char *at = w->buf->data + w->buf->bytes;
    for (size_t i = 0; i < count; i++) {
        *at = ',';
        at += i > 0;
        uint32_t unit = values[i] >= 0 && values[i] < 10 ? (uint32_t)values[i] : 10;
        if ((float)unit == values[i] && unit < 10) { /* most quantiles are a few whole units */
            *at++ = (char)('0' + unit);
        } else {
            at += digits_f32(at, values[i]);
        }
    }
    w->buf->bytes = (size_t)(at - w->buf->data);
}

void emit_put_text(struct emit *w, struct slice value)
{
    if (w->format == EMIT_JSON) {
        datum_print_text(w->buf, value);
    } else {
        buf_varint(w->buf, (int64_t)value.bytes);
        buf_slice(w->buf, value);
    }
}

void emit_put_enum(struct emit *w, uint32_t index, const char *symbol)
{
    if (w->check) {
        emit_check_symbol(w->check, index, symbol);
    }
    if (w->format == EMIT_JSON) {
        buf_byte(w->buf, '"');
        buf_text(w->buf, symbol);
        buf_byte(w->buf, '"');
    } else {
        buf_varint(w->buf, index);
    }
}
