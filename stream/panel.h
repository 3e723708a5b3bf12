/* Panel: demand per series and bucket from a CSV file `series,time,value[,in_stock][,...]`, rows
 * grouped by series and in order of time (format of CONTRACT.md). Held in memory, in whole counting
 * units: the largest of 1, 0.1, 0.01, 0.001 that fits 95 % of the values. */
#ifndef RESTOCK_PANEL_H
#define RESTOCK_PANEL_H

#include "config/base/bucket.h"
#include "config/base/slice.h"
#include "config/base/window.h"

struct panel_series {
    struct slice name;
    int64_t first; /* bucket of its first row */
    size_t count; /* buckets up to its last row; one missing inside has value 0 */
    int64_t *units; /* [count] */
    uint8_t *censored; /* [count] 1: not fully in stock */
    float *known; /* [count, WINDOW_KNOWN] NaN: not known; NULL: no column was named as known */
};

/* Columns that are known ahead, a bit per slot. */
struct panel_known {
    uint8_t slots;
};
/* From names of columns, split at commas: price, promo, holiday, event, snap. */
struct status *panel_known_parse(const char *names, struct panel_known *out)
    __attribute__((warn_unused_result));

struct panel {
    size_t count;
    struct panel_series *series; /* [count] file order */
    int64_t first, last; /* buckets of the whole panel */
    int64_t bucket_ms; /* smallest gap found: hour, day or week */
    double unit;
};

/* The unit is chosen from values before `unit_until` (INT64_MAX: all), so that nothing of the
 * future is used. Errors name file and line. */
struct status *panel_load(const char *path, const struct zone *zone, int64_t unit_until_ms,
                          struct panel **out) __attribute__((warn_unused_result));
/* The same with columns that are known ahead; those that the panel lacks are an error. */
struct status *panel_load_known(const char *path, const struct zone *zone, int64_t unit_until_ms,
                                struct panel_known known, struct panel **out)
    __attribute__((warn_unused_result));
/* What is known of `count` buckets of a series from `bucket` on: out[count, WINDOW_KNOWN]. */
void panel_known_of(const struct panel *panel, size_t series, int64_t bucket, uint32_t count,
                    float *out);
void panel_free(struct panel *panel); /* NULL is fine */

#endif
