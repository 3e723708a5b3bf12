#include "optimize/reorder.h"

#include "config/base/rng.h"
#include "optimize/newsvendor.h"

#include <criterion/criterion.h>
#include <math.h>

static double cost_of(const struct reorder_terms *terms, const struct pmf *lead, int64_t r,
                      int64_t Q)
{
    double sum = terms->order_cost * terms->rate;
    for (int64_t y = r + 1; y <= r + Q; y++) {
        sum += newsvendor_cost(lead, y, terms->holding, terms->shortage);
    }
    return sum / (double)Q;
}

Test(reorder, best_of_all_pairs)
{
    struct pmf lead = {0};
    for (int i = 1; i < 25; i++) {
        struct reorder_terms terms = {.rate = 0.8 * i,
                                      .order_cost = 2.0 * i,
                                      .holding = 1 + i % 3,
                                      .shortage = 4 + 2 * (i % 5)};
        pmf_poisson(&lead, terms.rate * (0.5 + i % 4));
        struct reorder best;
        cr_assert(reorder_best(&terms, &lead, &best));
        cr_assert(fabs(cost_of(&terms, &lead, (int64_t)best.r, (int64_t)best.Q) - best.cost) <
                  1e-9);
        for (int64_t r = (int64_t)best.r - 8; r < best.r + 8; r++) {
            for (int64_t Q = 1; Q < best.Q + 20; Q++) {
                cr_assert(cost_of(&terms, &lead, r, Q) >= best.cost - 1e-9);
            }
        }
    }
    pmf_fini(&lead);
}

/* Snyder and Shen, example 5.8. */
Test(reorder, poisson_demand_of_the_textbook)
{
    struct pmf lead = {0};
    pmf_poisson(&lead, 3);
    struct reorder_terms terms = {.rate = 1.5, .order_cost = 100, .holding = 20, .shortage = 150};
    struct reorder best;
    cr_assert(reorder_best(&terms, &lead, &best));
    cr_assert_eq(best.r, 3);
    cr_assert_eq(best.Q, 5);
    cr_assert(fabs(best.cost - 107.9235806331498) < 1e-9);
    pmf_fini(&lead);
}

Test(reorder, too_long_a_search_is_refused)
{
    struct pmf lead = {0};
    pmf_poisson(&lead, 3);
    struct reorder_terms terms = {.rate = 1, .order_cost = 1e15, .holding = 1e-3, .shortage = 1};
    struct reorder best = {.r = -77};
    cr_assert_not(reorder_best(&terms, &lead, &best));
    cr_assert_eq(best.r, -77);
    pmf_fini(&lead);
}

/* Example 5.1 there: the cost of two pairs, and the approximation's own. */
Test(reorder, normal_demand_of_the_textbook)
{
    struct reorder_terms terms = {.rate = 1300, .order_cost = 8, .holding = 0.225, .shortage = 7.5};
    double mean = 1300.0 / 12, sd = 150 / sqrt(12);
    cr_assert(fabs(reorder_cost_normal(&terms, mean, sd, 126.8, 328.5) - 78.07116250928294) < 1e-8);
    cr_assert(fabs(reorder_cost_normal(&terms, mean, sd, 100, 250) - 87.34647802817499) < 1e-8);
    struct reorder found = reorder_normal(&terms, mean, sd);
    cr_assert(fabs(found.r - 126.8670642878315) < 1e-4);
    cr_assert(fabs(found.Q - 328.4491413581765) < 1e-4);
    cr_assert(found.cost < 78.08);
}

Test(reorder, normal_cost_agrees_with_a_sum_over_cells)
{
    struct reorder_terms terms = {.rate = 40, .order_cost = 30, .holding = 2, .shortage = 11};
    struct pmf cells = {0};
    pmf_normal(&cells, 4000, 600, 1); /* hundredths of a unit: mean 40, sd 6 */
    double sum = 0;
    for (int64_t y = 3500; y < 3500 + 4200; y++) {
        sum += newsvendor_cost(&cells, y, 2, 11) / 100;
    }
    double cost = (30 * 40 + sum / 100) / 42;
    cr_assert(fabs(reorder_cost_normal(&terms, 40, 6, 35, 42) - cost) < 0.01);
    pmf_fini(&cells);
}
