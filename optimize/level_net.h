/* A small dense network that outputs a target level: two hidden layers and one linear output, with
 * its gradient and its optimiser.
 *
 *     z1 = W1 x + b1, a1 = f(z1); z2 = W2 a1 + b2, a2 = f(z2); y = w3 a2 + b3
 *     f(z) = z above zero, z / (1 - z) below: smooth, saturates at -1 as ELU does, needs no exp
 *
 * Everything is laid out [feature][LEVEL_NET_LANES]: a batch of independent cases side by side, so
 * that plain loops become vector code and sums have one fixed order. The output layer starts at
 * zero: a network that was not trained changes nothing of the level that it is added to.
 *
 *     level_net_init(&net, inputs, &rng);
 *     level_net_forward(&net, x, &acts);          // acts.y[b]
 *     level_net_backward(&net, x, &acts, dy, &gradient, dx);        // adds to gradient and dx
 *     level_net_step(&net, &gradient, &moments, rate);
 *
 * Pure; plain data, no allocation; one owner. The rule is Adam's (Kingma, Ba 2015). */
#ifndef RESTOCK_LEVEL_NET_H
#define RESTOCK_LEVEL_NET_H

#include "config/base/rng.h"

#include <stddef.h>

enum {
    LEVEL_NET_LANES = 256,
    LEVEL_NET_INPUTS = 16, /* at most */
    LEVEL_NET_HIDDEN = 32,
    LEVEL_NET_FLOATS = LEVEL_NET_HIDDEN * (LEVEL_NET_INPUTS + LEVEL_NET_HIDDEN + 3) + 1
};

struct level_net {
    unsigned inputs;
    float w1[LEVEL_NET_HIDDEN][LEVEL_NET_INPUTS], b1[LEVEL_NET_HIDDEN];
    float w2[LEVEL_NET_HIDDEN][LEVEL_NET_HIDDEN], b2[LEVEL_NET_HIDDEN];
    float w3[LEVEL_NET_HIDDEN], b3;
};

struct level_acts { /* of one batch; ~200 kB */
    float z1[LEVEL_NET_HIDDEN][LEVEL_NET_LANES], a1[LEVEL_NET_HIDDEN][LEVEL_NET_LANES];
    float z2[LEVEL_NET_HIDDEN][LEVEL_NET_LANES], a2[LEVEL_NET_HIDDEN][LEVEL_NET_LANES];
    float y[LEVEL_NET_LANES];
};

struct level_moments { /* zero at start */
    struct level_net first, second;
    long steps;
};

/* inputs 1 .. LEVEL_NET_INPUTS. */
void level_net_init(struct level_net *net, unsigned inputs, struct rng *rng);
/* x [inputs][LEVEL_NET_LANES] */
void level_net_forward(const struct level_net *net, const float *x, struct level_acts *acts);
/* Adds d(loss)/d(weights) to *gradient and d(loss)/d(x) to dx [inputs][LEVEL_NET_LANES], given
 * dy [LEVEL_NET_LANES] = d(loss)/dy of the same forward. */
void level_net_backward(const struct level_net *net, const float *x, const struct level_acts *acts,
                        const float *dy, struct level_net *gradient, float *dx);
/* One step of Adam with the gradient's norm clipped to 1, and the gradient cleared. A gradient that
 * is not finite changes nothing. */
void level_net_step(struct level_net *net, struct level_net *gradient,
                    struct level_moments *moments, float rate);
/* *average += share (net - *average) */
void level_net_blend(struct level_net *average, const struct level_net *net, float share);
/* One case alone; x [inputs]. */
float level_net_one(const struct level_net *net, const float *x);

#endif
