/* One hash index per bucket, open addressing at a load of at most 2/3: slots hold the entry's
 * number in the chunk log plus one. A bucket's index dies with the bucket, so nothing is ever
 * removed from one. */
#include "stream/dedup.h"

#include "config/base/ensure.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

struct dedup_index {
    int64_t bucket;
    uint32_t *slots;
    uint32_t capacity, count;
};

struct dedup {
    struct chunk_log *log;
    struct dedup_index *indexes; /* unordered; few */
    size_t count, capacity;
    size_t last; /* the index used last: lines come in runs of one bucket */
};

struct dedup *dedup_create(char kind)
{
    struct dedup *dedup = calloc(1, sizeof *dedup);
    if (dedup) {
        dedup->log = chunk_log_create(kind, sizeof(struct hash128));
        if (!dedup->log) {
            free(dedup);
            return NULL;
        }
    }
    return dedup;
}

void dedup_destroy(struct dedup *dedup)
{
    if (!dedup) {
        return;
    }
    for (size_t i = 0; i < dedup->count; i++) {
        free(dedup->indexes[i].slots);
    }
    free(dedup->indexes);
    chunk_log_destroy(dedup->log);
    free(dedup);
}

static struct dedup_index *index_of(struct dedup *dedup, int64_t bucket)
{
    if (dedup->last < dedup->count && dedup->indexes[dedup->last].bucket == bucket) {
        return &dedup->indexes[dedup->last];
    }
    for (size_t i = 0; i < dedup->count; i++) {
        if (dedup->indexes[i].bucket == bucket) {
            dedup->last = i;
            return &dedup->indexes[i];
        }
    }
    if (dedup->count == dedup->capacity) {
        size_t capacity = dedup->capacity ? dedup->capacity * 2 : 16;
        struct dedup_index *moved = realloc(dedup->indexes, capacity * sizeof *moved);
        ASSERT(moved && "out of memory for fingerprint indexes");
        dedup->indexes = moved;
        dedup->capacity = capacity;
    }
    struct dedup_index *index = &dedup->indexes[dedup->count];
    *index = (struct dedup_index){.bucket = bucket, .capacity = FIRST_SLOTS};
    index->slots = calloc(FIRST_SLOTS, sizeof *index->slots);
    ASSERT(index->slots && "out of memory for a fingerprint index");
    dedup->last = dedup->count++;
    return index;
}

static const struct hash128 *entry(const struct dedup *dedup, int64_t bucket, uint32_t number)
{
    return chunk_log_at(dedup->log, bucket, number);
}

/* The slot that holds the fingerprint, or the free one where it belongs. */
static uint32_t slot_of(const struct dedup *dedup, const struct dedup_index *index,
                        const struct hash128 *fingerprint)
{
    uint32_t mask = index->capacity - 1, at = (uint32_t)fingerprint->low & mask;
    for (; index->slots[at]; at = (at + 1) & mask) {
        const struct hash128 *there = entry(dedup, index->bucket, index->slots[at] - 1);
        if (there->low == fingerprint->low && there->high == fingerprint->high) {
            return at;
        }
    }
    return at;
}

static void grow(const struct dedup *dedup, struct dedup_index *index)
{
    uint32_t *old = index->slots, old_capacity = index->capacity;
    index->capacity *= 2;
    index->slots = calloc(index->capacity, sizeof *index->slots);
    ASSERT(index->slots && "out of memory for a fingerprint index");
    uint32_t mask = index->capacity - 1;
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (old[i]) {
            uint32_t at = (uint32_t)entry(dedup, index->bucket, old[i] - 1)->low & mask;
            while (index->slots[at]) {
                at = (at + 1) & mask;
            }
            index->slots[at] = old[i];
        }
    }
    free(old);
}

static void put(struct dedup *dedup, struct dedup_index *index, uint32_t slot, uint32_t number)
{
    index->slots[slot] = number + 1;
    index->count++;
    if ((uint64_t)index->count * 3 > (uint64_t)index->capacity * 2) {
        grow(dedup, index);
    }
}

bool dedup_seen(struct dedup *dedup, int64_t bucket, struct hash128 fingerprint)
{
    struct dedup_index *index = index_of(dedup, bucket);
    uint32_t slot = slot_of(dedup, index, &fingerprint);
    if (index->slots[slot]) {
        return true;
    }
    put(dedup, index, slot, chunk_log_append(dedup->log, bucket, &fingerprint));
    return false;
}

void dedup_drop_before(struct dedup *dedup, int64_t bucket)
{
    chunk_log_drop_before(dedup->log, bucket);
    for (size_t i = dedup->count; i-- > 0;) {
        if (dedup->indexes[i].bucket < bucket) {
            free(dedup->indexes[i].slots);
            dedup->indexes[i] = dedup->indexes[--dedup->count];
        }
    }
}

bool dedup_clean(const struct dedup *dedup)
{
    return chunk_log_clean(dedup->log);
}

void dedup_seal(struct dedup *dedup, struct outbox *outbox, int32_t partition)
{
    chunk_log_seal(dedup->log, outbox, partition);
}

bool dedup_restore(struct dedup *dedup, struct slice key, struct slice value)
{
    return chunk_log_restore(dedup->log, key, value);
}

bool dedup_restored(struct dedup *dedup)
{
    if (!chunk_log_restored(dedup->log)) {
        return false;
    }
    int64_t bucket;
    for (size_t i = 0; chunk_log_bucket(dedup->log, i, &bucket); i++) {
        struct dedup_index *index = index_of(dedup, bucket);
        uint32_t count = chunk_log_count(dedup->log, bucket);
        for (uint32_t number = 0; number < count; number++) {
            struct hash128 fingerprint = *entry(dedup, bucket, number);
            put(dedup, index, slot_of(dedup, index, &fingerprint), number);
        }
    }
    return true;
}

size_t dedup_bytes(const struct dedup *dedup)
{
    size_t bytes = chunk_log_bytes(dedup->log) + dedup->capacity * sizeof *dedup->indexes;
    for (size_t i = 0; i < dedup->count; i++) {
        bytes += dedup->indexes[i].capacity * sizeof(uint32_t);
    }
    return bytes;
}
