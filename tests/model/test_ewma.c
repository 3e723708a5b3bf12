#include "model/ewma.h"

#include "config/base/rng.h"
#include "model/negbin.h"
#include "tests/ref/ref_model.h"

#include <criterion/criterion.h>
#include <math.h>

enum { SERIES = 37, BUCKETS = 120 };

static double values[SERIES][BUCKETS], factors[BUCKETS];
static float level[SERIES], variance[SERIES], slow[SERIES];
static uint16_t observed[SERIES];
static const struct ewma_rows ROWS = {
    .series = SERIES, .level = level, .variance = variance, .slow = slow, .observed = observed};

static void run(double winsor, int learn_from)
{
    struct ewma ewma;
    ewma_init(&ewma, 0.04, winsor);
    for (int t = 0; t < BUCKETS; t++) {
        float units[SERIES];
        uint8_t learn[SERIES];
        float factor[SERIES];
        for (int i = 0; i < SERIES; i++) {
            units[i] = (float)values[i][t];
            learn[i] = t >= learn_from;
            factor[i] = (float)factors[t];
        }
        ewma_update(&ewma, &ROWS, factor, units, learn);
    }
}

static void make(void)
{
    struct rng rng;
    rng_init(&rng, 3);
    for (int t = 0; t < BUCKETS; t++) {
        factors[t] = 0.5 + 0.25 * (t % 5);
        for (int i = 0; i < SERIES; i++) {
            values[i][t] = (double)rng_negbin(&rng, 0.3 * i * factors[t], 1.5 * i);
        }
    }
}

Test(ewma, equals_the_naive_twin)
{
    make();
    run(1e9, 0);
    struct ewma ewma;
    ewma_init(&ewma, 0.04, 1e9);
    float means[SERIES], spreads[SERIES];
    ewma_read(&ewma, &ROWS, means, spreads);
    for (int i = 0; i < SERIES; i++) {
        double mean, spread;
        ref_ewma(values[i], factors, BUCKETS, 0.04, &mean, &spread);
        cr_assert_float_eq(means[i], mean, 1e-4 * (1 + mean), "series %d", i);
        cr_assert_float_eq(spreads[i], fmax(spread, (double)NEGBIN_LEAST_SPREAD),
                           1e-3 * (1 + spread), "series %d", i);
        cr_assert_eq(observed[i], BUCKETS);
    }
}

Test(ewma, buckets_that_are_not_learned_change_nothing)
{
    make();
    run(1e9, BUCKETS);
    for (int i = 0; i < SERIES; i++) {
        cr_assert(level[i] == 0 && variance[i] == 0 && observed[i] == 0);
    }
    float means[SERIES], spreads[SERIES];
    struct ewma ewma;
    ewma_init(&ewma, 0.04, 8);
    ewma_read(&ewma, &ROWS, means, spreads);
    cr_assert_eq(means[5], 0.0f);
    cr_assert_eq(spreads[5], NEGBIN_LEAST_SPREAD);
}

Test(ewma, one_wild_bucket_counts_as_a_few_scales)
{
    make();
    run(8, 0);
    float before = level[20];
    struct ewma ewma;
    ewma_init(&ewma, 0.04, 8);
    float units[SERIES] = {0};
    uint8_t learn[SERIES] = {0};
    units[20] = 1e6f;
    learn[20] = 1;
    float scale = fmaxf(before, sqrtf(variance[20])) / ewma.share[BUCKETS - 1];
    float factor[SERIES];
    for (int i = 0; i < SERIES; i++) {
        factor[i] = 1;
    }
    ewma_update(&ewma, &ROWS, factor, units, learn);
    cr_assert_leq(level[20], before + 0.04f * 8 * fmaxf(scale, 1) * 1.0001f);
    cr_assert_gt(level[20], before);
}

Test(ewma, a_series_does_not_depend_on_its_neighbours)
{
    make();
    run(8, 0);
    float alone_level = 0, alone_variance = 0, alone_slow = 0;
    uint16_t alone_observed = 0;
    struct ewma_rows alone = {.series = 1,
                              .level = &alone_level,
                              .variance = &alone_variance,
                              .slow = &alone_slow,
                              .observed = &alone_observed};
    struct ewma ewma;
    ewma_init(&ewma, 0.04, 8);
    for (int t = 0; t < BUCKETS; t++) {
        float y = (float)values[17][t], factor = (float)factors[t];
        uint8_t learn = 1;
        ewma_update(&ewma, &alone, &factor, &y, &learn);
    }
    cr_assert_eq(alone_level, level[17]);
    cr_assert_eq(alone_variance, variance[17]);
    cr_assert_eq(alone_slow, slow[17]);
}

Test(ewma, the_slow_level_is_the_level_of_a_quarter_of_the_rate)
{
    make();
    run(1e9, 0);
    struct ewma ewma;
    ewma_init(&ewma, 0.04, 1e9);
    float means[SERIES];
    ewma_read_slow(&ewma, &ROWS, means);
    for (int i = 0; i < SERIES; i++) {
        double mean, spread;
        ref_ewma(values[i], factors, BUCKETS, 0.04 / EWMA_SLOW, &mean, &spread);
        cr_assert_float_eq(means[i], mean, 1e-4 * (1 + mean), "series %d", i);
    }
}
