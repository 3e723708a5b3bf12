#include "optimize/level_net.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 3, B = LEVEL_NET_LANES };

struct bench {
    struct level_net net, gradient;
    struct level_acts acts;
    struct level_moments moments;
    float x[INPUTS][B], dx[INPUTS][B], dy[B];
};

static struct bench *bench_new(uint64_t seed)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct rng rng;
    rng_init(&rng, seed);
    level_net_init(&bench->net, INPUTS, &rng);
    for (int o = 0; o < LEVEL_NET_HIDDEN; o++) {
        bench->net.w3[o] = 0.3f * (float)rng_normal(&rng);
        bench->net.b1[o] = 0.1f * (float)rng_normal(&rng);
    }
    for (int i = 0; i < INPUTS; i++) {
        for (int k = 0; k < B; k++) {
            bench->x[i][k] = (float)rng_normal(&rng);
        }
    }
    for (int k = 0; k < B; k++) {
        bench->dy[k] = (float)rng_normal(&rng) / B;
    }
    return bench;
}

/* sum of dy y */
static double loss(struct bench *bench)
{
    level_net_forward(&bench->net, bench->x[0], &bench->acts);
    double sum = 0;
    for (int k = 0; k < B; k++) {
        sum += (double)bench->dy[k] * (double)bench->acts.y[k];
    }
    return sum;
}

static void differs(struct bench *bench, float *weight, float claimed)
{
    const float step = 1e-2f;
    float kept = *weight;
    *weight = kept + step;
    double up = loss(bench);
    *weight = kept - step;
    double down = loss(bench);
    *weight = kept;
    double found = (up - down) / (2 * (double)step);
    cr_assert_float_eq(found, (double)claimed, 2e-3 * fabs(found) + 2e-5, "%g %g", found,
                       (double)claimed);
}

Test(level_net, gradient_is_that_of_differences)
{
    struct bench *bench = bench_new(7);
    (void)loss(bench);
    level_net_backward(&bench->net, bench->x[0], &bench->acts, bench->dy, &bench->gradient,
                       bench->dx[0]);
    for (int o = 0; o < LEVEL_NET_HIDDEN; o += 5) {
        for (int i = 0; i < INPUTS; i++) {
            differs(bench, &bench->net.w1[o][i], bench->gradient.w1[o][i]);
        }
        differs(bench, &bench->net.w2[o][3], bench->gradient.w2[o][3]);
        differs(bench, &bench->net.b1[o], bench->gradient.b1[o]);
        differs(bench, &bench->net.b2[o], bench->gradient.b2[o]);
        differs(bench, &bench->net.w3[o], bench->gradient.w3[o]);
    }
    differs(bench, &bench->net.b3, bench->gradient.b3);
    for (int k = 0; k < B; k += 37) {
        differs(bench, &bench->x[1][k], bench->dx[1][k]);
    }
    free(bench);
}

Test(level_net, untrained_it_changes_nothing_and_one_is_as_many)
{
    struct bench *bench = bench_new(8);
    struct rng rng;
    rng_init(&rng, 1);
    level_net_forward(&bench->net, bench->x[0], &bench->acts);
    for (int k = 0; k < B; k += 11) {
        float alone[INPUTS] = {bench->x[0][k], bench->x[1][k], bench->x[2][k]};
        cr_assert_float_eq(level_net_one(&bench->net, alone), bench->acts.y[k], 1e-5f);
    }
    level_net_init(&bench->net, INPUTS, &rng);
    level_net_forward(&bench->net, bench->x[0], &bench->acts);
    for (int k = 0; k < B; k++) {
        cr_assert_eq(bench->acts.y[k], 0);
    }
    free(bench);
}

/* y = x0 - 2 x1 + 0.5 is learned. */
Test(level_net, steps_lead_downhill)
{
    struct bench *bench = bench_new(9);
    double error = 0;
    for (int step = 0; step < 400; step++) {
        level_net_forward(&bench->net, bench->x[0], &bench->acts);
        error = 0;
        for (int k = 0; k < B; k++) {
            float off = bench->acts.y[k] - (bench->x[0][k] - 2 * bench->x[1][k] + 0.5f);
            error += (double)off * (double)off / B;
            bench->dy[k] = 2 * off / B;
        }
        level_net_backward(&bench->net, bench->x[0], &bench->acts, bench->dy, &bench->gradient,
                           bench->dx[0]);
        level_net_step(&bench->net, &bench->gradient, &bench->moments, 0.01f);
    }
    cr_assert(error < 0.02, "%g", error);
    cr_assert_eq(bench->gradient.b3, 0, "cleared");
    struct level_net before = bench->net, average = bench->net;
    bench->gradient.b1[3] = NAN;
    level_net_step(&bench->net, &bench->gradient, &bench->moments, 0.01f);
    cr_assert_eq(memcmp(&before, &bench->net, sizeof before), 0, "not finite: no step");
    cr_assert_eq(bench->gradient.b1[3], 0);
    average.b3 = bench->net.b3 + 1;
    level_net_blend(&average, &bench->net, 0.25f);
    cr_assert_float_eq(average.b3 - bench->net.b3, 0.75f, 1e-5f);
    free(bench);
}
