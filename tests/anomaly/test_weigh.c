#include "anomaly/weigh.h"

#include "tests/ref/ref_weigh.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static float *made(uint64_t seed)
{
    float *weights = calloc(weigh_floats(), sizeof *weights);
    struct weigh_net net;
    struct rng rng;
    rng_init(&rng, seed);
    weigh_bind(&net, weights);
    weigh_init(&net, &rng);
    net.scale[0] = -1;
    net.scale[1] = 3;
    return weights;
}

static void draw(float *x, struct rng *rng)
{
    for (int f = 0; f < TRACE_INPUTS; f++) {
        x[f] = (float)rng_normal(rng);
    }
}

Test(weigh, agrees_with_its_naive_twin)
{
    float *weights = made(3), x[TRACE_INPUTS];
    struct weigh_net net;
    struct rng rng;
    weigh_bind(&net, weights);
    rng_init(&rng, 5);
    for (int row = 0; row < 50; row++) {
        struct weigh_pass pass;
        double z[WEIGH_CLASSES], anomaly = 0;
        draw(x, &rng);
        weigh_forward(&net, x, &pass);
        ref_weigh(&net, x, z);
        int best = 1;
        for (int c = 0; c < WEIGH_CLASSES; c++) {
            /* sums of some dozens of float products of order one */
            cr_assert_float_eq((double)pass.z[c], z[c], 1e-4);
            anomaly += c ? exp(z[c]) : 0;
            best = c && z[c] > z[best] ? c : best;
        }
        enum alert_kind kind;
        cr_assert_float_eq((double)weigh_odds(&pass, &kind), log(anomaly) - z[0], 1e-3);
        cr_assert_eq((int)kind, best - 1);
    }
    free(weights);
}

Test(weigh, raw_scores_put_two_shares_of_ordinary_rows_at_two_and_four)
{
    float *weights = made(3);
    struct weigh_net net;
    weigh_bind(&net, weights);
    cr_assert_float_eq((double)weigh_raw(&net, -1), 2, 1e-6);
    cr_assert_float_eq((double)weigh_raw(&net, 3), 4, 1e-6);
    cr_assert_float_eq((double)weigh_raw(&net, -50), 0, 1e-6);
    free(weights);
}

Test(weigh, a_file_comes_back_as_it_was_saved)
{
    float *weights = made(9), x[TRACE_INPUTS] = {1, -2, 0.5f};
    struct buf file = {0};
    struct weigh *weigh = NULL;
    weigh_save(weights, slice_of("{\"shops\":[]}"), &file);
    cr_assert(file.bytes <= 50000, "a detector is small: %zu bytes", file.bytes);
    cr_assert_null(weigh_load(buf_view(&file), &weigh));
    struct weigh_net net;
    struct weigh_pass one, two;
    weigh_bind(&net, weights);
    weigh_forward(&net, x, &one);
    weigh_forward(weigh_net(weigh), x, &two);
    cr_assert_arr_eq(one.z, two.z, sizeof one.z);
    cr_assert(slice_equal(weigh_manifest(weigh), slice_of("{\"shops\":[]}")));
    weigh_free(weigh);
    buf_fini(&file);
    free(weights);
}

static void refused(struct slice bytes, const char *why)
{
    struct weigh *weigh = NULL;
    struct status *st = weigh_load(bytes, &weigh);
    cr_assert(st, "taken: %s", why);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    cr_assert_null(weigh);
    status_free(st);
}

Test(weigh, refuses_what_save_did_not_write)
{
    float *weights = made(1);
    struct buf file = {0};
    weigh_save(weights, slice_of("{}"), &file);
    for (size_t cut = 0; cut < file.bytes; cut += 997) {
        refused((struct slice){file.data, cut}, "cut short");
    }
    for (size_t at = 0; at < file.bytes; at += 97) {
        file.data[at] = (char)(file.data[at] ^ 4);
        refused(buf_view(&file), "one bit is wrong");
        file.data[at] = (char)(file.data[at] ^ 4);
    }
    weights[7] = NAN;
    file.bytes = 0;
    weigh_save(weights, slice_of("{}"), &file);
    refused(buf_view(&file), "a weight is no number");
    buf_fini(&file);
    free(weights);
}

Test(weigh, the_shipped_detector_loads_and_says_what_it_was_made_from)
{
    struct weigh *weigh = NULL;
    cr_assert(weigh_shipped().bytes > 1000 && weigh_shipped().bytes <= 50000);
    cr_assert_null(weigh_load(weigh_shipped(), &weigh));
    struct slice manifest = weigh_manifest(weigh);
    cr_assert(memmem(manifest.data, manifest.bytes, "\"orders\"", 8));
    cr_assert(memmem(manifest.data, manifest.bytes, "\"last\":\"2011-05-31\"", 19));
    weigh_free(weigh);
}
