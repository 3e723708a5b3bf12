#include "model/net.h"

#include "model/gemm.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static float *block;
static struct net net;

static void init(void)
{
    struct rng rng;
    rng_init(&rng, 6);
    cr_assert_null(gemm_init());
    block = calloc(net_floats(), sizeof *block);
    net_bind(&net, block);
    net_init(&net, &rng);
}

static void fini(void)
{
    free(block);
}

TestSuite(net, .init = init, .fini = fini);

Test(net, stays_below_a_hundred_thousand_weights_and_tensors_do_not_overlap)
{
    cr_assert_lt(net_floats(), 100000u);
    cr_assert_eq(net.wx, block);
    cr_assert_eq(net.bo + NET_OUTPUTS, block + net_floats());
    cr_assert_eq(net.wh, net.wx + 3 * NET_HIDDEN * NET_INPUTS);
}

Test(net, starts_as_the_statistical_expert)
{
    float u[NET_DECODER], a[NET_DECODER], out[NET_OUTPUTS];
    for (int d = 0; d < NET_DECODER; d++) {
        u[d] = (float)d - 9;
    }
    struct net_ask ask = {.row = 3, .side = {0.5f, 1}};
    net_output(&net, u, &ask, a, out);
    cr_assert(out[0] == 0 && out[1] == 0);
}

Test(net, what_nothing_taught_says_nothing)
{
    for (int k = 0; k < NET_SIDE * NET_DECODER; k++) {
        cr_assert_eq(net.side[k], 0.0f);
    }
    for (int k = NET_KNOWN; k < NET_KNOWN + WINDOW_KNOWN; k++) {
        cr_assert(net.wx[k] == 0 && net.wq[NET_INPUTS + k] == 0);
    }
}

Test(net, decode_and_output_equal_plain_sums)
{
    float h[2 * NET_HIDDEN], x[2 * NET_INPUTS], u[2 * NET_DECODER], a[NET_DECODER],
        out[NET_OUTPUTS];
    for (int i = 0; i < 2 * NET_HIDDEN; i++) {
        h[i] = sinf((float)i);
    }
    for (int i = 0; i < 2 * NET_INPUTS; i++) {
        x[i] = cosf((float)i);
    }
    for (int d = 0; d < NET_OUTPUTS * NET_DECODER; d++) {
        net.wo[d] = sinf(2 * (float)d);
    }
    net_decode(&net, 2, h, x, u);
    struct net_ask ask = {.row = 5, .side = {0.7f, 0, -0.4f, 1}};
    for (int k = 0; k < NET_SIDE * NET_DECODER; k++) {
        net.side[k] = cosf(3 * (float)k);
    }
    net_output(&net, u + NET_DECODER, &ask, a, out);
    double expected[NET_OUTPUTS];
    for (int o = 0; o < NET_OUTPUTS; o++) {
        expected[o] = (double)net.bo[o];
    }
    for (int d = 0; d < NET_DECODER; d++) {
        double sum = (double)net.bp[d] + (double)net.row[5 * NET_DECODER + d];
        for (int k = 0; k < NET_SIDE; k++) {
            sum += (double)ask.side[k] * (double)net.side[k * NET_DECODER + d];
        }
        for (int k = 0; k < NET_HIDDEN; k++) {
            sum += (double)net.wp[d * NET_HIDDEN + k] * (double)h[NET_HIDDEN + k];
        }
        for (int k = 0; k < NET_INPUTS; k++) {
            sum += (double)net.wq[d * NET_INPUTS + k] * (double)x[NET_INPUTS + k];
        }
        sum = sum > 0 ? sum : 0.1 * sum;
        cr_assert_float_eq(a[d], sum, 1e-5);
        for (int o = 0; o < NET_OUTPUTS; o++) {
            expected[o] += sum * (double)net.wo[o * NET_DECODER + d];
        }
    }
    for (int o = 0; o < NET_OUTPUTS; o++) {
        cr_assert_float_eq(out[o], expected[o], 1e-4);
    }
}

Test(net, turned_outputs_are_the_outputs)
{
    float u[NET_DECODER], a[NET_DECODER], out[NET_OUTPUTS], turned[NET_TURNED], wide[NET_WIDE];
    for (int d = 0; d < NET_DECODER; d++) {
        u[d] = sinf((float)d);
    }
    for (int d = 0; d < NET_OUTPUTS * NET_DECODER; d++) {
        net.wo[d] = sinf(2 * (float)d);
    }
    for (int o = 0; o < NET_OUTPUTS; o++) {
        net.bo[o] = (float)o;
    }
    struct net_ask ask = {.row = 5, .side = {0.7f, 0, -0.4f, 1}};
    net_output(&net, u, &ask, a, out);
    net_turn(&net, turned);
    net_output_turned(&net, turned, u, &ask, wide);
    for (int o = 0; o < NET_WIDE; o++) {
        cr_assert_float_eq(wide[o], o < NET_OUTPUTS ? out[o] : 0, 1e-4);
    }
}

Test(net, rows_take_the_nearest_that_was_trained)
{
    cr_assert_eq(net_step_row(1), 0u);
    cr_assert_eq(net_step_row(28), 27u);
    cr_assert_eq(net_step_row(100), 27u);
    cr_assert_eq(net_length_row(1), 0u);
    cr_assert_eq(net_length_row(14), NET_STEPS + 5u);
    cr_assert_eq(net_length_row(15), NET_STEPS + 5u);
    cr_assert_eq(net_length_row(63), NET_STEPS + 8u);
}

Test(net, lift_is_bounded)
{
    cr_assert_eq(net_lift(1), 0.0f);
    cr_assert_eq(net_lift(0), -3.0f);
    cr_assert_eq(net_lift(1e9f), 3.0f);
}
