/* Does a learned target earn its place? Two shops on paper beside the real one, with the same
 * demand, terms and lead times: one orders as the exact policy says, one as the network does. What
 * they cost is counted by class of demand, and only where the network has cost less may it speak.
 *
 *     shadow_open(&shadow, stock, &terms);                       // a series is watched from now on
 *     bool due = shadow_pass(&shadow, sold, &terms, &result);    // a slot has closed
 *     if (due) {
 *         shadow_position(&shadow, SHADOW_EXACT, today, &position);   // and SHADOW_LEARNED
 *         shadow_order(&shadow, SHADOW_EXACT, quantity, days);
 *     }
 *     shadow_count(&record, &result);                            // where result.counts
 *     if (shadow_speaks(&record)) ...
 *
 * Neither buyers nor what was really ordered have any part in it. The first reviews of a shop,
 * until its own orders have come, count for nothing.
 *
 * Pure; plain data. Thread: as the series, as the shard. */
#ifndef RESTOCK_SHADOW_H
#define RESTOCK_SHADOW_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "optimize/position.h"

enum shadow_side { SHADOW_EXACT, SHADOW_LEARNED, SHADOW_SIDES };
enum { SHADOW_OPEN = 6 /* orders on their way; a seventh joins the last */ };

struct shadow_order {
    int64_t quantity; /* 0: none */
    int64_t ordered, arrives; /* slots of the shop's own count */
};

struct shadow_shop {
    int64_t stock;
    double cost; /* money, since the last review */
    struct shadow_order order[SHADOW_OPEN];
};

struct shadow {
    int64_t slot; /* slots lived through */
    int64_t next; /* slot of the next review */
    int64_t counts_from; /* slot from which reviews count */
    struct shadow_shop shop[SHADOW_SIDES];
};

struct shadow_terms { /* of the series, as they are today */
    double holding, shortage; /* money per unit and slot, per unit */
    double typical; /* money of a review period: so that series weigh alike */
    int64_t review; /* slots, >= 1 */
    int64_t lead; /* slots of an order's median, >= 1 */
};

struct shadow_result { /* of one review period */
    bool counts;
    double exact, learned; /* shares of what is typical */
};

struct shadow_record { /* of a class */
    double reviews, exact, learned; /* that still count */
    double square; /* of the differences */
    bool speaks;
};

void shadow_open(struct shadow *shadow, int64_t stock, const struct shadow_terms *terms);
/* One slot with `sold` units asked for. True: both shops order now, one review ended (*result). */
bool shadow_pass(struct shadow *shadow, int64_t sold, const struct shadow_terms *terms,
                 struct shadow_result *result);
/* What the policy is to see of a shop, as if it stood at slot `today`. */
void shadow_position(const struct shadow *shadow, enum shadow_side side, int64_t today,
                     struct position *out);
/* quantity >= 0; arrives after `slots` >= 1, the same for both sides. */
void shadow_order(struct shadow *shadow, enum shadow_side side, int64_t quantity, int64_t slots);

/* Speaks after SHADOW_TRUST reviews in which it cost less by more than one standard error; no
 * longer, once it has cost more. Old reviews fade. */
void shadow_count(struct shadow_record *record, const struct shadow_result *result);
bool shadow_speaks(const struct shadow_record *record);

/* Versioned; load takes all of bytes and refuses (false, nothing touched) what save did not write.
 */
void shadow_save(const struct shadow *shadow, struct buf *out);
bool shadow_load(struct slice bytes, struct shadow *shadow);
void shadow_record_save(const struct shadow_record *record, struct buf *out);
bool shadow_record_load(struct slice bytes, struct shadow_record *record);

#endif
