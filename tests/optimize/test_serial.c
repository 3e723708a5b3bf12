#include "optimize/serial.h"

#include "config/base/rng.h"
#include "optimize/newsvendor.h"

#include <criterion/criterion.h>
#include <math.h>

static void near(double found, double expected, double slack)
{
    cr_assert(fabs(found - expected) <= slack * (1 + fabs(expected)), "found %.12g, expected %.12g",
              found, expected);
}

Test(serial, one_stage_is_a_newsvendor)
{
    struct serial_stage stage = {.holding = 2, .lead_time = 3};
    struct serial_terms terms = {
        .stage = &stage, .count = 1, .mean = 7, .whole = true, .shortage = 18};
    double level, cost, low, high;
    cr_assert(serial_levels(&terms, &level, &cost));
    struct pmf lead = {0};
    pmf_poisson(&lead, 21);
    struct newsvendor best = newsvendor_discrete(&lead, 2, 18);
    cr_assert_eq(level, best.level);
    near(cost, best.cost, 1e-9);
    serial_bounds(&terms, &low, &high);
    cr_assert_eq(low, best.level);
    cr_assert_eq(high, best.level);
    pmf_fini(&lead);
    terms.whole = false;
    terms.sd = 2;
    cr_assert(serial_levels(&terms, &level, &cost));
    struct newsvendor smooth = newsvendor_normal(21, 2 * sqrt(3), 2, 18);
    near(level, smooth.level, 0.003);
    near(cost, smooth.cost, 1e-3);
}

/* Shang and Song (2003), system 1: levels and cost (one decimal) as their paper gives them. */
Test(serial, four_stages_of_shang_and_song)
{
    struct serial_stage stage[4];
    for (int j = 0; j < 4; j++) {
        stage[j] = (struct serial_stage){.holding = 0.25, .lead_time = 0.25};
    }
    struct serial_terms terms = {
        .stage = stage, .count = 4, .mean = 16, .whole = true, .shortage = 9};
    double level[4], low[4], high[4], cost;
    cr_assert(serial_levels(&terms, level, &cost));
    static const double EXPECTED[] = {8, 13, 18, 22};
    serial_bounds(&terms, low, high);
    for (int j = 0; j < 4; j++) {
        cr_assert_eq(level[j], EXPECTED[j]);
        cr_assert(low[j] <= level[j] + 1 && level[j] <= high[j] + 1);
    }
    cr_assert(fabs(cost - 12.688) < 0.05);
}

/* Random chains: between the bounds, and a finer unit changes nothing. */
Test(serial, levels_lie_between_their_bounds)
{
    struct rng rng;
    rng_init(&rng, 5);
    for (int i = 0; i < 20; i++) {
        struct serial_stage stage[3];
        for (int j = 0; j < 3; j++) {
            stage[j] = (struct serial_stage){0.2 + 3 * rng_unit(&rng), 0.5 + 2 * rng_unit(&rng)};
        }
        struct serial_terms terms = {.stage = stage,
                                     .count = 3,
                                     .mean = 20,
                                     .sd = 1 + 5 * rng_unit(&rng),
                                     .shortage = 5 + 40 * rng_unit(&rng)};
        double level[3], low[3], high[3], cost;
        cr_assert(serial_levels(&terms, level, &cost));
        serial_bounds(&terms, low, high);
        for (int j = 0; j < 3; j++) {
            double slack = 0.05 * terms.sd + 0.01;
            cr_assert(low[j] <= level[j] + slack && level[j] <= high[j] + slack, "stage %d", j);
        }
        terms.mean *= 10; /* tenths of the unit */
        terms.sd *= 10;
        double scaled[3], scaled_cost;
        cr_assert(serial_levels(&terms, scaled, &scaled_cost));
        near(scaled_cost, 10 * cost, 1e-6);
    }
}

Test(serial, too_fine_a_grid_is_refused)
{
    struct serial_stage stage = {.holding = 1, .lead_time = 1};
    struct serial_terms terms = {.stage = &stage, .count = 1, .mean = 1e9, .sd = 1, .shortage = 9};
    double level = -1, cost = -1;
    cr_assert_not(serial_levels(&terms, &level, &cost));
    cr_assert_eq(level, -1);
}
