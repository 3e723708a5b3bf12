/* Quantiles of the negative binomial distribution without lgamma: exact counts by the recurrence of
 * its masses where they are small, else from a table of a shifted gamma distribution with the same
 * mean, variance and skewness (Pearson III), rounded to counts. The table is made once; within it a
 * quantile is off by at most about one unit or 1 %.
 *
 * Thread: a table is read-only after negbin_init and may be shared. */
#ifndef RESTOCK_NEGBIN_H
#define RESTOCK_NEGBIN_H

#include "model/mat.h"

#include <math.h>

enum {
    NEGBIN_OCTAVES_LOW = -7, /* log2 of the gamma shape */
    NEGBIN_OCTAVES_HIGH = 21,
    NEGBIN_PER_OCTAVE = 8,
    NEGBIN_ROWS = (NEGBIN_OCTAVES_HIGH - NEGBIN_OCTAVES_LOW) * NEGBIN_PER_OCTAVE + 1,
    NEGBIN_EXACT = 96, /* counts up to which masses are summed */
    NEGBIN_LANES = 16, /* distributions at once */
};

#define NEGBIN_LEAST_SPREAD 1.01f /* variance / mean, just above Poisson's */

/* Size of the distribution of this mean whose variance is spread * mean. */
static inline float negbin_size(float mean, float spread)
{
    return mean / (fmaxf(spread, NEGBIN_LEAST_SPREAD) - 1);
}

struct negbin_table {
    float deviate[NEGBIN_ROWS][FORECAST_LEVELS]; /* standardised gamma quantile */
    float reciprocal[NEGBIN_EXACT + 1]; /* 1 / (count + 1) */
};

void negbin_init(struct negbin_table *table);
/* Smallest counts that reach each level. q: [Q], ascending. mean <= 0 gives zeros; a variance below
 * NEGBIN_LEAST_SPREAD * mean is raised. */
void negbin_quantiles(const struct negbin_table *table, float mean, float variance, float *q);
/* The same of NEGBIN_LANES distributions, in single precision: a level that falls on a step of a
 * distribution to within 1e-5 may take either count. mean, variance: [NEGBIN_LANES]; q: [Q,
 * NEGBIN_LANES]. No lane depends on another one. */
void negbin_lanes(const struct negbin_table *table, const float *mean, const float *variance,
                  float *q);
/* The gamma distribution of the same mean, variance and skewness, shifted: continuous, may begin
 * below zero. mean > 0. */
void negbin_smooth(const struct negbin_table *table, float mean, float variance, float *q);

#endif
