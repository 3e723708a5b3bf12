/* Paths of demand, slot by slot, that fit a forecast of totals.
 *
 *     struct demand_paths paths;
 *     demand_paths_fit(&curve, 28, &paths);
 *     demand_paths_draw(&paths, &rng, slots, out);          // out [slots]
 *
 * Each slot has the forecast's distribution of one slot, scaled to its own mean; what ties slots
 * together is a normal copula with a common factor (an error of the level lasts over the whole
 * path) and a part that fades from slot to slot:
 *
 *     z[t] = sqrt(common) f + sqrt(1 - common) a[t], a[t] = memory a[t-1] + noise, sd 1
 *     correlation of z[t] and z[t + k] = common + (1 - common) memory^k
 *
 * common and memory are those with which the variances of path totals come nearest to those of the
 * forecast totals, exactly computed by Hermite polynomials (the coefficients of the quantile
 * function of a normal variable; Cario, Nelson 1996, "Autoregressive to anything").
 *
 * Pure, no allocation. A fit takes some 200 us, a draw some 15 ns a slot. */
#ifndef RESTOCK_DEMAND_PATH_H
#define RESTOCK_DEMAND_PATH_H

#include "config/base/rng.h"
#include "optimize/demand.h"

enum { DEMAND_PATH_SLOTS = 64, DEMAND_PATH_POINTS = 65 };

struct demand_paths {
    uint32_t slots; /* with a mean; later ones have that of the last */
    double common, memory;
    float mean[DEMAND_PATH_SLOTS];
    float shape[DEMAND_PATH_POINTS]; /* quantiles of a slot over its mean, at z = -4 .. 4 */
};

/* slots 1 .. DEMAND_PATH_SLOTS. A curve without rows draws zeros. */
void demand_paths_fit(const struct demand_curve *curve, uint32_t slots, struct demand_paths *out);
/* One path of any number of slots, never below zero; not in whole units. */
void demand_paths_draw(const struct demand_paths *paths, struct rng *rng, uint32_t slots,
                       float *out);
/* Variance of the total of the first `slots` slots of a path; slots <= paths->slots. */
double demand_paths_variance(const struct demand_paths *paths, uint32_t slots);
/* Mean and variance of a distribution between its outermost 1/30,000s. */
void demand_moments(const struct demand *demand, double *mean, double *variance);

#endif
