/* Times of messages: one compiled format, a zone for times that do not say theirs. Pure, read-only
 * after parsing. */
#ifndef RESTOCK_MAP_TIME_H
#define RESTOCK_MAP_TIME_H

#include "config/base/zone.h"
#include "schemas/datum.h"

#include <stdbool.h>
#include <stdint.h>

enum map_time_kind {
    MAP_TIME_AUTO, /* ISO 8601 text, an Avro time, or a number of epoch milliseconds */
    MAP_TIME_ISO,
    MAP_TIME_EPOCH_S,
    MAP_TIME_EPOCH_MS,
    MAP_TIME_EPOCH_US,
    MAP_TIME_FORMAT,
};

struct map_time {
    enum map_time_kind kind;
    struct slice format; /* MAP_TIME_FORMAT; borrowed from the map */
};

/* "iso", "epoch_s", "epoch_ms", "epoch_us", or a format of strptime's letters: %Y %m %d %H %M %S %f
 * (fraction of a second) %y %b (English month) %p (AM PM) %I %z (+hhmm, +hh:mm, Z) %%; other
 * characters stand for themselves, a blank for any number of blanks. */
bool map_time_parse(struct slice text, struct map_time *out, const char **problem);

/* Milliseconds of the time, UTC. shift_ms is added in the time's own zone (hour columns of a day).
 * False: *problem, *out untouched. */
bool map_time_read(const struct map_time *time, const struct datum *d, const struct zone *zone,
                   int64_t shift_ms, int64_t *out, const char **problem);

#endif
