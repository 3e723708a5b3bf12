#include "schemas/avro_leaf.h"

#include "schemas/datum_twins.h"

enum { LIMB_DIGITS = 9, LIMB = 1000000000 };

/* Decimal digits of an unsigned big-endian number, consumed by repeated division; returns how many
 * were written to the end of out[bytes]. */
static size_t wide_digits(unsigned char *number, size_t bytes, char *out, size_t room)
{
    size_t at = room;
    for (;;) {
        uint64_t rest = 0;
        bool is_zero = true;
        for (size_t i = 0; i < bytes; i++) {
            rest = rest << 8 | number[i];
            number[i] = (unsigned char)(rest / LIMB);
            rest %= LIMB;
            is_zero = is_zero && number[i] == 0;
        }
        for (int i = 0; i < LIMB_DIGITS && (rest || !is_zero); i++) {
            out[--at] = (char)('0' + rest % 10);
            rest /= 10;
        }
        if (is_zero) {
            return room - at;
        }
    }
}

/* The number as plain decimal text in the arena. */
static bool wide_decimal(struct arena *arena, struct slice bytes, int scale, struct slice *out)
{
    unsigned char number[AVRO_DECIMAL_BYTES_MAX];
    memcpy(number, bytes.data, bytes.bytes);
    bool negative = number[0] & 0x80;
    unsigned carry = 1;
    for (size_t i = bytes.bytes; negative && i-- > 0;) {
        unsigned byte = (unsigned char)~number[i] + carry;
        number[i] = (unsigned char)byte;
        carry = byte >> 8;
    }
    char digits[3 * AVRO_DECIMAL_BYTES_MAX + LIMB_DIGITS];
    size_t count = wide_digits(number, bytes.bytes, digits, sizeof digits);
    size_t behind = (size_t)scale;
    size_t zeros = behind >= count ? behind - count + 1 : 0;
    char *text = arena_alloc(arena, count + zeros + 2);
    if (!text) {
        return false;
    }
    size_t at = 0;
    if (negative) {
        text[at++] = '-';
    }
    const char *from = digits + sizeof digits - count;
    for (size_t i = 0; i < count + zeros; i++) {
        if (i == count + zeros - behind) {
            text[at++] = '.';
        }
        text[at++] = i < zeros ? '0' : from[i - zeros];
    }
    *out = (struct slice){text, at};
    return true;
}

const char *avro_leaf_decimal(struct arena *arena, struct slice bytes, int scale, struct datum *out)
{
    if (!bytes.bytes) {
        return "decimal without bytes";
    }
    /* Leading bytes that only repeat the sign say nothing. */
    while (bytes.bytes > sizeof(int64_t) &&
           (unsigned char)bytes.data[0] == ((bytes.data[1] & 0x80) ? 0xff : 0)) {
        bytes.data++;
        bytes.bytes--;
    }
    out->kind = DATUM_DECIMAL;
    out->logical = DATUM_PLAIN;
    if (bytes.bytes > sizeof(int64_t)) {
        if (bytes.bytes > AVRO_DECIMAL_BYTES_MAX) {
            return "decimal is too wide";
        }
        out->scale = DATUM_SCALE_WIDE;
        return wide_decimal(arena, bytes, scale, &out->text) ? NULL : DATUM_TOO_LARGE;
    }
    uint64_t value = (bytes.data[0] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.bytes; i++) {
        value = value << 8 | (unsigned char)bytes.data[i];
    }
    out->scale = (int16_t)scale;
    out->text = (struct slice){0};
    out->i64 = (int64_t)value;
    return NULL;
}
