/* What the plans of an item (planned prices and promotions, item facts) say of the buckets of its
 * series. Pure; any thread. */
#ifndef RESTOCK_ITEM_PLANS_H
#define RESTOCK_ITEM_PLANS_H

#include "config/base/bucket.h"
#include "config/base/window.h"
#include "stream/line.h"

/* Fills price and promotion of known[1 + WINDOW_AHEAD, WINDOW_KNOWN], of bucket `last` and those
 * after it; other slots stay. An item without plans says nothing and changes nothing. A plan holds
 * in the buckets whose middle it covers; of several the last one. Outside of plans the item's price
 * holds, where it is said. */
void item_plans_known(const struct item_line *item, const struct buckets *buckets, int64_t last,
                      float *known);

#endif
