/* The best (s, S) policy for back-orders with a fixed cost per order: at or below s order up to S.
 *
 *     struct order_up_terms terms = {.demand = &lead_demand, .period = &period_demand,
 *                                    .order_cost = 64, .holding = 1, .shortage = 9};
 *     struct order_up best;
 *     if (!order_up_best(&terms, &best)) { ... too large ... }
 *
 * Zheng and Federgruen (1991), "Finding optimal (s, S) policies is about as simple as evaluating a
 * single policy", Operations Research 39(4): renewal costs, exact for whole-number demand, about as
 * much work as one evaluation. Costs per period. Pure; allocates its tables and frees them.
 */
#ifndef RESTOCK_ORDER_UP_H
#define RESTOCK_ORDER_UP_H

#include "optimize/pmf.h"

#include <stdbool.h>

struct order_up_terms {
    const struct pmf *demand; /* of lead time + one period: what the stock after ordering meets */
    const struct pmf *period; /* of one period (>= 0): how the position falls; P(0) < 1 */
    double order_cost; /* K >= 0, per order */
    double holding, shortage; /* > 0, per unit and period */
};

struct order_up {
    double s, S; /* whole for the exact policy */
    double cost; /* per period */
};

/* False, and *out untouched, when the policy spans more than ORDER_UP_MOST units (a larger counting
 * unit helps). */
enum { ORDER_UP_MOST = 1 << 13 };
bool order_up_best(const struct order_up_terms *terms, struct order_up *out)
    __attribute__((warn_unused_result));
/* Cost per period of a given s < S. False as above. */
bool order_up_cost(const struct order_up_terms *terms, int64_t s, int64_t S, double *cost)
    __attribute__((warn_unused_result));
/* The power approximation, from two moments alone (Ehrhardt and Mosier 1984, as in Snyder and Shen,
 * section 4.4): mean of a period, mean and standard deviation of lead time + one period. The cost
 * is not known (0). */
struct order_up order_up_approximate(double mean, double lead_mean, double lead_sd,
                                     const struct order_up_terms *terms);

#endif
