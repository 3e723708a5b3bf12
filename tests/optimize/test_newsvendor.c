#include "optimize/newsvendor.h"

#include "optimize/gauss.h"

#include <criterion/criterion.h>
#include <math.h>

static void near(double found, double expected, double slack)
{
    cr_assert(fabs(found - expected) <= slack * (1 + fabs(expected)), "found %.12g, expected %.12g",
              found, expected);
}

/* Snyder and Shen, Fundamentals of Supply Chain Theory, example 4.3. */
Test(newsvendor, normal_demand_of_the_textbook)
{
    struct newsvendor best = newsvendor_normal(50, 8, 0.18, 0.70);
    near(best.level, 56.60395592743389, 1e-8);
    near(best.cost, 1.997605193176645, 1e-8);
}

Test(newsvendor, whole_levels_beat_their_neighbours)
{
    struct pmf pmf = {0};
    for (int i = 1; i < 40; i++) {
        pmf_negbin(&pmf, 0.4 * i, 0.4 * i * (1 + i % 5));
        double holding = 1 + i % 3, shortage = 0.5 * i;
        struct newsvendor best = newsvendor_discrete(&pmf, holding, shortage);
        int64_t level = (int64_t)best.level;
        near(newsvendor_cost(&pmf, level, holding, shortage), best.cost, 1e-12);
        cr_assert(newsvendor_cost(&pmf, level - 1, holding, shortage) >= best.cost - 1e-12);
        cr_assert(newsvendor_cost(&pmf, level + 1, holding, shortage) >= best.cost - 1e-12);
    }
    pmf_fini(&pmf);
}

Test(newsvendor, ratio_met_exactly_needs_no_further_unit)
{
    struct pmf pmf = {0};
    pmf_given(&pmf, 1, (double[]){0.25, 0.05, 0.1, 0.2, 0.1, 0.3}, 6);
    cr_assert_eq(newsvendor_discrete(&pmf, 0.3, 0.7).level, 5); /* P(D <= 5) = 0.7 */
    pmf_fini(&pmf);
}

Test(newsvendor, lognormal_cost_agrees_with_a_sum)
{
    struct newsvendor best = newsvendor_lognormal(2, 0.5, 1, 4);
    double cost = 0;
    const int steps = 200000;
    for (int i = 0; i < steps; i++) {
        double d = exp(2 + 0.5 * gauss_quantile((i + 0.5) / steps));
        cost += (d < best.level ? best.level - d : 4 * (d - best.level)) / steps;
    }
    near(best.cost, cost, 1e-4);
}

Test(newsvendor, disrupted_supply_keeps_spare_periods)
{
    struct newsvendor best = newsvendor_disrupted(2000, 0.04, 0.25, 0.25, 3);
    near(best.level, 8000, 1e-12);
    near(best.cost, 2737.068965490435, 1e-7);
    /* Nearly never down: the demand of one period is enough. */
    near(newsvendor_disrupted(10, 1e-9, 0.5, 1, 9).level, 10, 1e-12);
}
