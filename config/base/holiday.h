/* Holidays: a set of days, and how far the nearest ones are.
 *
 *     struct holidays days = {0};
 *     holiday_add(&days, civil_days(2025, 12, 25));
 *     if (holiday_is(&days, bucket_day(&buckets, bucket))) ...
 *     holiday_fini(&days);
 *
 * Days are local day numbers (days since 1970-01-01). Thread: read-only once filled, then shared.
 */
#ifndef RESTOCK_HOLIDAY_H
#define RESTOCK_HOLIDAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOLIDAY_FAR = 366 }; /* days; a holiday further away than this is as good as none */

struct holidays { /* zeroed: none */
    int64_t *days; /* [count] ascending, each once */
    size_t count, capacity;
};

void holiday_add(struct holidays *holidays, int64_t day); /* a second time does nothing */
void holiday_add_all(struct holidays *holidays, const struct holidays *more);
void holiday_fini(struct holidays *holidays);

bool holiday_is(const struct holidays *holidays, int64_t day); /* NULL: there are none */
/* Days from `day` to the next holiday (0: today is one), and since the last one; at most
 * HOLIDAY_FAR. */
int32_t holiday_until(const struct holidays *holidays, int64_t day);
int32_t holiday_since(const struct holidays *holidays, int64_t day);

#endif
