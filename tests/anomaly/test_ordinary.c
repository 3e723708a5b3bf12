#include "anomaly/ordinary.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

#define LN10 2.302585092994045684

/* Raw scores whose tail is exponential in raw^1.75: -log10 of the share above is a + slope * it. */
static float calm(struct rng *rng, double slope)
{
    double score = -log10(1 - rng_unit(rng));
    return (float)pow(fmax(score - 0.9, 0) / slope, 1 / 1.75);
}

static void feed(struct calibrate_pool *pool, struct rng *rng, int tests, double slope,
                 double anomalies)
{
    calibrate_init(pool);
    for (int k = 0; k < tests; k++) {
        bool wrong = rng_unit(rng) < anomalies;
        pool->fresh_tests++;
        calibrate_count(pool, wrong ? (float)(6 + 10 * rng_unit(rng)) : calm(rng, slope));
    }
    calibrate_fold(pool, 1);
}

static double true_score(double raw, double slope)
{
    return 0.9 + slope * pow(raw, 1.75);
}

Test(ordinary, scores_of_calm_shops_are_what_they_say)
{
    static const double SLOPES[] = {0.1, 0.16, 0.25};
    for (int k = 0; k < 3; k++) {
        struct rng rng;
        struct calibrate_pool pool;
        struct ordinary ordinary;
        rng_init(&rng, (uint64_t)k + 1);
        feed(&pool, &rng, 300000, SLOPES[k], 0);
        ordinary_fit(&ordinary, &pool);
        for (float raw = 3; true_score((double)raw, SLOPES[k]) < 6; raw += 0.5f) {
            double is = true_score((double)raw, SLOPES[k]);
            double said = (double)ordinary_score(&ordinary, raw);
            cr_expect(fabs(said - is) < 0.3, "slope %g, raw %g: %g is %g", SLOPES[k], (double)raw,
                      said, is);
        }
    }
}

/* Two incidents in a thousand tests: twenty times as many as a budget of 1e-4 allows. */
Test(ordinary, anomalies_do_not_hide_the_next_ones)
{
    struct rng rng;
    struct calibrate_pool pool;
    struct ordinary dirty, clean;
    rng_init(&rng, 9);
    feed(&pool, &rng, 300000, 0.16, 0);
    ordinary_fit(&clean, &pool);
    feed(&pool, &rng, 300000, 0.16, 0.002);
    ordinary_fit(&dirty, &pool);
    float limit = ordinary_raw(&dirty, 3.5f);
    cr_assert_lt(limit, 1.15f * ordinary_raw(&clean, 3.5f), "%g", (double)limit);
    cr_assert_lt(limit, 6); /* all of them are above */
    /* But a tail that is really as heavy as that does cost some of its sureness. */
    cr_assert_gt(ordinary_raw(&dirty, -log10f(ORDINARY_DOUBT * 1e-4f) + 0.1f), 14);
    cr_assert_leq(ordinary_score(&dirty, 14), -log10f(ORDINARY_FURTHER * 1e-4f));
    cr_assert_gt(ordinary_score(&clean, 14), 9);
}

Test(ordinary, is_monotone_and_its_own_inverse)
{
    struct rng rng;
    struct calibrate_pool pool;
    struct ordinary ordinary;
    rng_init(&rng, 5);
    for (int tests = 0; tests <= 100000; tests = tests ? tests * 10 : 100) {
        feed(&pool, &rng, tests, 0.2, 0.001);
        ordinary_fit(&ordinary, &pool);
        float before = -1;
        for (float raw = 0; raw < 40; raw += 0.01f) {
            float score = ordinary_score(&ordinary, raw);
            cr_assert(score >= before && isfinite(score), "%d tests, raw %g", tests, (double)raw);
            before = score;
        }
        for (float score = 0.5f; score < 8; score += 0.25f) {
            float raw = ordinary_raw(&ordinary, score);
            cr_expect(ordinary_score(&ordinary, raw * 1.001f) >= score - 0.01f, "%d tests: %g",
                      tests, (double)score);
            cr_expect(ordinary_score(&ordinary, raw * 0.999f) <= score + 1.01f, "%d tests: %g",
                      tests, (double)score);
        }
    }
}

Test(ordinary, an_empty_pool_says_what_shops_have_in_common)
{
    struct calibrate_pool pool;
    struct ordinary ordinary;
    calibrate_init(&pool);
    ordinary_fit(&ordinary, &pool);
    cr_assert_eq(ordinary_score(&ordinary, 0), 0);
    cr_assert_eq(ordinary_score(&ordinary, -1), 0);
    cr_assert_eq(ordinary_score(&ordinary, NAN), 0);
    cr_assert_float_eq(ordinary_score(&ordinary, 4), 1.07 + 0.16 * pow(4, 1.75), 0.15);
    cr_assert_leq(ordinary_score(&ordinary, INFINITY), CALIBRATE_MOST);
}

/* Negative counts (an episode that moved up) and absurd ones must not break the fit. */
Test(ordinary, survives_any_pool)
{
    struct rng rng;
    rng_init(&rng, 3);
    for (int round = 0; round < 200; round++) {
        struct calibrate_pool pool;
        struct ordinary ordinary;
        calibrate_init(&pool);
        pool.tests = exp(30 * rng_unit(&rng));
        for (int bin = 0; bin < CALIBRATE_BINS; bin++) {
            pool.seen[bin] = rng_unit(&rng) < 0.5 ? 0 : (float)exp(40 * rng_unit(&rng) - 10);
        }
        ordinary_fit(&ordinary, &pool);
        float before = 0;
        for (float raw = 0.1f; raw < 2000; raw *= 1.1f) {
            float score = ordinary_score(&ordinary, raw);
            cr_assert(isfinite(score) && score >= before - 1e-4f && score <= CALIBRATE_MOST,
                      "raw %g: %g after %g", (double)raw, (double)score, (double)before);
            cr_assert(isfinite(ordinary_raw(&ordinary, raw)));
            before = score;
        }
    }
}

/* A third of the shop falls silent for a week: what is ordinary stays what it was. */
Test(ordinary, a_round_that_fails_as_a_whole_counts_little)
{
    enum { SERIES = 300 };
    struct rng rng;
    struct calibrate_pool pool;
    struct ordinary ordinary;
    rng_init(&rng, 11);
    calibrate_init(&pool);
    float before = 0;
    for (int round = 0; round < 407; round++) {
        ordinary_fit(&ordinary, &pool);
        before = round == 400 ? ordinary_raw(&ordinary, 3.5f) : before;
        for (int k = 0; k < SERIES; k++) {
            bool wrong = round >= 400 && k < SERIES / 3;
            pool.fresh_tests++;
            calibrate_count(&pool, wrong ? 7 + (float)rng_unit(&rng) : calm(&rng, 0.16));
        }
        ordinary_temper(&ordinary, &pool);
        calibrate_fold(&pool, 0.992);
    }
    ordinary_fit(&ordinary, &pool);
    float after = ordinary_raw(&ordinary, 3.5f);
    cr_assert(after < 1.1f * before && after < 7, "%g, %g", (double)before, (double)after);
    pool.fresh_tests = 100;
    pool.fresh[90] = 2; /* few are always taken */
    ordinary_temper(&ordinary, &pool);
    cr_assert_eq(pool.fresh[90], 2);
}
