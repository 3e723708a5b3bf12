/* Datum -> compact JSON. Recursion is bounded by the decoders' depth limits. */
#include "schemas/datum.h"

#include "schemas/digits.h"

#include <math.h>

static void escape(struct buf *buf, unsigned char byte)
{
    static const char HEX[] = "0123456789abcdef";
    switch (byte) {
    case '"':
    case '\\': {
        const char plain[2] = {'\\', (char)byte};
        buf_put(buf, plain, sizeof plain);
        return;
    }
    case '\n':
        buf_put(buf, "\\n", 2);
        return;
    case '\r':
        buf_put(buf, "\\r", 2);
        return;
    case '\t':
        buf_put(buf, "\\t", 2);
        return;
    default:
        buf_put(buf, "\\u00", 4);
        buf_byte(buf, (unsigned char)HEX[byte >> 4]);
        buf_byte(buf, (unsigned char)HEX[byte & 15]);
    }
}

void datum_print_text(struct buf *buf, struct slice text)
{
    buf_room(buf, text.bytes + 2);
    buf_byte(buf, '"');
    size_t from = 0;
    for (size_t at = 0; at < text.bytes; at++) {
        unsigned char byte = (unsigned char)text.data[at];
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            buf_put(buf, text.data + from, at - from);
            escape(buf, byte);
            from = at + 1;
        }
    }
    if (text.bytes > from) {
        buf_put(buf, text.data + from, text.bytes - from);
    }
    buf_byte(buf, '"');
}

static void print_bytes(struct buf *buf, struct slice bytes)
{
    buf_byte(buf, '"');
    for (size_t i = 0; i < bytes.bytes; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
            escape(buf, byte);
        } else {
            buf_byte(buf, byte);
        }
    }
    buf_byte(buf, '"');
}

static void print_decimal(struct buf *buf, const struct datum *d)
{
    char text[DIGITS_BYTES];
    uint64_t size = d->i64 < 0 ? 0 - (uint64_t)d->i64 : (uint64_t)d->i64;
    size_t bytes = digits_u64(text, size);
    size_t scale = d->scale > 0 ? (size_t)d->scale : 0;
    if (d->i64 < 0) {
        buf_byte(buf, '-');
    }
    if (bytes > scale) {
        buf_put(buf, text, bytes - scale);
    } else {
        buf_byte(buf, '0');
    }
    if (scale) {
        buf_byte(buf, '.');
        for (size_t i = bytes; i < scale; i++) {
            buf_byte(buf, '0');
        }
        size_t behind = bytes < scale ? bytes : scale;
        buf_put(buf, text + bytes - behind, behind);
    }
}

static void print_double(struct buf *buf, const struct datum *d)
{
    if (!isfinite(d->f64)) {
        buf_text(buf, isnan(d->f64) ? "\"NaN\"" : d->f64 > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        return;
    }
    char text[DIGITS_BYTES];
    size_t bytes =
        d->logical == DATUM_FLOAT ? digits_f32(text, (float)d->f64) : digits_f64(text, d->f64);
    buf_put(buf, text, bytes);
}

static void print_children(struct buf *buf, const struct datum *d)
{
    bool named = d->kind != DATUM_ARRAY;
    buf_byte(buf, named ? '{' : '[');
    for (uint32_t i = 0; i < d->count; i++) {
        if (i) {
            buf_byte(buf, ',');
        }
        if (named) {
            datum_print_text(buf, d->children[i].name);
            buf_byte(buf, ':');
        }
        datum_print(buf, &d->children[i]);
    }
    buf_byte(buf, named ? '}' : ']');
}

void datum_print(struct buf *buf, const struct datum *d)
{
    bool is_number = d->kind == DATUM_INT || d->kind == DATUM_DOUBLE || d->kind == DATUM_DECIMAL;
    if (is_number && d->text.bytes) {
        buf_slice(buf, d->text);
        return;
    }
    char text[DIGITS_BYTES];
    switch ((enum datum_kind)d->kind) {
    case DATUM_NULL:
        buf_text(buf, "null");
        break;
    case DATUM_BOOL:
        buf_text(buf, d->boolean ? "true" : "false");
        break;
    case DATUM_INT:
        buf_put(buf, text, digits_i64(text, d->i64));
        break;
    case DATUM_DOUBLE:
        print_double(buf, d);
        break;
    case DATUM_DECIMAL:
        print_decimal(buf, d);
        break;
    case DATUM_TEXT:
        datum_print_text(buf, d->text);
        break;
    case DATUM_BYTES:
        print_bytes(buf, d->text);
        break;
    case DATUM_RECORD:
    case DATUM_MAP:
    case DATUM_ARRAY:
        print_children(buf, d);
        break;
    }
}
