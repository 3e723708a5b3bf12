/* Back-propagation through time for one batch: windows of many series, forked at several buckets,
 * every fork forecasting all rows of the head whose targets have matured.
 *
 * Thread: one owner. No allocation after create. */
#ifndef RESTOCK_TRAIN_H
#define RESTOCK_TRAIN_H

#include "model/net.h"

#include <stdbool.h>

enum { TRAIN_BATCH = 64, TRAIN_STEPS = 56, TRAIN_FORK_EVERY = 4, TRAIN_BURN_IN = 12 };

struct train_fork { /* one forecast to learn from */
    uint16_t step, member; /* step 0 .. TRAIN_STEPS - 1, member of the batch */
    struct net_ask ask;
    struct likelihood nb; /* the negative binomial expert */
    float y, weight; /* what was sold, weight in the loss beside direct_weight */
};

struct train;

struct train *train_create(void); /* NULL: no memory */
void train_destroy(struct train *train);

/* Inputs of the batch, to be filled: x [T,B,F], live [T,B]. */
float *train_inputs(struct train *train);
uint8_t *train_live(struct train *train);
/* The next batch is learned with dropout (Srivastava et al. 2014): each unit of the states that the
 * head reads is left out with that chance, the others grow by 1 / (1 - chance). */
void train_drop(struct train *train, struct rng *rng, float chance);
/* Gradient of the weighted mean loss over the forks, added to `gradient` (bound like net). forks in
 * any order. Returns the loss. */
double train_batch(struct train *train, const struct net *net, const struct train_fork *forks,
                   size_t count, struct net *gradient);
/* What a network says of each fork, without learning: out [count, NET_OUTPUTS]. */
void train_say(struct train *train, const struct net *net, const struct train_fork *forks,
               size_t count, float *out);

#endif
