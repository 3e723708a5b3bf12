#include "model/known.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(known, slots_are_read_with_the_price_as_a_ratio)
{
    float raw[WINDOW_KNOWN] = {5, 1, NAN, 0, 1}, z[WINDOW_KNOWN];
    uint32_t there = known_read(raw, 10, z);
    cr_assert_float_eq(z[WINDOW_PRICE], logf(0.5f), 1e-6);
    cr_assert(z[WINDOW_PROMO] == 1 && z[WINDOW_HOLIDAY] == 0 && z[WINDOW_SNAP] == 1);
    cr_assert_eq(there,
                 1u << WINDOW_PRICE | 1u << WINDOW_PROMO | 1u << WINDOW_EVENT | 1u << WINDOW_SNAP);
    there = known_read(raw, 0, z); /* no usual price to compare with */
    cr_assert(z[WINDOW_PRICE] == 0 && !(there & 1u << WINDOW_PRICE));
    cr_assert_eq(known_read(NULL, 10, z), 0);
    raw[WINDOW_PRICE] = 1e-9f;
    (void)known_read(raw, 10, z);
    cr_assert_geq(z[WINDOW_PRICE], -2.0f);
    raw[WINDOW_PRICE] = -1;
    cr_assert_eq(known_read(raw, 10, z) & 1u << WINDOW_PRICE, 0);
}

Test(known, the_usual_price_is_a_median_that_short_promotions_do_not_move)
{
    float usual = known_usual(0, NAN, 0);
    cr_assert_eq(usual, 0.0f);
    for (uint32_t t = 0; t < 60; t++) {
        usual = known_usual(usual, t % 12 < 3 ? 7 : 10, t);
    }
    cr_assert_float_eq(usual, 10, 0.2);
    cr_assert_eq(known_usual(usual, NAN, 60), usual);
    for (uint32_t t = 0; t < 60; t++) {
        usual = known_usual(usual, 12, 60 + t);
    }
    cr_assert_float_eq(usual, 12, 1e-3); /* but a new price does, in time */
}

/* Buckets of many series with known effects and a common shock a day. */
static void teach(struct known_effects *effects, const float *truth, double shock, int days,
                  int begin, int stride)
{
    struct rng rng;
    rng_init(&rng, 11);
    for (int day = 0; day < days; day++) {
        struct known_tally tally = {0};
        double common = exp(shock * rng_normal(&rng));
        float holiday = day % 9 == 0;
        for (int n = 0; n < 200; n++) {
            int i = (begin + stride * n + 200) % 200;
            struct rng own;
            rng_init(&own, (uint64_t)(day * 200 + i));
            float z[WINDOW_KNOWN] = {0};
            z[WINDOW_PROMO] = rng_unit(&own) < 0.15;
            z[WINDOW_HOLIDAY] = holiday;
            z[WINDOW_PRICE] = z[WINDOW_PROMO] > 0 ? -0.2f : 0;
            float mean = 1 + (float)(i % 10), move = 0;
            for (int k = 0; k < WINDOW_KNOWN; k++) {
                move += truth[k] * z[k];
            }
            struct known_case one = {
                .z = z, .expected = mean, .factor = known_factor(effects, z), .spread = 2};
            double demand = (double)mean * exp((double)move) * common;
            one.y = (float)rng_negbin(&own, demand, 2 * demand);
            known_count(&tally, &one);
        }
        float moved = known_fold(effects, &tally);
        cr_assert(moved > 0.2f && moved < 5);
    }
}

Test(known, effects_are_found_through_common_shocks)
{
    const float truth[WINDOW_KNOWN] = {[WINDOW_PROMO] = 0.6f, [WINDOW_HOLIDAY] = 0.4f};
    struct known_effects effects = {0};
    teach(&effects, truth, 0.08, 120, 0, 1);
    float z[WINDOW_KNOWN] = {[WINDOW_PROMO] = 1, [WINDOW_PRICE] = -0.2f};
    cr_assert_float_eq(logf(known_factor(&effects, z)), 0.6f, 0.08,
                       "promotion and its price together: %g",
                       (double)logf(known_factor(&effects, z)));
    float holiday[WINDOW_KNOWN] = {[WINDOW_HOLIDAY] = 1};
    cr_assert_float_eq(logf(known_factor(&effects, holiday)), 0.4f, 0.12);
    cr_assert_eq(effects.effect[WINDOW_SNAP], 0.0f);
}

Test(known, the_order_of_series_changes_no_bit)
{
    const float truth[WINDOW_KNOWN] = {[WINDOW_PROMO] = 0.6f, [WINDOW_HOLIDAY] = 0.4f};
    struct known_effects one = {0}, other = {0};
    teach(&one, truth, 0.1, 20, 0, 1);
    teach(&other, truth, 0.1, 20, 199, -1);
    cr_assert_arr_eq(&one, &other, sizeof one);
}

Test(known, nonsense_and_wild_cases_do_little)
{
    struct known_effects effects = {0};
    struct known_tally tally = {0};
    float z[WINDOW_KNOWN] = {[WINDOW_PROMO] = 1};
    known_count(&tally, &(struct known_case){z, NAN, 1, 2, 5});
    known_count(&tally, &(struct known_case){z, 0, 1, 2, 5});
    cr_assert_eq(tally.weight, 0);
    cr_assert_eq(known_fold(&effects, &tally), 1.0f);
    known_count(&tally, &(struct known_case){z, 3, 1, 2, 1e9f});
    (void)known_fold(&effects, &tally);
    cr_assert(effects.effect[WINDOW_PROMO] >= 0 && effects.effect[WINDOW_PROMO] <= 0.25f);
    struct known_effects huge = {.effect = {4, 4, 4, 4, 4}};
    float all[WINDOW_KNOWN] = {2, 1, 1, 1, 1};
    cr_assert_leq(known_factor(&huge, all), 5.0f);
}
