/* Pages: blocks of one size that live as long as their owner, on huge pages where there are many.
 *
 *     struct pages pages; pages_init(&pages, 65536);
 *     void *block = pages_take(&pages);     // aligned to 64 bytes, not set; NULL: no memory
 *     pages_fini(&pages);                   // all of them
 *
 * An event touches half a dozen places that lie anywhere in hundreds of megabytes; on pages of 4 KB
 * the processor waits for each one's address before it can ask for its memory. So blocks beyond
 * the first megabytes come from regions that are aligned to 2 MB, and the kernel is asked to back
 * those by huge pages (transparent_hugepage `madvise` or `always`; with `never` nothing changes but
 * the speed). Untouched memory of a region costs none. Thread: one owner. */
#ifndef RESTOCK_PAGES_H
#define RESTOCK_PAGES_H

#include <stddef.h>

struct pages {
    size_t block_bytes;
    void **regions; /* what free() takes */
    size_t region_count, region_capacity;
    unsigned char *next; /* block of the newest region */
    size_t left; /* blocks in it */
    size_t taken; /* blocks */
};

void pages_init(struct pages *pages, size_t block_bytes); /* a multiple of 64 */
void pages_fini(struct pages *pages);
void *pages_take(struct pages *pages) __attribute__((warn_unused_result));
/* Ask for huge pages under memory that somebody else owns, before it is touched. */
void pages_advise(void *at, size_t bytes);

#endif
