#include "stream/fingerset.h"

#include "config/base/ahead.h"
#include "config/base/ensure.h"
#include "config/base/grow.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEAD_ENTRIES = 38,
    PAGE_SHIFT = 3,
    PAGE_ENTRIES = 1 << PAGE_SHIFT,
    HEAD_PAGES = (HEAD_ENTRIES + PAGE_ENTRIES - 1) / PAGE_ENTRIES,
    LEAF_SHIFT = 8,
    LEAF_ENTRIES = 1 << LEAF_SHIFT,
    DEPTH_MAX = 30,
    DEPTH_SPARE = 4 /* bits beyond those that fingerprints by chance need */
};

struct head {
    uint8_t tag[HEAD_ENTRIES];
    uint8_t count;
    uint8_t depth; /* bits of the hash that its fingerprints have in common */
    uint32_t next; /* unit + 1 of the next head of a chain */
    uint32_t page[HEAD_PAGES];
};

_Static_assert(sizeof(struct head) == 64, "a head is one cache line");

void fingerset_pool_init(struct fingerset_pool *pool)
{
    slab_init(&pool->heads, sizeof(struct head));
    slab_init(&pool->pages, PAGE_ENTRIES * sizeof(struct hash128));
    slab_init(&pool->leaves, LEAF_ENTRIES * sizeof(uint32_t));
}

void fingerset_pool_fini(struct fingerset_pool *pool)
{
    slab_fini(&pool->heads);
    slab_fini(&pool->pages);
    slab_fini(&pool->leaves);
}

size_t fingerset_pool_bytes(const struct fingerset_pool *pool)
{
    return slab_bytes(&pool->heads) + slab_bytes(&pool->pages) + slab_bytes(&pool->leaves);
}

size_t fingerset_bytes(const struct fingerset *set)
{
    return set->leaf_capacity * sizeof *set->leaves;
}

/* The places of a fingerprint; its own bits are not used as they are, because tests and other
 * programs may make them of small numbers. */
static inline uint64_t spread(const struct hash128 *fingerprint)
{
    return hash_mix(fingerprint->low ^ (fingerprint->high << 1));
}

static inline uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(hash >> 56);
}

static inline struct head *head_at(const struct fingerset_pool *pool, uint32_t unit)
{
    return (struct head *)(void *)slab_at(&pool->heads, unit);
}

static inline struct hash128 *entry_at(const struct fingerset_pool *pool, const struct head *head,
                                       uint32_t entry)
{
    struct hash128 *page =
        (struct hash128 *)(void *)slab_at(&pool->pages, head->page[entry >> PAGE_SHIFT]);
    return page + (entry & (PAGE_ENTRIES - 1));
}

static inline uint32_t *leaf_at(const struct fingerset_pool *pool, uint32_t unit)
{
    return (uint32_t *)(void *)slab_at(&pool->leaves, unit);
}

/* Of a set that is not empty. */
static inline uint32_t slot_of(const struct fingerset *set, const struct fingerset_pool *pool,
                               uint32_t index)
{
    uint32_t leaf = index >> LEAF_SHIFT;
    while (!set->leaves[leaf]) {
        leaf &= ~(UINT32_C(1) << (31 - __builtin_clz(leaf)));
    }
    return leaf_at(pool, set->leaves[leaf] - 1)[index & (LEAF_ENTRIES - 1)];
}

static inline uint32_t index_of(const struct fingerset *set, uint64_t hash)
{
    return (uint32_t)hash & ((UINT32_C(1) << set->depth) - 1);
}

/* Eight tags at once; a byte that is told wrongly equal (the one above an equal one) costs a
 * comparison and nothing else. */
static bool has(const struct fingerset_pool *pool, const struct head *head, uint8_t tag,
                const struct hash128 *fingerprint)
{
    const uint64_t low = UINT64_C(0x0101010101010101), high = low << 7;
    for (uint32_t from = 0; from < head->count; from += 8) {
        uint64_t word;
        memcpy(&word, (const unsigned char *)head + from, sizeof word);
        word ^= low * tag;
        for (uint64_t equal = (word - low) & ~word & high; equal; equal &= equal - 1) {
            uint32_t entry = from + (uint32_t)__builtin_ctzll(equal) / 8;
            if (entry < head->count) {
                const struct hash128 *there = entry_at(pool, head, entry);
                if (there->low == fingerprint->low && there->high == fingerprint->high) {
                    return true;
                }
            }
        }
    }
    return false;
}

static uint32_t head_new(struct fingerset_pool *pool, uint8_t depth)
{
    uint32_t unit = slab_take(&pool->heads);
    struct head *head = head_at(pool, unit);
    head->count = 0;
    head->depth = depth;
    head->next = 0;
    return unit;
}

static void append(struct fingerset_pool *pool, struct head *head, uint8_t tag,
                   const struct hash128 *fingerprint)
{
    if (!(head->count & (PAGE_ENTRIES - 1))) {
        head->page[head->count >> PAGE_SHIFT] = slab_take(&pool->pages);
    }
    head->tag[head->count] = tag;
    *entry_at(pool, head, head->count++) = *fingerprint;
}

static void empty_head(struct fingerset_pool *pool, struct head *head)
{
    for (uint32_t from = 0; from < head->count; from += PAGE_ENTRIES) {
        slab_give(&pool->pages, head->page[from >> PAGE_SHIFT]);
    }
    head->count = 0;
}

/* --- the directory
 * ------------------------------------------------------------------------------------------ */

static void begin(struct fingerset *set, struct fingerset_pool *pool)
{
    set->leaves = grow_zeroed(set->leaves, &set->leaf_capacity, 1, sizeof *set->leaves);
    set->leaves[0] = slab_take(&pool->leaves) + 1;
    leaf_at(pool, set->leaves[0] - 1)[0] = head_new(pool, 0);
    set->depth = 0;
}

static void deepen(struct fingerset *set, struct fingerset_pool *pool)
{
    uint32_t half = UINT32_C(1) << set->depth++;
    if (half < LEAF_ENTRIES) {
        uint32_t *leaf = leaf_at(pool, set->leaves[0] - 1);
        memcpy(leaf + half, leaf, half * sizeof *leaf);
        return;
    }
    size_t leaves = (size_t)half * 2 >> LEAF_SHIFT;
    set->leaves = grow_zeroed(set->leaves, &set->leaf_capacity, leaves, sizeof *set->leaves);
}

/* An empty leaf is filled only when it is to differ from the one it reads as. */
static void point(struct fingerset *set, struct fingerset_pool *pool, uint32_t index, uint32_t unit)
{
    if (slot_of(set, pool, index) == unit) {
        return;
    }
    uint32_t leaf = index >> LEAF_SHIFT;
    if (!set->leaves[leaf]) {
        uint32_t fresh = slab_take(&pool->leaves), *at = leaf_at(pool, fresh);
        for (uint32_t i = 0; i < LEAF_ENTRIES; i++) {
            at[i] = slot_of(set, pool, (leaf << LEAF_SHIFT) + i);
        }
        set->leaves[leaf] = fresh + 1;
    }
    leaf_at(pool, set->leaves[leaf] - 1)[index & (LEAF_ENTRIES - 1)] = unit;
}

/* Part a full head by the next bit of the hash. */
static void part(struct fingerset *set, struct fingerset_pool *pool, uint32_t index)
{
    struct head *head = head_at(pool, slot_of(set, pool, index));
    uint32_t bit = head->depth;
    if (bit == set->depth) {
        deepen(set, pool);
    }
    uint32_t unit = head_new(pool, (uint8_t)(bit + 1));
    struct head *other = head_at(pool, unit);
    struct hash128 all[HEAD_ENTRIES];
    uint32_t count = head->count;
    for (uint32_t i = 0; i < count; i++) {
        all[i] = *entry_at(pool, head, i);
    }
    empty_head(pool, head);
    head->depth++;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = spread(&all[i]);
        append(pool, hash >> bit & 1 ? other : head, tag_of(hash), &all[i]);
    }
    uint32_t first = (index & ((UINT32_C(1) << bit) - 1)) | UINT32_C(1) << bit;
    for (uint32_t at = first; at < UINT32_C(1) << set->depth; at += UINT32_C(2) << bit) {
        point(set, pool, at, unit);
    }
}

/* May the group be parted, or has somebody made fingerprints that agree in too many bits? */
static bool partable(const struct fingerset *set, const struct head *head)
{
    uint32_t usual = 32 - (uint32_t)__builtin_clz(set->count / HEAD_ENTRIES + 1);
    uint32_t most = usual + DEPTH_SPARE < DEPTH_MAX ? usual + DEPTH_SPARE : DEPTH_MAX;
    return head->depth < most;
}

/* --- the set
 * ------------------------------------------------------------------------------------------ */

static struct head *chained(struct fingerset_pool *pool, struct head *last)
{
    if (last->count < HEAD_ENTRIES) {
        return last;
    }
    uint32_t unit = head_new(pool, last->depth);
    last->next = unit + 1;
    return head_at(pool, unit);
}

bool fingerset_add(struct fingerset *set, struct fingerset_pool *pool,
                   const struct hash128 *fingerprint)
{
    uint64_t hash = spread(fingerprint);
    if (!set->count) {
        fingerset_clear(set, pool);
        begin(set, pool);
    }
    struct head *head = head_at(pool, slot_of(set, pool, index_of(set, hash))), *last = head;
    while (true) {
        if (has(pool, last, tag_of(hash), fingerprint)) {
            return false;
        }
        if (!last->next) {
            break;
        }
        last = head_at(pool, last->next - 1);
    }
    while (head == last && head->count == HEAD_ENTRIES && partable(set, head)) {
        part(set, pool, index_of(set, hash));
        head = last = head_at(pool, slot_of(set, pool, index_of(set, hash)));
    }
    append(pool, chained(pool, last), tag_of(hash), fingerprint);
    set->count++;
    return true;
}

/* From the end: the lowest index of a head is its own, the others only point at it. */
void fingerset_clear(struct fingerset *set, struct fingerset_pool *pool)
{
    for (uint32_t i = set->count ? UINT32_C(1) << set->depth : 0; i-- > 0;) {
        uint32_t unit = slot_of(set, pool, i);
        struct head *head = head_at(pool, unit);
        if (i >> head->depth) {
            continue;
        }
        for (uint32_t next = unit + 1; next;) {
            unit = next - 1;
            head = head_at(pool, unit);
            next = head->next;
            empty_head(pool, head);
            slab_give(&pool->heads, unit);
        }
    }
    for (size_t leaf = 0; leaf < set->leaf_capacity; leaf++) {
        if (set->leaves[leaf]) {
            slab_give(&pool->leaves, set->leaves[leaf] - 1);
        }
    }
    free(set->leaves);
    *set = (struct fingerset){0};
}

void fingerset_prefetch(const struct fingerset *set, const struct fingerset_pool *pool,
                        const struct hash128 *fingerprint)
{
    if (set->count) {
        ahead_touch(head_at(pool, slot_of(set, pool, index_of(set, spread(fingerprint)))));
    }
}

void fingerset_prefetch_page(const struct fingerset *set, const struct fingerset_pool *pool,
                             const struct hash128 *fingerprint)
{
    if (!set->count) {
        return;
    }
    const struct head *head = head_at(pool, slot_of(set, pool, index_of(set, spread(fingerprint))));
    if (head->count & (PAGE_ENTRIES - 1)) {
        ahead_touch(entry_at(pool, head, head->count));
    }
}
