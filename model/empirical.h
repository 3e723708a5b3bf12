/* Empirical expert: quantiles of what happened in the last 56 buckets, or in all windows of some
 * length within them.
 *
 * Pure; any thread. */
#ifndef RESTOCK_EMPIRICAL_H
#define RESTOCK_EMPIRICAL_H

#include "model/mat.h"

#include <stdint.h>

enum { EMPIRICAL_MAX = 64 }; /* values that are ranked; a multiple of every vector width */

/* Demand sums of all runs of `length` buckets within the last `buckets` (<= EMPIRICAL_MAX) of one
 * history of `width`, the newest last. Buckets with any of the flags in `skip` count as the mean of
 * the others in their run; a run that is skipped by more than half is left out. A history shorter
 * than `length` gives one run, scaled up. Returns their number and fills sums[EMPIRICAL_MAX]; 0:
 * nothing known. */
struct empirical_source {
    const float *units; /* [W] */
    const uint8_t *flags; /* [W] */
    uint32_t width; /* W */
    uint32_t buckets;
    uint8_t skip;
};
uint32_t empirical_sums(const struct empirical_source *source, uint32_t length, float *sums);
/* Quantiles (linear between order statistics) and mean of n values; values[EMPIRICAL_MAX], n >= 1.
 */
void empirical_quantiles(const float *values, uint32_t n, float *q, float *mean);

#endif
