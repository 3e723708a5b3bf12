#include "model/negbin.h"

#include "model/levels.h"
#include "tests/ref/ref_model.h"

#include <criterion/criterion.h>
#include <math.h>

static struct negbin_table table;

static void init(void)
{
    negbin_init(&table);
}

TestSuite(negbin, .init = init);

Test(negbin, small_counts_are_exact)
{
    const float means[] = {0.003f, 0.05f, 0.7f, 3, 11}, spreads[] = {1.01f, 1.5f, 4, 12};
    for (size_t m = 0; m < 5; m++) {
        for (size_t s = 0; s < 4; s++) {
            float q[FORECAST_LEVELS];
            negbin_quantiles(&table, means[m], means[m] * spreads[s], q);
            for (int k = 0; k < FORECAST_LEVELS; k++) {
                double variance = (double)means[m] * (double)spreads[s];
                int64_t expected =
                    ref_negbin_quantile((double)means[m], variance, (double)forecast_levels[k]);
                /* A level that falls on a step of the distribution to within float's precision may
                 * take either count. */
                double miss = fabs(ref_negbin_below((double)means[m], variance, (int64_t)q[k]) -
                                   (double)forecast_levels[k]);
                cr_assert((int64_t)q[k] == expected || miss < 1e-6,
                          "mean %g spread %g level %g: %g, expected %ld", (double)means[m],
                          (double)spreads[s], (double)forecast_levels[k], (double)q[k],
                          (long)expected);
            }
        }
    }
}

Test(negbin, large_counts_are_off_by_one_unit_or_one_percent)
{
    const float means[] = {30, 90, 400, 3000}, spreads[] = {1.01f, 2, 9, 70, 600};
    for (size_t m = 0; m < 4; m++) {
        for (size_t s = 0; s < 5; s++) {
            float q[FORECAST_LEVELS];
            negbin_quantiles(&table, means[m], means[m] * spreads[s], q);
            for (int k = 0; k < FORECAST_LEVELS; k++) {
                double expected = (double)ref_negbin_quantile((double)means[m],
                                                              (double)means[m] * (double)spreads[s],
                                                              (double)forecast_levels[k]);
                cr_assert(fabs((double)q[k] - expected) <= 1 + 0.01 * expected,
                          "mean %g spread %g level %g: %g, expected %g", (double)means[m],
                          (double)spreads[s], (double)forecast_levels[k], (double)q[k], expected);
            }
        }
    }
}

Test(negbin, rows_ascend_and_stay_finite_everywhere)
{
    for (float mean = 1e-6f; mean < 1e9f; mean *= 3) {
        for (float spread = 0.5f; spread < 1e7f; spread *= 3) {
            float q[FORECAST_LEVELS];
            negbin_quantiles(&table, mean, mean * spread, q);
            for (int k = 0; k < FORECAST_LEVELS; k++) {
                cr_assert(isfinite(q[k]) && q[k] >= (k ? q[k - 1] : 0), "mean %g spread %g",
                          (double)mean, (double)spread);
            }
        }
    }
}

Test(negbin, smooth_rows_ascend_and_round_to_the_counts_of_large_demand)
{
    for (float mean = 0.01f; mean < 1e6f; mean *= 4) {
        for (float spread = 1.2f; spread < 30; spread *= 2) {
            float smooth[FORECAST_LEVELS], q[FORECAST_LEVELS];
            negbin_smooth(&table, mean, mean * spread, smooth);
            negbin_quantiles(&table, mean, mean * spread, q);
            for (int k = 0; k < FORECAST_LEVELS; k++) {
                cr_assert(isfinite(smooth[k]) && (!k || smooth[k] >= smooth[k - 1]));
                cr_assert(mean < 1000 || fabsf(smooth[k] - q[k]) <= 1.1f + 0.001f * q[k],
                          "mean %g spread %g: %g, %g", (double)mean, (double)spread,
                          (double)smooth[k], (double)q[k]);
            }
        }
    }
}

Test(negbin, no_demand_gives_zeros)
{
    const float nothing[] = {0, -1, NAN};
    for (int i = 0; i < 3; i++) {
        float q[FORECAST_LEVELS] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
        negbin_quantiles(&table, nothing[i], 1, q);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            cr_assert_eq(q[k], 0.0f);
        }
    }
}

/* The scalar code is the twin of the lanes. */
Test(negbin, lanes_say_what_one_by_one_says)
{
    const float spreads[] = {0.5f, 1.01f, 1.7f, 3, 12, 80};
    long all = 0, differ = 0;
    for (size_t s = 0; s < 6; s++) {
        for (float low = 1e-4f; low < 1e5f; low *= 1.13f) {
            float mean[NEGBIN_LANES], variance[NEGBIN_LANES], q[FORECAST_LEVELS * NEGBIN_LANES];
            for (int lane = 0; lane < NEGBIN_LANES;
                 lane++) { /* far apart, and one without demand */
                mean[lane] = lane == 7 ? 0 : low * (float)(1 << lane % 5);
                variance[lane] = mean[lane] * spreads[s];
            }
            negbin_lanes(&table, mean, variance, q);
            for (int lane = 0; lane < NEGBIN_LANES; lane++) {
                float row[FORECAST_LEVELS];
                negbin_quantiles(&table, mean[lane], variance[lane], row);
                for (int k = 0; k < FORECAST_LEVELS; k++) {
                    float miss = fabsf(q[k * NEGBIN_LANES + lane] - row[k]);
                    all++;
                    differ += miss > 0;
                    /* Exact by one, by the table of the other where counts grow large. */
                    cr_assert_leq(miss, 1 + 0.01f * row[k], "mean %g spread %g level %d: %g, %g",
                                  (double)mean[lane], (double)spreads[s], k,
                                  (double)q[k * NEGBIN_LANES + lane], (double)row[k]);
                }
            }
        }
    }
    cr_assert_leq(differ * 100, all, "%ld of %ld differ", differ, all);
}
