#include "model/annual.h"

#include <criterion/criterion.h>
#include <math.h>

static struct annual annual;
static float factor[61];

/* Totals of `days`, with a ramp from day 370 on of the first year and again a year later. */
static void feed(int days, int wild)
{
    annual = (struct annual){0};
    for (int t = 0; t < days; t++) {
        int day = t % 364;
        float total = day >= 200 && day < 300 ? 100 + (float)(day - 200) : 100;
        annual_add(&annual, t == wild ? 1e6f : total);
    }
}

Test(annual, without_a_year_nothing_moves)
{
    feed(400, -1);
    cr_assert_eq(annual_factors(&annual, 0.04f, 60, factor), 0);
    for (int s = 0; s <= 60; s++) {
        cr_assert_eq(factor[s], 1.0f);
    }
}

Test(annual, a_ramp_of_the_year_before_is_foreseen_with_caution)
{
    feed(364 + 200, -1);
    cr_assert_eq(annual_factors(&annual, 0.04f, 60, factor), 1);
    cr_assert(factor[1] > 0.97f && factor[1] < 1.03f);
    cr_assert(factor[42] > 1.05f && factor[42] < 1.3f, "%g", (double)factor[42]);
    cr_assert_gt(factor[42], factor[14]);
    feed(364 + 150, -1); /* flat weeks */
    cr_assert_eq(annual_factors(&annual, 0.04f, 42, factor), 1);
    cr_assert_float_eq(factor[42], 1, 1e-4);
}

Test(annual, one_wild_day_is_no_season)
{
    float calm[61];
    feed(364 + 200, -1);
    (void)annual_factors(&annual, 0.04f, 42, calm);
    feed(364 + 200, 215);
    (void)annual_factors(&annual, 0.04f, 42, factor);
    for (int s = 0; s <= 42; s++) {
        cr_assert_float_eq(factor[s], calm[s], 0.05, "step %d: %g, %g", s, (double)factor[s],
                           (double)calm[s]);
    }
    annual_add(&annual, NAN);
    annual_add(&annual, -5);
    (void)annual_factors(&annual, 0.04f, 42, factor);
    cr_assert(isfinite(factor[42]));
}
