/* Layout: how columns stand in state records, so that a newer program reads what an older one
 * wrote.
 *
 * A layout is the list {life, type, width, name} of all saved columns in table order; its hash
 * names it. The list itself is a state record, written before the first record that uses it and
 * never removed. Series and tile records begin with the hash; a reader goes through the columns of
 * the record's own layout, takes those it still has under the same name (as many elements as both
 * have; integers into wider or narrower ones, floats likewise), and leaves the rest zero.
 *
 *   key "l" + 8 hex digits    value: version, count, then per column: life, type, width, name
 *
 * Owner: the shard. */
#ifndef RESTOCK_LAYOUT_H
#define RESTOCK_LAYOUT_H

#include "stream/cursor.h"
#include "stream/outbox.h"
#include "stream/tile.h"

struct layouts;

struct layouts *
layouts_create(const struct plan *plan); /* knows the program's own layout; NULL: no memory */
void layouts_destroy(struct layouts *layouts);
bool layouts_restore(struct layouts *layouts, struct slice key, struct slice value);
/* Writes the own layout's record unless the state has it already. */
void layouts_seal(struct layouts *layouts, struct outbox *outbox, int32_t partition);

/* HOT columns of one row. */
void layout_put_row(const struct layouts *layouts, struct tile *tile, uint32_t row,
                    struct buf *out);
bool layout_get_row(const struct layouts *layouts, struct tile *tile, uint32_t row,
                    struct cursor *in);
/* COLD columns of rows 0 .. tile->series - 1, plane after plane. */
void layout_put_planes(const struct layouts *layouts, struct tile *tile, struct buf *out);
bool layout_get_planes(const struct layouts *layouts, struct tile *tile, uint32_t series,
                       struct cursor *in);
/* Does the record of rows or planes that begins at the cursor hold a column of that name? */
bool layout_holds(const struct layouts *layouts, struct cursor in, const char *name);

#endif
