#include "optimize/target.h"

#include "tests/optimize/decide_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

/* An item with costs, sold at 6 a day. */
static void priced(struct decide_case *test, int64_t stock)
{
    decide_case_init(test, 6, stock);
    test->facts.unit_cost = 500;
    test->facts.price = 900;
    test->facts.holding_cost_rate = 3;
    test->facts.lost_sales = true;
    test->options.service_target = 0;
    test->facts.service_target = 0;
}

static struct level_net net_saying(float y)
{
    struct level_net net;
    struct rng rng;
    rng_init(&rng, 1);
    level_net_init(&net, TARGET_INPUTS, &rng);
    net.b3 = y;
    return net;
}

Test(target, looks_have_no_units)
{
    struct decide_case one, ten;
    struct target_look a, b;
    priced(&one, 30);
    priced(&ten, 300);
    static const float LENGTHS[3] = {1, 7, 14};
    for (int scale = 1; scale <= 10; scale *= 10) {
        float means[3], quantiles[3 * DEMAND_LEVELS];
        for (int row = 0; row < 3; row++) {
            means[row] = LENGTHS[row] * 6 * (float)scale;
            for (int k = 0; k < DEMAND_LEVELS; k++) {
                quantiles[row * DEMAND_LEVELS + k] = means[row] * (0.5F + curve_levels[k]);
            }
        }
        demand_curve_init(scale == 1 ? &one.curve : &ten.curve, curve_levels, 3, LENGTHS, means,
                          quantiles);
    }
    one.facts.pack = 4;
    ten.facts.pack = 40;
    cr_assert(target_look(&one.in, &a) && target_look(&ten.in, &b));
    for (int i = 0; i < TARGET_INPUTS - 1; i++) { /* the last one tells how large a unit is */
        cr_expect_float_eq((double)a.x[i], (double)b.x[i], 0.05, "input %d: %g and %g", i,
                           (double)a.x[i], (double)b.x[i]);
        cr_assert(isfinite(a.x[i]) && fabsf(a.x[i]) <= 4);
    }
    cr_expect_float_eq(10 * a.scale, b.scale, 1e-3 * b.scale);
}

Test(target, is_silent_where_there_is_nothing_to_learn)
{
    struct decide_case test;
    struct target_look look;
    struct level_net net = net_saying(1);
    priced(&test, 30);
    cr_assert(target_look(&test.in, &look) && target_lift_of(&net, &test.in) > 0);
    cr_assert(target_lift_of(NULL, &test.in) == 0);
    test.facts.lost_sales = false;
    cr_assert_not(target_look(&test.in, &look));
    priced(&test, 30);
    test.options.service_target = 0.95;
    cr_assert_not(target_look(&test.in, &look));
    priced(&test, 30);
    test.facts.minimum_order = 1000; /* lots decide */
    cr_assert_not(target_look(&test.in, &look));
    priced(&test, 30);
    test.facts.lead_time_days = test.facts.lead_time_sd_days = 0;
    cr_assert_not(target_look(&test.in, &look));
    priced(&test, 30);
    test.facts.order_cost = 1000; /* (s, S) */
    cr_assert_not(target_look(&test.in, &look));
    priced(&test, 30);
    test.curve.rows = 0;
    cr_assert_not(target_look(&test.in, &look));
    cr_assert(target_lift_of(&net, &test.in) == 0);
}

Test(target, a_lift_moves_the_order_and_is_named)
{
    struct decide_case test;
    priced(&test, 30);
    struct decision exact = decide_case_run(&test);
    struct level_net up = net_saying(0.8F), down = net_saying(-0.8F), none = net_saying(0);
    cr_assert(exact.policy == POLICY_PIL && exact.quantity > 0);
    cr_assert(target_lift_of(&none, &test.in) == 0);
    test.in.lift = target_lift_of(&up, &test.in);
    struct decision more = decide_case_run(&test);
    test.in.lift = target_lift_of(&down, &test.in);
    struct decision less = decide_case_run(&test);
    cr_assert(more.policy == POLICY_LEARNED && less.policy == POLICY_LEARNED);
    cr_assert(more.quantity > exact.quantity && less.quantity < exact.quantity, "%ld %ld %ld",
              (long)less.quantity, (long)exact.quantity, (long)more.quantity);
    cr_assert(more.target > exact.target && more.stockout_with < exact.stockout_with);
    cr_assert_str_eq(policy_name(more.policy), "learned");
}

Test(target, what_surely_needs_nothing_knows_of_the_lift)
{
    struct decide_case test;
    struct rng rng;
    rng_init(&rng, 3);
    int quiet = 0;
    for (int i = 0; i < 2000; i++) {
        priced(&test, (int64_t)rng_below(&rng, 300));
        test.in.lift = 40 * (rng_unit(&rng) - 0.5);
        bool nothing = policy_needs_nothing(&test.in);
        quiet += nothing;
        cr_assert(!nothing || decide_case_run(&test).need <= 0);
    }
    cr_assert(quiet > 200, "%d", quiet);
}

Test(target, the_bound_holds_and_its_slope_is_right)
{
    for (double y = -50; y <= 50; y += 0.37) {
        double slope, unused, at = target_bound(y, &slope);
        cr_assert(fabs(at) <= 2 && slope >= 0 && slope <= 1);
        double found = (target_bound(y + 1e-4, &unused) - target_bound(y - 1e-4, &unused)) / 2e-4;
        cr_assert_float_eq(found, slope, 1e-6);
    }
}
