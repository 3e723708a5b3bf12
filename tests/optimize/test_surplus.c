#include "optimize/surplus.h"

#include "tests/optimize/decide_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

static struct surplus assess(const struct decide_case *test, double days)
{
    struct surplus surplus;
    surplus_assess(&test->in, days, &surplus);
    return surplus;
}

Test(surplus, what_sells_in_time_is_none)
{
    struct decide_case test;
    decide_case_init(&test, 4, 100);
    struct surplus found = assess(&test, 60);
    cr_expect(found.probability < 0.01 && found.units < 0.5, "%g %g", found.probability,
              found.units);
    cr_expect(fabs(found.cover_days - 25) < 1.5, "%g", found.cover_days);
}

Test(surplus, what_is_left_is_counted_and_valued)
{
    struct decide_case test;
    decide_case_init(&test, 4, 300);
    test.facts.unit_cost = 250;
    decide_case_supply(&test, 100, 3);
    struct surplus found = assess(&test, 60);
    cr_expect(found.probability > 0.99);
    cr_expect(fabs(found.units - 160) < 8, "%g", found.units);
    cr_expect(fabs(found.on_order - 100) < 1e-9, "all of the open order is too much");
    cr_expect(fabs(found.money - 250 * found.units) < 1e-6);
}

Test(surplus, goods_that_spoil_have_less_time)
{
    struct decide_case test;
    decide_case_init(&test, 4, 100);
    test.facts.shelf_life_days = 10;
    struct surplus found = assess(&test, 60);
    cr_expect_eq(found.horizon_days, 10);
    cr_expect(fabs(found.units - 60) < 4, "%g", found.units);
}

Test(surplus, dead_stock_and_no_stock)
{
    struct decide_case test;
    decide_case_init(&test, 4, 0);
    cr_expect_eq(assess(&test, 60).units, 0);
    cr_expect_eq(assess(&test, 60).probability, 0);
    decide_case_init(&test, 4, 12);
    test.curve = (struct demand_curve){0}; /* nothing is expected to sell */
    struct surplus found = assess(&test, 60);
    cr_expect_eq(found.units, 12);
    cr_expect_eq(found.probability, 1);
    cr_expect_eq(found.cover_days, 3650);
    decide_case_init(&test, 4, -5);
    cr_expect_eq(assess(&test, 60).units, 0, "back-orders are no stock");
}
