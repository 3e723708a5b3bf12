#include "optimize/demand.h"

#include "config/base/rng.h"
#include "tests/optimize/curve_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

#define NEAR(a, b, tolerance)                                                                      \
    cr_assert_float_eq((a), (b), (tolerance), "%.9g is not %.9g", (double)(a), (double)(b))

Test(demand, uniform_totals_have_the_known_distribution)
{
    struct demand_curve curve = curve_uniform(2, 4);
    struct demand d;
    demand_at(&curve, 7, &d);
    NEAR(d.mean, 21, 1e-5);
    NEAR(demand_quantile(&d, 0.5), 21, 1e-5);
    NEAR(demand_quantile(&d, 0.25), 17.5, 1e-5);
    NEAR(demand_above(&d, 24.5), 0.25, 1e-6);
    NEAR(demand_above(&d, -1), 1, 0);
    NEAR(demand_above(&d, 13), 1, 0);
    NEAR(demand_shortfall(&d, 0), 21, 0.1);
    /* E[(D - x)+] of a uniform on [14, 28] is (28 - x)^2 / 28; the exponential tail above 0.99 adds
     * a little. */
    NEAR(demand_shortfall(&d, 24), 16.0 / 28, 0.01);
    NEAR(demand_shortfall(&d, 10) - demand_shortfall(&d, 11), 1, 1e-9);
}

Test(demand, lengths_between_and_beyond_rows)
{
    struct demand_curve curve = curve_uniform(2, 4);
    struct demand d;
    demand_at(&curve, 10.5, &d);
    NEAR(d.mean, 31.5, 1e-5);
    NEAR(demand_quantile(&d, 0.9), 3.8 * 10.5,
         0.3); /* proportional; the square-root path differs a little inside */
    demand_at(&curve, 28, &d);
    NEAR(demand_quantile(&d, 0.9), 3.8 * 28, 1e-3); /* beyond: the rows show growth in proportion */
    demand_at(&curve, 0.5, &d);
    NEAR(demand_quantile(&d, 0.9), 1.9, 1e-5);
    demand_at(&curve, 0, &d);
    NEAR(d.mean, 0, 0);
    NEAR(demand_above(&d, 0), 0, 0);
    NEAR(demand_shortfall(&d, 0), 0, 0);
    NEAR(demand_mean(&curve, 10.5), 31.5, 1e-5);
    NEAR(demand_mean(&curve, 28), 84, 1e-4);
    NEAR(demand_mean(&curve, 0.5), 1.5, 1e-6);
    NEAR(demand_mean(&curve, -1), 0, 0);
    demand_between(&curve, 7, 7, &d);
    NEAR(d.mean, 21, 1e-4);
}

Test(demand, poisson_totals_between_rows_are_near_the_truth)
{
    struct demand_curve curve = curve_poisson(3);
    for (int slots = 1; slots <= 40; slots++) {
        struct demand d;
        demand_at(&curve, slots, &d);
        double mean = 3.0 * slots, sd = sqrt(mean);
        for (int z = -1; z <= 2; z++) {
            int64_t x = (int64_t)(mean + z * sd);
            NEAR(demand_above(&d, (double)x), curve_poisson_above(mean, x), 0.02);
        }
        double expected = 0;
        for (int64_t x = (int64_t)(mean + sd); x < (int64_t)(mean + 12 * sd); x++) {
            expected += curve_poisson_above(mean, x);
        }
        NEAR(demand_shortfall(&d, floor(mean + sd)), expected, 0.06 * sd);
    }
}

Test(demand, tail_of_a_rare_seller_keeps_its_mean)
{
    float lengths[1] = {7}, means[1] = {0.02F}, quantiles[DEMAND_LEVELS] = {0};
    struct demand_curve curve;
    demand_curve_init(&curve, curve_levels, 1, lengths, means, quantiles);
    struct demand d;
    demand_at(&curve, 7, &d);
    NEAR(demand_shortfall(&d, 0), 0.01, 1e-6); /* at most 1 + q99 units beyond the last level */
    NEAR(demand_above(&d, 0), 0.01, 1e-6);
}

Test(demand, mends_whatever_comes_in)
{
    float lengths[4] = {14, NAN, 1, -3}, means[4] = {1, 5, INFINITY, 2},
          quantiles[4 * DEMAND_LEVELS];
    for (int i = 0; i < 4 * DEMAND_LEVELS; i++) {
        quantiles[i] = i % 5 == 0 ? NAN : (float)(20 - i);
    }
    struct demand_curve curve;
    demand_curve_init(&curve, curve_levels, 4, lengths, means, quantiles);
    cr_assert_eq(curve.rows, 2);
    cr_assert_eq(curve.length[0], 1);
    for (double slots = 0; slots < 40; slots += 0.7) {
        struct demand d;
        demand_at(&curve, slots, &d);
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            cr_assert(isfinite(d.x[k + 1]) && d.x[k + 1] >= d.x[k]);
        }
    }
    demand_curve_init(&curve, curve_levels, 0, NULL, NULL, NULL);
    struct demand none;
    demand_at(&curve, 9, &none);
    NEAR(demand_above(&none, 0), 0, 0);
}

Test(demand, keeps_the_longest_row_when_there_are_too_many)
{
    float lengths[40], means[40], quantiles[40 * DEMAND_LEVELS];
    for (int row = 0; row < 40; row++) {
        lengths[row] = means[row] = (float)(row + 1);
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            quantiles[row * DEMAND_LEVELS + k] = (float)(row + 1) * curve_levels[k];
        }
    }
    struct demand_curve curve;
    demand_curve_init(&curve, curve_levels, 40, lengths, means, quantiles);
    cr_assert_eq(curve.rows, DEMAND_ROWS_MAX);
    cr_assert_eq(curve.length[DEMAND_ROWS_MAX - 1], 40);
    cr_assert_eq(curve.length[0], 1);
}

Test(demand, random_curves_are_monotone)
{
    struct rng rng;
    rng_init(&rng, 20261124);
    for (int trial = 0; trial < 3000; trial++) {
        float lengths[5], means[5], quantiles[5 * DEMAND_LEVELS];
        for (int row = 0; row < 5; row++) {
            lengths[row] = (float)(1 + rng_below(&rng, 30));
            means[row] = (float)(rng_exponential(&rng) * 10);
            for (int k = 0; k < DEMAND_LEVELS; k++) {
                quantiles[row * DEMAND_LEVELS + k] = (float)floor(rng_exponential(&rng) * 4);
            }
        }
        struct demand_curve curve;
        demand_curve_init(&curve, curve_levels, 5, lengths, means, quantiles);
        struct demand last;
        demand_at(&curve, 0, &last);
        for (double slots = 0.5; slots < 60; slots += 1.7) {
            struct demand d;
            demand_at(&curve, slots, &d);
            for (int k = 1; k <= DEMAND_LEVELS; k++) {
                cr_assert(d.x[k] >= d.x[k - 1], "trial %d: quantiles cross", trial);
                cr_assert(d.x[k] >= last.x[k] - 1e-9, "trial %d: a longer total is smaller", trial);
            }
            double x = rng_unit(&rng) * 30, level = rng_unit(&rng);
            cr_assert(demand_shortfall(&d, x) >= demand_shortfall(&d, x + 1) - 1e-9);
            cr_assert(demand_above(&d, x) >= demand_above(&d, x + 1) - 1e-12);
            double q = demand_quantile(&d, level);
            cr_assert(demand_above(&d, q) <= 1 - level + 1e-9, "trial %d: quantile is too low",
                      trial);
            cr_assert(q < 1e-6 || demand_above(&d, q - 1e-6 * (1 + q)) >= 1 - level - 1e-3);
            last = d;
        }
    }
}

Test(demand, mixture_is_the_mean_of_the_chances)
{
    struct demand_curve curve = curve_poisson(2);
    struct demand parts[3], mixed;
    const double weights[3] = {0.5, 0.3, 0.2};
    demand_at(&curve, 5, parts);
    demand_at(&curve, 9, parts + 1);
    demand_at(&curve, 20, parts + 2);
    demand_mix(parts, weights, 3, &mixed);
    NEAR(mixed.mean, 2 * (0.5 * 5 + 0.3 * 9 + 0.2 * 20), 1e-4);
    for (double x = 0; x < 70; x += 1) {
        double truth = 0;
        for (int i = 0; i < 3; i++) {
            truth += weights[i] * demand_above(parts + i, x);
        }
        NEAR(demand_above(&mixed, x), truth, 0.06);
    }
    for (int k = 1; k <= DEMAND_LEVELS; k++) {
        double truth = 0;
        for (int i = 0; i < 3; i++) {
            truth += weights[i] * demand_above(parts + i, mixed.x[k]);
        }
        NEAR(1 - truth, mixed.level[k], 0.03);
    }
    demand_mix(parts, weights, 1, &mixed);
    NEAR(mixed.x[5], parts[0].x[5], 0);
}

Test(demand, scale_scales_everything)
{
    struct demand_curve curve = curve_poisson(2);
    struct demand d, twice;
    demand_at(&curve, 5, &d);
    twice = d;
    demand_scale(&twice, 2);
    NEAR(demand_quantile(&twice, 0.997), 2 * demand_quantile(&d, 0.997), 1e-9);
    NEAR(demand_shortfall(&twice, 24), 2 * demand_shortfall(&d, 12), 1e-9);
    NEAR(demand_spread(&twice), 2 * demand_spread(&d), 1e-9);
    NEAR(demand_spread(&d), sqrt(10), 0.15);
}
