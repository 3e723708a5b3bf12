#include "model/train.h"

#include "model/gemm.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORKS = 400 };

static float *weights, *gradient, *other;
static struct net net, slopes, unused;
static struct train *train;
static struct train_fork forks[FORKS];

static void init(void)
{
    struct rng rng;
    rng_init(&rng, 8);
    cr_assert_null(gemm_init());
    weights = calloc(net_floats(), sizeof(float));
    gradient = calloc(net_floats(), sizeof(float));
    other = calloc(net_floats(), sizeof(float));
    net_bind(&net, weights);
    net_bind(&slopes, gradient);
    net_bind(&unused, other);
    net_init(&net, &rng);
    for (int d = 0; d < NET_OUTPUTS * NET_DECODER; d++) {
        net.wo[d] = 0.2f * (float)rng_normal(&rng);
    }
    train = train_create();
    cr_assert_not_null(train);
    float *x = train_inputs(train);
    for (int i = 0; i < TRAIN_STEPS * TRAIN_BATCH * NET_INPUTS; i++) {
        x[i] = 0.5f * (float)rng_normal(&rng);
    }
    uint8_t *live = train_live(train);
    for (int t = 0; t < TRAIN_STEPS; t++) {
        for (int b = 0; b < TRAIN_BATCH; b++) {
            live[t * TRAIN_BATCH + b] = t >= b % 9;
        }
    }
    for (int k = 0; k < FORKS; k++) {
        forks[k] = (struct train_fork){
            .step = (uint16_t)(20 + 7 * rng_below(&rng, 5)),
            .member = (uint16_t)rng_below(&rng, TRAIN_BATCH),
            .ask = {.row = (uint32_t)rng_below(&rng, NET_ROWS)},
            .nb = {(float)(0.5 + 2 * rng_unit(&rng)), (float)(0.5 + rng_unit(&rng))},
            .y = (float)rng_below(&rng, 4),
            .weight = (float)(0.5 + rng_unit(&rng))};
        for (int s = 0; s < NET_SIDE; s++) {
            forks[k].ask.side[s] = (float)rng_normal(&rng);
        }
    }
}

static void fini(void)
{
    train_destroy(train);
    free(weights);
    free(gradient);
    free(other);
}

static float chance; /* of dropout, the same units in every batch */

static double batch(struct net *into)
{
    struct rng rng;
    rng_init(&rng, 5);
    if (chance > 0) {
        train_drop(train, &rng, chance);
    }
    return train_batch(train, &net, forks, FORKS, into);
}

/* Along the gradient the loss must change by the gradient's square: one number that every entry of
 * a tensor moves. Kinks of the rectifier and float32 leave a few parts in a thousand. */
static void compare(float *at, const float *slope, size_t count, const char *name)
{
    double square = 0;
    for (size_t i = 0; i < count; i++) {
        square += (double)slope[i] * (double)slope[i];
    }
    float width = (float)(0.005 / sqrt(square));
    float *kept = malloc(count * sizeof *kept);
    memcpy(kept, at, count * sizeof *kept);
    double loss[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++) {
            at[i] = kept[i] + (side ? width : -width) * slope[i];
        }
        loss[side] = batch(&unused);
    }
    memcpy(at, kept, count * sizeof *kept);
    free(kept);
    double rise = (loss[1] - loss[0]) / (2 * (double)width);
    cr_assert_float_eq(rise, square, 0.01 * square, "%s: %g, expected %g", name, rise, square);
}

TestSuite(train, .init = init, .fini = fini);

static void compare_all(void)
{
    double loss = batch(&slopes);
    cr_assert(isfinite(loss) && loss > 0);
    compare(net.wx, slopes.wx, 3 * NET_HIDDEN * NET_INPUTS, "wx");
    compare(net.wh, slopes.wh, 3 * NET_HIDDEN * NET_HIDDEN, "wh");
    compare(net.bx, slopes.bx, 3 * NET_HIDDEN, "bx");
    compare(net.bh, slopes.bh, 3 * NET_HIDDEN, "bh");
    compare(net.wp, slopes.wp, NET_DECODER * NET_HIDDEN, "wp");
    compare(net.wq, slopes.wq, NET_DECODER * NET_INPUTS, "wq");
    compare(net.bp, slopes.bp, NET_DECODER, "bp");
    compare(net.row, slopes.row, NET_ROWS * NET_DECODER, "row");
    compare(net.side, slopes.side, NET_SIDE * NET_DECODER, "side");
    compare(net.wo, slopes.wo, NET_OUTPUTS * NET_DECODER, "wo");
    compare(net.bo, slopes.bo, NET_OUTPUTS, "bo");
}

Test(train, gradient_equals_finite_differences)
{
    compare_all();
}

Test(train, gradient_with_dropout_does_too)
{
    double plain = batch(&unused);
    chance = 0.3f;
    cr_assert_neq(batch(&unused), plain);
    compare_all();
    cr_assert_eq(train_batch(train, &net, forks, FORKS, &unused), plain); /* one batch only */
}

Test(train, same_batch_same_gradient)
{
    train_batch(train, &net, forks, FORKS, &slopes);
    train_batch(train, &net, forks, FORKS, &unused);
    cr_assert_eq(memcmp(gradient, other, net_floats() * sizeof(float)), 0);
}

Test(train, says_what_the_head_says_and_learns_nothing)
{
    static float out[FORKS * NET_OUTPUTS];
    static struct negbin_table table;
    negbin_init(&table);
    train_say(train, &net, forks, FORKS, out);
    double loss = 0, weight = 0;
    for (int k = 0; k < FORKS; k++) {
        struct direct_base base;
        const float *of = out + (size_t)k * NET_OUTPUTS;
        double share = (double)(forks[k].weight * direct_weight(&forks[k].nb)), pull = 0;
        direct_begin(&table, &forks[k].nb, &base);
        for (int o = 0; o < NET_OUTPUTS; o++) {
            pull += 0.0005 * (double)(of[o] * of[o]); /* to zero */
        }
        loss += share * (direct_loss(&base, forks[k].y, of, NULL) + pull);
        weight += share;
    }
    double expected = train_batch(train, &net, forks, FORKS, &slopes);
    cr_assert_float_eq(loss / weight, expected, 1e-4);
}

Test(train, nothing_to_learn_changes_nothing)
{
    cr_assert_eq(train_batch(train, &net, forks, 0, &slopes), 0.0);
    for (size_t i = 0; i < net_floats(); i++) {
        cr_assert_eq(gradient[i], 0.0f);
    }
}
