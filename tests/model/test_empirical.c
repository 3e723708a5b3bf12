#include "model/empirical.h"

#include "config/base/rng.h"
#include "config/base/window.h"
#include "model/levels.h"
#include "tests/ref/ref_model.h"

#include <criterion/criterion.h>
#include <math.h>

Test(empirical, quantiles_equal_those_of_a_sort)
{
    struct rng rng;
    rng_init(&rng, 7);
    for (int round = 0; round < 300; round++) {
        float values[EMPIRICAL_MAX], q[FORECAST_LEVELS], mean;
        uint32_t n = 1 + (uint32_t)rng_below(&rng, EMPIRICAL_MAX);
        double sum = 0;
        for (uint32_t i = 0; i < n; i++) {
            values[i] =
                (float)rng_below(&rng, round % 3 ? 5 : 10000); /* with and without many ties */
            sum += (double)values[i];
        }
        empirical_quantiles(values, n, q, &mean);
        cr_assert_float_eq(mean, sum / n, 1e-3 * (1 + sum / n));
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            double expected = ref_quantile(values, n, (double)forecast_levels[k]);
            cr_assert_float_eq(q[k], expected, 1e-4 * (1 + expected),
                               "round %d level %d: %g, expected %g", round, k, (double)q[k],
                               expected);
        }
    }
}

static const float UNITS[10] = {0, 0, 5, 1, 2, 3, 4, 5, 6, 7};

static uint32_t sums_of(const uint8_t *flags, uint32_t buckets, uint32_t length, float *sums)
{
    struct empirical_source source = {.units = UNITS,
                                      .flags = flags,
                                      .width = 10,
                                      .buckets = buckets,
                                      .most = 1e9f,
                                      .skip = WINDOW_CENSORED};
    struct empirical_history history;
    empirical_read(&history, &source);
    return empirical_sums(&history, length, sums);
}

Test(empirical, sums_are_those_of_all_runs)
{
    const uint8_t flags[10] = {0};
    float sums[EMPIRICAL_MAX];
    cr_assert_eq(sums_of(flags, 6, 3, sums), 4u);
    cr_assert_eq(sums[0], 9.0f);
    cr_assert_eq(sums[3], 18.0f);
    cr_assert_eq(sums_of(flags, 56, 1, sums), 10u);
}

Test(empirical, a_bucket_counts_at_most_so_much)
{
    const uint8_t flags[10] = {0};
    float sums[EMPIRICAL_MAX];
    struct empirical_history history;
    struct empirical_source source = {
        .units = UNITS, .flags = flags, .width = 10, .buckets = 6, .most = 4};
    empirical_read(&history, &source);
    cr_assert_eq(empirical_sums(&history, 3, sums), 4u);
    cr_assert(sums[0] == 9 && sums[1] == 11 && sums[3] == 12);
}

Test(empirical, absent_buckets_are_no_zeros_and_a_short_history_is_scaled)
{
    const uint8_t flags[10] = {WINDOW_ABSENT,
                               WINDOW_ABSENT,
                               WINDOW_ABSENT,
                               WINDOW_ABSENT,
                               WINDOW_ABSENT,
                               WINDOW_ABSENT,
                               WINDOW_ABSENT,
                               0,
                               0,
                               0};
    float sums[EMPIRICAL_MAX];
    cr_assert_eq(sums_of(flags, 10, 1, sums), 3u);
    cr_assert_eq(sums_of(flags, 10, 6, sums), 1u);
    cr_assert_eq(sums[0], 36.0f);
}

Test(empirical, censored_buckets_count_as_the_others_of_their_run)
{
    const uint8_t flags[10] = {0, 0, 0, 0, 0, 0, 0, 0, WINDOW_OUT_OF_STOCK, 0};
    float sums[EMPIRICAL_MAX];
    cr_assert_eq(sums_of(flags, 4, 4, sums), 1u);
    cr_assert_float_eq(sums[0], (4 + 5 + 7) * 4.0 / 3, 1e-4);
}

Test(empirical, nothing_observed_gives_nothing)
{
    uint8_t flags[10];
    for (int t = 0; t < 10; t++) {
        flags[t] = WINDOW_FEED_SILENT;
    }
    float sums[EMPIRICAL_MAX];
    cr_assert_eq(sums_of(flags, 10, 1, sums), 0u);
    flags[2] = 0; /* one bucket of ten: less than half of any run of 8 */
    cr_assert_eq(sums_of(flags, 10, 8, sums), 1u);
    cr_assert_eq(sums[0], 40.0f);
}
