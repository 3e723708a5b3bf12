#include "optimize/plan_core.h"

#include "tests/optimize/curve_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct plan_terms TERMS = {.lead_time = 2,
                                        .review = 1,
                                        .holding_cost = 0.2,
                                        .shortage_cost = 1,
                                        .pack = 1,
                                        .minimum_order = 1,
                                        .lost_sales = true};

static struct decision decide(const struct plan_terms *terms, int64_t stock, double shift)
{
    struct position position;
    position_init(&position);
    position.stock = stock;
    struct demand_curve curve = curve_poisson(10);
    struct decision decision;
    plan_core_decide(terms, &position, &curve, 100, shift, &decision);
    return decision;
}

Test(plan_core, orders_what_the_costs_say)
{
    struct decision d = decide(&TERMS, 20, 0);
    cr_assert_float_eq(d.service_target, 1 / 1.2, 1e-6);
    /* Two slots eat the stock of 20; the third asks for Poisson(10), whose 83 % quantile is 13. */
    cr_assert(d.quantity >= 11 && d.quantity <= 15, "%ld", (long)d.quantity);
    cr_assert_eq(decide(&TERMS, 60, 0).quantity, 0);
    cr_assert(decide(&TERMS, 20, -1).quantity < d.quantity);
}

Test(plan_core, money_has_no_unit)
{
    struct plan_terms cents = TERMS;
    cents.holding_cost *= 100;
    cents.shortage_cost *= 100;
    for (int64_t stock = 0; stock < 40; stock += 3) {
        cr_assert_eq(decide(&TERMS, stock, 0).quantity, decide(&cents, stock, 0).quantity);
    }
}

Test(plan_core, a_pack_that_is_hardly_needed_waits)
{
    struct plan_terms big = TERMS;
    big.pack = 24;
    big.minimum_order = 96;
    cr_assert_eq(decide(&big, 20, 0).quantity,
                 0); /* 96 is ten slots of stock, at a fifth of a lost unit each */
    cr_assert_eq(decide(&big, 20, 0).limit, LIMIT_NOT_WORTH);
    big.holding_cost = 0.001;
    cr_assert_eq(decide(&big, 20, 0).quantity, 96);
}

Test(plan_core, bad_terms_are_named)
{
    cr_assert_null(plan_core_check(&TERMS));
    struct plan_terms bad = TERMS;
    bad.lead_time = NAN;
    cr_assert_not_null(plan_core_check(&bad));
    bad = TERMS;
    bad.review = 0;
    cr_assert_not_null(plan_core_check(&bad));
    bad = TERMS;
    bad.shortage_cost = 0;
    cr_assert_not_null(plan_core_check(&bad));
    bad = TERMS;
    bad.pack = 0;
    cr_assert_not_null(plan_core_check(&bad));
    bad = TERMS;
    bad.minimum_order = -1;
    cr_assert_not_null(plan_core_check(&bad));
}

Test(plan_core, rules_win_and_a_freeze_orders_nothing)
{
    struct rule_effect effect = RULE_NO_EFFECT;
    struct plan_terms ruled = TERMS;
    ruled.effect = &effect;
    int64_t plain = decide(&TERMS, 20, 0).quantity;
    cr_assert_eq(decide(&ruled, 20, 0).quantity, plain);
    effect.cap = 5;
    effect.by[RULE_CAP] = 3;
    struct decision d = decide(&ruled, 20, 0);
    cr_assert(d.quantity == 5 && d.limit == LIMIT_RULE && d.rules.count == 1);
    cr_assert_eq(d.rules.rule[0], 2);
    effect.freeze = true;
    effect.by[RULE_FREEZE] = 1;
    d = decide(&ruled, 20, 0);
    cr_assert(d.quantity == 0 && d.limit == LIMIT_RULE && d.rules.count == 1);
    cr_assert_eq(d.rules.rule[0], 0);
    cr_assert_eq(d.cost_with, d.cost_without);
    cr_assert_eq(decide(&ruled, 200, 0).rules.count, 0, "nothing needed, nothing changed");
}
