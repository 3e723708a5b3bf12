/* Ring cells: 16 bits per series and bucket: 11 of units, exact, and 5 of flags (enum window_flag
 * without WINDOW_ABSENT). Units of 0x7ff stand for an entry in the overflow table, so that one
 * order of 80,995 units costs 32 bytes and no precision.
 *
 *     | out of stock .. anomalous | units |
 *      15                      11  10   0
 *
 * The cells themselves are a column of the tile, [slots, N]; this module only knows how to read and
 * write one. Owner: the shard. */
#ifndef RESTOCK_RING_H
#define RESTOCK_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_overflow; /* (series, slot) -> value; one per shard */

enum { RING_ESCAPE = 0x7ff, RING_FLAG_SHIFT = 10, RING_FLAGS = 0x3e };

static inline uint32_t ring_units(uint16_t cell) /* RING_ESCAPE: ask ring_get */
{
    return cell & RING_ESCAPE;
}

static inline uint8_t ring_flags(uint16_t cell)
{
    return (uint8_t)(cell >> RING_FLAG_SHIFT & RING_FLAGS);
}

/* Other flags and the units stay. */
static inline void ring_flag(uint16_t *cell, uint8_t flags)
{
    *cell = (uint16_t)(*cell | (flags & RING_FLAGS) << RING_FLAG_SHIFT);
}

static inline void ring_unflag(uint16_t *cell, uint8_t flags)
{
    *cell = (uint16_t)(*cell & ~((flags & RING_FLAGS) << RING_FLAG_SHIFT));
}

struct ring_overflow *ring_overflow_create(void);
void ring_overflow_destroy(struct ring_overflow *overflow);
size_t ring_overflow_count(const struct ring_overflow *overflow);

/* series: index in the shard; cell: its 16 bits. Values are >= 0. Flags of the cell stay. */
int64_t ring_get_large(const struct ring_overflow *overflow, uint32_t series, uint32_t slot);
void ring_set(struct ring_overflow *overflow, uint16_t *cell, uint32_t series, uint32_t slot,
              int64_t value);

static inline int64_t ring_get(const struct ring_overflow *overflow, const uint16_t *cell,
                               uint32_t series, uint32_t slot)
{
    uint32_t units = ring_units(*cell);
    return units == RING_ESCAPE ? ring_get_large(overflow, series, slot) : units;
}

#endif
