#include "model/net.h"

#include "config/base/clones.h"
#include "model/gemm.h"

#include <math.h>
#include <string.h>

const uint16_t net_lengths[NET_LENGTHS] = {2, 3, 5, 7, 10, 14, 21, 28, 42};

struct tensor {
    size_t pointer, floats;
    float range; /* of the uniform start, 0: zeros */
};

#define TENSOR(field_, floats_, range_)                                                            \
    {                                                                                              \
        offsetof(struct net, field_), (floats_), (range_)                                          \
    }
static const struct tensor TENSORS[] = {
    TENSOR(wx, 3 * NET_HIDDEN * NET_INPUTS, 0.15f),
    TENSOR(wh, 3 * NET_HIDDEN * NET_HIDDEN, 0.125f),
    TENSOR(bx, 3 * NET_HIDDEN, 0),
    TENSOR(bh, 3 * NET_HIDDEN, 0),
    TENSOR(wp, NET_DECODER *NET_HIDDEN, 0.15f),
    TENSOR(wq, NET_DECODER *NET_INPUTS, 0.2f),
    TENSOR(bp, NET_DECODER, 0.1f),
    TENSOR(row, NET_ROWS *NET_DECODER, 0.05f),
    TENSOR(side, NET_SIDE *NET_DECODER, 0),
    TENSOR(wo, NET_OUTPUTS *NET_DECODER, 0),
    TENSOR(bo, NET_OUTPUTS, 0),
};
#undef TENSOR
enum { TENSOR_COUNT = sizeof TENSORS / sizeof TENSORS[0] };

size_t net_floats(void)
{
    size_t floats = 0;
    for (int i = 0; i < TENSOR_COUNT; i++) {
        floats += TENSORS[i].floats;
    }
    return floats;
}

void net_bind(struct net *net, float *block)
{
    for (int i = 0; i < TENSOR_COUNT; i++) {
        memcpy((char *)net + TENSORS[i].pointer, &block, sizeof block);
        block += TENSORS[i].floats;
    }
}

void net_init(struct net *net, struct rng *rng)
{
    for (int i = 0; i < TENSOR_COUNT; i++) {
        float *at;
        memcpy(&at, (char *)net + TENSORS[i].pointer, sizeof at);
        for (size_t k = 0; k < TENSORS[i].floats; k++) {
            at[k] = (float)(2 * rng_unit(rng) - 1) * TENSORS[i].range;
        }
    }
    for (int k = NET_KNOWN; k < NET_KNOWN + WINDOW_KNOWN;
         k++) { /* what no panel teaches says nothing */
        for (int j = 0; j < 3 * NET_HIDDEN; j++) {
            net->wx[j * NET_INPUTS + k] = 0;
        }
        for (int d = 0; d < NET_DECODER; d++) {
            net->wq[d * NET_INPUTS + k] = 0;
        }
    }
}

struct gru_weights net_gru(const struct net *net)
{
    return (struct gru_weights){.inputs = NET_INPUTS,
                                .hidden = NET_HIDDEN,
                                .wx = net->wx,
                                .wh = net->wh,
                                .bx = net->bx,
                                .bh = net->bh};
}

uint32_t net_step_row(uint32_t step)
{
    return step > NET_STEPS ? NET_STEPS - 1 : step ? step - 1 : 0;
}

uint32_t net_length_row(uint32_t length)
{
    if (length <= 1) {
        return 0;
    }
    uint32_t best = 0;
    float least = INFINITY;
    for (uint32_t j = 0; j < NET_LENGTHS; j++) {
        float far = fabsf(logf((float)length / net_lengths[j]));
        if (far < least) {
            least = far;
            best = j;
        }
    }
    return NET_STEPS + best;
}

void net_decode(const struct net *net, uint32_t rows, const float *h, const float *x, float *u)
{
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(u + (size_t)i * NET_DECODER, net->bp, NET_DECODER * sizeof *u);
    }
    gemm_run(&(struct gemm){.m = rows,
                            .n = NET_DECODER,
                            .k = NET_HIDDEN,
                            .a = h,
                            .b = net->wp,
                            .b_turned = 1,
                            .c = u,
                            .keep = 1});
    gemm_run(&(struct gemm){.m = rows,
                            .n = NET_DECODER,
                            .k = NET_INPUTS,
                            .a = x,
                            .b = net->wq,
                            .b_turned = 1,
                            .c = u,
                            .keep = 1});
}

static inline __attribute__((always_inline)) void decoded(const struct net *net,
                                                          const float *restrict u,
                                                          const struct net_ask *ask,
                                                          float *restrict a)
{
    const float *restrict shift = net->row + (size_t)ask->row * NET_DECODER;
    float sum[NET_DECODER];
    for (int d = 0; d < NET_DECODER; d++) {
        sum[d] = u[d] + shift[d];
    }
    for (int k = 0; k < NET_SIDE; k++) {
        const float *restrict slope = net->side + (size_t)k * NET_DECODER;
        float s = ask->side[k];
        if (s != 0) {
            for (int d = 0; d < NET_DECODER; d++) {
                sum[d] += s * slope[d];
            }
        }
    }
    for (int d = 0; d < NET_DECODER; d++) {
        a[d] = sum[d] > 0 ? sum[d] : NET_LEAK * sum[d];
    }
}

CLONES void net_output(const struct net *net, const float *restrict u, const struct net_ask *ask,
                       float *restrict a, float *restrict out)
{
    const float *restrict wo = net->wo;
    decoded(net, u, ask, a);
    for (int o = 0; o < NET_OUTPUTS; o++) {
        float part[16] = {0}, total = net->bo[o];
        for (int d = 0; d < NET_DECODER; d += 16) {
            for (int lane = 0; lane < 16; lane++) {
                part[lane] += a[d + lane] * wo[o * NET_DECODER + d + lane];
            }
        }
        for (int lane = 0; lane < 16; lane++) {
            total += part[lane];
        }
        out[o] = total;
    }
}

void net_turn(const struct net *net, float *turned)
{
    memset(turned, 0, NET_TURNED * sizeof *turned);
    for (int o = 0; o < NET_OUTPUTS; o++) {
        for (int d = 0; d < NET_DECODER; d++) {
            turned[d * NET_WIDE + o] = net->wo[o * NET_DECODER + d];
        }
        turned[NET_DECODER * NET_WIDE + o] = net->bo[o];
    }
}

typedef float wide __attribute__((vector_size(NET_WIDE * sizeof(float))));

CLONES void net_output_turned(const struct net *net, const float *restrict turned,
                              const float *restrict u, const struct net_ask *ask,
                              float *restrict out)
{
    float a[NET_DECODER];
    wide even, odd = {0}, row; /* two sums: neither waits for the other */
    decoded(net, u, ask, a);
    memcpy(&even, turned + NET_DECODER * NET_WIDE, sizeof even);
    for (int d = 0; d < NET_DECODER; d += 2) {
        memcpy(&row, turned + d * NET_WIDE, sizeof row);
        even += a[d] * row;
        memcpy(&row, turned + (d + 1) * NET_WIDE, sizeof row);
        odd += a[d + 1] * row;
    }
    even += odd;
    memcpy(out, &even, sizeof even);
}

float net_lift(float factor)
{
    return fminf(fmaxf(logf(fmaxf(factor, 1e-6f)), -3), 3);
}
