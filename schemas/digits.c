/* Shortest digits without tables of powers of five.
 *
 * A decimal m / 10^k with m < 2^53 and k <= 22 divides two doubles that are exact, so the quotient
 * is the correctly rounded double of that decimal. It therefore reads back as a double v exactly
 * when m / 10^k == v. For a float32 the quotient is rounded once more; that is the float nearest to
 * the decimal unless the double lies on the border between two floats, which is treated as a miss.
 * So every candidate is proved by one division, and the search takes more digits until one fits;
 * what lies outside the comfortable range is left to printf and strtod.
 */
#include "schemas/digits.h"

#include "config/base/ensure.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLOAT_BORDER_BITS = 29, DECIMALS_MAX = 22, FEW_DECIMALS = 3 };

static const double POWER[DECIMALS_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const char PAIRS[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

static inline size_t digits_u32(char *out, uint32_t value)
{
    if (value < 10) {
        out[0] = (char)('0' + value);
        return 1;
    }
    if (value < 100) {
        memcpy(out, PAIRS + 2 * (size_t)value, 2);
        return 2;
    }
    char text[10];
    size_t at = sizeof text;
    while (value >= 100) {
        at -= 2;
        memcpy(text + at, PAIRS + 2 * (size_t)(value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(text + at, PAIRS + 2 * (size_t)value, 2);
    } else {
        text[--at] = (char)('0' + value);
    }
    memcpy(out, text + at, sizeof text - at);
    return sizeof text - at;
}

size_t digits_u64(char *out, uint64_t value)
{
    if (value <= UINT32_MAX) {
        return digits_u32(out, (uint32_t)value);
    }
    char text[20];
    size_t at = sizeof text;
    for (; value >= 100; value /= 100) {
        at -= 2;
        memcpy(text + at, PAIRS + 2 * (size_t)(value % 100), 2);
    }
    if (value >= 10) {
        at -= 2;
        memcpy(text + at, PAIRS + 2 * (size_t)value, 2);
    } else {
        text[--at] = (char)('0' + value);
    }
    memcpy(out, text + at, sizeof text - at);
    return sizeof text - at;
}

size_t digits_i64(char *out, int64_t value)
{
    if (value >= 0) {
        return digits_u64(out, (uint64_t)value);
    }
    out[0] = '-';
    return 1 + digits_u64(out + 1, 0 - (uint64_t)value);
}

/* m / 10^decimals as text; trailing zeros behind the point are dropped. */
static size_t fixed(char *out, uint64_t m, int decimals)
{
    while (decimals > 0 && m % 10 == 0) {
        m /= 10;
        decimals--;
    }
    char text[24];
    size_t digits = digits_u64(text, m);
    size_t point = (size_t)decimals;
    if (!point) {
        memcpy(out, text, digits);
        return digits;
    }
    size_t at = 0;
    if (digits <= point) {
        out[at++] = '0';
        out[at++] = '.';
        memset(out + at, '0', point - digits);
        at += point - digits;
        memcpy(out + at, text, digits);
        return at + digits;
    }
    memcpy(out, text, digits - point);
    at = digits - point;
    out[at++] = '.';
    memcpy(out + at, text + digits - point, point);
    return at + point;
}

/* m / 1000, which is not whole. */
static inline size_t thousandths(char *out, uint32_t m)
{
    uint32_t rest = m % 1000;
    size_t at = digits_u32(out, m / 1000);
    out[at++] = '.';
    out[at] = (char)('0' + rest / 100);
    out[at + 1] = (char)('0' + rest / 10 % 10);
    out[at + 2] = (char)('0' + rest % 10);
    return at + (rest % 10 ? 3 : rest % 100 ? 2 : 1);
}

/* Nearest integer of a positive number below 2^62; ties do not matter, as each candidate is proved.
 */
static inline int64_t nearest(double value)
{
    return (int64_t)(value + 0.5);
}

/* Does the decimal m / 10^k read back as this float? scaled = value x 10^k: farther from m than
 * half the distance of floats is a cheap no. */
static inline bool reads_as_f32(int64_t m, int decimals, float value, double scaled)
{
    if (fabs(scaled - (double)m) > scaled * 0x1.1p-24) {
        return false;
    }
    double quotient = (double)m / POWER[decimals];
    uint64_t bits;
    memcpy(&bits, &quotient, sizeof bits);
    const uint64_t below = (1ULL << FLOAT_BORDER_BITS) - 1;
    return (float)quotient == value && (bits & below) != 1ULL << (FLOAT_BORDER_BITS - 1);
}

static size_t printed_f32(char *out, float value)
{
    int bytes = 0;
    for (int digits = 1; digits <= 9; digits++) {
        bytes = snprintf(out, DIGITS_BYTES, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value) {
            break;
        }
    }
    return (size_t)bytes;
}

static size_t printed_f64(char *out, double value)
{
    int bytes = 0;
    for (int digits = 1; digits <= 17; digits += digits < 12 ? 11 : 1) {
        bytes = snprintf(out, DIGITS_BYTES, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            break;
        }
    }
    return (size_t)bytes;
}

/* value in [1e-5, 2^24), not whole. All decimals of six digits are different floats, so the first
 * fit from six digits on, without its trailing zeros, is the shortest. */
static size_t searched_f32(char *out, float value)
{
    double wide = (double)value;
    double scaled = wide * POWER[FEW_DECIMALS];
    int64_t few = nearest(scaled);
    if (few < 1000000 && reads_as_f32(few, FEW_DECIMALS, value, scaled)) {
        return thousandths(out, (uint32_t)few);
    }
    int whole = -4; /* digits before the point; below 1 minus the zeros behind it */
    double power = 1e-4;
    while (wide >= power) {
        power *= 10;
        whole++;
    }
    for (int digits = 6; digits <= 9; digits++) {
        int decimals = digits > whole ? digits - whole : 0;
        scaled = wide * POWER[decimals];
        int64_t m = nearest(scaled);
        if (reads_as_f32(m, decimals, value, scaled)) {
            return fixed(out, (uint64_t)m, decimals);
        }
    }
    return printed_f32(out, value);
}

size_t digits_f32(char *out, float value)
{
    ASSERT(isfinite(value));
    size_t sign = 0;
    if (value < 0) {
        *out++ = '-';
        sign = 1;
        value = -value;
    }
    if (value < 0x1p24f) {
        uint32_t whole = (uint32_t)value;
        if ((float)whole == value) {
            return sign + digits_u32(out, whole);
        }
        if (value >= 1e-5f) {
            return sign + searched_f32(out, value);
        }
    }
    return sign + printed_f32(out, value);
}

size_t digits_f64(char *out, double value)
{
    ASSERT(isfinite(value));
    size_t sign = 0;
    if (value < 0) {
        *out++ = '-';
        sign = 1;
        value = -value;
    }
    if (value < 0x1p53) {
        uint64_t whole = (uint64_t)value;
        if ((double)whole == value) {
            return sign + digits_u64(out, whole);
        }
    }
    if (value >= 1e-5 && value < 1e9) {
        for (int decimals = FEW_DECIMALS; decimals <= 6; decimals++) {
            int64_t m = nearest(value * POWER[decimals]);
            if ((double)m / POWER[decimals] == value) {
                return sign + fixed(out, (uint64_t)m, decimals);
            }
        }
    }
    return sign + printed_f64(out, value);
}
