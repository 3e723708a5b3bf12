#include "config/base/pages.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64,
    HUGE_BYTES = 2 << 20,
    SINGLE_BYTES = 2 << 20, /* until then blocks come one by one: most owners have few */
    REGION_MOST = 64 << 20
};

void pages_init(struct pages *pages, size_t block_bytes)
{
    ASSERT(block_bytes && block_bytes % ALIGNMENT == 0);
    *pages = (struct pages){.block_bytes = block_bytes};
}

void pages_fini(struct pages *pages)
{
    for (size_t i = 0; i < pages->region_count; i++) {
        free(pages->regions[i]);
    }
    free(pages->regions);
    *pages = (struct pages){.block_bytes = pages->block_bytes};
}

void pages_advise(void *at, size_t bytes)
{
    uintptr_t from = ((uintptr_t)at + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1);
    uintptr_t to = ((uintptr_t)at + bytes) & ~(uintptr_t)(HUGE_BYTES - 1);
    if (from < to) {
        /* Refused by kernels without them: then there are none. */
        (void)madvise((unsigned char *)at + (from - (uintptr_t)at), to - from, MADV_HUGEPAGE);
    }
}

/* As much again as there is, so that a region is never more than half untouched. */
static size_t region_bytes(const struct pages *pages)
{
    size_t has = pages->taken * pages->block_bytes;
    if (has < SINGLE_BYTES) {
        return pages->block_bytes;
    }
    size_t want = has < REGION_MOST ? has : REGION_MOST;
    want = want > pages->block_bytes ? want : pages->block_bytes;
    return (want + HUGE_BYTES - 1) & ~(size_t)(HUGE_BYTES - 1);
}

void *pages_take(struct pages *pages)
{
    if (!pages->left) {
        size_t bytes = region_bytes(pages);
        bool single = bytes == pages->block_bytes;
        unsigned char *region = aligned_alloc(single ? ALIGNMENT : HUGE_BYTES, bytes);
        if (!region) {
            return NULL;
        }
        if (!single) {
            pages_advise(region, bytes);
        }
        pages->regions =
            grow(pages->regions, &pages->region_capacity, pages->region_count + 1, sizeof(void *));
        pages->regions[pages->region_count++] = region;
        pages->next = region;
        pages->left = bytes / pages->block_bytes;
    }
    void *block = pages->next;
    pages->next += pages->block_bytes;
    pages->left--;
    pages->taken++;
    return block;
}
