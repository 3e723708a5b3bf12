/* Set of 128-bit fingerprints, exact, about 21 bytes each, in which one insertion never does much
 * work: the most is to part one group of 38 fingerprints in two and to copy one kilobyte of
 * directory.
 *
 *     directory (low bits of the hash)      head, 64 bytes                pages, 128 bytes
 *     [ . . 3 7 3 9 . . ]  ------------>  [ 38 tags | count | pages ]  -->  [ 8 fingerprints ]
 *
 * Extendible hashing (Fagin et al. 1979): a full group is parted by one more bit of the hash, and
 * the directory doubles when a group is as deep as it. Doubling copies nothing: the new half is
 * empty leaves, and an empty leaf reads as the one it was doubled from until it differs. A search
 * reads the tags of one head (one cache line) and a fingerprint only where a tag is the same.
 *
 * Fingerprints that somebody made to fall into one group, which bits could not part, are put into a
 * chain of heads instead, so the directory stays proportional to the number of fingerprints.
 *
 * Sets of one owner share a pool; a set that is emptied gives its heads and pages back. Thread: one
 * owner. */
#ifndef RESTOCK_FINGERSET_H
#define RESTOCK_FINGERSET_H

#include "config/base/hash.h"
#include "stream/slab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fingerset_pool {
    struct slab heads, pages, leaves;
};

struct fingerset {
    uint32_t *leaves; /* unit of the pool + 1; 0: as the leaf without the highest bit */
    size_t leaf_capacity;
    uint32_t depth; /* bits of the hash that the directory goes by */
    uint32_t count;
};

void fingerset_pool_init(struct fingerset_pool *pool);
void fingerset_pool_fini(struct fingerset_pool *pool); /* after its sets, or instead of them */
size_t fingerset_pool_bytes(const struct fingerset_pool *pool);

/* Zeroed sets are empty. True: it was not there, and is now. */
bool fingerset_add(struct fingerset *set, struct fingerset_pool *pool,
                   const struct hash128 *fingerprint);
/* Empty again; everything back to the pool. */
void fingerset_clear(struct fingerset *set, struct fingerset_pool *pool);
/* Memory beside the pool's. */
size_t fingerset_bytes(const struct fingerset *set);
/* Ask for the cache lines that fingerset_add will read: first the head, when that has come, the
 * page. */
void fingerset_prefetch(const struct fingerset *set, const struct fingerset_pool *pool,
                        const struct hash128 *fingerprint);
void fingerset_prefetch_page(const struct fingerset *set, const struct fingerset_pool *pool,
                             const struct hash128 *fingerprint);

#endif
