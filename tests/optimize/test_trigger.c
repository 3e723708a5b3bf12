#include "optimize/trigger.h"

#include "config/base/rng.h"
#include "tests/optimize/decide_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

Test(trigger, level_is_the_quantile_until_an_order_of_today_would_arrive)
{
    struct decide_case test;
    decide_case_init(&test, 4, 100);
    test.options.stockout_threshold = 0.3;
    int64_t level = trigger_level(&test.in);
    /* Poisson(20): P(D > 21) = .356, P(D > 22) = .279 */
    cr_assert(level == 21 || level == 22, "%ld", (long)level);
    test.options.stockout_threshold = 0.9;
    cr_assert(trigger_level(&test.in) < level);
}

Test(trigger, an_open_supply_comes_first)
{
    struct decide_case test;
    decide_case_init(&test, 4, 100);
    int64_t without = trigger_level(&test.in);
    decide_case_supply(&test, 50, 2);
    int64_t with = trigger_level(&test.in);
    cr_assert(with >= 7 && with <= 8, "%ld", (long)with);
    cr_assert(without > 17);
    decide_case_supply(&test, 50, 20); /* later than an order of today: no help */
    cr_assert_eq(trigger_level(&test.in), with);
}

Test(trigger, taking_the_last_unit_always_triggers)
{
    struct rng rng;
    rng_init(&rng, 5);
    for (int i = 0; i < 3000; i++) {
        struct decide_case test;
        decide_case_init(&test, rng_exponential(&rng) * 0.3 + 1e-4, 1);
        test.facts.lead_time_days = 1 + (double)rng_below(&rng, 20);
        test.facts.lead_time_sd_days = (double)rng_below(&rng, 5);
        test.options.stockout_threshold = 0.05 + 0.9 * rng_unit(&rng);
        cr_assert(trigger_level(&test.in) >= 0, "stock 0 must trigger");
    }
    struct decide_case dead;
    decide_case_init(&dead, 4, 0);
    dead.curve = (struct demand_curve){0};
    cr_assert_eq(trigger_level(&dead.in), TRIGGER_NEVER);
}

Test(trigger, level_and_assessment_agree)
{
    struct rng rng;
    rng_init(&rng, 6);
    for (int i = 0; i < 3000; i++) {
        struct decide_case test;
        decide_case_init(&test, 0.5 + rng_exponential(&rng) * 5, 1);
        test.facts.lead_time_days = 1 + (double)rng_below(&rng, 20);
        test.facts.lead_time_sd_days = (double)rng_below(&rng, 5);
        test.options.stockout_threshold = 0.05 + 0.9 * rng_unit(&rng);
        int64_t level = trigger_level(&test.in);
        struct stockout_risk at, above;
        test.position.stock = level;
        trigger_assess(&test.in, &at);
        test.position.stock = level + 1;
        trigger_assess(&test.in, &above);
        cr_assert(level == 0 || at.probability >= test.options.stockout_threshold);
        cr_assert(above.probability < test.options.stockout_threshold, "level %ld: %g at the next",
                  (long)level, above.probability);
        cr_assert(at.lost_units >= above.lost_units);
    }
}

Test(trigger, assessment_in_numbers)
{
    struct decide_case test;
    decide_case_init(&test, 4, 10);
    test.facts.price = 500;
    test.facts.unit_cost = 200;
    struct stockout_risk risk;
    trigger_assess(&test.in, &risk);
    cr_assert(risk.probability > 0.98);
    cr_assert_float_eq(risk.lost_units, 10, 0.6); /* 20 asked for in five days, 10 there */
    cr_assert_float_eq(risk.money, 300 * risk.lost_units, 1e-6);
    cr_assert_eq(risk.receipt[1], 14982);
    cr_assert(risk.stockout[1] == 14979 || risk.stockout[1] == 14978, "%ld",
              (long)risk.stockout[1]);
    cr_assert(risk.stockout[0] <= risk.stockout[1] && risk.stockout[1] <= risk.stockout[2]);
    cr_assert_eq(risk.order_by, risk.stockout[1] - 5);
    cr_assert_not(risk.supply_open);
    test.position.stock = 100000;
    trigger_assess(&test.in, &risk);
    cr_assert_eq(risk.stockout[1], INT64_MAX);
    cr_assert(risk.probability < 1e-6);
}
