/* Profile: how the demand of a day spreads over its buckets, by weekday and group of series
 * (category), where the bucket is shorter than a day.
 *
 *     profile_init(&profile, 24);                                   // buckets a day
 *     // at each close of a bucket: its local day, weekday and place in the day
 *     profile_begin(&profile, day, weekday);                        // folds the day before
 *     profile_add(&profile, PROFILE_SHOP, slot, units, lines);      // the whole shop, from ticks
 *     profile_add(&profile, profile_row(&profile, key), slot, units, sales); // a category
 *     float share[PROFILE_SLOTS_MAX];
 *     profile_shares(&profile, row, weekday, share);                // sums to 1
 *
 * Row 0 is the shop as the ticks of all sources tell it, equal in all shards. The others are this
 * shard's own series by category; series without one share a row. A weekday is folded as a whole
 * when its day is over, and forgets with weight PROFILE_KEEP a week, so that a share never mixes
 * buckets of old weeks with those of the day under way.
 *
 * Shares shrink towards what is better known, each step with the weight of PROFILE_TRUST sales: the
 * group's weekday to the shop's weekday, that to the shop's average day, that to equal shares
 * (credibility; Buehlmann, Straub 1970). A shop that ticks tell nothing of is the sum of its rows.
 *
 * Plain data. Thread: one owner. */
#ifndef RESTOCK_PROFILE_H
#define RESTOCK_PROFILE_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PROFILE_SLOTS_MAX = 96, /* buckets a day */
    PROFILE_SHOP = 0,
    PROFILE_NO_CATEGORY = 1,
    PROFILE_ROWS = 18, /* the shop, series without a category, 16 categories */
    PROFILE_DAYS = 7,
};

#define PROFILE_KEEP 0.85f /* of what a weekday said, per week */
#define PROFILE_TRUST 60.0f /* sales */

struct profile {
    uint32_t per_day;
    uint32_t rows; /* in use */
    int64_t day; /* under way; INT64_MIN: none yet */
    int32_t weekday; /* of it, 0 = Monday */
    uint64_t key[PROFILE_ROWS]; /* of categories; 0 for the first two rows */
    float seen[PROFILE_ROWS][PROFILE_DAYS][PROFILE_SLOTS_MAX]; /* discounted units of past days */
    float sales[PROFILE_ROWS][PROFILE_DAYS]; /* discounted sales they came in */
    float today[PROFILE_ROWS][PROFILE_SLOTS_MAX]; /* units of the day under way */
    float today_sales[PROFILE_ROWS];
};

/* per_day: 1 .. PROFILE_SLOTS_MAX. */
void profile_init(struct profile *profile, uint32_t per_day);
/* Row of a category; a new one takes a free row, without one it counts as no category. key 0: none.
 */
uint32_t profile_row(struct profile *profile, uint64_t key);
/* Before the counts of a bucket: its local day number and weekday. Another day than before folds
 * that one; true then: all weeks have changed. A day before the one under way counts to it. */
bool profile_begin(struct profile *profile, int64_t day, int32_t weekday);
/* Units of a row in bucket `slot` of the day under way, and the number of sales they came in. Not
 * finite or negative: ignored. */
void profile_add(struct profile *profile, uint32_t row, uint32_t slot, float units, float sales);
/* Shares of the buckets of a weekday, from days that are over. share: [per_day], sum 1. */
void profile_shares(const struct profile *profile, uint32_t row, int32_t weekday, float *share);

/* State in two parts, as they change: the weeks (once a day) and the day under way. Load refuses
 * what save did not write (STATUS_CORRUPT) and then leaves *profile as it was. */
void profile_save_weeks(const struct profile *profile, struct buf *out);
void profile_save_today(const struct profile *profile, struct buf *out);
struct status *profile_load_weeks(struct profile *profile, struct slice bytes)
    __attribute__((warn_unused_result));
struct status *profile_load_today(struct profile *profile, struct slice bytes)
    __attribute__((warn_unused_result));

#endif
