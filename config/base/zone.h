/* Time zones from the system's TZif files (RFC 8536), without the process-wide TZ, and civil time
 * arithmetic. Thread: a zone is read-only after zone_open and may be shared. */
#ifndef RESTOCK_ZONE_H
#define RESTOCK_ZONE_H

#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;

struct civil { /* proleptic Gregorian */
    int32_t year, month, day, hour, minute, second, millisecond; /* month, day from 1 */
};

/* IANA name ("Europe/London", "UTC") or fixed offset ("+02:00"). The error names the zone and the
 * package tzdata. */
struct status *zone_open(const char *name, struct zone **out) __attribute__((warn_unused_result));
void zone_close(struct zone *zone);
const char *zone_name(const struct zone *zone);
int32_t zone_offset_s(const struct zone *zone, int64_t utc_ms); /* east of UTC, at that instant */
/* Local to UTC; a time that the change of clocks skips moves forward by the gap, one that comes
 * twice is the first. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_ms);
int64_t zone_to_local(const struct zone *zone, int64_t utc_ms);

int64_t civil_days(int32_t year, int32_t month, int32_t day); /* days since 1970-01-01 */
int64_t civil_ms(const struct civil *civil); /* as if UTC */
struct civil civil_of(int64_t ms);
bool civil_valid(const struct civil *civil); /* a real day and time (second 60 is none) */
/* ISO 8601: YYYY-MM-DD, then optionally [T ]hh:mm[:ss[.fff]] and Z | +hh[:mm]. *has_offset tells
 * whether an offset was there (then *ms is UTC, else local). False: not a time, or no such day. */
bool civil_parse(struct slice text, int64_t *ms, bool *has_offset);

#endif
