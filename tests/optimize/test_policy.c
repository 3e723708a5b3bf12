#include "optimize/policy.h"

#include "config/base/rng.h"
#include "optimize/gauss.h"
#include "tests/optimize/decide_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

#define NEAR(a, b, tolerance)                                                                      \
    cr_assert_float_eq((double)(a), (double)(b), (tolerance), "%.9g is not %.9g", (double)(a),     \
                       (double)(b))

static int64_t rounded(int64_t need, int64_t pack, int64_t minimum, int64_t maximum, int64_t shelf,
                       enum policy_limit *limit)
{
    struct item_facts facts = {.pack = pack, .minimum_order = minimum, .maximum_order = maximum};
    return policy_round(need, &facts, shelf, limit);
}

Test(policy, rounding_by_hand)
{
    enum policy_limit limit;
    cr_assert_eq(rounded(0, 6, 12, 0, -1, &limit), 0);
    cr_assert_eq(rounded(-5, 6, 12, 0, -1, &limit), 0);
    cr_assert_eq(limit, LIMIT_NONE);
    cr_assert_eq(rounded(12, 6, 0, 0, -1, &limit), 12);
    cr_assert_eq(limit, LIMIT_NONE);
    cr_assert_eq(rounded(13, 6, 0, 0, -1, &limit), 18);
    cr_assert_eq(limit, LIMIT_PACK);
    cr_assert_eq(rounded(1, 6, 20, 0, -1, &limit), 24);
    cr_assert_eq(limit, LIMIT_MINIMUM);
    cr_assert_eq(rounded(100, 6, 20, 50, -1, &limit), 48);
    cr_assert_eq(limit, LIMIT_MAXIMUM);
    cr_assert_eq(rounded(100, 6, 60, 50, -1, &limit), 0);
    cr_assert_eq(limit, LIMIT_MAXIMUM);
    cr_assert_eq(rounded(100, 6, 20, 0, 31, &limit), 30);
    cr_assert_eq(limit, LIMIT_SHELF_LIFE);
    cr_assert_eq(rounded(100, 6, 36, 0, 31, &limit), 0);
    cr_assert_eq(limit, LIMIT_SHELF_LIFE);
}

/* odoo #228014: a pack of 0.1 units in floating point orders 1.02 packs. Here quantities are whole
 * base units: whole packs, always. */
Test(policy, packs_are_whole_packs)
{
    enum policy_limit limit;
    for (int64_t packs = 1; packs < 2000; packs++) {
        for (int64_t pack = 1; pack < 60; pack += 7) {
            cr_assert_eq(rounded(packs * pack, pack, 0, 0, -1, &limit), packs * pack);
            cr_assert_eq(limit, LIMIT_NONE);
        }
    }
}

Test(policy, a_million_random_orders_obey_every_constraint)
{
    struct rng rng;
    rng_init(&rng, 42);
    for (int i = 0; i < 1000000; i++) {
        int64_t pack = 1 + (int64_t)rng_below(&rng, 50), minimum = (int64_t)rng_below(&rng, 200);
        int64_t maximum = rng_below(&rng, 3) ? 0 : (int64_t)rng_below(&rng, 500);
        int64_t shelf = rng_below(&rng, 3) ? -1 : (int64_t)rng_below(&rng, 500);
        int64_t need = (int64_t)rng_below(&rng, 1000) - 200;
        enum policy_limit limit;
        int64_t got = rounded(need, pack, minimum, maximum, shelf, &limit);
        cr_assert(got >= 0);
        if (got) {
            cr_assert_eq(got % pack, 0);
            cr_assert(got >= minimum && (maximum == 0 || got <= maximum) &&
                      (shelf < 0 || got <= shelf));
            cr_assert(need > 0);
            cr_assert(got >= need || limit == LIMIT_MAXIMUM || limit == LIMIT_SHELF_LIFE);
            cr_assert(got < need + pack || limit == LIMIT_MINIMUM, "more than a pack too much");
        } else {
            cr_assert(need <= 0 || limit == LIMIT_MAXIMUM || limit == LIMIT_SHELF_LIFE);
        }
    }
}

Test(policy, base_stock_is_the_quantile_of_lead_time_and_review)
{
    struct decide_case test;
    decide_case_init(&test, 4, 20);
    test.options.policy = POLICY_BASE_STOCK;
    test.facts.lost_sales = false;
    decide_case_supply(&test, 10, 3);
    struct decision d = decide_case_run(&test);
    /* Poisson of 12 days x 4: the 95 % quantile is 60 (P(D > 59) = .0516, P(D > 60) = .0388). */
    cr_assert(d.target == 59 || d.target == 60, "%ld", (long)d.target);
    cr_assert_eq(d.need, d.target - 30);
    cr_assert_eq(d.quantity, d.need);
    cr_assert_eq(d.limit, LIMIT_NONE);
    cr_assert_eq(d.horizon, 14977 + 12);
    cr_assert_eq(d.arrival[1], 14977 + 5);
    NEAR(d.safety_stock, 12, 1);
    NEAR(d.baseline, 48 + 1.645 * sqrt(48) - 30, 2);
    cr_assert(d.stockout_without > 0.9 && d.stockout_with < 0.1);
    cr_assert(d.lost_without > 15 && d.lost_with < 0.5);
    NEAR(d.cover_days, 7.5, 0.1);
}

Test(policy, surplus_orders_nothing)
{
    struct decide_case test;
    decide_case_init(&test, 4, 90);
    struct decision d = decide_case_run(&test);
    cr_assert_eq(d.policy, POLICY_PIL);
    cr_assert_eq(d.quantity, 0);
    cr_assert(d.need < 0);
    cr_assert(d.stockout_without < 0.01);
    cr_assert_eq(d.baseline, 0);
    cr_assert(d.order_by > 14977 + 7, "stock lasts: %ld", (long)d.order_by);
}

Test(policy, lost_sales_are_not_owed)
{
    struct decide_case test;
    decide_case_init(&test, 4, 0);
    struct decision pil = decide_case_run(&test);
    test.options.policy = POLICY_BASE_STOCK;
    struct decision base = decide_case_run(&test);
    /* Empty for five days: their 20 units are lost, not ordered after the fact. */
    NEAR(base.need - pil.need, 20, 5);
    NEAR(pil.need, 28 + 1.645 * sqrt(28), 2);
}

Test(policy, order_cost_makes_lots)
{
    struct decide_case test;
    decide_case_init(&test, 4, 50);
    test.facts.unit_cost = 1000;
    test.facts.price = 2000;
    test.facts.holding_cost_rate = 0.365;
    test.facts.order_cost = 2000;
    test.facts.service_target = 0.95;
    struct decision d = decide_case_run(&test);
    cr_assert_eq(d.policy, POLICY_S_S);
    NEAR(d.target - d.reorder_level - 1, 126.49, 1); /* sqrt(2 x 2000 x 4 / (1000 x .365 / 365)) */
    cr_assert_eq(d.need, d.target - 50);
    test.position.stock = d.reorder_level + 1;
    d = decide_case_run(&test);
    cr_assert_eq(d.quantity, 0, "above s nothing is ordered");
}

Test(policy, newsvendor_for_what_spoils)
{
    struct decide_case test;
    decide_case_init(&test, 20, 0);
    test.facts.lead_time_days = 1;
    test.facts.review_days = 1;
    test.facts.shelf_life_days = 1;
    test.facts.unit_cost = 100;
    test.facts.price = 400;
    test.facts.holding_cost_rate = 0.2;
    struct decision d = decide_case_run(&test);
    cr_assert_eq(d.policy, POLICY_NEWSVENDOR);
    NEAR(d.service_target, 0.75, 1e-9); /* 300 / (300 + 100) */
    NEAR(d.quantity, 23, 1); /* Poisson(20): P(D > 22) = .279, P(D > 23) = .213 */
}

Test(policy, target_comes_from_costs_where_they_are_known)
{
    struct item_facts facts = {.review_days = 10,
                               .unit_cost = 3650,
                               .holding_cost_rate = 1,
                               .price = 3650 + 900,
                               .shortage_cost = -1};
    struct policy_options options = {0};
    NEAR(policy_service(&facts, &options), 0.9, 1e-12); /* 900 / (900 + 10 x 10) */
    options.service_target = 0.97;
    NEAR(policy_service(&facts, &options), 0.97, 1e-12);
    facts.service_target = 0.8;
    NEAR(policy_service(&facts, &options), 0.8, 1e-12);
    struct item_facts unknown = {.review_days = 7, .shortage_cost = -1};
    NEAR(policy_service(&unknown, &(struct policy_options){0}), 0.95, 1e-12);
}

Test(policy, a_minimum_that_is_not_worth_it)
{
    struct decide_case test;
    decide_case_init(&test, 0.02, 1);
    test.facts.unit_cost = 5000;
    test.facts.price = 6000;
    test.facts.holding_cost_rate = 0.5;
    test.facts.minimum_order = 200;
    struct decision d = decide_case_run(&test);
    cr_assert_eq(d.quantity, 0);
}

Test(policy, supplier_calendar)
{
    struct decide_case test;
    decide_case_init(&test, 4, 20);
    struct decision any_day = decide_case_run(&test);
    struct supplier_calendar wednesday = {.orders = 1 << 2};
    test.in.calendar = &wednesday;
    struct decision d = decide_case_run(&test);
    cr_assert_eq(d.arrival[1], 14977 + 2 + 5);
    cr_assert_eq((d.order_by + 3) % 7, 2, "ordered on a Wednesday");
    cr_assert(d.need > any_day.need);
    cr_assert_eq(d.limit, LIMIT_CALENDAR);
}

Test(policy, shelf_life_cuts)
{
    struct decide_case test;
    decide_case_init(&test, 4, 0);
    test.facts.shelf_life_days = 8;
    test.facts.service_target = 0.99;
    struct decision d = decide_case_run(&test);
    cr_assert_eq(d.limit, LIMIT_SHELF_LIFE);
    NEAR(d.quantity, 32, 1);
}

Test(policy, nothing_sells_nothing_is_ordered)
{
    struct decide_case test;
    decide_case_init(&test, 4, 0);
    test.curve = (struct demand_curve){0};
    struct decision d = decide_case_run(&test);
    cr_assert_eq(d.quantity, 0);
    cr_assert_eq(d.stockout_without, 0);
    cr_assert(isfinite(d.cost_with) && isfinite(d.cover_days));
}

static struct decision random_case(struct rng *rng, struct decide_case *test)
{
    decide_case_init(test, rng_exponential(rng) * 5, (int64_t)rng_below(rng, 100) - 10);
    struct item_facts *facts = &test->facts;
    facts->lead_time_days = (double)rng_below(rng, 30);
    facts->lead_time_sd_days = rng_unit(rng) * 10;
    facts->review_days = 1 + (double)rng_below(rng, 14);
    facts->pack = 1 + (int64_t)rng_below(rng, 24);
    facts->minimum_order = (int64_t)rng_below(rng, 60);
    facts->maximum_order = rng_below(rng, 4) ? 0 : (int64_t)rng_below(rng, 200);
    facts->shelf_life_days = rng_below(rng, 4) ? 0 : (double)rng_below(rng, 60);
    facts->unit_cost = (int64_t)rng_below(rng, 1000);
    facts->price = (int64_t)rng_below(rng, 2000);
    facts->holding_cost_rate = rng_unit(rng);
    facts->order_cost = rng_below(rng, 3) ? 0 : (int64_t)rng_below(rng, 5000);
    facts->lost_sales = rng_below(rng, 2);
    test->options.policy = (int)rng_below(rng, POLICY_COUNT);
    for (uint64_t i = rng_below(rng, 5); i-- > 0;) {
        decide_case_supply(test, 1 + (int64_t)rng_below(rng, 40), (int64_t)rng_below(rng, 40) - 10);
    }
    return decide_case_run(test);
}

Test(policy, random_decisions_obey_constraints_and_are_finite)
{
    struct rng rng;
    rng_init(&rng, 4711);
    for (int i = 0; i < 20000; i++) {
        struct decide_case test;
        struct decision d = random_case(&rng, &test), again;
        const struct item_facts *facts = &test.facts;
        cr_assert(d.quantity >= 0 && d.quantity % facts->pack == 0);
        cr_assert(d.quantity == 0 || (d.quantity >= facts->minimum_order && d.need > 0));
        cr_assert(facts->maximum_order == 0 || d.quantity <= facts->maximum_order);
        cr_assert(d.baseline >= 0 && d.baseline % facts->pack == 0);
        cr_assert(d.stockout_without >= d.stockout_with - 1e-12 && d.stockout_with >= 0 &&
                  d.stockout_without <= 1);
        cr_assert(d.lost_without >= d.lost_with - 1e-9 && d.lost_with >= 0);
        cr_assert(isfinite(d.cost_without) && isfinite(d.cost_with) && isfinite(d.overstock_with));
        cr_assert(d.arrival[0] <= d.arrival[1] && d.arrival[1] <= d.arrival[2]);
        cr_assert(d.demand[0] <= d.demand[1] && d.demand[1] <= d.demand[2]);
        cr_assert(d.order_by >= test.in.today && d.horizon >= test.in.today);
        cr_assert(d.policy != POLICY_AUTO && d.policy < POLICY_COUNT && d.limit < LIMIT_COUNT);
        again = decide_case_run(&test);
        cr_assert_eq(memcmp(&d, &again, offsetof(struct decision, service_target)), 0);
    }
}

/* The cheap bound never says "nothing" where the policy would order, and it is no empty promise: it
 * sees most of those whose stock is plenty. */
Test(policy, what_surely_needs_nothing_orders_nothing)
{
    struct rng rng;
    rng_init(&rng, 815);
    int quiet = 0, plenty = 0;
    for (int i = 0; i < 40000; i++) {
        struct decide_case test;
        (void)random_case(&rng, &test);
        double high = test.curve.mean[test.curve.rows - 1] * 5 * rng_unit(&rng);
        position_count(&test.position, &(struct position_rules){.horizon_ms = 1}, 1, (int64_t)high);
        struct decision d = decide_case_run(&test);
        bool nothing = policy_needs_nothing(&test.in);
        cr_assert(!nothing || (d.quantity == 0 && d.need <= 0), "case %d needs %ld", i,
                  (long)d.need);
        bool much = d.policy != POLICY_NEWSVENDOR && d.need < -(int64_t)(high / 2);
        plenty += much;
        quiet += nothing && much;
    }
    cr_assert(plenty > 1000 && quiet * 10 >= plenty * 8, "%d of %d", quiet, plenty);
}

Test(policy, names)
{
    cr_assert_str_eq(policy_name(POLICY_PIL), "pil");
    cr_assert_str_eq(policy_limit_name(LIMIT_NOT_WORTH), "not_worth");
}

/* Costs decide between the whole numbers around what the quantile asks for, also without packs;
 * what was not taken is told. */
Test(policy, costs_choose_the_unit_next_to_the_need)
{
    struct decide_case test;
    int lower = 0, kept = 0;
    for (int64_t stock = 0; stock < 40; stock++) {
        decide_case_init(&test, 0.7, stock);
        test.facts.unit_cost = 500;
        test.facts.price = 1000;
        test.facts.holding_cost_rate = 0.25 * 500 * 365 / (7 * 500.0); /* ratio 0.8 */
        test.facts.lost_sales = true;
        struct decision d = decide_case_run(&test);
        if (d.need <= 0) {
            cr_assert_eq(d.quantity, 0);
            continue;
        }
        cr_assert(d.quantity == d.need || d.quantity == d.need - 1, "%ld of %ld", (long)d.quantity,
                  (long)d.need);
        lower += d.quantity < d.need;
        kept += d.quantity == d.need;
        cr_assert(d.quantity == d.need || d.limit == LIMIT_PACK || d.limit == LIMIT_NOT_WORTH);
        test.facts.holding_cost_rate = 0; /* no costs to compare: as asked for */
        d = decide_case_run(&test);
        cr_assert_eq(d.quantity, d.need > 0 ? d.need : 0);
    }
    cr_assert(lower > 0 && lower + kept > 3, "%d %d", lower, kept);
}

/* Four packs at least, a week's demand each: the batch is worth its week only once what would be
 * lost in it costs more than holding all of it. What is left of it afterwards decides nothing. */
Test(policy, a_large_minimum_waits_until_the_week_is_worth_it)
{
    struct decide_case test;
    int64_t ordered_at = -1;
    for (int64_t stock = 60; stock >= 0; stock--) {
        decide_case_init(&test, 2, stock);
        test.facts.unit_cost = 500;
        test.facts.price = 1000;
        test.facts.holding_cost_rate = 0.25 * 500 * 365 / (7 * 500.0);
        test.facts.minimum_order = 56;
        test.facts.lost_sales = true;
        struct decision d = decide_case_run(&test);
        cr_assert(d.quantity == 0 || d.quantity >= 56);
        if (d.quantity && ordered_at < 0) {
            ordered_at = stock;
            /* 56 units held for a week at 1/28 of the margin a day: some 14 margins to be lost. */
            cr_assert(d.lost_without - d.lost_with > 8, "%g", d.lost_without - d.lost_with);
        }
        cr_assert(ordered_at < 0 || d.quantity, "once worth it, always below");
    }
    cr_assert(ordered_at >= 0);
}
