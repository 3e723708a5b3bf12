#include "optimize/lost_sales.h"

#include <criterion/criterion.h>
#include <math.h>

/* The projection as it is defined: one demand after the other. */
static double naive(const struct pmf *demand, int64_t stock, const int64_t *coming, unsigned count)
{
    double total = 0;
    for (size_t i = 0; i < demand->count; i++) {
        int64_t left = stock - (demand->first + (int64_t)i);
        left = left > 0 ? left : 0;
        total += demand->p[i] *
                 (count ? naive(demand, left + coming[0], coming + 1, count - 1) : (double)left);
    }
    return total;
}

Test(lost_sales, projection_agrees_with_its_definition)
{
    struct pmf demand = {0};
    pmf_poisson(&demand, 2);
    struct lost_sales terms = {&demand, 3, 1, 9};
    for (int64_t x = 0; x < 9; x += 2) {
        for (int64_t q = 0; q < 6; q++) {
            int64_t state[3] = {x, q, 5 - q};
            double expected = naive(&demand, x, state + 1, 2);
            cr_assert(fabs(lost_sales_projected(&terms, state) - expected) < 1e-9);
        }
    }
    pmf_fini(&demand);
}

/* Optimal costs by value iteration on Zipkin's (2008) test bed: demand of mean 5, holding 1. */
static double gap(bool poisson, unsigned lead, double penalty, double optimum, enum lost_kind kind)
{
    struct pmf demand = {0};
    if (poisson) {
        pmf_poisson(&demand, 5);
    } else {
        pmf_negbin(&demand, 5, 30);
    }
    struct lost_sales terms = {&demand, lead, 1, penalty};
    struct lost_policy best = lost_sales_best(&terms, kind);
    pmf_fini(&demand);
    return best.cost / optimum - 1;
}

Test(lost_sales, projected_level_is_near_the_optimum)
{
    double gaps[] = {gap(true, 1, 9, 5.4383, LOST_PROJECTED),
                     gap(true, 4, 9, 6.8360, LOST_PROJECTED),
                     gap(false, 2, 9, 15.5029, LOST_PROJECTED)};
    for (int i = 0; i < 3; i++) {
        cr_assert(gaps[i] > -0.003 && gaps[i] < 0.015, "case %d: %g", i, gaps[i]);
    }
}

Test(lost_sales, capping_beats_a_plain_base_stock)
{
    double plain = gap(true, 4, 9, 6.8360, LOST_BASE_STOCK);
    double capped = gap(true, 4, 9, 6.8360, LOST_CAPPED);
    cr_assert(plain > 0.05 && plain < 0.08, "%g", plain);
    cr_assert(capped > -0.003 && capped < 0.02, "%g", capped);
}

Test(lost_sales, orders)
{
    struct pmf demand = {0};
    pmf_poisson(&demand, 5);
    struct lost_sales terms = {&demand, 2, 1, 9};
    int64_t state[2] = {6, 4};
    struct lost_policy base = {.kind = LOST_BASE_STOCK, .level = 17};
    struct lost_policy capped = {.kind = LOST_CAPPED, .level = 17, .cap = 5};
    struct lost_policy projected = {.kind = LOST_PROJECTED, .level = 9.4};
    cr_assert_eq(lost_sales_order(&terms, &base, state), 7);
    cr_assert_eq(lost_sales_order(&terms, &capped, state), 5);
    double stock = lost_sales_projected(&terms, state);
    cr_assert_eq(lost_sales_order(&terms, &projected, state), (int64_t)floor(9.9 - stock));
    projected.level = 0;
    cr_assert_eq(lost_sales_order(&terms, &projected, state), 0);
    /* Nothing is ever ordered: every unit is lost. */
    cr_assert(fabs(lost_sales_cost(&terms, &projected, 20000) - 45) < 1e-9);
    pmf_fini(&demand);
}

Test(lost_sales, refuses_what_it_cannot_count)
{
    struct pmf demand = {0};
    pmf_poisson(&demand, 5);
    struct lost_sales terms = {&demand, 0, 1, 9};
    cr_assert_not_null(lost_sales_check(&terms));
    terms.lead = LOST_LEAD_MOST + 1;
    cr_assert_not_null(lost_sales_check(&terms));
    terms.lead = 2;
    cr_assert_null(lost_sales_check(&terms));
    terms.penalty = 0;
    cr_assert_not_null(lost_sales_check(&terms));
    terms.penalty = 1;
    pmf_poisson(&demand, 1e6);
    cr_assert_not_null(lost_sales_check(&terms));
    pmf_fini(&demand);
}
