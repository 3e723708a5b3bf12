/* Curves with known distributions, for the tests of optimize/. */
#ifndef RESTOCK_CURVE_FIXTURE_H
#define RESTOCK_CURVE_FIXTURE_H

#include "optimize/demand.h"

extern const float curve_levels[DEMAND_LEVELS];

/* Independent Poisson demand of `rate` a slot: totals of 1, 3, 7, 14 and 28 slots, quantiles
 * between whole numbers so that the steps of the distribution become a line. */
struct demand_curve curve_poisson(double rate);
/* Quantiles that grow in proportion: total of n slots uniform on [low n, high n]. */
struct demand_curve curve_uniform(float low, float high);
double curve_poisson_above(double mean, int64_t x); /* P(Poisson > x) */

#endif
