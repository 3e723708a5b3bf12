/* What plans and calendars say of single buckets (price, promotion, holiday ...), and how much that
 * moves demand: one factor per slot for all series of a shard, learned as buckets close.
 *
 *     mean of a bucket = level * phase factor * exp(effect . z)
 *
 * z: the slots as known_read gives them. The effects are a quasi-Poisson regression in closed form:
 * each close adds its gradient and information (weight mean / spread), from which the day's common
 * shock is taken out as a random effect, and moves the effects by one Newton step (the recursive
 * form of iteratively reweighted least squares; McCullagh, Nelder 1989, ch. 9). A normal prior
 * about 0 holds what has not been seen. Sums of one close are integers: no order of series.
 *
 * Thread: one owner; known_read, known_factor are pure. */
#ifndef RESTOCK_KNOWN_H
#define RESTOCK_KNOWN_H

#include "config/base/window.h"

#include <stdint.h>

enum { KNOWN_PAIRS = WINDOW_KNOWN * (WINDOW_KNOWN + 1) / 2 };

struct known_effects { /* zero: nothing learned */
    float effect[WINDOW_KNOWN], information[KNOWN_PAIRS]; /* lower triangle, row by row */
};

struct known_tally { /* of one close, in 2^-20 */
    int64_t weight, gradient; /* of the common shock */
    int64_t weights[WINDOW_KNOWN], gradients[WINDOW_KNOWN], pairs[KNOWN_PAIRS];
    int64_t plain, moved; /* expected demand of all series without effects, and with them */
};

/* z[WINDOW_KNOWN] of one bucket from its raw slots (NULL: nothing known). The price becomes the log
 * of its ratio to `usual` (0: not known). What is not known is 0. Returns a bit per slot known. */
uint32_t known_read(const float *raw, float usual, float *z);
/* The usual price after a bucket with price `raw` (NaN: none), a running median. observed: buckets
 * before. */
float known_usual(float usual, float raw, uint32_t observed);
/* exp(effect . z), within a factor of 5. */
float known_factor(const struct known_effects *effects, const float *z);

/* One series in the bucket that closed: expected without effects, factor of effects, variance per
 * mean, demand. */
struct known_case {
    const float *z;
    float expected, factor, spread, y;
};
void known_count(struct known_tally *tally, const struct known_case *one);
/* Take the close's tally, which is cleared. Returns how many times its usual demand the shop was
 * expected to sell because of the effects; 1: nothing known. */
float known_fold(struct known_effects *effects, struct known_tally *tally);

#endif
