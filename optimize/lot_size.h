/* Lot sizes for steady demand: the economic order quantity (Harris 1913) and its relatives, in
 * closed form (Snyder and Shen, chapters 3 and 9). Costs per unit of time. Pure, no allocation.
 */
#ifndef RESTOCK_LOT_SIZE_H
#define RESTOCK_LOT_SIZE_H

#include <stddef.h>

struct lot_terms {
    double rate; /* demand per unit of time, > 0 */
    double order_cost; /* per order, > 0 */
    double holding; /* per unit and time, > 0 */
};

struct lot {
    double quantity, cost;
    double back_share; /* of the demand that waits (lot_back_orders) */
    size_t region; /* price step used (discounts) */
};

struct lot lot_size(const struct lot_terms *terms);
/* What is not there is owed at `shortage` per unit and time. */
struct lot lot_back_orders(const struct lot_terms *terms, double shortage);

/* Price steps: from[0] = 0 < from[1] ..., price[i] for quantities >= from[i]. holding_rate is per
 * unit of money and time; the cost includes the purchase. */
struct price_steps {
    const double *from, *price; /* [count] */
    size_t count;
    double holding_rate;
};

/* The price of the step holds for all units of the order. terms->holding is not used. */
struct lot lot_all_units(const struct lot_terms *terms, const struct price_steps *steps);
/* Each step's price holds for the units within it. */
struct lot lot_incremental(const struct lot_terms *terms, const struct price_steps *steps);

/* Supply breaks down at rate `breaks` and comes back at rate `mends`; demand in between is lost at
 * `shortage` a unit (Parlar and Berkin 1991; Berk and Arreola-Risa 1994). */
struct lot lot_disrupted(const struct lot_terms *terms, double shortage, double breaks,
                         double mends);

#endif
