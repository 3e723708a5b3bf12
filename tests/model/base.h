/* A base model with made-up weights for tests. */
#ifndef RESTOCK_TESTS_MODEL_BASE_H
#define RESTOCK_TESTS_MODEL_BASE_H

#include "model/base_model.h"
#include "model/gemm.h"

#include <stdlib.h>

/* size 0: says what nb says; else the scale of its last layer. */
static inline struct base_model *base_make(double size)
{
    struct rng rng;
    struct net net;
    struct buf file = {0};
    struct base_model *base = NULL;
    struct status *st = gemm_init();
    float *weights = calloc(net_floats(), sizeof *weights);
    if (st || !weights) {
        abort();
    }
    rng_init(&rng, 3);
    net_bind(&net, weights);
    net_init(&net, &rng);
    for (int d = 0; d < NET_OUTPUTS * NET_DECODER; d++) {
        net.wo[d] = (float)(size * rng_normal(&rng));
    }
    base_model_save(weights, 86400, slice_of("{}"), &file);
    st = base_model_load(buf_view(&file), &base);
    if (st) {
        abort();
    }
    buf_fini(&file);
    free(weights);
    return base;
}

#endif
