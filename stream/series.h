/* Series table: (sku, location) -> index, and back. Indexes are dense, given out lowest free first,
 * so that the same log gives the same indexes. The hash table grows without a pause: a bigger one
 * is filled a few entries per insertion while both are searched.
 *
 * Names never move: slices that borrow from them live until the series is removed. Owner: the
 * shard. */
#ifndef RESTOCK_SERIES_H
#define RESTOCK_SERIES_H

#include "config/base/ahead.h"
#include "config/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct series_table;

#define SERIES_NONE UINT32_MAX

#define SERIES_NAME_BYTES                                                                          \
    33.0 /* of memory for a series: name, and place in the table at a usual load */

struct series_table *series_table_create(void);
void series_table_destroy(struct series_table *table);

uint32_t series_find(const struct series_table *table, struct slice sku,
                     struct slice location); /* SERIES_NONE: absent */
/* The same in parts, for many names at once: hash all, ask for what the search will read, search.
 */
uint64_t series_hash(struct slice sku, struct slice location);
uint32_t series_find_hashed(const struct series_table *table, uint64_t hash, struct slice sku,
                            struct slice location);
/* With what series_guess has told meanwhile, however long ago. */
uint32_t series_find_guessed(const struct series_table *table, uint32_t guess, uint64_t hash,
                             struct slice sku, struct slice location);
/* Adds the slots of a hash to what is loaded ahead; when they have come, series_guess tells the
 * index that is most likely meant (SERIES_NONE: surely a new name), and adds its name. */
void series_ahead(const struct series_table *table, uint64_t hash, struct ahead *ahead);
uint32_t series_guess(const struct series_table *table, uint64_t hash, struct ahead *ahead);
/* Adds the text of a name that has come, where it stands apart. */
void series_ahead_text(const struct series_table *table, uint32_t index, struct ahead *ahead);
/* The name must not be there. Takes the lowest free index. */
uint32_t series_add(struct series_table *table, struct slice sku, struct slice location);
/* At a given index, for restore; false if name or index is taken. */
bool series_add_at(struct series_table *table, uint32_t index, struct slice sku,
                   struct slice location);
void series_remove(struct series_table *table, uint32_t index);

bool series_live(const struct series_table *table, uint32_t index);
uint32_t series_count(const struct series_table *table); /* live ones */
uint32_t series_end(const struct series_table *table); /* one past the highest index ever used */
struct slice series_sku(const struct series_table *table, uint32_t index);
struct slice series_location(const struct series_table *table, uint32_t index);
/* Slots moved by growth since the beginning, for tests: no call moves more than a few. */
uint64_t series_table_work(const struct series_table *table);
size_t series_table_bytes(const struct series_table *table);

#endif
