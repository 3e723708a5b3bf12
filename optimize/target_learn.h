/* Training of a target level (optimize/target.h) by differentiating the simulation of shops
 * (optimize/target_world.h): LEVEL_NET_LANES shops side by side, all with one network; their costs,
 * each in its own measure, are differentiated with respect to the weights through stock, supplies
 * and orders (Alvo, Russo, Kanoria 2023; Madeka et al. 2022). Rounding to packs counts as a step of
 * slope one.
 *
 *     struct target_school *school = target_school_create(seed);
 *     for (...) cost = target_school_step(school, rate);
 *     struct target_trial trial = target_trial_run(target_school_net(school), 4711, 512, 40);
 *     target_school_destroy(school);
 *
 * Same seed, same weights on the same kind of processor. Thread: one. */
#ifndef RESTOCK_TARGET_LEARN_H
#define RESTOCK_TARGET_LEARN_H

#include "optimize/target.h"
#include "optimize/target_world.h"

enum { TARGET_SEASONS = 24 /* reviews of one step */ };

struct target_school;

struct target_school *target_school_create(uint64_t seed);
void target_school_destroy(struct target_school *school); /* NULL is fine */
/* Mean cost of a review over what is typical, of the shops of this step; ~80 ms. */
double target_school_step(struct target_school *school, float rate);
/* Mean of the weights of the last hundred steps or so; owned by the school. */
const struct level_net *target_school_net(const struct target_school *school);

/* Cost of a rollout from given shops [LEVEL_NET_LANES], which move on, and its gradient, added. For
 * training, and for tests. */
double target_rollout(const struct level_net *net, struct target_shop *shops,
                      struct level_net *gradient);

struct target_trial { /* the network against the exact policy, in the same shops and luck */
    double exact, learned; /* mean cost of a review over what is typical */
    double better; /* share of shops in which the network costs less */
    double exact_fill, learned_fill;
};

struct target_trial target_trial_run(const struct level_net *net, uint64_t seed, uint32_t shops,
                                     uint32_t reviews);

#endif
