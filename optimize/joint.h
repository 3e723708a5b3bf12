/* Several items from one supplier: what an order costs is shared, so they are ordered together.
 *
 * Every `cycle` an order is placed; item i is in every every[i]-th one. Least
 *     order_cost / T + sum of item_cost_i / (k_i T) + holding_i rate_i k_i T / 2
 * over T and whole k_i, exactly: as T falls each k_i moves up at T_i(k) = sqrt(2 item_cost_i /
 * (holding_i rate_i k (k + 1))), and between these points T has a closed form (Goyal 1974; van Eijs
 * 1993). Restricted to powers of two the same search is Roundy's (1985) policy, whose cost is at
 * most 6 % above any policy (2 % with the best base period) and whose items always meet. Costs per
 * unit of time. Pure, no allocation.
 */
#ifndef RESTOCK_JOINT_H
#define RESTOCK_JOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOINT_ITEMS_MOST = 4096 };

struct joint_item {
    double cost; /* per order that holds the item, >= 0 */
    double rate; /* demand per unit of time, > 0 */
    double holding; /* per unit and time, > 0 */
};

struct joint_terms {
    const struct joint_item *item; /* [count] */
    size_t count;
    double order_cost; /* per order, whatever it holds, > 0 */
    bool powers_of_two;
};

struct joint {
    double cycle; /* time between orders */
    double cost;
};

/* every[count]: item i is in every every[i]-th order. */
struct joint joint_best(const struct joint_terms *terms, uint32_t *every);
/* Best cycle and cost for given multipliers. */
struct joint joint_for(const struct joint_terms *terms, const uint32_t *every);

#endif
