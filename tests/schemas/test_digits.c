#include "schemas/digits.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *f32(float value)
{
    static char text[DIGITS_BYTES + 1];
    text[digits_f32(text, value)] = 0;
    return text;
}

static const char *f64(double value)
{
    static char text[DIGITS_BYTES + 1];
    text[digits_f64(text, value)] = 0;
    return text;
}

static const char *i64(int64_t value)
{
    static char text[DIGITS_BYTES + 1];
    text[digits_i64(text, value)] = 0;
    return text;
}

Test(digits, whole_numbers)
{
    cr_assert_str_eq(i64(0), "0");
    cr_assert_str_eq(i64(-7), "-7");
    cr_assert_str_eq(i64(1293840000000), "1293840000000");
    cr_assert_str_eq(i64(INT64_MIN), "-9223372036854775808");
    cr_assert_str_eq(i64(INT64_MAX), "9223372036854775807");
    char expected[32];
    for (int64_t value = 1; value < INT64_MAX / 10; value = value * 10 + 7) {
        for (int64_t near = value - 2; near <= value + 2; near++) {
            snprintf(expected, sizeof expected, "%lld", (long long)near);
            cr_assert_str_eq(i64(near), expected);
        }
    }
}

Test(digits, known_floats)
{
    cr_assert_str_eq(f32(0), "0");
    cr_assert_str_eq(f32(-0.0f), "0");
    cr_assert_str_eq(f32(12), "12");
    cr_assert_str_eq(f32(16777216.0f), "16777216");
    cr_assert_str_eq(f32(0.05f), "0.05");
    cr_assert_str_eq(f32(0.99f), "0.99");
    cr_assert_str_eq(f32(-2.5f), "-2.5");
    cr_assert_str_eq(f32(0.001f), "0.001");
    cr_assert_str_eq(f32(0.00001f), "0.00001");
    cr_assert_str_eq(f32(16777.2f), "16777.2");
    cr_assert_str_eq(f32(8388607.5f), "8388607.5");
    cr_assert_str_eq(f32(1.0f / 3), "0.33333334");
    cr_assert_str_eq(f32(3.4028235e38f), "3.4028235e+38");
    cr_assert_str_eq(f32(1e-45f), "1e-45");
    cr_assert_str_eq(f64(2.55), "2.55");
    cr_assert_str_eq(f64(0.1), "0.1");
    cr_assert_str_eq(f64(-1234567.25), "-1234567.25");
    cr_assert_str_eq(f64(9007199254740991.0), "9007199254740991");
    cr_assert_str_eq(f64(5e-324), "5e-324");
    cr_assert_str_eq(f64(0.1 + 0.2), "0.30000000000000004");
}

/* The fewest digits of %.{n}g that read back; ours may not have more. */
static size_t significant(const char *text)
{
    size_t count = 0, trailing = 0;
    bool begun = false;
    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (begun || *text != '0')) {
            begun = true;
            count++;
            trailing = *text == '0' ? trailing + 1 : 0;
        }
    }
    return count - trailing;
}

static void check_f32(float value)
{
    const char *text = f32(value);
    cr_assert(strtof(text, NULL) == value, "%s for %.9g", text, (double)value);
    cr_assert(strlen(text) <= DIGITS_BYTES);
    char shortest[40];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(shortest, sizeof shortest, "%.*g", digits, (double)value);
        if (strtof(shortest, NULL) == value) {
            break;
        }
    }
    bool is_whole = fabsf(value) < 0x1p24f && value == truncf(value);
    cr_assert(is_whole || significant(text) <= significant(shortest), "%s, shortest %s", text,
              shortest);
}

Test(digits, any_float_reads_back_and_is_shortest)
{
    struct rng rng;
    rng_init(&rng, 7);
    for (int i = 0; i < 200000; i++) {
        uint32_t bits = (uint32_t)rng_next(&rng);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            check_f32(value);
        }
        check_f32((float)(rng_next(&rng) % 1000000) / 1000.0f);
        check_f32((float)((double)(rng_next(&rng) >> 11) * 0x1p-53 * 60));
        check_f32((float)((double)(rng_next(&rng) >> 11) * 0x1p-53 * 1e-3));
    }
}

Test(digits, any_double_reads_back)
{
    struct rng rng;
    rng_init(&rng, 8);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = rng_next(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            cr_assert(strtod(f64(value), NULL) == value, "%.17g", value);
        }
        value = (double)(int64_t)(rng_next(&rng) >> 20) / 1000.0;
        cr_assert(strtod(f64(value), NULL) == value, "%.17g", value);
        value = (double)(rng_next(&rng) >> 11) * 0x1p-53;
        cr_assert(strtod(f64(value), NULL) == value, "%.17g", value);
    }
}

Test(digits, infinite_is_our_mistake, .signal = SIGABRT)
{
    f32(INFINITY);
}

Test(digits, nan_is_our_mistake, .signal = SIGABRT)
{
    f64(NAN);
}
