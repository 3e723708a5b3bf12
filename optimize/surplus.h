/* Too much: stock and open orders that demand will not use up in time.
 *
 *     struct surplus surplus;
 *     surplus_assess(&input, 180, &surplus);          // horizon in days
 *     if (surplus.probability >= 0.9 && surplus.units >= facts->pack) { ... tell the buyer ... }
 *
 * Goods that spoil have their shelf life instead, where it is shorter. Pure, no allocation. */
#ifndef RESTOCK_SURPLUS_H
#define RESTOCK_SURPLUS_H

#include "optimize/policy.h"

struct surplus {
    double probability; /* that something is left at the horizon */
    double units; /* expected to be left then */
    double on_order; /* of these, the part that is not here yet: orders that could be cut */
    double cover_days; /* what is here and on its way lasts so long at mean demand; at most 3650 */
    double horizon_days;
    double money; /* units at unit cost, minor units */
};

void surplus_assess(const struct policy_input *in, double horizon_days, struct surplus *out);

#endif
