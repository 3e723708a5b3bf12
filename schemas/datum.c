#include "schemas/datum.h"

#include "config/base/ensure.h"
#include "schemas/digits.h"

#include <math.h>
#include <stdlib.h>

enum {
    SCALE_MAX = 18,
    EXPONENT_MAX = 1000000, /* beyond it every number is 0 or out of range */
    F64_TEXT_MAX = 1100, /* no double needs more digits; longer texts are cut to it */
};

static const int64_t POWER[SCALE_MAX + 1] = {1,
                                             10,
                                             100,
                                             1000,
                                             10000,
                                             100000,
                                             1000000,
                                             10000000,
                                             100000000,
                                             1000000000,
                                             10000000000,
                                             100000000000,
                                             1000000000000,
                                             10000000000000,
                                             100000000000000,
                                             1000000000000000,
                                             10000000000000000,
                                             100000000000000000,
                                             1000000000000000000};

const struct datum *datum_child(const struct datum *d, struct slice name, uint32_t *hint)
{
    if (!d || (d->kind != DATUM_RECORD && d->kind != DATUM_MAP)) {
        return NULL;
    }
    if (hint && *hint < d->count && slice_equal(d->children[*hint].name, name)) {
        return &d->children[*hint];
    }
    for (uint32_t i = 0; i < d->count; i++) {
        if (slice_equal(d->children[i].name, name)) {
            if (hint) {
                *hint = i;
            }
            return &d->children[i];
        }
    }
    return NULL;
}

/* A decimal number taken apart: digits[0..count) without leading and trailing zeros, times
 * 10^exponent; the point (if any) stands inside the digits and is skipped on reading. */
struct number {
    bool negative;
    const char *digits, *end; /* first and behind the last non-zero digit; equal: zero */
    int64_t exponent; /* of the last digit */
};

/* [+-]n behind the e; saturates. */
static bool exponent_parse(const char *at, const char *end, int64_t *out)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at == end) {
        return false;
    }
    int64_t value = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        if (value < EXPONENT_MAX) {
            value = value * 10 + (*at - '0');
        }
    }
    *out = negative ? -value : value;
    return true;
}

static bool number_parse(struct slice text, struct number *out)
{
    const char *at = text.data, *end = text.data + text.bytes;
    out->negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    const char *point = NULL, *first = NULL, *last = NULL;
    size_t digit_count = 0;
    for (; at < end && ((*at >= '0' && *at <= '9') || *at == '.'); at++) {
        if (*at == '.') {
            if (point) {
                return false;
            }
            point = at;
            continue;
        }
        digit_count++;
        if (*at != '0') {
            first = first ? first : at;
            last = at;
        }
    }
    if (!digit_count) {
        return false;
    }
    int64_t exponent = 0;
    const char *stop = at;
    if (at < end && ((*at != 'e' && *at != 'E') || !exponent_parse(at + 1, end, &exponent))) {
        return false;
    }
    out->digits = first;
    out->end = last ? last + 1 : first;
    out->exponent = 0;
    if (last) {
        const char *units = point ? point : stop; /* one behind the digit of weight 1 */
        out->exponent = exponent + (last < units ? units - last - 1 : units - last);
    }
    return true;
}

static enum datum_number number_scaled(const struct number *number, int scale, int64_t *out)
{
    if (number->digits == number->end) {
        *out = 0;
        return DATUM_NUMBER_OK;
    }
    int64_t shift = number->exponent + scale;
    if (shift < 0) {
        return DATUM_NUMBER_FRACTION;
    }
    int64_t value = 0;
    for (const char *at = number->digits; at < number->end; at++) {
        if (*at == '.') {
            continue;
        }
        int digit = number->negative ? '0' - *at : *at - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return DATUM_NUMBER_RANGE;
        }
    }
    if (shift > SCALE_MAX || __builtin_mul_overflow(value, POWER[shift], &value)) {
        return DATUM_NUMBER_RANGE;
    }
    *out = value;
    return DATUM_NUMBER_OK;
}

enum datum_number datum_scaled_text(struct slice text, int scale, int64_t *out)
{
    ASSERT(scale >= 0 && scale <= SCALE_MAX);
    struct number number;
    return number_parse(text, &number) ? number_scaled(&number, scale, out) : DATUM_NUMBER_NONE;
}

/* value x 10^-from at the scale `to`. */
static enum datum_number rescale(int64_t value, int from, int to, int64_t *out)
{
    if (from > to) {
        int less = from - to;
        int64_t divisor = less <= SCALE_MAX ? POWER[less] : INT64_MAX;
        if (value % divisor || (less > SCALE_MAX && value)) {
            return DATUM_NUMBER_FRACTION;
        }
        *out = value / divisor;
        return DATUM_NUMBER_OK;
    }
    int more = to - from;
    int64_t result = 0;
    if (value && (more > SCALE_MAX || __builtin_mul_overflow(value, POWER[more], &result))) {
        return DATUM_NUMBER_RANGE;
    }
    *out = result;
    return DATUM_NUMBER_OK;
}

enum datum_number datum_scaled(const struct datum *d, int scale, int64_t *out)
{
    ASSERT(scale >= 0 && scale <= SCALE_MAX);
    if (d->kind == DATUM_INT) {
        return rescale(d->i64, 0, scale, out);
    }
    if (d->kind == DATUM_DECIMAL && d->scale != DATUM_SCALE_WIDE) {
        return rescale(d->i64, d->scale, scale, out);
    }
    if (d->kind == DATUM_DECIMAL || (d->kind == DATUM_DOUBLE && d->text.bytes)) {
        return datum_scaled_text(d->text, scale, out);
    }
    if (d->kind != DATUM_DOUBLE) {
        return DATUM_NUMBER_NONE;
    }
    if (!isfinite(d->f64)) {
        return DATUM_NUMBER_RANGE;
    }
    char text[DIGITS_BYTES];
    size_t bytes =
        d->logical == DATUM_FLOAT ? digits_f32(text, (float)d->f64) : digits_f64(text, d->f64);
    return datum_scaled_text((struct slice){text, bytes}, scale, out);
}

enum datum_number datum_f64_text(struct slice text, double *out)
{
    struct number number;
    if (!number_parse(text, &number)) {
        return DATUM_NUMBER_NONE;
    }
    /* Only the significant digits, so that a text of any length fits: 0.ddd x 10^n. */
    char copy[F64_TEXT_MAX + 32];
    size_t at = 0, dropped = 0;
    copy[at++] = number.negative ? '-' : '+';
    copy[at++] = '0';
    for (const char *digit = number.digits; digit < number.end; digit++) {
        if (*digit == '.') {
            continue;
        }
        if (at < F64_TEXT_MAX) {
            copy[at++] = *digit;
        } else {
            dropped++;
        }
    }
    if (number.digits != number.end) {
        copy[at++] = 'e';
        at += digits_i64(copy + at, number.exponent + (int64_t)dropped);
    }
    copy[at] = 0;
    double value = strtod(copy, NULL);
    if (!isfinite(value)) {
        return DATUM_NUMBER_RANGE;
    }
    *out = value;
    return DATUM_NUMBER_OK;
}

enum datum_number datum_f64(const struct datum *d, double *out)
{
    if (d->kind == DATUM_INT) {
        *out = (double)d->i64;
        return DATUM_NUMBER_OK;
    }
    if (d->kind == DATUM_DOUBLE) {
        if (!isfinite(d->f64)) {
            return DATUM_NUMBER_RANGE;
        }
        *out = d->f64;
        return DATUM_NUMBER_OK;
    }
    if (d->kind != DATUM_DECIMAL) {
        return DATUM_NUMBER_NONE;
    }
    if (d->text.bytes) {
        return datum_f64_text(d->text, out);
    }
    char text[2 * DIGITS_BYTES];
    size_t bytes = digits_i64(text, d->i64);
    text[bytes++] = 'e';
    bytes += digits_i64(text + bytes, -(int64_t)d->scale);
    return datum_f64_text((struct slice){text, bytes}, out);
}

const char *datum_kind_name(const struct datum *d)
{
    switch ((enum datum_kind)d->kind) {
    case DATUM_NULL:
        return "null";
    case DATUM_BOOL:
        return "boolean";
    case DATUM_INT:
    case DATUM_DOUBLE:
    case DATUM_DECIMAL:
        return "number";
    case DATUM_TEXT:
        return "text";
    case DATUM_BYTES:
        return "bytes";
    case DATUM_RECORD:
    case DATUM_MAP:
        return "object";
    case DATUM_ARRAY:
        return "list";
    }
    return "nothing";
}
