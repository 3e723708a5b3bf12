/* Within a segment: a fingerprint stands in the line that its hash names, or in the next that has
 * room, at most PROBE_LINES further (round the end). Lines fill from the front and nothing is ever
 * removed, so a search ends at the first line with room. */
#include "stream/fingerset.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE_KEYS = 5,
    UNIT_BYTES = 2048,
    UNIT_LINES = 32,
    PROBE_LINES = 8,
    SEGMENT_KEYS = FINGERSET_UNITS * UNIT_LINES * LINE_KEYS,
    TWO_UNITS = 2 * UNIT_LINES * LINE_KEYS * 4 / 5, /* keys that two units hold with ease */
    SPILL_FIRST = 64,
    DEPTH_MAX = 30,
    DEPTH_SPARE = 4 /* bits beyond those that fingerprints by chance need */
};

struct line {
    uint64_t hash[LINE_KEYS];
    uint32_t more[LINE_KEYS];
    uint32_t count;
};

_Static_assert(sizeof(struct line) == 64 && UNIT_LINES * sizeof(struct line) == UNIT_BYTES,
               "a line is one cache line");

void fingerset_pool_init(struct fingerset_pool *pool)
{
    *pool = (struct fingerset_pool){0};
    slab_init(&pool->units, UNIT_BYTES);
}

void fingerset_pool_fini(struct fingerset_pool *pool)
{
    slab_fini(&pool->units);
    free(pool->segments);
    *pool = (struct fingerset_pool){0};
}

size_t fingerset_pool_bytes(const struct fingerset_pool *pool)
{
    return slab_bytes(&pool->units) + pool->segment_capacity * sizeof *pool->segments;
}

size_t fingerset_bytes(const struct fingerset *set)
{
    return set->directory_capacity * sizeof *set->directory +
           set->spill_capacity * sizeof *set->spill;
}

/* Its own bits are not used as they are, because tests and other programs may make fingerprints of
 * small numbers. */
static inline struct fingerset_key key_of(const struct hash128 *fingerprint)
{
    uint64_t high = hash_mix(fingerprint->high + UINT64_C(0x9e3779b97f4a7c15));
    uint64_t hash = hash_mix(fingerprint->low ^ high);
    return (struct fingerset_key){hash + !hash, (uint32_t)(high >> 32)}; /* 0: an empty place */
}

static inline uint32_t index_of(const struct fingerset *set, uint64_t hash)
{
    return (uint32_t)hash & ((UINT32_C(1) << set->depth) - 1);
}

static inline struct fingerset_segment *segment_of(const struct fingerset *set,
                                                   const struct fingerset_pool *pool, uint64_t hash)
{
    return &pool->segments[set->directory[index_of(set, hash)]];
}

static inline struct line *line_at(const struct fingerset_pool *pool,
                                   const struct fingerset_segment *segment, uint32_t line)
{
    struct line *unit =
        (struct line *)(void *)slab_at(&pool->units, segment->unit[line / UNIT_LINES]);
    return unit + line % UNIT_LINES;
}

static inline uint32_t home_of(const struct fingerset_segment *segment, uint64_t hash)
{
    return (uint32_t)((hash >> 32) * (segment->units * (uint64_t)UNIT_LINES) >> 32);
}

/* All places, the empty ones too (their hash is 0): fewer branches than to count. */
static inline bool line_has(const struct line *line, const struct fingerset_key *key)
{
    unsigned equal = 0;
    for (unsigned i = 0; i < LINE_KEYS; i++) {
        equal |= (unsigned)(line->hash[i] == key->hash) << i;
    }
    for (; __builtin_expect(equal != 0, 0); equal &= equal - 1) {
        if (line->more[__builtin_ctz(equal)] == key->more) {
            return true;
        }
    }
    return false;
}

static inline void line_put(struct line *line, const struct fingerset_key *key)
{
    line->hash[line->count] = key->hash;
    line->more[line->count++] = key->more;
}

/* The line with room for a key that is not there; NULL: it is there, or (*full) there is no room.
 */
static inline struct line *search(const struct fingerset_pool *pool,
                                  const struct fingerset_segment *segment,
                                  const struct fingerset_key *key, bool *full)
{
    uint32_t lines = segment->units * (uint32_t)UNIT_LINES, at = home_of(segment, key->hash);
    for (int probe = 0; probe < PROBE_LINES; probe++) {
        struct line *line = line_at(pool, segment, at);
        if (line_has(line, key)) {
            return NULL;
        }
        if (line->count < LINE_KEYS) {
            return line;
        }
        at = at + 1 < lines ? at + 1 : 0;
    }
    *full = true;
    return NULL;
}

/* --- the table beside
 * ------------------------------------------------------------------------------------ */

/* The place of a key, or an empty one. */
static struct fingerset_key *spill_at(const struct fingerset *set, const struct fingerset_key *key)
{
    size_t mask = set->spill_capacity - 1, at = hash_mix(key->hash ^ key->more) & mask;
    while (set->spill[at].hash &&
           (set->spill[at].hash != key->hash || set->spill[at].more != key->more)) {
        at = (at + 1) & mask;
    }
    return &set->spill[at];
}

static bool spill_has(const struct fingerset *set, const struct fingerset_key *key)
{
    return spill_at(set, key)->hash != 0;
}

static void spill_put(struct fingerset *set, const struct fingerset_key *key)
{
    if ((set->spill_count + 1) * 2 > set->spill_capacity) {
        struct fingerset old = *set;
        set->spill_capacity = old.spill_capacity ? old.spill_capacity * 2 : SPILL_FIRST;
        set->spill = calloc(set->spill_capacity, sizeof *set->spill);
        ASSERT(set->spill && "out of memory for fingerprints");
        for (size_t i = 0; i < old.spill_capacity; i++) {
            if (old.spill[i].hash) {
                *spill_at(set, &old.spill[i]) = old.spill[i];
            }
        }
        free(old.spill);
    }
    *spill_at(set, key) = *key;
    set->spill_count++;
}

/* --- segments
 * --------------------------------------------------------------------------------------------- */

static void add_unit(struct fingerset_pool *pool, struct fingerset_segment *segment)
{
    uint32_t unit = slab_take(&pool->units);
    memset(slab_at(&pool->units, unit), 0, UNIT_BYTES);
    segment->unit[segment->units++] = unit;
}

static uint32_t segment_new(struct fingerset_pool *pool, uint32_t depth)
{
    uint32_t index = pool->free - 1;
    if (pool->free) {
        pool->free = pool->segments[index].unit[0];
    } else {
        pool->segments = grow(pool->segments, &pool->segment_capacity, pool->segment_count + 1,
                              sizeof *pool->segments);
        index = (uint32_t)pool->segment_count++;
    }
    pool->segments[index] = (struct fingerset_segment){.depth = (uint8_t)depth};
    return index;
}

static void segment_give(struct fingerset_pool *pool, uint32_t index)
{
    struct fingerset_segment *segment = &pool->segments[index];
    while (segment->units) {
        slab_give(&pool->units, segment->unit[--segment->units]);
    }
    segment->unit[0] = pool->free;
    pool->free = index + 1;
}

/* A key that is nowhere. */
static void place(struct fingerset *set, const struct fingerset_pool *pool,
                  const struct fingerset_segment *segment, const struct fingerset_key *key)
{
    uint32_t lines = segment->units * (uint32_t)UNIT_LINES, at = home_of(segment, key->hash);
    for (int probe = 0; probe < PROBE_LINES; probe++) {
        struct line *line = line_at(pool, segment, at);
        if (line->count < LINE_KEYS) {
            line_put(line, key);
            return;
        }
        at = at + 1 < lines ? at + 1 : 0;
    }
    spill_put(set, key);
}

/* Takes everything out. keys: [SEGMENT_KEYS] */
static uint32_t empty(const struct fingerset_pool *pool, const struct fingerset_segment *segment,
                      struct fingerset_key *keys)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < segment->units * (uint32_t)UNIT_LINES; at++) {
        struct line *line = line_at(pool, segment, at);
        for (uint32_t i = 0; i < line->count; i++) {
            keys[count++] = (struct fingerset_key){line->hash[i], line->more[i]};
        }
        *line = (struct line){0};
    }
    return count;
}

static void widen(struct fingerset *set, struct fingerset_pool *pool,
                  struct fingerset_segment *segment)
{
    struct fingerset_key keys[SEGMENT_KEYS];
    uint32_t count = empty(pool, segment, keys);
    add_unit(pool, segment);
    for (uint32_t i = 0; i < count; i++) {
        place(set, pool, segment, &keys[i]);
    }
}

/* Part a full segment by the next bit of the hash. */
static void part(struct fingerset *set, struct fingerset_pool *pool, uint32_t index)
{
    uint32_t bit = pool->segments[set->directory[index]].depth;
    if (bit == set->depth) {
        uint32_t half = UINT32_C(1) << set->depth++;
        set->directory = grow(set->directory, &set->directory_capacity, (size_t)half * 2,
                              sizeof *set->directory);
        memcpy(set->directory + half, set->directory, half * sizeof *set->directory);
    }
    uint32_t fresh = segment_new(pool, bit + 1);
    struct fingerset_segment *side[2] = {&pool->segments[set->directory[index]],
                                         &pool->segments[fresh]};
    struct fingerset_key keys[SEGMENT_KEYS];
    uint32_t count = empty(pool, side[0], keys), ones = 0;
    for (uint32_t i = 0; i < count; i++) {
        ones += (uint32_t)(keys[i].hash >> bit) & 1;
    }
    side[0]->depth++;
    if (count - ones <= TWO_UNITS) {
        slab_give(&pool->units, side[0]->unit[--side[0]->units]);
    }
    for (int units = ones <= TWO_UNITS ? 2 : FINGERSET_UNITS; units > 0; units--) {
        add_unit(pool, side[1]);
    }
    for (uint32_t i = 0; i < count; i++) {
        place(set, pool, side[keys[i].hash >> bit & 1], &keys[i]);
    }
    uint32_t first = (index & ((UINT32_C(1) << bit) - 1)) | UINT32_C(1) << bit;
    for (uint32_t at = first; at < UINT32_C(1) << set->depth; at += UINT32_C(2) << bit) {
        set->directory[at] = fresh;
    }
}

/* May the segment be parted, or has somebody made fingerprints that agree in too many bits? */
static bool partable(const struct fingerset *set, const struct fingerset_segment *segment)
{
    uint32_t usual = 32 - (uint32_t)__builtin_clz(set->count / (SEGMENT_KEYS / 2) + 1);
    uint32_t most = usual + DEPTH_SPARE < DEPTH_MAX ? usual + DEPTH_SPARE : DEPTH_MAX;
    return segment->depth < most;
}

/* --- the set
 * ------------------------------------------------------------------------------------------ */

static void begin(struct fingerset *set, struct fingerset_pool *pool)
{
    fingerset_clear(set, pool);
    set->directory = grow(set->directory, &set->directory_capacity, 1, sizeof *set->directory);
    set->directory[0] = segment_new(pool, 0);
    add_unit(pool, &pool->segments[set->directory[0]]);
}

/* Makes room until the key has a place. */
static bool add_slowly(struct fingerset *set, struct fingerset_pool *pool,
                       const struct fingerset_key *key)
{
    if (set->spill && spill_has(set, key)) {
        return false;
    }
    while (true) {
        struct fingerset_segment *segment = segment_of(set, pool, key->hash);
        bool full = false;
        struct line *line = search(pool, segment, key, &full);
        if (line) {
            line_put(line, key);
            return true;
        }
        if (segment->units < FINGERSET_UNITS) {
            widen(set, pool, segment);
        } else if (partable(set, segment)) {
            part(set, pool, index_of(set, key->hash));
        } else {
            spill_put(set, key);
            return true;
        }
    }
}

bool fingerset_add(struct fingerset *set, struct fingerset_pool *pool,
                   const struct hash128 *fingerprint)
{
    struct fingerset_key key = key_of(fingerprint);
    if (!set->count) {
        begin(set, pool);
    }
    bool full = false;
    struct line *line = search(pool, segment_of(set, pool, key.hash), &key, &full);
    if (line && !set->spill) {
        line_put(line, &key);
    } else if ((!line && !full) || !add_slowly(set, pool, &key)) {
        return false;
    }
    set->count++;
    return true;
}

/* From the end: the lowest index of a segment is its own, the others only point at it. */
void fingerset_clear(struct fingerset *set, struct fingerset_pool *pool)
{
    for (uint32_t i = set->count ? UINT32_C(1) << set->depth : 0; i-- > 0;) {
        uint32_t index = set->directory[i];
        if (!(i >> pool->segments[index].depth)) {
            segment_give(pool, index);
        }
    }
    free(set->directory);
    free(set->spill);
    *set = (struct fingerset){0};
}

void fingerset_ahead(const struct fingerset *set, const struct fingerset_pool *pool,
                     const struct hash128 *fingerprint, struct ahead *ahead)
{
    if (set->count) {
        struct fingerset_key key = key_of(fingerprint);
        const struct fingerset_segment *segment = segment_of(set, pool, key.hash);
        uint32_t at = home_of(segment, key.hash);
        uint32_t next = at + 1 < segment->units * (uint32_t)UNIT_LINES ? at + 1 : 0;
        ahead_add(ahead, line_at(pool, segment, at));
        ahead_add(ahead, line_at(pool, segment, next)); /* every third line is full */
    }
}
