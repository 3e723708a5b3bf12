/* One warehouse, many stores: base stocks for both levels when each sale is passed on as an order.
 *
 * For every warehouse level the stores' outstanding orders are approximated by negative binomials
 * with the right mean and variance (Graves 1985, "A multi-echelon inventory model for a repairable
 * item with one-for-one replenishment", Management Science 31(10); Sherbrooke's METRIC with a
 * second moment); each store's level is then a newsvendor's, and the warehouse level is searched.
 * Back- orders. Costs per unit of time. Pure; allocates its tables and frees them.
 */
#ifndef RESTOCK_WAREHOUSE_H
#define RESTOCK_WAREHOUSE_H

#include <stddef.h>
#include <stdint.h>

enum { WAREHOUSE_STORES_MOST = 1024 };

struct warehouse_store {
    double rate; /* mean demand per unit of time, >= 0 */
    double lead_time; /* warehouse to store */
    double holding, shortage; /* > 0 */
};

struct warehouse_terms {
    const struct warehouse_store *store; /* [count] */
    size_t count;
    double lead_time; /* outside supplier to warehouse */
    double holding; /* at the warehouse, > 0 */
    double spread; /* variance of demand over its mean, 1: Poisson; >= 1 */
};

struct warehouse {
    int64_t level; /* of the warehouse itself */
    double cost; /* holding at both levels + shortage at the stores; goods on the way not counted */
};

/* level[count]: base stocks of the stores. */
struct warehouse warehouse_best(const struct warehouse_terms *terms, int64_t *level);

#endif
