/* Bulk orders: the statistics count a bucket at most `model.winsor` times the scale of its series,
 * so that one wild order moves no level. Quantiles are right without it; means are not: where wild
 * orders are a custom of the shop, what is cut off is a steady part of what it sells.
 *
 *     mean = mean without * sum min(y, 5 cap) / sum min(y, cap)      discounted, over all series
 *
 * Sums of one close are integers: no order of series. Thread: one owner. */
#ifndef RESTOCK_BULK_H
#define RESTOCK_BULK_H

#include <stdint.h>

struct bulk { /* zero: nothing known. Discounted sums, in units of demand */
    double sold, counted;
};

struct bulk_tally { /* of one close, in 1/256 units */
    int64_t sold, counted;
};

/* One bucket of one series; cap: what it counts at most. Nothing happens unless both are finite. */
void bulk_count(struct bulk_tally *tally, float y, float cap);
/* Take the close's tally, which is cleared. */
void bulk_fold(struct bulk *bulk, struct bulk_tally *tally);
/* Factor of means, 1 .. 1.25. */
float bulk_factor(const struct bulk *bulk);

#endif
