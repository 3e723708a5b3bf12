/* Till: a shop on record, the order lines of files, or of a simulated shop, in memory and in order
 * of time, by product and bucket; so that anomalies can be injected into it (stream/inject.h) and
 * the pipeline run over it again and again (stream/rehearse.h).
 *
 *     struct till *shop;
 *     TRY(till_load("orders.csv.xz", map, &settings, until_ms, &shop));
 *     ... shop->lines[k] ...
 *     till_free(shop);
 *
 * Thread: one owner. Memory: about 350 bytes a line. */
#ifndef RESTOCK_TILL_H
#define RESTOCK_TILL_H

#include "config/base/arena.h"
#include "stream/settings.h"
#include "stream/simulate.h"

struct till_line {
    struct order_line order; /* texts: in the shop's arena */
    uint32_t product; /* number of SKU and location, from 0 */
    int64_t bucket;
    uint32_t arrival;
};

struct till_product {
    struct slice sku, location;
    int64_t first; /* bucket of its first sale; INT64_MAX: never sold */
    uint32_t begin, end; /* of its lines in by_product */
};

struct till {
    struct till_line *lines; /* [count] in order of arrival */
    uint32_t count;
    size_t capacity;
    struct till_product *products; /* [product_count] */
    uint32_t product_count;
    size_t product_capacity;
    uint32_t *by_product; /* [count] lines of each product, in order of time */
    int64_t first, last; /* buckets */
    uint32_t *bucket_begin; /* [last - first + 2] first line of each bucket, where lines are in
                               order of buckets */
    struct arena *arena;
};

/* Lines of one file before until_ms, through a map. Errors: as csv_messages_open, map; nothing in
 * it (STATUS_USAGE). *out is untouched on error. */
struct status *till_load(const char *path, const char *map, const struct settings *settings,
                         int64_t until_ms, struct till **out) __attribute__((warn_unused_result));
/* options->days must not be 0; anomalies of its own are not wanted: options->anomalies 0. */
struct status *till_simulate(const struct simulate_options *options,
                             const struct settings *settings, struct till **out)
    __attribute__((warn_unused_result));
/* For qsort: lines in order of time, those of one moment as they arrived. */
int till_by_time(const void *a, const void *b);
void till_free(struct till *shop); /* NULL is fine */

#endif
