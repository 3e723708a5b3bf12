#include "model/base_model.h"

#include "model/gemm.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static float *weights;
static struct buf file;

static void init(void)
{
    struct rng rng;
    struct net net;
    rng_init(&rng, 2);
    weights = calloc(net_floats(), sizeof *weights);
    net_bind(&net, weights);
    net_init(&net, &rng);
    file = (struct buf){0};
    base_model_save(weights, 86400, slice_of("{\"seed\":2}"), &file);
}

static void fini(void)
{
    free(weights);
    buf_fini(&file);
}

static void refused(struct slice bytes)
{
    struct base_model *base = NULL;
    struct status *st = base_model_load(bytes, &base);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    cr_assert_null(base);
    status_free(st);
}

TestSuite(base_model, .init = init, .fini = fini);

Test(base_model, comes_back_as_it_was)
{
    struct base_model *base = NULL;
    cr_assert_null(base_model_load(buf_view(&file), &base));
    cr_assert_eq(memcmp(base_model_net(base)->wx, weights, net_floats() * sizeof(float)), 0);
    cr_assert(slice_is(base_model_manifest(base), "{\"seed\":2}"));
    cr_assert_neq(base_model_hash(base), 0u);
    cr_assert_eq(base_model_bucket_s(base), 86400u);
    cr_assert_lt(file.bytes, 1u << 20);
    base_model_free(base);
    base_model_free(NULL);
}

Test(base_model, cuts_and_flipped_bytes_are_refused)
{
    for (size_t bytes = 0; bytes < file.bytes; bytes += bytes < 100 ? 1 : 997) {
        refused((struct slice){file.data, bytes});
    }
    for (size_t at = 0; at < file.bytes; at += at < 100 ? 1 : 997) {
        file.data[at] = (char)(file.data[at] ^ 0x10);
        refused(buf_view(&file));
        file.data[at] = (char)(file.data[at] ^ 0x10);
    }
    buf_byte(&file, 0);
    refused(buf_view(&file));
}

Test(base_model, weights_that_are_no_numbers_are_refused)
{
    weights[17] = NAN;
    struct buf bad = {0};
    base_model_save(weights, 86400, slice_of(""), &bad);
    refused(buf_view(&bad));
    buf_fini(&bad);
}

Test(base_model, blank_corrects_nothing_and_is_always_the_same)
{
    cr_assert_null(gemm_init());
    struct base_model *one = base_model_blank(86400), *two = base_model_blank(86400);
    cr_assert_eq(base_model_hash(one), base_model_hash(two));
    cr_assert_eq(base_model_bucket_s(one), 86400u);
    const struct net *net = base_model_net(one);
    for (int d = 0; d < NET_OUTPUTS * NET_DECODER; d++) {
        cr_assert_eq(net->wo[d], 0.0f);
    }
    cr_assert(net->bo[0] == 0 && net->bo[1] == 0);
    base_model_free(one);
    base_model_free(two);
}
