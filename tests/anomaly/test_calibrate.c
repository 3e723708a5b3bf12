#include "anomaly/calibrate.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* Scores of an overconfident model: its nats are `factor` times too many. */
static void teach(struct calibrate_pool *pool, uint64_t seed, int tests, double factor)
{
    struct rng rng;
    rng_init(&rng, seed);
    for (int i = 0; i < tests; i++) {
        pool->fresh_tests++;
        calibrate_count(pool, (float)(factor * rng_exponential(&rng) / log(10)));
    }
}

Test(calibrate, a_new_pool_takes_scores_nearly_as_they_are)
{
    struct calibrate_pool pool;
    calibrate_init(&pool);
    for (float score = 0.5f; score < 20; score += 0.5f) {
        float calibrated = calibrate_score(&pool, score);
        cr_assert(calibrated <= score + 0.02f && calibrated >= 0.75f * score, "%g became %g",
                  (double)score, (double)calibrated);
    }
}

Test(calibrate, an_exact_model_stays_as_it_is)
{
    struct calibrate_pool pool;
    calibrate_init(&pool);
    teach(&pool, 1, 2000000, 1);
    calibrate_fold(&pool, 1);
    cr_assert_float_eq(calibrate_score(&pool, 4), 4, 0.15f);
    cr_assert_float_eq(calibrate_score(&pool, 6), 6, 0.5f);
}

Test(calibrate, an_overconfident_model_is_corrected)
{
    struct calibrate_pool pool;
    calibrate_init(&pool);
    teach(&pool, 2, 2000000, 2);
    calibrate_fold(&pool, 1);
    cr_assert_float_eq(calibrate_score(&pool, 8), 4, 0.2f);
    cr_assert_float_eq(calibrate_score(&pool, 12), 6, 0.6f);
}

Test(calibrate, raw_is_the_inverse_and_both_are_monotone)
{
    struct calibrate_pool pool;
    calibrate_init(&pool);
    teach(&pool, 3, 100000, 1.5);
    calibrate_fold(&pool, 1);
    float before = 0;
    for (float score = 0.25f; score < 15; score += 0.25f) {
        float raw = calibrate_raw(&pool, score);
        cr_assert(raw > before);
        cr_assert_float_eq(calibrate_score(&pool, raw), score, 1e-3f);
        before = raw;
    }
    cr_assert_eq(calibrate_score(&pool, -1), 0);
    cr_assert_eq(calibrate_score(&pool, NAN), 0);
    cr_assert(calibrate_score(&pool, 1e30f) <= CALIBRATE_MOST);
}

Test(calibrate, moved_counts_leave_nothing_and_keep_forgets)
{
    struct calibrate_pool pool;
    calibrate_init(&pool);
    calibrate_count(&pool, 5);
    calibrate_move(&pool, 5, 0.5f);
    for (int i = 0; i < CALIBRATE_BINS; i++) {
        cr_assert_eq(pool.fresh[i], 0);
    }
    teach(&pool, 4, 1000, 1);
    calibrate_fold(&pool, 0.5);
    double tests = pool.tests;
    for (int i = 0; i < 60; i++) {
        calibrate_fold(&pool, 0.5);
    }
    cr_assert(tests > 999 && pool.tests < 1e-6);
    for (int i = 0; i < CALIBRATE_BINS; i++) {
        cr_assert_eq(pool.seen[i], 0);
    }
}

Test(calibrate, save_and_load_round_trip)
{
    struct calibrate_pool pool, read;
    calibrate_init(&pool);
    teach(&pool, 5, 50000, 1.3);
    calibrate_fold(&pool, 0.9);
    teach(&pool, 6, 500, 1.3);
    struct buf buf = {0};
    calibrate_save(&pool, &buf);
    struct slice bytes = buf_view(&buf);
    calibrate_init(&read);
    cr_assert_null(calibrate_load(&bytes, &read));
    cr_assert_eq(bytes.bytes, 0);
    cr_assert_eq(memcmp(&pool, &read, sizeof pool), 0);
    buf_fini(&buf);
}

Test(calibrate, hostile_bytes_are_refused_and_change_nothing)
{
    struct calibrate_pool pool, read;
    calibrate_init(&pool);
    teach(&pool, 7, 5000, 1);
    struct buf buf = {0};
    calibrate_save(&pool, &buf);
    for (size_t cut = 0; cut < buf.bytes; cut++) {
        calibrate_init(&read);
        struct slice bytes = {buf.data, cut};
        struct status *st = calibrate_load(&bytes, &read);
        cr_assert_eq(status_code(st), STATUS_CORRUPT, "cut at %zu", cut);
        cr_assert_eq(read.fresh_tests, 0);
        cr_assert_eq(bytes.bytes, cut);
        status_free(st);
    }
    buf.data[17] = (char)200; /* first bin's number */
    struct slice bytes = buf_view(&buf);
    struct status *st = calibrate_load(&bytes, &read);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    buf_fini(&buf);
}
