#include "optimize/wagner_whitin.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* Every subset of periods to order in. */
static double all_plans(const struct wagner_whitin_terms *terms)
{
    double best = INFINITY;
    for (unsigned plan = 0; plan < 1u << terms->periods; plan++) {
        double cost = 0;
        size_t last = SIZE_MAX;
        for (size_t t = 0; t < terms->periods; t++) {
            if (plan >> t & 1) {
                last = t;
                cost += terms->order_cost;
            }
            double price = last == SIZE_MAX || !terms->price ? 0 : terms->price[last];
            double held = last == SIZE_MAX ? (terms->demand[t] > 0 ? (double)INFINITY : 0)
                                           : (double)(t - last) * terms->holding;
            cost += terms->demand[t] > 0 ? terms->demand[t] * (price + held) : 0;
        }
        best = fmin(best, cost);
    }
    return best;
}

Test(wagner_whitin, best_of_all_plans)
{
    struct rng rng;
    rng_init(&rng, 3);
    for (int i = 0; i < 200; i++) {
        double demand[9], price[9], quantity[9];
        for (int t = 0; t < 9; t++) {
            demand[t] = rng_unit(&rng) < 0.3 ? 0 : floor(100 * rng_unit(&rng));
            price[t] = floor(9 * rng_unit(&rng));
        }
        struct wagner_whitin_terms terms = {.demand = demand,
                                            .price = i % 2 ? price : NULL,
                                            .order_cost = 10.0 * (i % 20),
                                            .holding = 0.3,
                                            .periods = 9};
        double cost = wagner_whitin(&terms, quantity);
        cr_assert(fabs(cost - all_plans(&terms)) < 1e-9);
        double stock = 0;
        for (int t = 0; t < 9; t++) {
            stock += quantity[t] - demand[t];
            cr_assert(stock > -1e-9);
        }
        cr_assert(fabs(stock) < 1e-9);
    }
}

/* Snyder and Shen, example 3.9. */
Test(wagner_whitin, textbook)
{
    double quantity[4];
    struct wagner_whitin_terms terms = {
        .demand = (double[]){90, 120, 80, 70}, .order_cost = 500, .holding = 2, .periods = 4};
    cr_assert_eq(wagner_whitin(&terms, quantity), 1380);
    cr_assert_eq(quantity[0], 210);
    cr_assert_eq(quantity[2], 150);
}

Test(wagner_whitin, no_demand_no_order)
{
    double quantity[3];
    struct wagner_whitin_terms terms = {
        .demand = (double[]){0, 0, 0}, .order_cost = 5, .holding = 1, .periods = 3};
    cr_assert_eq(wagner_whitin(&terms, quantity), 0);
    cr_assert_eq(quantity[0] + quantity[1] + quantity[2], 0);
}
