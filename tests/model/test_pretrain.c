#include "model/pretrain.h"

#include "config/base/window.h"
#include "model/gemm.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES = 40, BUCKETS = 160 };

static float units[SERIES * BUCKETS];
static uint8_t flags[SERIES * BUCKETS];
static struct pretrain_panel panel;
static double last_loss, last_without;

/* Demand that alternates between weeks of much and weeks of nothing: an average cannot see it
 * coming, a recurrent network can. */
static void init(void)
{
    struct rng rng;
    rng_init(&rng, 12);
    cr_assert_null(gemm_init());
    for (int i = 0; i < SERIES; i++) {
        for (int t = 0; t < BUCKETS; t++) {
            units[i * BUCKETS + t] = (float)rng_poisson(&rng, (t + i) / 7 % 2 ? 8 : 0.2);
        }
    }
    panel = (struct pretrain_panel){.series = SERIES,
                                    .buckets = BUCKETS,
                                    .units = units,
                                    .flags = flags,
                                    .phase = 3,
                                    .season = 7};
}

static bool watch(void *context, int64_t step, double loss, double without)
{
    last_loss = loss;
    last_without = without;
    return step < *(int64_t *)context;
}

TestSuite(pretrain, .init = init);

Test(pretrain, learns_what_the_statistical_expert_cannot_see_and_does_so_again)
{
    float *a = malloc(net_floats() * sizeof *a), *b = malloc(net_floats() * sizeof *b);
    struct pretrain_options options = {.steps = 200, .rate = 0.004, .seed = 5};
    int64_t most = INT64_MAX;
    struct pretrain_watch watching = {.context = &most, .progress = watch};
    cr_assert_null(pretrain_run(&panel, 1, &options, &watching, a));
    cr_assert_lt(last_loss, 0.97 * last_without, "loss %g, without the network %g", last_loss,
                 last_without);
    options.steps = 20;
    cr_assert_null(pretrain_run(&panel, 1, &options, NULL, a));
    cr_assert_null(pretrain_run(&panel, 1, &options, NULL, b));
    cr_assert_eq(memcmp(a, b, net_floats() * sizeof *a), 0);
    for (size_t i = 0; i < net_floats(); i++) {
        cr_assert(isfinite(a[i]));
    }
    free(a);
    free(b);
}

Test(pretrain, stops_when_told_and_refuses_a_panel_without_a_past)
{
    float *weights = malloc(net_floats() * sizeof *weights);
    struct pretrain_options options = {.steps = 500, .rate = 0.002, .seed = 5};
    int64_t most = 100;
    struct pretrain_watch watching = {.context = &most, .progress = watch};
    struct status *st = pretrain_run(&panel, 1, &options, &watching, weights);
    cr_assert_eq(status_code(st), STATUS_STOPPED);
    status_free(st);
    memset(units, 0, sizeof units);
    options.steps = 2;
    st = pretrain_run(&panel, 1, &options, NULL, weights);
    cr_assert_eq(status_code(st), STATUS_USAGE);
    status_free(st);
    free(weights);
}
