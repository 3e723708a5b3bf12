/* Buckets: fixed slots of event time, numbered. Days and weeks follow the zone's calendar (23 or 25
 * hours at a change of clocks); shorter buckets are equal slots of UTC. Weeks begin on Monday.
 * Thread: a struct buckets is read-only after bucket_init and may be shared. */
#ifndef RESTOCK_BUCKET_H
#define RESTOCK_BUCKET_H

#include "config/base/zone.h"

#include <stdint.h>

struct buckets {
    const struct zone *zone_ref; /* owner: the caller of bucket_init */
    int64_t length_ms; /* nominal: 15 min .. 1 week */
    int32_t per_day; /* 0 for a week */
};

/* length_ms: 15 min, 30 min, 1 h, 2 h, 3 h, 4 h, 6 h, 8 h, 12 h, 1 day or 1 week; else
 * STATUS_CONFIG. */
struct status *bucket_init(struct buckets *buckets, int64_t length_ms, const struct zone *zone)
    __attribute__((warn_unused_result));
int64_t bucket_of(const struct buckets *buckets,
                  int64_t time_ms); /* number of the bucket that holds the time */
/* The same for times that come in runs of days: remembers where days begin and end. Zeroed: knows
 * nothing. One owner; of one struct buckets. */
enum { BUCKET_MEMO_PLACES = 16 };
struct bucket_memo {
    int64_t start_ms[BUCKET_MEMO_PLACES], end_ms[BUCKET_MEMO_PLACES], bucket[BUCKET_MEMO_PLACES];
};
int64_t bucket_of_memo(const struct buckets *buckets, struct bucket_memo *memo, int64_t time_ms);
int64_t bucket_start(const struct buckets *buckets,
                     int64_t bucket); /* UTC ms; bucket_start(b + 1) is its end */
int32_t bucket_weekday(const struct buckets *buckets,
                       int64_t bucket); /* 0 = Monday, by local time of its start */
int32_t bucket_phase(const struct buckets *buckets,
                     int64_t bucket); /* day: weekday 0..6; sub-day: hour of the week 0..167
                                         (local); week: week of year 0..51 */
/* Place in its local day by local time of its start, 0 .. per_day - 1; buckets of a day or less. In
 * a night of 25 hours a place comes twice, in one of 23 one is left out. */
int32_t bucket_place(const struct buckets *buckets, int64_t bucket);
/* The first bucket that starts in a local day; those up to bucket_first(day + 1) - 1 do. */
int64_t bucket_first(const struct buckets *buckets, int64_t day);
int64_t bucket_day(const struct buckets *buckets,
                   int64_t bucket); /* local day number (days since 1970-01-01) of its start */

#endif
