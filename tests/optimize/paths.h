/* Paths of demand, slot by slot, drawn from a demand curve, for simulations that check decisions
 * and train policies.
 *
 *     struct paths_law law;
 *     paths_fit(&curve, horizon, &law);
 *     paths_draw(&law, &rng, count, out);           // out [count, horizon], whole paths, units
 * >=
 * 0
 *
 * The curve knows totals of the next n slots, each as a distribution; a path must agree with all of
 * them. Two steps:
 *   1. A Gaussian copula joins the slots: z(t) = a c + sqrt(1 - a^2) e(t), a common factor c (how
 *      wrong the level is) and an AR(1) e(t) with coefficient phi (how long a whim lasts). a and
 * phi are fitted so that the variances of totals grow as the curve's do. Marginals are the curve's
 *      distribution of one slot, scaled to the mean of each slot.
 *   2. Totals of the drawn paths at the lengths that the curve knows are mapped, rank by rank, to
 * its quantiles (empirical quantile mapping with the ranks of the copula kept: Clark et al. 2004,
 *      "The Schaake shuffle"), and slots between are scaled with them. Where a longer total would
 * fall below a shorter one of the same path, the slots between are zero.
 *
 * So the totals at those lengths have the curve's distributions, for any curve; what the copula
 * decides is which path is high where. Pure; seeded; paths_draw allocates while it works. */
#ifndef RESTOCK_TESTS_PATHS_H
#define RESTOCK_TESTS_PATHS_H

#include "config/base/rng.h"
#include "optimize/demand.h"

#include <stddef.h>
#include <stdint.h>

enum { PATHS_SLOTS_MOST = 128, PATHS_MOST = 1 << 16 };

struct paths_law {
    const struct demand_curve *curve; /* the caller's */
    uint32_t slots; /* of a path */
    double common; /* a^2: share of the common factor, 0 .. 1 */
    double lasting; /* phi, 0 .. 1 */
    uint32_t knots; /* lengths at which totals are mapped, ascending; the last is `slots` */
    uint32_t knot[DEMAND_ROWS_MAX + 1];
};

/* slots 1 .. PATHS_SLOTS_MOST. */
void paths_fit(const struct demand_curve *curve, uint32_t slots, struct paths_law *out);
/* Correlation of two slots of the copula, `apart` slots from each other. */
double paths_correlation(const struct paths_law *law, uint32_t apart);
/* count paths (1 .. PATHS_MOST), each [law->slots]: out [count, slots]. */
void paths_draw(const struct paths_law *law, struct rng *rng, size_t count, float *out);

#endif
