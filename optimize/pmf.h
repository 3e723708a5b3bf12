/* Chances of whole-number demands: the common ground of the exact policies.
 *
 *     struct pmf demand = {0};
 *     pmf_poisson(&demand, 20);
 *     int64_t level = pmf_quantile(&demand, 0.9);      // least y with P(D <= y) >= 0.9
 *     double lost = pmf_shortfall(&demand, level);      // E[(D - y)+]
 *     pmf_fini(&demand);
 *
 * p[i] is the chance of first + i; the chances sum to 1 (what lies beyond 1e-16 of either tail is
 * given to the rest). A grid finer than units is the same thing with a step: value = (first + i) x
 * step, which the caller knows. Owns p; filling an object anew frees what it held. Pure; thread:
 * one owner. Callers keep the number of points at or below PMF_MOST (pmf_points tells beforehand).
 */
#ifndef RESTOCK_PMF_H
#define RESTOCK_PMF_H

#include "optimize/demand.h"

#include <stddef.h>
#include <stdint.h>

enum { PMF_MOST = 1 << 17 };

struct pmf {
    int64_t first;
    size_t count; /* 0: never filled */
    double *p;
    double *above; /* [count] P(D > first + i) */
    double *short_of; /* [count] E[(D - first - i)+] */
};

/* About how many points a demand of this spread takes. */
double pmf_points(double mean, double variance);

void pmf_fini(struct pmf *pmf); /* zeroed objects are fine */
void pmf_poisson(struct pmf *pmf, double mean); /* mean >= 0 */
/* Mean and variance; Poisson where the variance is not larger than the mean. */
void pmf_negbin(struct pmf *pmf, double mean, double variance);
/* The normal distribution in cells of width step around multiples of step, negative ones too. */
void pmf_normal(struct pmf *pmf, double mean, double sd, double step);
/* The forecaster's quantile curve, at whole numbers >= 0. */
void pmf_demand(struct pmf *pmf, const struct demand *demand);
/* Given chances (>= 0, not all 0) of first, first + 1 ...; they are scaled to sum 1. */
void pmf_given(struct pmf *pmf, int64_t first, const double *p, size_t count);
/* Of the sum of two independent demands. */
void pmf_sum(struct pmf *out, const struct pmf *a, const struct pmf *b);
/* Of the sum of `times` >= 0 independent demands. */
void pmf_times(struct pmf *out, const struct pmf *one, unsigned times);

double pmf_mean(const struct pmf *pmf);
double pmf_variance(const struct pmf *pmf);
double pmf_chance(const struct pmf *pmf, int64_t value);
double pmf_above(const struct pmf *pmf, int64_t y); /* P(D > y) */
double pmf_shortfall(const struct pmf *pmf, int64_t y); /* E[(D - y)+] */
int64_t pmf_quantile(const struct pmf *pmf, double level); /* least y with P(D <= y) >= level */

#endif
