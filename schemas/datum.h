/* Decoded input: a bounded tree in an arena, the same whether it came as Avro or JSON.
 *
 *     const struct datum *lines = datum_child(order, slice_of("lines"), NULL);
 *     for (uint32_t i = 0; lines && i < lines->count; i++) {
 *         const struct datum *price = datum_child(&lines->children[i], price_name, &hint);
 *         int64_t pence;
 *         if (price && datum_scaled(price, 2, &pence) == DATUM_NUMBER_OK) { ... }
 *     }
 *
 * Nothing is owned: texts point into the message or the arena, children into the arena; a tree dies
 * with the earlier of the two. Thread: read-only after decoding.
 */
#ifndef RESTOCK_DATUM_H
#define RESTOCK_DATUM_H

#include "config/base/buf.h"
#include "config/base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum datum_kind {
    DATUM_NULL,
    DATUM_BOOL,
    DATUM_INT, /* i64 */
    DATUM_DOUBLE, /* f64; JSON numbers that are no exact int64 x 10^-scale are this too */
    DATUM_DECIMAL, /* i64 x 10^-scale, or DATUM_SCALE_WIDE */
    DATUM_TEXT, /* valid UTF-8 in text; may hold NUL bytes */
    DATUM_BYTES, /* any bytes in text */
    DATUM_RECORD, /* named children in schema order (Avro) or message order (JSON objects) */
    DATUM_MAP, /* as RECORD, from an Avro map: names are data */
    DATUM_ARRAY, /* children without names */
};

/* A DECIMAL of this scale does not fit 64 bits: its text holds it whole, i64 nothing. */
enum { DATUM_SCALE_WIDE = INT16_MIN };

enum datum_logical {
    DATUM_PLAIN,
    DATUM_DATE, /* INT: days since 1970-01-01 */
    DATUM_TIME_MILLIS,
    DATUM_TIME_MICROS,
    DATUM_TIMESTAMP_MILLIS,
    DATUM_TIMESTAMP_MICROS,
    DATUM_LOCAL_TIMESTAMP_MILLIS,
    DATUM_LOCAL_TIMESTAMP_MICROS,
    DATUM_UUID, /* TEXT */
    DATUM_DURATION, /* BYTES, 12 of them */
    DATUM_ENUM, /* TEXT: the symbol */
    DATUM_FLOAT, /* DOUBLE that came as 32 bits */
};

struct datum {
    uint8_t kind; /* enum datum_kind */
    uint8_t logical; /* enum datum_logical */
    int16_t scale; /* DECIMAL */
    uint32_t count; /* of children */
    struct slice name; /* as a child of a RECORD or MAP, else empty */
    struct slice text; /* TEXT, BYTES; JSON numbers: their exact text; wide DECIMAL: its digits */
    union {
        bool boolean;
        int64_t i64;
        double f64;
        struct datum *children; /* [count] */
    };
};

/* Why a message was refused. `reason` is a constant text; offset in bytes from the message's start;
 * field: dotted path as far as known ("lines[3].Quantity"), "" at the root. */
enum { DECODE_FIELD_BYTES = 96 };

struct decode_error {
    const char *reason;
    size_t offset;
    char field[DECODE_FIELD_BYTES];
};

enum datum_number {
    DATUM_NUMBER_OK,
    DATUM_NUMBER_NONE, /* no number */
    DATUM_NUMBER_FRACTION, /* digits behind the wanted scale */
    DATUM_NUMBER_RANGE, /* does not fit int64 (or is not finite) */
};

/* Child of a RECORD or MAP by name, or NULL (also when d is NULL or no record). hint: NULL, or an
 * index kept by the caller per name: where the field was last time; then one compare is enough. */
const struct datum *datum_child(const struct datum *d, struct slice name, uint32_t *hint);

/* The value x 10^scale (0..18) as an exact integer: 2.55 at scale 2 is 255, 1.5 at scale 0 a
 * FRACTION, 1e999 and 10^30 RANGE. INT, DECIMAL and JSON numbers never pass through floating point;
 * a binary float counts as the shortest decimal that reads back as it. Other kinds: NONE.
 * *out is touched only when OK. */
enum datum_number datum_scaled(const struct datum *d, int scale, int64_t *out);

/* The same for decimal text as it stands in CSV files and JSON strings:
 * [+-]digits[.digits][e[+-]n], no blanks; the whole slice must be a number. */
enum datum_number datum_scaled_text(struct slice text, int scale, int64_t *out);

/* Any number as double; NONE for other kinds, RANGE where the double would not be finite. */
enum datum_number datum_f64(const struct datum *d, double *out);
enum datum_number datum_f64_text(struct slice text, double *out);

const char *datum_kind_name(const struct datum *d); /* "null", "number", "text", "list" ... */

/* Compact JSON of the tree, for `inspect` and tests: BYTES as \u00XX text, DECIMAL as number. */
void datum_print(struct buf *buf, const struct datum *d);

/* A JSON string literal with quotes; text must be valid UTF-8. */
void datum_print_text(struct buf *buf, struct slice text);

#endif
