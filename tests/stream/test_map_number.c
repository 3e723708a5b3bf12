#include "stream/map_number.h"

#include <criterion/criterion.h>
#include <math.h>

static struct datum text(const char *t)
{
    return (struct datum){.kind = DATUM_TEXT, .text = slice_of(t)};
}

static int64_t scaled(const char *t, int scale, int64_t factor)
{
    struct datum d = text(t);
    int64_t value = INT64_MIN;
    cr_assert_eq(map_number_scaled(&d, scale, factor, true, &value), DATUM_NUMBER_OK, "%s", t);
    return value;
}

static enum datum_number fault(const char *t, bool round)
{
    struct datum d = text(t);
    int64_t value;
    return map_number_scaled(&d, 0, 1, round, &value);
}

Test(map_number, money_is_rounded_half_away_from_zero_from_its_digits)
{
    cr_assert_eq(scaled("2.55", 2, 1), 255);
    cr_assert_eq(scaled("2.555", 2, 1), 256);
    cr_assert_eq(scaled("2.5549999", 2, 1), 255);
    cr_assert_eq(scaled("-2.555", 2, 1), -256);
    cr_assert_eq(scaled("1.005", 2, 1), 101); /* in binary it is less */
    cr_assert_eq(scaled("0.001", 2, 1), 0);
    cr_assert_eq(scaled("0.30000000000000004", 2, 1), 30);
    cr_assert_eq(scaled("12.3000000000000007105", 2, 1), 1230);
    cr_assert_eq(scaled("1e3", 2, 1), 100000);
    cr_assert_eq(scaled("0.25", 0, 10), 3);
}

Test(map_number, quantities_are_whole_or_refused)
{
    cr_assert_eq(fault("6", false), DATUM_NUMBER_OK);
    cr_assert_eq(fault("6.0", false), DATUM_NUMBER_OK);
    cr_assert_eq(fault("1.5", false), DATUM_NUMBER_FRACTION);
    cr_assert_eq(fault("six", true), DATUM_NUMBER_NONE);
    cr_assert_eq(fault("", true), DATUM_NUMBER_NONE);
    cr_assert_eq(fault("1e30", true), DATUM_NUMBER_RANGE);
    cr_assert_eq(fault("99999999999999999999", false), DATUM_NUMBER_RANGE);
}

Test(map_number, every_kind_of_number_is_exact)
{
    struct map_number number;
    struct datum decimal = {.kind = DATUM_DECIMAL, .scale = 3, .i64 = 2550};
    struct datum whole = {.kind = DATUM_INT, .i64 = -7};
    struct datum real = {.kind = DATUM_DOUBLE, .f64 = 0.1};
    struct datum nothing = {.kind = DATUM_NULL};
    cr_assert_eq(map_number_exact(&decimal, &number), DATUM_NUMBER_OK);
    cr_assert(number.value == 255 && number.scale == 2);
    cr_assert_eq(map_number_exact(&whole, &number), DATUM_NUMBER_OK);
    cr_assert(number.value == -7 && number.scale == 0);
    cr_assert_eq(map_number_exact(&real, &number), DATUM_NUMBER_OK);
    cr_assert(number.value == 1 && number.scale == 1);
    cr_assert_eq(map_number_exact(&nothing, &number), DATUM_NUMBER_NONE);
    real.f64 = (double)INFINITY;
    cr_assert_eq(map_number_exact(&real, &number), DATUM_NUMBER_RANGE);
}

Test(map_number, numbers_of_any_scale_compare)
{
    struct map_number small = {1, 18}, big = {INT64_MAX, 0}, tenth = {1, 1}, zero = {0, 0};
    cr_assert_lt(map_number_compare(small, big), 0);
    cr_assert_gt(map_number_compare(big, small), 0);
    cr_assert_gt(map_number_compare(tenth, zero), 0);
    cr_assert_eq(map_number_compare(tenth, (struct map_number){1, 1}), 0);
}
