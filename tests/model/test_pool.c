#include "model/pool.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* Quantiles of a uniform 0..top, at the levels of a probe. */
static void uniform(float top, float *q)
{
    for (int k = 0; k < FORECASTER_PROBE_LEVELS; k++) {
        q[k] = top * forecast_levels[pool_levels[k]];
    }
}

static void teach(struct pool *pool, float nb_top, float empirical_top, int closes)
{
    struct rng rng;
    rng_init(&rng, 11);
    struct pool_tally tally = {0};
    for (int close = 0; close < closes; close++) {
        for (int n = 0; n < 100; n++) {
            float q[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS], relative[FORECAST_EXPERTS];
            uniform(nb_top, q + FORECAST_NB * FORECASTER_PROBE_LEVELS);
            uniform(empirical_top, q + FORECAST_EMPIRICAL * FORECASTER_PROBE_LEVELS);
            uniform(400, q + FORECAST_GRU * FORECASTER_PROBE_LEVELS);
            struct pool_score score = {
                .y = (float)(100 * rng_unit(&rng)), .q = q, .weight = pool->weight};
            pool_count(pool, &tally, &score, relative);
            cr_assert_float_eq(relative[0] + relative[1] + relative[2], FORECAST_EXPERTS, 1e-4);
        }
        pool_fold(pool, &tally, 7);
        cr_assert_eq(tally.scores, 0);
    }
}

Test(pool, weight_goes_to_the_better_expert_and_the_other_can_come_back)
{
    struct pool pool;
    pool_init(&pool);
    teach(&pool, 180, 100, 150);
    cr_assert_gt(pool.weight[FORECAST_EMPIRICAL], 0.85f);
    cr_assert_float_eq(pool.weight[0] + pool.weight[1] + pool.weight[2], 1, 1e-5);
    teach(&pool, 100, 180, 300);
    cr_assert_gt(pool.weight[FORECAST_NB], 0.85f);
}

Test(pool, quantiles_that_reach_too_little_are_stretched)
{
    struct pool pool;
    pool_init(&pool);
    for (int close = 0; close < 500; close++) {
        struct pool_tally tally = {0};
        struct rng rng;
        rng_init(&rng, (uint64_t)close);
        for (int n = 0; n < 100; n++) {
            float q[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS], relative[FORECAST_EXPERTS];
            for (int k = 0; k < FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS; k++) {
                q[k] = 50 + 60 * (forecast_levels[pool_levels[k % FORECASTER_PROBE_LEVELS]] - 0.5f);
            }
            struct pool_score score = {
                .y = (float)(100 * rng_unit(&rng)), .q = q, .weight = pool.weight};
            pool_count(&pool, &tally, &score, relative);
        }
        pool_fold(&pool, &tally, 1);
    }
    cr_assert_float_eq(pool.stretch[POOL_ABOVE], 100.0 / 60, 0.25);
    cr_assert_float_eq(pool.stretch[POOL_BELOW], 100.0 / 60, 0.25);
}

Test(pool, the_order_of_scores_changes_no_bit)
{
    struct pool pool;
    pool_init(&pool);
    enum { N = 64 };
    float q[N][FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS], y[N], relative[FORECAST_EXPERTS];
    struct rng rng;
    rng_init(&rng, 5);
    for (int n = 0; n < N; n++) {
        y[n] = (float)(1e6 * rng_unit(&rng) * rng_unit(&rng));
        for (int k = 0; k < FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS; k++) {
            q[n][k] = (float)(1e5 * rng_unit(&rng));
        }
    }
    struct pool_tally forward = {0}, backward = {0};
    for (int n = 0; n < N; n++) {
        pool_count(&pool, &forward,
                   &(struct pool_score){.y = y[n], .q = q[n], .weight = pool.weight}, relative);
        pool_count(
            &pool, &backward,
            &(struct pool_score){.y = y[N - 1 - n], .q = q[N - 1 - n], .weight = pool.weight},
            relative);
    }
    cr_assert_eq(memcmp(&forward, &backward, sizeof forward), 0);
}

Test(pool, one_monstrous_score_leaves_the_pool_sound)
{
    struct pool pool;
    pool_init(&pool);
    struct pool_tally tally = {0};
    float q[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS] = {0}, relative[FORECAST_EXPERTS];
    pool_count(&pool, &tally, &(struct pool_score){.y = 1e30f, .q = q, .weight = pool.weight},
               relative);
    pool_fold(&pool, &tally, 14);
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        cr_assert(isfinite(pool.weight[e]) && pool.weight[e] > 0);
    }
    cr_assert(pool.stretch[POOL_ABOVE] > 0.5f && pool.stretch[POOL_ABOVE] < 2);
}

Test(pool, a_close_without_scores_changes_nothing_and_series_weights_add_to_one)
{
    struct pool pool, before;
    pool_init(&pool);
    before = pool;
    struct pool_tally tally = {0};
    pool_fold(&pool, &tally, 7);
    cr_assert_eq(memcmp(&pool, &before, sizeof pool), 0);
    float weight[FORECAST_EXPERTS], trust[FORECAST_EXPERTS], loss[FORECAST_EXPERTS] = {30, 10, 30};
    pool_trust(loss, trust);
    pool_weights(&pool, trust, weight);
    cr_assert_float_eq(weight[0] + weight[1] + weight[2], 1, 1e-6);
    cr_assert_lt(weight[0], pool.weight[0]);
}
