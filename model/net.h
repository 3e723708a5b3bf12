/* The global network: a GRU over the buckets of a series, and a head that corrects the negative
 * binomial expert for every length.
 *
 *     h' = GRU(x, h)                       x: features of the bucket that closed (model/features.h)
 *     u = Wp h' + Wq x + bp                once per series
 *     a = leaky(u + row[j] + side . s)     for forecast j (a step ahead or a length), s: what is
 *                                          known of its target (struct net_ask)
 *     out = Wo a + bo                      quantiles and mean: model/direct.h
 *
 * With Wo and bo zero the network says exactly what the negative binomial expert says: training
 * starts there, and learns how far to depart. All parameters lie in one block, so that optimiser
 * and checkpoint are flat loops. Dimensions: model/mat.h. */
#ifndef RESTOCK_NET_H
#define RESTOCK_NET_H

#include "config/base/rng.h"
#include "config/base/window.h"
#include "model/direct.h"
#include "model/gru.h"

#include <stddef.h>
#include <stdint.h>

enum {
    NET_INPUTS = 28, /* F */
    NET_HIDDEN = 64, /* H */
    NET_DECODER = 48, /* D */
    NET_STEPS = 28,
    NET_LENGTHS = 9, /* sums of net_lengths[] buckets */
    NET_ROWS = NET_STEPS + NET_LENGTHS,
    NET_OUTPUTS = DIRECT_OUTPUTS, /* of one forecast: model/direct.h */
    NET_WIDE = 16, /* outputs, up to whole vectors */
    NET_TURNED = (NET_DECODER + 1) * NET_WIDE,
    NET_SIDE_OWN = 2 + 2 * WINDOW_KNOWN, /* place of the series' own departure in that phase */
    NET_SIDE = NET_SIDE_OWN + 2,
    NET_KNOWN = 18, /* place of the slots of known inputs among the inputs */
};

#define NET_LEAK 0.1f /* slope of the head's rectifier below zero */

extern const uint16_t net_lengths[NET_LENGTHS];

struct net { /* pointers into one block of net_floats() floats */
    float *wx, *wh, *bx, *bh; /* gru_weights */
    float *wp; /* [D,H] */
    float *wq; /* [D,F] */
    float *bp; /* [D] */
    float *row; /* [NET_ROWS,D] */
    float *side; /* [NET_SIDE,D] */
    float *wo; /* [NET_OUTPUTS,D] */
    float *bo; /* [NET_OUTPUTS] */
};

size_t net_floats(void);
void net_bind(struct net *net, float *block);
void net_init(struct net *net, struct rng *rng);
struct gru_weights net_gru(const struct net *net);
/* Row of the head for a step (1 .. ) or a length; what was not trained takes the nearest that was.
 */
uint32_t net_step_row(uint32_t step);
uint32_t net_length_row(uint32_t length);
/* u [B,D] from states h [B,H] and inputs x [B,F]. */
void net_decode(const struct net *net, uint32_t rows, const float *h, const float *x, float *u);
struct net_ask { /* one forecast: row of the head, and what is known of its target */
    uint32_t row;
    /* Log of the mean factor of its buckets without known inputs (net_lift), log of what these
     * add, mean of each slot (known_read), share of buckets of which the slot is known; mean of the
     * series' own departures in their phases, in the whole window and of late (model/prospect.h).
     */
    float side[NET_SIDE];
};
/* a [D] and the outputs of one forecast. */
void net_output(const struct net *net, const float *u, const struct net_ask *ask, float *a,
                float *out);
/* The same outputs for whoever asks often: net_turn lays the last layer out so that they are made
 * side by side. turned: [NET_TURNED]; out: [NET_WIDE], the last ones 0. */
void net_turn(const struct net *net, float *turned);
void net_output_turned(const struct net *net, const float *turned, const float *u,
                       const struct net_ask *ask, float *out);
/* The l of a forecast whose target has the mean phase factor `factor`. */
float net_lift(float factor);

#endif
