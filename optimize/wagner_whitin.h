/* Lot sizes for known demand that changes from period to period: dynamic programming (Wagner and
 * Whitin 1958). Pure; O(periods^2); the caller gives the room.
 */
#ifndef RESTOCK_WAGNER_WHITIN_H
#define RESTOCK_WAGNER_WHITIN_H

#include <stddef.h>

enum { WAGNER_WHITIN_MOST = 4096 };

struct wagner_whitin_terms {
    const double *demand; /* [periods] >= 0 */
    const double *price; /* [periods] per unit bought in that period; NULL: does not matter */
    double order_cost; /* per order */
    double holding; /* per unit and period carried over */
    size_t periods; /* 1 .. WAGNER_WHITIN_MOST */
};

/* quantity[periods]: what to order at the start of each. Returns the cost, purchases included. */
double wagner_whitin(const struct wagner_whitin_terms *terms, double *quantity);

#endif
