#include "optimize/wagner_whitin.h"

#include "config/base/ensure.h"

#include <math.h>
#include <string.h>

double wagner_whitin(const struct wagner_whitin_terms *terms, double *quantity)
{
    size_t periods = terms->periods;
    ASSERT(periods > 0 && periods <= WAGNER_WHITIN_MOST);
    double best[WAGNER_WHITIN_MOST + 1]; /* cost of periods t .. */
    size_t next[WAGNER_WHITIN_MOST]; /* an order in t lasts until before next[t] */
    best[periods] = 0;
    for (size_t t = periods; t-- > 0;) {
        double cost = terms->order_cost;
        best[t] = INFINITY;
        for (size_t end = t; end < periods; end++) {
            double price = terms->price ? terms->price[t] : 0;
            cost += terms->demand[end] * (price + terms->holding * (double)(end - t));
            if (cost + best[end + 1] < best[t]) {
                best[t] = cost + best[end + 1];
                next[t] = end + 1;
            }
        }
        /* Nothing to order for nothing. */
        if (!(terms->demand[t] > 0) && best[t + 1] <= best[t]) {
            best[t] = best[t + 1];
            next[t] = t + 1;
        }
    }
    memset(quantity, 0, periods * sizeof *quantity);
    for (size_t t = 0; t < periods; t = next[t]) {
        for (size_t k = t; k < next[t]; k++) {
            quantity[t] += terms->demand[k];
        }
    }
    return best[0];
}
