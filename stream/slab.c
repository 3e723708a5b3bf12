/* Units taken back form a list through their first four bytes. */
#include "stream/slab.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"

#include <stdlib.h>
#include <string.h>

enum { UNIT_LEAST = 64 };

void slab_init(struct slab *slab, uint32_t unit_bytes)
{
    ASSERT(unit_bytes >= UNIT_LEAST && unit_bytes <= 4096 && !(unit_bytes & (unit_bytes - 1)));
    *slab = (struct slab){.unit_bytes = unit_bytes};
    pages_init(&slab->pages, SLAB_BLOCK_BYTES);
    while ((unit_bytes << slab->shift) < SLAB_BLOCK_BYTES) {
        slab->shift++;
    }
}

void slab_fini(struct slab *slab)
{
    pages_fini(&slab->pages);
    free(slab->blocks);
    *slab = (struct slab){0};
}

uint32_t slab_take(struct slab *slab)
{
    if (slab->free) {
        uint32_t unit = slab->free - 1;
        memcpy(&slab->free, slab_at(slab, unit), sizeof slab->free);
        return unit;
    }
    if (slab->fresh == slab->block_count << slab->shift) {
        ASSERT(slab->fresh < UINT32_MAX - SLAB_BLOCK_BYTES);
        slab->blocks = grow(slab->blocks, &slab->block_capacity, slab->block_count + 1,
                            sizeof(unsigned char *));
        unsigned char *block = pages_take(&slab->pages);
        ASSERT(block && "out of memory for a slab");
        slab->blocks[slab->block_count++] = block;
    }
    return slab->fresh++;
}

void slab_give(struct slab *slab, uint32_t unit)
{
    DEBUG_ASSERT(unit < slab->fresh);
    memcpy(slab_at(slab, unit), &slab->free, sizeof slab->free);
    slab->free = unit + 1;
}

size_t slab_bytes(const struct slab *slab)
{
    return slab->block_count * SLAB_BLOCK_BYTES + slab->block_capacity * sizeof(unsigned char *);
}
