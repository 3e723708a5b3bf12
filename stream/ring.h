/* Ring values: 16 bits per series and bucket, exact. A value of 0xffff stands for an entry in the
 * overflow table, so that one order of 80,995 units costs 24 bytes and no precision.
 *
 * The cells themselves are a column of the tile, [slots, N]; this module only knows how to read and
 * write one. Owner: the shard. */
#ifndef RESTOCK_RING_H
#define RESTOCK_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_overflow; /* (series, slot) -> value; one per shard */

enum { RING_ESCAPE = 0xffff };

struct ring_overflow *ring_overflow_create(void);
void ring_overflow_destroy(struct ring_overflow *overflow);
size_t ring_overflow_count(const struct ring_overflow *overflow);

/* series: index in the shard; cell: its 16 bits. Values are >= 0. */
int64_t ring_get(const struct ring_overflow *overflow, const uint16_t *cell, uint32_t series,
                 uint32_t slot);
void ring_set(struct ring_overflow *overflow, uint16_t *cell, uint32_t series, uint32_t slot,
              int64_t value);

#endif
