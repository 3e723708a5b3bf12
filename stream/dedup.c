/* One set per bucket, which dies with the bucket, so nothing is ever removed from one. The log
 * holds what is still to be saved and the last chunk of each bucket, which goes on being filled:
 * chunks that are full and saved are given up, for the sets know everything. */
#include "stream/dedup.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "stream/fingerset.h"

#include <stdlib.h>

struct bucket_set {
    int64_t bucket;
    struct fingerset set;
};

struct dedup {
    struct chunk_log *log;
    struct fingerset_pool pool;
    struct bucket_set *sets; /* unordered; few */
    size_t count, capacity;
    size_t last; /* the set used last: lines come in runs of one bucket */
};

struct dedup *dedup_create(char kind)
{
    struct dedup *dedup = calloc(1, sizeof *dedup);
    if (dedup) {
        fingerset_pool_init(&dedup->pool);
        dedup->log = chunk_log_create(kind, sizeof(struct hash128));
        if (!dedup->log) {
            free(dedup);
            return NULL;
        }
        chunk_log_release_saved(dedup->log);
    }
    return dedup;
}

void dedup_destroy(struct dedup *dedup)
{
    if (!dedup) {
        return;
    }
    for (size_t i = 0; i < dedup->count; i++) {
        fingerset_clear(&dedup->sets[i].set, &dedup->pool);
    }
    free(dedup->sets);
    fingerset_pool_fini(&dedup->pool);
    chunk_log_destroy(dedup->log);
    free(dedup);
}

static struct fingerset *find_set(struct dedup *dedup, int64_t bucket)
{
    if (dedup->last < dedup->count && dedup->sets[dedup->last].bucket == bucket) {
        return &dedup->sets[dedup->last].set;
    }
    for (size_t i = 0; i < dedup->count; i++) {
        if (dedup->sets[i].bucket == bucket) {
            dedup->last = i;
            return &dedup->sets[i].set;
        }
    }
    return NULL;
}

static struct fingerset *set_of(struct dedup *dedup, int64_t bucket)
{
    struct fingerset *set = find_set(dedup, bucket);
    if (!set) {
        dedup->sets = grow(dedup->sets, &dedup->capacity, dedup->count + 1, sizeof *dedup->sets);
        dedup->last = dedup->count++;
        dedup->sets[dedup->last] = (struct bucket_set){.bucket = bucket};
        set = &dedup->sets[dedup->last].set;
    }
    return set;
}

bool dedup_seen(struct dedup *dedup, int64_t bucket, struct hash128 fingerprint)
{
    if (!fingerset_add(set_of(dedup, bucket), &dedup->pool, &fingerprint)) {
        return true;
    }
    (void)chunk_log_append(dedup->log, bucket, &fingerprint);
    return false;
}

void dedup_ahead(struct dedup *dedup, int64_t bucket, const struct hash128 *fingerprint,
                 struct ahead *ahead)
{
    const struct fingerset *set = find_set(dedup, bucket);
    if (set) {
        fingerset_ahead(set, &dedup->pool, fingerprint, ahead);
    }
}

void dedup_drop_before(struct dedup *dedup, int64_t bucket)
{
    chunk_log_drop_before(dedup->log, bucket);
    for (size_t i = dedup->count; i-- > 0;) {
        if (dedup->sets[i].bucket < bucket) {
            fingerset_clear(&dedup->sets[i].set, &dedup->pool);
            dedup->sets[i] = dedup->sets[--dedup->count];
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
        struct fingerset *set = set_of(dedup, bucket);
        uint32_t count;
        const struct hash128 *entries;
        for (uint32_t c = 0; (entries = chunk_log_chunk(dedup->log, i, c, &count)) != NULL; c++) {
            for (uint32_t n = 0; n < count; n++) {
                (void)fingerset_add(set, &dedup->pool, &entries[n]);
            }
        }
        chunk_log_release(dedup->log, i);
    }
    return true;
}

size_t dedup_count(const struct dedup *dedup)
{
    size_t count = 0;
    for (size_t i = 0; i < dedup->count; i++) {
        count += dedup->sets[i].set.count;
    }
    return count;
}

size_t dedup_bytes(const struct dedup *dedup)
{
    size_t bytes = chunk_log_bytes(dedup->log) + fingerset_pool_bytes(&dedup->pool) +
                   dedup->capacity * sizeof *dedup->sets;
    for (size_t i = 0; i < dedup->count; i++) {
        bytes += fingerset_bytes(&dedup->sets[i].set);
    }
    return bytes;
}
