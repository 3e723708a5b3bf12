#include "optimize/order_up.h"

#include "config/base/rng.h"
#include "optimize/newsvendor.h"

#include <criterion/criterion.h>
#include <math.h>

static void near(double found, double expected, double slack)
{
    cr_assert(fabs(found - expected) <= slack * (1 + fabs(expected)), "found %.12g, expected %.12g",
              found, expected);
}

/* Zheng and Federgruen (1991), table 1: Poisson demand, h 1, p 9, K 64. */
Test(order_up, instances_of_the_paper)
{
    static const double ROWS[][4] = {{10, 6, 40, 35.022},   {20, 14, 62, 49.173},
                                     {55, 47, 118, 74.149}, {65, 56, 75, 78.518},
                                     {23, 17, 52, 52.757},  {64, 55, 74, 78.402}};
    struct pmf pmf = {0};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        pmf_poisson(&pmf, ROWS[i][0]);
        struct order_up_terms terms = {
            .demand = &pmf, .period = &pmf, .order_cost = 64, .holding = 1, .shortage = 9};
        struct order_up best;
        cr_assert(order_up_best(&terms, &best));
        cr_assert_eq(best.s, ROWS[i][1]);
        cr_assert_eq(best.S, ROWS[i][2]);
        cr_assert(fabs(best.cost - ROWS[i][3]) < 6e-4);
    }
    pmf_fini(&pmf);
}

/* The long way: a path of periods. */
static double walked(const struct order_up_terms *terms, int64_t s, int64_t S)
{
    struct rng rng;
    rng_init(&rng, 7);
    double cost = 0;
    int64_t x = S;
    const int periods = 400000;
    for (int t = 0; t < periods; t++) {
        if (x <= s) {
            cost += terms->order_cost;
            x = S;
        }
        cost += newsvendor_cost(terms->demand, x, terms->holding, terms->shortage);
        x -= (int64_t)rng_poisson(&rng, 3);
    }
    return cost / periods;
}

Test(order_up, cost_of_a_given_policy_agrees_with_a_simulation)
{
    struct pmf lead = {0}, period = {0};
    pmf_poisson(&period, 3);
    pmf_poisson(&lead, 9);
    struct order_up_terms terms = {
        .demand = &lead, .period = &period, .order_cost = 20, .holding = 1, .shortage = 7};
    double cost;
    cr_assert(order_up_cost(&terms, 8, 20, &cost));
    near(cost, walked(&terms, 8, 20), 0.01);
    pmf_fini(&lead);
    pmf_fini(&period);
}

Test(order_up, best_of_all_pairs)
{
    struct pmf lead = {0}, period = {0};
    for (int i = 0; i < 30; i++) {
        double mean = 0.3 + 0.4 * i;
        pmf_negbin(&period, mean, mean * (1 + i % 4));
        pmf_negbin(&lead, mean * (1 + i % 3), mean * (1 + i % 3) * (1 + i % 4));
        struct order_up_terms terms = {.demand = &lead,
                                       .period = &period,
                                       .order_cost = i % 6 * 9.0,
                                       .holding = 1,
                                       .shortage = 2 + i % 9};
        struct order_up best;
        cr_assert(order_up_best(&terms, &best));
        for (int64_t s = (int64_t)best.s - 9; s < best.s + 9; s++) {
            for (int64_t S = s + 1; S < best.S + 30; S++) {
                double cost;
                cr_assert(order_up_cost(&terms, s, S, &cost));
                cr_assert(cost >= best.cost - 1e-9, "case %d: (%d, %d) is cheaper", i, (int)s,
                          (int)S);
            }
        }
    }
    pmf_fini(&lead);
    pmf_fini(&period);
}

Test(order_up, without_order_cost_it_is_a_base_stock)
{
    struct pmf pmf = {0};
    pmf_poisson(&pmf, 12);
    struct order_up_terms terms = {.demand = &pmf, .period = &pmf, .holding = 1, .shortage = 19};
    struct order_up best;
    cr_assert(order_up_best(&terms, &best));
    near(best.cost, newsvendor_discrete(&pmf, 1, 19).cost, 1e-12);
    cr_assert_eq(best.S, newsvendor_discrete(&pmf, 1, 19).level);
    pmf_fini(&pmf);
}

Test(order_up, refuses_what_would_be_too_large)
{
    struct pmf pmf = {0};
    pmf_poisson(&pmf, 1);
    struct order_up_terms terms = {
        .demand = &pmf, .period = &pmf, .order_cost = 1, .holding = 1, .shortage = 1};
    double cost = -1;
    cr_assert_not(order_up_cost(&terms, 0, (int64_t)ORDER_UP_MOST + 1, &cost));
    cr_assert_eq(cost, -1);
    pmf_fini(&pmf);
}

/* Snyder and Shen, example 4.8. */
Test(order_up, power_approximation)
{
    struct order_up_terms terms = {.order_cost = 2.5, .holding = 0.18, .shortage = 0.70};
    struct order_up found = order_up_approximate(50, 50, 8, &terms);
    near(found.s, 40.19461695647407, 1e-9);
    near(found.S, 74.29017010980579, 1e-9);
}
