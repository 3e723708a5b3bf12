/* Mapping: what a YAML file says about a shop's own messages, compiled once. The language is
 * documented in config/maps/online-retail.yaml and config/maps/freshretail.yaml; stream/mapper.h
 * applies it.
 *
 *     struct map *map;
 *     TRY(map_load("maps/online-retail.yaml", zone, &map));             // all mistakes at once,
 * file:line:column
 *     ...
 *     map_destroy(map);
 *
 * Thread: a map is read-only and may be shared. */
#ifndef RESTOCK_MAP_H
#define RESTOCK_MAP_H

#include "config/base/slice.h"
#include "config/base/status.h"
#include "config/base/zone.h"
#include "stream/line.h"

#include <stdbool.h>
#include <stddef.h>

struct map;

enum { MAP_FILTERS_MAX = 16, MAP_COLUMNS_MAX = 64 };

/* zone: of times without an offset, unless the map names its own; borrowed, outlives the map.
 * STATUS_CONFIG carries all mistakes, a line each; on error *out is untouched. */
struct status *map_load(const char *path, const struct zone *zone, struct map **out)
    __attribute__((warn_unused_result));
struct status *map_parse(const char *name, struct slice text, const struct zone *zone,
                         struct map **out) __attribute__((warn_unused_result));
const struct zone *map_zone(const struct map *map); /* of times without an offset */
void map_destroy(struct map *map); /* NULL is fine */

const char *map_name(const struct map *map);
bool map_makes(const struct map *map, enum line_kind kind); /* LINE_ORDER, LINE_STOCK */
/* Filters of order lines (`keep`), by number. */
size_t map_filter_count(const struct map *map);
const char *map_filter_name(const struct map *map, size_t filter);

/* Rows of a table as messages (`table`): rows that follow each other with equal message columns are
 * one message; their other columns are the elements of its array map_table_lines. Without `table`
 * each row is a message. */
bool map_table_column(const struct map *map, struct slice column); /* is it a message column? */
struct slice map_table_lines(const struct map *map); /* data NULL: each row is a message */
/* The column by which a table must be put in order of time before it is read; data NULL: it is
 * already. */
struct slice map_table_sort(const struct map *map);

#endif
