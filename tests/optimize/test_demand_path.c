#include "optimize/demand_path.h"

#include "tests/optimize/curve_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { PATHS = 8000, DAYS = 28 };

/* Totals of gamma distribution in outline: mean n x rate, spread of independent days and of a level
 * that is wrong by `level` (share of the mean) throughout. */
static struct demand_curve curve_with_level(float rate, double level)
{
    static const float LENGTHS[4] = {1, 7, 14, 28};
    float means[4], quantiles[4 * DEMAND_LEVELS];
    for (int row = 0; row < 4; row++) {
        double mean = (double)(rate * LENGTHS[row]);
        double sd = sqrt(2 * mean + level * level * mean * mean),
               s2 = log(1 + sd * sd / (mean * mean));
        means[row] = (float)mean;
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            static const double Z[DEMAND_LEVELS] = {-1.6449, -1.2816, -0.8416, -0.5244,
                                                    -0.2533, 0,       0.2533,  0.5244,
                                                    0.8416,  1.2816,  1.6449,  2.3263};
            quantiles[row * DEMAND_LEVELS + k] = (float)(mean * exp(sqrt(s2) * Z[k] - s2 / 2));
        }
    }
    struct demand_curve curve;
    demand_curve_init(&curve, curve_levels, 4, LENGTHS, means, quantiles);
    return curve;
}

static int ascending(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

/* Sorted totals of the first `days` days of many paths. */
static void totals(const struct demand_paths *paths, uint32_t days, double *out)
{
    struct rng rng;
    rng_init(&rng, 7);
    for (int i = 0; i < PATHS; i++) {
        float path[DAYS];
        out[i] = 0;
        demand_paths_draw(paths, &rng, DAYS, path);
        for (uint32_t t = 0; t < days; t++) {
            cr_assert(path[t] >= 0 && isfinite(path[t]));
            out[i] += (double)path[t];
        }
    }
    qsort(out, PATHS, sizeof *out, ascending);
}

/* The spread of 8,000 totals is known to 1 %; outlines of 12 quantiles and the shape of sums take
 * the rest. */
static void reproduces(const struct demand_curve *curve, double tolerance)
{
    static const double LEVELS[] = {0.1, 0.3, 0.5, 0.7, 0.9, 0.95};
    static double got[PATHS];
    struct demand_paths paths;
    demand_paths_fit(curve, DAYS, &paths);
    for (uint32_t days = 7; days <= DAYS; days *= 2) {
        struct demand total;
        demand_at(curve, days, &total);
        totals(&paths, days, got);
        for (size_t k = 0; k < sizeof LEVELS / sizeof LEVELS[0]; k++) {
            double wanted = demand_quantile(&total, LEVELS[k]),
                   found = got[(int)(LEVELS[k] * PATHS)];
            cr_expect_float_eq(found, wanted, tolerance * demand_spread(&total) + 0.01 * wanted,
                               "%u days, level %g: %g for %g (common %g, memory %g)", days,
                               LEVELS[k], found, wanted, paths.common, paths.memory);
        }
    }
}

Test(demand_path, totals_of_independent_days_come_out)
{
    struct demand_curve curve = curve_poisson(6);
    struct demand_paths paths;
    demand_paths_fit(&curve, DAYS, &paths);
    cr_expect(paths.common < 0.1 && fabs(paths.memory) <= 0.2, "%g %g", paths.common, paths.memory);
    reproduces(&curve, 0.12);
}

Test(demand_path, an_error_of_the_level_lasts)
{
    struct demand_curve curve = curve_with_level(10, 0.3);
    struct demand_paths paths;
    demand_paths_fit(&curve, DAYS, &paths);
    cr_expect(paths.common > 0.2, "%g", paths.common);
    reproduces(&curve, 0.12);
}

Test(demand_path, the_exact_variance_is_that_of_the_paths)
{
    struct demand_curve curve = curve_with_level(5, 0.25);
    struct demand_paths paths;
    static double got[PATHS];
    demand_paths_fit(&curve, DAYS, &paths);
    totals(&paths, 14, got);
    double sum = 0, square = 0;
    for (int i = 0; i < PATHS; i++) {
        sum += got[i];
        square += got[i] * got[i];
    }
    double mean = sum / PATHS, variance = square / PATHS - mean * mean;
    cr_expect_float_eq(mean, 70, 1.5, "%g", mean);
    cr_expect_float_eq(variance, demand_paths_variance(&paths, 14), 0.08 * variance);
}

Test(demand_path, moments_of_a_known_distribution)
{
    struct demand_curve curve = curve_uniform(2, 8);
    struct demand demand;
    double mean, variance;
    demand_at(&curve, 7, &demand);
    demand_moments(&demand, &mean, &variance);
    cr_expect_float_eq(mean, 35, 0.5, "%g", mean);
    cr_expect_float_eq(variance, 42.0 * 42 / 12, 0.1 * 147, "%g", variance);
}

Test(demand_path, nothing_known_draws_nothing)
{
    struct demand_curve curve = {0};
    struct demand_paths paths;
    float path[3];
    struct rng rng;
    rng_init(&rng, 1);
    demand_paths_fit(&curve, 2, &paths);
    demand_paths_draw(&paths, &rng, 3, path); /* longer than it was fitted for */
    cr_assert(path[0] == 0 && path[1] == 0 && path[2] == 0);
}
