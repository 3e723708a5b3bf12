/* Slab: units of one size, given out and taken back one by one, never moved. Memory comes in blocks
 * of 64 KB and stays until slab_fini, so a steady state allocates nothing and taking a unit costs
 * the same always.
 *
 *     struct slab slab; slab_init(&slab, 128);
 *     uint32_t unit = slab_take(&slab);  unsigned char *at = slab_at(&slab, unit);
 *     slab_give(&slab, unit);
 *     slab_fini(&slab);
 *
 * A unit is named by a number, half as wide as a pointer. Thread: one owner. */
#ifndef RESTOCK_SLAB_H
#define RESTOCK_SLAB_H

#include "config/base/pages.h"

#include <stddef.h>
#include <stdint.h>

enum { SLAB_BLOCK_BYTES = 64 * 1024 };

struct slab {
    struct pages pages;
    unsigned char **blocks;
    size_t block_count, block_capacity;
    uint32_t unit_bytes, shift; /* units of a block: 1 << shift */
    uint32_t fresh; /* units given out for the first time so far */
    uint32_t free; /* first of the list of units taken back + 1 */
};

/* unit_bytes: a power of two from 64 to 4096; units are aligned to 64 bytes. */
void slab_init(struct slab *slab, uint32_t unit_bytes);
void slab_fini(struct slab *slab);
uint32_t slab_take(struct slab *slab); /* contents are not set */
void slab_give(struct slab *slab, uint32_t unit);
size_t slab_bytes(const struct slab *slab);

static inline unsigned char *slab_at(const struct slab *slab, uint32_t unit)
{
    uint32_t place = unit & ((1U << slab->shift) - 1);
    return slab->blocks[unit >> slab->shift] + (size_t)place * slab->unit_bytes;
}

#endif
