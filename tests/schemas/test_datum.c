#include "schemas/datum.h"

#include "config/base/arena.h"
#include "schemas/json.h"

#include <criterion/criterion.h>
#include <math.h>

static int64_t scaled(const char *text, int scale, enum datum_number expected)
{
    int64_t value = -77;
    cr_assert_eq(datum_scaled_text(slice_of(text), scale, &value), expected, "%s", text);
    return value;
}

static int64_t as_is(struct datum d, int scale, enum datum_number expected)
{
    int64_t value = -77;
    cr_assert_eq(datum_scaled(&d, scale, &value), expected);
    return value;
}

Test(datum, scaled_text)
{
    cr_assert_eq(scaled("2.55", 2, DATUM_NUMBER_OK), 255);
    cr_assert_eq(scaled("2.550", 2, DATUM_NUMBER_OK), 255);
    cr_assert_eq(scaled("-0.07", 2, DATUM_NUMBER_OK), -7);
    cr_assert_eq(scaled("+3", 0, DATUM_NUMBER_OK), 3);
    cr_assert_eq(scaled(".5", 1, DATUM_NUMBER_OK), 5);
    cr_assert_eq(scaled("5.", 1, DATUM_NUMBER_OK), 50);
    cr_assert_eq(scaled("1200", 0, DATUM_NUMBER_OK), 1200);
    cr_assert_eq(scaled("1.2e3", 0, DATUM_NUMBER_OK), 1200);
    cr_assert_eq(scaled("1200e-2", 0, DATUM_NUMBER_OK), 12);
    cr_assert_eq(scaled("100.00100", 3, DATUM_NUMBER_OK), 100001);
    cr_assert_eq(scaled("0e999999999999", 0, DATUM_NUMBER_OK), 0);
    cr_assert_eq(scaled("-0", 2, DATUM_NUMBER_OK), 0);
    cr_assert_eq(scaled("9223372036854775807", 0, DATUM_NUMBER_OK), INT64_MAX);
    cr_assert_eq(scaled("-9223372036854775808", 0, DATUM_NUMBER_OK), INT64_MIN);
    cr_assert_eq(scaled("12.500000000000000000", 2, DATUM_NUMBER_OK), 1250);
}

Test(datum, scaled_text_refusals)
{
    static const char *const NONE[] = {"",    "-",     ".",    "six", "1 ",  " 1",  "1e",
                                       "1e+", "1.2.3", "0x10", "1,5", "NaN", "1e5x"};
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        cr_assert_eq(scaled(NONE[i], 2, DATUM_NUMBER_NONE), -77);
    }
    scaled("1.5", 0, DATUM_NUMBER_FRACTION);
    scaled("2.555", 2, DATUM_NUMBER_FRACTION);
    scaled("1e-999999999", 2, DATUM_NUMBER_FRACTION);
    scaled("1e999", 0, DATUM_NUMBER_RANGE);
    scaled("9223372036854775808", 0, DATUM_NUMBER_RANGE);
    scaled("92233720368547758.08", 3, DATUM_NUMBER_RANGE);
    scaled("1000000000000000000000000000000", 0, DATUM_NUMBER_RANGE);
    char sevens[5001];
    memset(sevens, '7', 5000);
    sevens[5000] = 0;
    scaled(sevens, 0, DATUM_NUMBER_RANGE);
}

Test(datum, scaled_values)
{
    cr_assert_eq(as_is((struct datum){.kind = DATUM_INT, .i64 = 7}, 2, DATUM_NUMBER_OK), 700);
    as_is((struct datum){.kind = DATUM_INT, .i64 = INT64_MAX}, 1, DATUM_NUMBER_RANGE);
    struct datum decimal = {.kind = DATUM_DECIMAL, .i64 = 2550, .scale = 3};
    cr_assert_eq(as_is(decimal, 2, DATUM_NUMBER_OK), 255);
    cr_assert_eq(as_is(decimal, 4, DATUM_NUMBER_OK), 25500);
    as_is(decimal, 1, DATUM_NUMBER_FRACTION);
    decimal.scale = 40;
    as_is(decimal, 2, DATUM_NUMBER_FRACTION);
    decimal.i64 = 0;
    cr_assert_eq(as_is(decimal, 2, DATUM_NUMBER_OK), 0);
    struct datum wide = {.kind = DATUM_DECIMAL,
                         .scale = DATUM_SCALE_WIDE,
                         .text = slice_of("12.500000000000000000")};
    cr_assert_eq(as_is(wide, 2, DATUM_NUMBER_OK), 1250);
    cr_assert_eq(as_is((struct datum){.kind = DATUM_DOUBLE, .f64 = 2.55}, 2, DATUM_NUMBER_OK), 255);
    struct datum narrow = {.kind = DATUM_DOUBLE, .logical = DATUM_FLOAT, .f64 = (double)2.55f};
    cr_assert_eq(as_is(narrow, 2, DATUM_NUMBER_OK), 255);
    as_is((struct datum){.kind = DATUM_DOUBLE, .f64 = 1.5}, 0, DATUM_NUMBER_FRACTION);
    as_is((struct datum){.kind = DATUM_DOUBLE, .f64 = (double)NAN}, 0, DATUM_NUMBER_RANGE);
    as_is((struct datum){.kind = DATUM_DOUBLE, .f64 = 1e30}, 0, DATUM_NUMBER_RANGE);
    as_is((struct datum){.kind = DATUM_TEXT, .text = slice_of("6")}, 0, DATUM_NUMBER_NONE);
    as_is((struct datum){.kind = DATUM_NULL}, 0, DATUM_NUMBER_NONE);
}

Test(datum, f64)
{
    double value = 0;
    cr_assert_eq(datum_f64_text(slice_of("-2.5e1"), &value), DATUM_NUMBER_OK);
    cr_assert(value == -25);
    cr_assert_eq(datum_f64_text(slice_of("0.1"), &value), DATUM_NUMBER_OK);
    cr_assert(value == 0.1);
    cr_assert_eq(datum_f64_text(slice_of("1e999"), &value), DATUM_NUMBER_RANGE);
    cr_assert_eq(datum_f64_text(slice_of("six"), &value), DATUM_NUMBER_NONE);
    struct datum d = {.kind = DATUM_DECIMAL, .i64 = -2550, .scale = 3};
    cr_assert_eq(datum_f64(&d, &value), DATUM_NUMBER_OK);
    cr_assert(value == -2.55);
    d = (struct datum){.kind = DATUM_INT, .i64 = 3};
    cr_assert_eq(datum_f64(&d, &value), DATUM_NUMBER_OK);
    cr_assert(value == 3);
    d = (struct datum){.kind = DATUM_DOUBLE, .f64 = (double)INFINITY};
    cr_assert_eq(datum_f64(&d, &value), DATUM_NUMBER_RANGE);
    d = (struct datum){.kind = DATUM_BOOL};
    cr_assert_eq(datum_f64(&d, &value), DATUM_NUMBER_NONE);
    char ones[6001];
    memset(ones, '1', 6000);
    ones[6000] = 0;
    ones[100] = '.';
    cr_assert_eq(datum_f64_text(slice_of(ones), &value), DATUM_NUMBER_OK);
    cr_assert(fabs(value / (1e100 / 9) - 1) < 1e-15);
}

Test(datum, child_and_hint)
{
    struct datum children[3] = {{.kind = DATUM_INT, .name = slice_of("a"), .i64 = 1},
                                {.kind = DATUM_INT, .name = slice_of("ab"), .i64 = 2},
                                {.kind = DATUM_INT, .name = slice_of("b"), .i64 = 3}};
    struct datum record = {.kind = DATUM_RECORD, .count = 3, .children = children};
    uint32_t hint = 99;
    cr_assert_eq(datum_child(&record, slice_of("b"), &hint)->i64, 3);
    cr_assert_eq(hint, 2);
    cr_assert_eq(datum_child(&record, slice_of("ab"), &hint)->i64, 2);
    cr_assert_eq(datum_child(&record, slice_of("ab"), &hint)->i64, 2);
    cr_assert_null(datum_child(&record, slice_of("abc"), &hint));
    cr_assert_null(datum_child(&record, slice_of(""), NULL));
    cr_assert_null(datum_child(NULL, slice_of("a"), NULL));
    record.kind = DATUM_ARRAY;
    cr_assert_null(datum_child(&record, slice_of("a"), NULL));
}

Test(datum, kind_names)
{
    cr_assert_str_eq(datum_kind_name(&(struct datum){.kind = DATUM_DECIMAL}), "number");
    cr_assert_str_eq(datum_kind_name(&(struct datum){.kind = DATUM_MAP}), "object");
    cr_assert_str_eq(datum_kind_name(&(struct datum){.kind = DATUM_NULL}), "null");
}
