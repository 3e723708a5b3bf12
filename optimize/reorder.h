/* (r, Q) under continuous review with back-orders: at position r order Q.
 *
 * Exact cost (K rate + sum of G over r + 1 .. r + Q) / Q, G(y) the holding and shortage cost of the
 * lead-time demand against y; the best pair for Poisson demand by growing Q on the side where G is
 * less (Federgruen and Zheng 1992, "An efficient algorithm for computing an optimal (r, Q) policy",
 * Operations Research 40(4)). For normal demand the exact cost of a given pair, and the pair of the
 * loss-function approximation that leaves out n2(r + Q) (Hadley and Whitin 1963; Snyder and Shen,
 * section 5.3). Pure, no allocation.
 */
#ifndef RESTOCK_REORDER_H
#define RESTOCK_REORDER_H

#include "optimize/pmf.h"

#include <stdbool.h>

struct reorder_terms {
    double rate; /* mean demand per unit of time */
    double order_cost; /* K > 0 */
    double holding, shortage; /* > 0, per unit and time */
};

struct reorder {
    double r, Q;
    double cost; /* per unit of time */
};

/* lead: lead-time demand in whole units. False (*out untouched): more than a million steps. */
bool reorder_best(const struct reorder_terms *terms, const struct pmf *lead, struct reorder *out)
    __attribute__((warn_unused_result));
/* Cost of (r, Q > 0) for normal lead-time demand. */
double reorder_cost_normal(const struct reorder_terms *terms, double lead_mean, double lead_sd,
                           double r, double Q);
/* The approximation's pair, with its exact cost. */
struct reorder reorder_normal(const struct reorder_terms *terms, double lead_mean, double lead_sd);

#endif
