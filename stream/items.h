/* Item facts of a shard, per SKU, whether it has series or not. Facts take effect where they stand
 * in the log; a tombstone forgets them. Each is kept as the canonical bytes it came as, which are
 * its state record too. Owner: the shard. */
#ifndef RESTOCK_ITEMS_H
#define RESTOCK_ITEMS_H

#include "stream/line.h"
#include "stream/outbox.h"

struct items;

struct items *items_create(void); /* NULL: no memory */
void items_destroy(struct items *items);
/* line: of kind LINE_ITEM; its texts are copied. */
void items_put(struct items *items, const struct line *line);
/* Facts of a SKU, or NULL; valid until its next items_put. */
const struct item_line *items_find(const struct items *items, struct slice sku);
bool items_clean(const struct items *items);
/* State records: key "i" + sku. */
void items_seal(struct items *items, struct outbox *outbox, int32_t partition);
bool items_restore(struct items *items, struct slice key, struct slice value);
uint32_t items_count(const struct items *items);
size_t items_bytes(const struct items *items);

#endif
