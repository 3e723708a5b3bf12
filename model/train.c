#include "model/train.h"

#include "model/gemm.h"
#include "model/negbin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = TRAIN_BATCH, T = TRAIN_STEPS, F = NET_INPUTS, H = NET_HIDDEN, D = NET_DECODER };

static const float OUTPUT_KEEP = 0.001f; /* pull of the corrections to zero */

struct train {
    float x[T * B * F];
    uint8_t live[T * B];
    float gx[T * B * 3 * H], gh[T * B * 3 * H];
    float h[(T + 1) * B * H];
    float u[T * B * D], d_u[T * B * D];
    float d_h[B * H], d_next[B * H], d_gx[B * 3 * H], d_gh[B * 3 * H];
    float keep[T * B * H], read[T * B * H]; /* dropout, states as the head reads them */
    bool dropping; /* this batch */
    struct negbin_table negbin;
};

struct train *train_create(void)
{
    struct train *train = calloc(1, sizeof *train);
    if (train) {
        negbin_init(&train->negbin);
    }
    return train;
}

void train_destroy(struct train *train)
{
    free(train);
}

float *train_inputs(struct train *train)
{
    return train->x;
}

void train_drop(struct train *train, struct rng *rng, float chance)
{
    train->dropping = chance > 0;
    for (size_t i = 0; i < sizeof train->keep / sizeof train->keep[0]; i++) {
        train->keep[i] = (float)rng_unit(rng) < chance ? 0 : 1 / (1 - chance);
    }
}

uint8_t *train_live(struct train *train)
{
    return train->live;
}

static struct gru_step step_of(struct train *train, int t)
{
    size_t at = (size_t)t * B;
    return (struct gru_step){.rows = B,
                             .x = train->x + at * F,
                             .h = train->h + at * H,
                             .live = train->live + at,
                             .gx = train->gx + at * 3 * H,
                             .gh = train->gh + at * 3 * H,
                             .next = train->h + (at + B) * H};
}

static float weight_of(const struct train_fork *fork)
{
    return fork->weight * direct_weight(&fork->nb);
}

/* One fork: forward through the head, loss, and back to u. */
static double fork_back(struct train *train, const struct net *net, const struct train_fork *fork,
                        float weight, struct net *gradient)
{
    size_t at = ((size_t)fork->step * B + fork->member) * D;
    float a[D], out[NET_OUTPUTS], d_out[NET_OUTPUTS];
    net_output(net, train->u + at, &fork->ask, a, out);
    struct direct_base base;
    direct_begin(&train->negbin, &fork->nb, &base);
    double loss = direct_loss(&base, fork->y, out, d_out);
    for (int o = 0; o < NET_OUTPUTS; o++) {
        loss += 0.5 * (double)(OUTPUT_KEEP * out[o] * out[o]);
        d_out[o] = weight * (d_out[o] + OUTPUT_KEEP * out[o]);
        gradient->bo[o] += d_out[o];
    }
    const float *restrict wo = net->wo;
    float *restrict d_wo = gradient->wo, *restrict d_u = train->d_u + at;
    float *restrict d_row = gradient->row + (size_t)fork->ask.row * D, d_v[D] = {0};
    for (int o = 0; o < NET_OUTPUTS; o++) {
        for (int d = 0; d < D; d++) {
            d_v[d] += d_out[o] * wo[o * D + d];
            d_wo[o * D + d] += d_out[o] * a[d];
        }
    }
    for (int d = 0; d < D; d++) {
        d_v[d] *= a[d] > 0 ? 1 : NET_LEAK;
        d_u[d] += d_v[d];
        d_row[d] += d_v[d];
    }
    for (int k = 0; k < NET_SIDE; k++) {
        float *restrict d_side = gradient->side + (size_t)k * D, s = fork->ask.side[k];
        for (int d = 0; d < D && s != 0; d++) {
            d_side[d] += s * d_v[d];
        }
    }
    return (double)weight * loss;
}

static const float *head_reads(struct train *train, int t, const float *h)
{
    if (!train->dropping) {
        return h;
    }
    const float *keep = train->keep + (size_t)t * B * H;
    float *read = train->read + (size_t)t * B * H;
    for (int i = 0; i < B * H; i++) {
        read[i] = keep[i] * h[i];
    }
    return read;
}

/* All steps forward; u at those that are forked. */
static void forward(struct train *train, const struct net *net, const bool *forked)
{
    struct gru_weights gru = net_gru(net);
    memset(train->h, 0, B * H * sizeof(float));
    for (int t = 0; t < T; t++) {
        struct gru_step step = step_of(train, t);
        gru_forward(&gru, &step);
        if (forked[t]) {
            net_decode(net, B, head_reads(train, t, step.next), step.x,
                       train->u + (size_t)t * B * D);
        }
    }
}

void train_say(struct train *train, const struct net *net, const struct train_fork *forks,
               size_t count, float *out)
{
    bool forked[T] = {0};
    for (size_t k = 0; k < count; k++) {
        forked[forks[k].step] = true;
    }
    forward(train, net, forked);
    for (size_t k = 0; k < count; k++) {
        size_t at = ((size_t)forks[k].step * B + forks[k].member) * D;
        float a[D];
        net_output(net, train->u + at, &forks[k].ask, a, out + k * NET_OUTPUTS);
    }
}

double train_batch(struct train *train, const struct net *net, const struct train_fork *forks,
                   size_t count, struct net *gradient)
{
    struct gru_weights gru = net_gru(net);
    bool forked[T] = {0};
    double total = 0, loss = 0;
    for (size_t k = 0; k < count; k++) {
        forked[forks[k].step] = true;
        total += (double)weight_of(&forks[k]);
    }
    if (!(total > 0)) {
        return 0;
    }
    memset(train->d_u, 0, sizeof train->d_u);
    forward(train, net, forked);
    for (size_t k = 0; k < count; k++) {
        loss += fork_back(train, net, &forks[k], (float)((double)weight_of(&forks[k]) / total),
                          gradient);
    }
    memset(train->d_next, 0, sizeof train->d_next);
    for (int t = T - 1; t >= 0; t--) {
        struct gru_step step = step_of(train, t);
        if (forked[t]) {
            const float *d_u = train->d_u + (size_t)t * B * D;
            const float *read = train->dropping ? train->read + (size_t)t * B * H : step.next;
            gemm_run(
                &(struct gemm){.m = B, .n = H, .k = D, .a = d_u, .b = net->wp, .c = train->d_h});
            for (int i = 0; i < B * H; i++) {
                train->d_next[i] +=
                    (train->dropping ? train->keep[(size_t)t * B * H + (size_t)i] : 1) *
                    train->d_h[i];
            }
            gemm_run(&(struct gemm){.m = D,
                                    .n = H,
                                    .k = B,
                                    .a = d_u,
                                    .a_turned = 1,
                                    .b = read,
                                    .c = gradient->wp,
                                    .keep = 1});
            gemm_run(&(struct gemm){.m = D,
                                    .n = F,
                                    .k = B,
                                    .a = d_u,
                                    .a_turned = 1,
                                    .b = step.x,
                                    .c = gradient->wq,
                                    .keep = 1});
            for (int i = 0; i < B * D; i++) {
                gradient->bp[i % D] += d_u[i];
            }
        }
        struct gru_back back = {.d_next = train->d_next,
                                .d_gx = train->d_gx,
                                .d_gh = train->d_gh,
                                .d_h = train->d_h,
                                .d_wx = gradient->wx,
                                .d_wh = gradient->wh,
                                .d_bx = gradient->bx,
                                .d_bh = gradient->bh};
        gru_backward(&gru, &step, &back);
        memcpy(train->d_next, train->d_h, sizeof train->d_next);
    }
    train->dropping = false;
    return loss;
}
