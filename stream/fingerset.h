/* Set of 128-bit fingerprints, 15 to 22 bytes each, one cache line to read for most.
 *
 *     directory (low bits of the hash)     segment, 1 to 3 units of 2 KB
 *     [ . . 3 7 3 9 . . ]  ------------>   [ line | line | ... ]    line: 5 x 96 bits
 *
 * Extendible hashing (Fagin et al. 1979) with partial expansions (Larson 1980): a segment that has
 * no room left grows by one unit, and one of three units is parted by one more bit of the hash into
 * two of two, so memory stays between 59 and 88 per cent full at every number of fingerprints. The
 * directory doubles when a segment is as deep as it. One insertion never does much work: the most
 * is to place the fingerprints of one segment anew and to copy a directory of 4 bytes for 300
 * fingerprints.
 *
 * Of a fingerprint 96 bits are kept, mixed from all 128: a bucket of ten million lines takes a new
 * line for one that it has seen with a chance of 1 in 10^22.
 *
 * Fingerprints that somebody made to fall into one segment, which bits could not part, are put into
 * a table beside, so the directory stays proportional to the number of fingerprints.
 *
 * Sets of one owner share a pool; a set that is emptied gives its segments back. Thread: one owner.
 */
#ifndef RESTOCK_FINGERSET_H
#define RESTOCK_FINGERSET_H

#include "config/base/ahead.h"
#include "config/base/hash.h"
#include "stream/slab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FINGERSET_UNITS = 3 };

struct fingerset_segment {
    uint32_t unit[FINGERSET_UNITS];
    uint8_t units; /* 0: free, and unit[0] names the next free one + 1 */
    uint8_t depth; /* bits of the hash that its fingerprints have in common */
};

struct fingerset_pool {
    struct slab units;
    struct fingerset_segment *segments;
    size_t segment_count, segment_capacity;
    uint32_t free; /* first of the free segments + 1 */
};

struct fingerset_key { /* what is kept of a fingerprint */
    uint64_t hash;
    uint32_t more;
};

struct fingerset {
    uint32_t *directory; /* [1 << depth] segments */
    size_t directory_capacity;
    uint32_t depth, count;
    struct fingerset_key *spill; /* open addressing, a power of two; hash 0: empty */
    size_t spill_capacity, spill_count;
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
/* Adds the two cache lines that fingerset_add will read first to what is loaded ahead. */
void fingerset_ahead(const struct fingerset *set, const struct fingerset_pool *pool,
                     const struct hash128 *fingerprint, struct ahead *ahead);

#endif
