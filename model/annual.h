/* The year before: how much more (or less) than its level of a year ago the whole shop then sold in
 * the weeks that followed. An exponentially weighted level is weeks behind; what the season does
 * next can only be seen in the year before.
 *
 *     factor(h) = (total of the week h buckets after a year ago / level of a year ago) ^ TRUST
 *
 * Weekly totals, each the median of three, so that one wild order is no season. For seasons of 7
 * buckets (days) only; 1 while there is no such year. Thread: one owner. */
#ifndef RESTOCK_ANNUAL_H
#define RESTOCK_ANNUAL_H

#include "model/mat.h"

#include <stdint.h>

enum { ANNUAL_WEEKS = 72, ANNUAL_AHEAD = 8 }; /* weeks kept; weeks foreseen */

struct annual { /* zero: nothing known */
    uint32_t closes; /* buckets seen */
    float open; /* total of the week that is not whole yet */
    float week[ANNUAL_WEEKS]; /* week w at w % ANNUAL_WEEKS */
};

/* Take the total of the bucket that closed. */
void annual_add(struct annual *annual, float total);
/* factor[1 .. steps] for the buckets ahead, for levels of weight `rate`; [0] is 1. Returns whether
 * a year is known. */
int annual_factors(const struct annual *annual, float rate, uint32_t steps, float *factor);

#endif
