/* AdamW (Loshchilov, Hutter 2019) over one block of parameters, with clipping of the gradient's
 * norm and an exponential average of the weights.
 *
 * Pure; one owner. */
#ifndef RESTOCK_ADAM_H
#define RESTOCK_ADAM_H

#include <stddef.h>

struct adam {
    size_t floats;
    float *weights, *gradient; /* the caller's */
    float *first, *second, *average; /* the caller's, zero at start; average: of the weights */
    long steps;
};

struct adam_rate {
    float rate, decay, clip; /* decay: of the weights, per step and unit of rate; clip: largest norm
                                of the gradient */
};

/* One step; the gradient is cleared. Returns its norm before clipping; where that is not finite
 * nothing changes. */
float adam_step(struct adam *adam, const struct adam_rate *rate);
/* Warm-up over the first 5 % of all steps, then half a cosine down to 2 % of the peak. */
float adam_schedule(float peak, long step, long steps);

#endif
