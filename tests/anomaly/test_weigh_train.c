#include "anomaly/weigh_train.h"

#include "tests/ref/ref_weigh.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void draw(float *x, struct rng *rng)
{
    for (int f = 0; f < TRACE_INPUTS; f++) {
        x[f] = (float)rng_normal(rng);
    }
}

Test(weigh_train, gradient_is_that_of_finite_differences)
{
    size_t floats = weigh_floats();
    float *weights = calloc(floats, sizeof *weights), *slope = calloc(floats, sizeof *slope);
    float x[TRACE_INPUTS];
    struct weigh_net net, grad;
    struct rng rng;
    rng_init(&rng, 11);
    weigh_bind(&net, weights);
    weigh_bind(&grad, slope);
    weigh_init(&net, &rng);
    draw(x, &rng);
    float loss = weigh_backward(&net, x, 3, 0.5f, &grad);
    cr_assert_float_eq((double)loss, 0.5 * ref_weigh_loss(&net, x, 3), 1e-4);
    for (size_t k = 0; k < floats; k += 13) {
        float kept = weights[k], step = 1e-3f;
        weights[k] = kept + step;
        double up = ref_weigh_loss(&net, x, 3);
        weights[k] = kept - step;
        double down = ref_weigh_loss(&net, x, 3);
        weights[k] = kept;
        /* the twin counts in double: what is left is curvature, and a kink that a step may cross */
        cr_assert_float_eq((double)slope[k], 0.5 * (up - down) / (2 * (double)step), 2e-3,
                           "weight %zu", k);
    }
    free(weights);
    free(slope);
}

/* Kind 2 where input 4 is large, kind 5 where input 9 is, nothing otherwise. */
static struct weigh_rows examples(uint64_t seed, int count)
{
    struct weigh_rows rows = {0};
    struct rng rng;
    rng_init(&rng, seed);
    for (int i = 0; i < count; i++) {
        float x[TRACE_INPUTS];
        draw(x, &rng);
        int class_of = x[4] > 1.5f ? 3 : x[9] > 1.5f ? 6 : 0;
        weigh_rows_add(&rows, x, class_of, 1);
    }
    return rows;
}

static struct status *train(struct weigh_rows *rows, float *weights)
{
    struct weigh_training training = {.epochs = 25, .rate = 0.004, .decay = 0.01, .seed = 2};
    return weigh_train(rows, &training, weights);
}

Test(weigh_train, learns_what_is_odd_and_of_what_kind_the_same_each_time)
{
    struct weigh_rows rows = examples(1, 4000), fresh = examples(2, 1000);
    float *weights = calloc(weigh_floats(), sizeof *weights);
    float *again = calloc(weigh_floats(), sizeof *again);
    cr_assert_null(train(&rows, weights));
    cr_assert_null(train(&rows, again));
    cr_assert_arr_eq(weights, again, weigh_floats() * sizeof *weights);
    struct weigh_net net;
    weigh_bind(&net, weights);
    int right = 0;
    for (size_t i = 0; i < fresh.count; i++) {
        struct weigh_pass pass;
        enum alert_kind kind;
        weigh_forward(&net, fresh.x + i * TRACE_INPUTS, &pass);
        int said = weigh_odds(&pass, &kind) > 0 ? 1 + (int)kind : 0;
        right += said == fresh.class_of[i];
    }
    cr_assert_gt(right, 920, "%d of 1000", right);
    cr_assert(net.scale[0] < net.scale[1]);
    weigh_rows_fini(&rows);
    weigh_rows_fini(&fresh);
    free(weights);
    free(again);
}

static bool no(void *context, int64_t epoch, double loss)
{
    *(int64_t *)context = epoch;
    return !(loss > 0);
}

Test(weigh_train, refuses_too_few_rows_and_stops_when_told)
{
    struct weigh_rows few = examples(1, 100), rows = examples(1, 1000);
    float *weights = calloc(weigh_floats(), sizeof *weights);
    struct status *st = train(&few, weights);
    cr_assert_eq(status_code(st), STATUS_USAGE);
    status_free(st);
    int64_t epoch = 0;
    struct weigh_training training = {
        .epochs = 8, .rate = 0.004, .seed = 2, .context = &epoch, .progress = no};
    st = weigh_train(&rows, &training, weights);
    cr_assert_eq(status_code(st), STATUS_STOPPED);
    cr_assert_eq(epoch, 1);
    status_free(st);
    weigh_rows_fini(&few);
    weigh_rows_fini(&rows);
    free(weights);
}
