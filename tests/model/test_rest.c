#include "model/rest.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

Test(rest, nothing_sold_yet_is_the_forecast)
{
    struct rest_day day = {.mean = 8, .spread = 2, .relative = 0.1f};
    struct rest rest = rest_of_day(&day);
    cr_expect_float_eq(rest.level, 1, 1e-6f);
    cr_expect_float_eq(rest.mean, 8, 1e-5f);
    cr_expect_float_eq(rest.variance, 16, 1e-4f); /* the day's own */
}

/* Gamma-Poisson: level ~ Gamma(a, a), sold ~ Poisson(level x mean x share). */
Test(rest, is_the_posterior_of_gamma_and_poisson)
{
    float a = 4, mean = 10, share = 0.5f, sold = 9;
    struct rest_day day = {.mean = mean,
                           .spread = 1.0f + mean / a + 0.01f,
                           .relative = 1 / a,
                           .elapsed = share,
                           .observed = share,
                           .sold = sold};
    struct rest rest = rest_of_day(&day);
    cr_expect_float_eq(rest.level, (a + sold) / (a + mean * share), 0.01f);
    cr_expect_float_eq(rest.mean, rest.level * mean * (1 - share), 1e-4f);
}

Test(rest, what_was_out_of_stock_is_no_evidence)
{
    struct rest_day day = {.mean = 10, .spread = 3, .relative = 0.2f, .elapsed = 0.6f};
    cr_expect_float_eq(rest_of_day(&day).level, 1, 1e-6f, "nothing observed");
    day.observed = 0.6f;
    cr_expect(rest_of_day(&day).level < 0.8f, "nothing sold");
    day.elapsed = 1;
    cr_expect(rest_of_day(&day).mean == 0);
}

static float learned(double relative, uint64_t seed)
{
    struct rest_moments moments = {0};
    struct rng rng;
    rng_init(&rng, seed);
    for (int t = 0; t < 40; t++) {
        for (int i = 0; i < 200; i++) {
            double level = relative > 0 ? rng_gamma(&rng, 1 / relative) * relative : 1;
            double mean = 6;
            struct rest_half half = {.mean = (float)mean,
                                     .spread = (float)(1 + relative * mean),
                                     .share = 0.4f,
                                     .first = (float)rng_poisson(&rng, level * mean * 0.4),
                                     .second = (float)rng_poisson(&rng, level * mean * 0.6)};
            rest_learn(&moments, 1, &half);
        }
        rest_fold(&moments);
    }
    return rest_relative(&moments, 1);
}

Test(rest, halves_tell_how_much_a_day_has_a_level)
{
    cr_expect_float_eq(learned(0.3, 1), 0.3f, 0.06f);
    cr_expect_float_eq(learned(0.1, 2), 0.1f, 0.03f);
    cr_expect_lt(learned(0, 3), 0.01f);
    struct rest_moments none = {0};
    cr_expect_float_eq(rest_relative(&none, 0), 0.05f, 1e-6f);
}

Test(rest, a_wild_half_and_numbers_that_are_none_teach_little)
{
    struct rest_moments moments = {0};
    struct rest_half wild = {.mean = 1, .spread = 1, .share = 0.5f, .first = 1e6f, .second = 1e6f};
    rest_learn(&moments, 0, &wild);
    cr_expect_lt(moments.product[0], 40);
    struct rest_half bad[] = {{.mean = NAN, .spread = 1, .share = 0.5f},
                              {.mean = 1, .spread = INFINITY, .share = 0.5f},
                              {.mean = 1, .spread = 1, .share = 1},
                              {.mean = 0, .spread = 1, .share = 0.5f}};
    struct rest_moments before = moments;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rest_learn(&moments, 0, &bad[i]);
    }
    cr_expect(memcmp(&before, &moments, sizeof before) == 0);
}

Test(rest, sums_lose_what_is_gone_and_keep_their_order)
{
    float mean[3] = {8, 56, 112}, q[3 * FORECAST_LEVELS], now_mean[3], now_q[3 * FORECAST_LEVELS];
    uint16_t length[3] = {1, 7, 14};
    for (int s = 0; s < 3; s++) {
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            q[s * FORECAST_LEVELS + k] =
                mean[s] + 3 * sqrtf(mean[s]) * (forecast_levels[k] - 0.5f) * 2;
        }
    }
    struct forecast_block block = {
        .series = 1, .steps = 0, .sums = 3, .sum_length = length, .sum_mean = mean, .sum_q = q};
    struct rest_day day = {
        .mean = 8, .spread = 2, .relative = 0.05f, .elapsed = 0.5f, .observed = 0.5f, .sold = 8};
    struct rest rest = rest_of_day(&day);
    struct rest_shift shift = {.rest = &rest, .mean = 8, .spread = 2};
    rest_sums(&block, 0, &shift, now_mean, now_q);
    cr_expect_float_eq(now_mean[0], rest.mean, 1e-4f);
    cr_expect_float_eq(now_mean[1], 56 - 8 + rest.mean, 1e-3f);
    for (int s = 0; s < 3; s++) {
        for (int k = 1; k < FORECAST_LEVELS; k++) {
            cr_expect(now_q[s * FORECAST_LEVELS + k] >= now_q[s * FORECAST_LEVELS + k - 1]);
        }
        cr_expect(now_q[s * FORECAST_LEVELS + LEVEL_P90] - now_q[s * FORECAST_LEVELS + LEVEL_P10] <=
                  q[s * FORECAST_LEVELS + LEVEL_P90] - q[s * FORECAST_LEVELS + LEVEL_P10] + 2);
    }
    shift.ahead = 0.5f; /* seven days from now reach into the eighth */
    rest_sums(&block, 0, &shift, now_mean, now_q);
    cr_expect_float_eq(now_mean[1], 56 - 8 + rest.mean + 4, 1e-3f);
}

Test(rest, comes_back_and_refuses_what_is_no_state)
{
    struct rest_moments moments = {.product = {1, 2}, .square = {3, 4}}, back = {0};
    struct buf bytes = {0};
    rest_save(&moments, &bytes);
    cr_assert(!rest_load(&back, buf_view(&bytes)));
    cr_expect(memcmp(&moments, &back, sizeof back) == 0);
    struct status *st = rest_load(&back, (struct slice){bytes.data, bytes.bytes - 1});
    cr_expect(status_code(st) == STATUS_CORRUPT);
    status_free(st);
    memset(bytes.data, 0xff, 8);
    st = rest_load(&back, buf_view(&bytes));
    cr_expect(status_code(st) == STATUS_CORRUPT && back.product[0] == 1);
    status_free(st);
    buf_fini(&bytes);
}
