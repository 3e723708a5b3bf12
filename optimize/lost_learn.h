/* A learned policy for lost sales: a network outputs the level up to which to order, given stock
 * and each order on its way, and learns it by differentiating a simulation.
 *
 *     struct lost_learn_options options = {.seed = 1, .steps = 2500};
 *     struct lost_net *net = lost_learn(&terms, &options);
 *     struct lost_policy policy = {.kind = LOST_LEARNED, .net = net};
 *     double cost = lost_sales_cost(&terms, &policy, 400000);
 *     lost_net_free(net);
 *
 * Training: LEVEL_NET_LANES shops side by side over some weeks of demand, in fractions of units,
 * cost differentiated with respect to the weights through stock and pipeline (the simulation is
 * known, so this needs no estimate of values: Alvo, Russo, Kanoria 2023, "Neural inventory control
 * in networks via hindsight differentiable policy optimization"; Madeka et al. 2022). The level
 * starts at the best base-stock level, from which the network departs. Shops go on where the last
 * weeks ended. Seeded; the same weights on the same kind of processor. */
#ifndef RESTOCK_LOST_LEARN_H
#define RESTOCK_LOST_LEARN_H

#include "optimize/level_net.h"
#include "optimize/lost_sales.h"

struct lost_learn_options {
    uint64_t seed;
    uint32_t steps; /* of the optimiser; ~4 ms each */
};

struct lost_net { /* plain data */
    struct level_net net;
    double base; /* the level from which it departs */
    double scale; /* units of inputs and output: the mean demand */
    unsigned lead;
};

/* Owner: the caller (lost_net_free). terms must be checked. */
struct lost_net *lost_learn(const struct lost_sales *terms,
                            const struct lost_learn_options *options);
void lost_net_free(struct lost_net *net); /* NULL is fine */
/* Order-up-to level of a state [lead]. */
double lost_net_level(const struct lost_net *net, const int64_t *state);

/* One simulation of `periods` from `state` [lead][LEVEL_NET_LANES] with demands
 * [periods][LEVEL_NET_LANES]: mean cost of a period, and its gradient, added. The state is moved
 * on. For training, and for tests of the gradient. */
double lost_learn_rollout(const struct lost_sales *terms, const struct lost_net *net, float *state,
                          const uint16_t *demands, unsigned periods, struct level_net *gradient);

#endif
