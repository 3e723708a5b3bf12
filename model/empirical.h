/* Empirical expert: quantiles of what happened in the last 56 buckets, or in all windows of some
 * length within them.
 *
 * Pure; any thread. */
#ifndef RESTOCK_EMPIRICAL_H
#define RESTOCK_EMPIRICAL_H

#include "model/mat.h"

#include <stdint.h>

enum { EMPIRICAL_MAX = 64 }; /* values that are ranked; a multiple of every vector width */

struct empirical_source {
    const float *units; /* [W] one history, the newest last */
    const uint8_t *flags; /* [W] */
    uint32_t width; /* W */
    uint32_t buckets; /* how many of the newest to look at, <= EMPIRICAL_MAX */
    float most; /* a bucket counts at most so much: one wild order is not what is to come */
    uint8_t skip; /* buckets with any of these flags were not observed */
};

struct empirical_history { /* running sums of one history, made once for all lengths */
    double total[EMPIRICAL_MAX + 1];
    uint32_t seen[EMPIRICAL_MAX + 1]; /* buckets observed */
    uint32_t buckets, first; /* runs begin at the first bucket observed */
};

void empirical_read(struct empirical_history *history, const struct empirical_source *source);
/* Demand sums of all runs of `length` buckets. Buckets that were not observed count as the mean of
 * the others in their run; a run observed by less than half is left out. A history shorter than
 * `length` gives one run, scaled up. Returns their number and fills sums[EMPIRICAL_MAX]; 0: nothing
 * known. */
uint32_t empirical_sums(const struct empirical_history *history, uint32_t length, float *sums);
/* Quantiles (linear between order statistics) and mean of n values; values[EMPIRICAL_MAX], n >= 1.
 */
void empirical_quantiles(const float *values, uint32_t n, float *q, float *mean);

#endif
