/* Buckets stand in a sorted array (a few, at most some thousands); each has an array of pointers to
 * chunks of 64 entries. Chunks that changed since the last seal stand in the list `dirty`; dropped
 * buckets leave a note until their tombstones are written. Restore may bring chunks of one bucket
 * in any order: missing ones are holes until they come, and chunk_log_restored says whether all
 * came.
 */
#include "stream/chunk_log.h"

#include "config/base/ensure.h"

#include <stdlib.h>

enum { CHUNK_ENTRIES = 64, CHUNKS_MAX = 1 << 20 };

struct chunk {
    uint32_t count;
    bool dirty;
    _Alignas(16) unsigned char data[];
};

struct chunk_bucket {
    int64_t bucket;
    uint32_t chunks, capacity;
    struct chunk **at;
};

struct dropped {
    int64_t bucket;
    uint32_t chunks;
};

struct chunk_log {
    char kind;
    size_t entry_bytes, bytes;
    struct chunk_bucket *buckets;
    size_t count, capacity;
    struct dropped *dropped;
    size_t dropped_count, dropped_capacity;
    struct dropped *dirty; /* {bucket, chunk}; may name buckets dropped since */
    size_t dirty_count, dirty_capacity;
};

struct chunk_log *chunk_log_create(char kind, size_t entry_bytes)
{
    struct chunk_log *log = calloc(1, sizeof *log);
    if (log) {
        log->kind = kind;
        log->entry_bytes = entry_bytes;
    }
    return log;
}

static void free_bucket(struct chunk_bucket *bucket)
{
    for (uint32_t i = 0; i < bucket->chunks; i++) {
        free(bucket->at[i]);
    }
    free(bucket->at);
}

void chunk_log_destroy(struct chunk_log *log)
{
    if (!log) {
        return;
    }
    for (size_t i = 0; i < log->count; i++) {
        free_bucket(&log->buckets[i]);
    }
    free(log->buckets);
    free(log->dropped);
    free(log->dirty);
    free(log);
}

/* Place of the first bucket not before `bucket`. */
static size_t place_of(const struct chunk_log *log, int64_t bucket)
{
    size_t low = 0, high = log->count;
    if (high && log->buckets[high - 1].bucket < bucket) {
        return high; /* the usual case: the newest */
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (log->buckets[middle].bucket < bucket) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct chunk_bucket *found(const struct chunk_log *log, int64_t bucket)
{
    size_t at = place_of(log, bucket);
    return at < log->count && log->buckets[at].bucket == bucket ? &log->buckets[at] : NULL;
}

static struct chunk_bucket *found_or_new(struct chunk_log *log, int64_t bucket)
{
    size_t at = place_of(log, bucket);
    if (at < log->count && log->buckets[at].bucket == bucket) {
        return &log->buckets[at];
    }
    if (log->count == log->capacity) {
        size_t capacity = log->capacity ? log->capacity * 2 : 32;
        struct chunk_bucket *moved = realloc(log->buckets, capacity * sizeof *moved);
        ASSERT(moved && "out of memory for the buckets of a log");
        log->buckets = moved;
        log->capacity = capacity;
    }
    memmove(log->buckets + at + 1, log->buckets + at, (log->count - at) * sizeof *log->buckets);
    log->count++;
    log->buckets[at] = (struct chunk_bucket){.bucket = bucket};
    return &log->buckets[at];
}

static struct chunk *chunk_for(struct chunk_log *log, struct chunk_bucket *bucket, uint32_t index)
{
    while (bucket->capacity <= index) {
        uint32_t capacity = bucket->capacity ? bucket->capacity * 2 : 4;
        struct chunk **moved = realloc(bucket->at, capacity * sizeof(struct chunk *));
        ASSERT(moved && "out of memory for the chunks of a log");
        bucket->at = moved;
        bucket->capacity = capacity;
    }
    while (bucket->chunks <= index) {
        bucket->at[bucket->chunks++] = NULL;
    }
    if (!bucket->at[index]) {
        size_t bytes = sizeof(struct chunk) + CHUNK_ENTRIES * log->entry_bytes;
        bucket->at[index] = calloc(1, bytes);
        ASSERT(bucket->at[index] && "out of memory for a chunk of a log");
        log->bytes += bytes;
    }
    return bucket->at[index];
}

static void note(struct dropped **list, size_t *count, size_t *capacity, struct dropped entry)
{
    if (*count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 16;
        struct dropped *moved = realloc(*list, *capacity * sizeof *moved);
        ASSERT(moved && "out of memory for the notes of a log");
        *list = moved;
    }
    (*list)[(*count)++] = entry;
}

static void set_dirty(struct chunk_log *log, const struct chunk_bucket *bucket, uint32_t index)
{
    struct chunk *chunk = bucket->at[index];
    if (!chunk->dirty) {
        chunk->dirty = true;
        note(&log->dirty, &log->dirty_count, &log->dirty_capacity,
             (struct dropped){bucket->bucket, index});
    }
}

uint32_t chunk_log_append(struct chunk_log *log, int64_t bucket_number, const void *entry)
{
    struct chunk_bucket *bucket = found_or_new(log, bucket_number);
    uint32_t last = bucket->chunks ? bucket->chunks - 1 : 0;
    if (bucket->chunks && bucket->at[last] && bucket->at[last]->count == CHUNK_ENTRIES) {
        last++;
    }
    ASSERT(last < CHUNKS_MAX);
    struct chunk *chunk = chunk_for(log, bucket, last);
    memcpy(chunk->data + chunk->count * log->entry_bytes, entry, log->entry_bytes);
    set_dirty(log, bucket, last);
    return last * CHUNK_ENTRIES + chunk->count++;
}

uint32_t chunk_log_count(const struct chunk_log *log, int64_t bucket_number)
{
    const struct chunk_bucket *bucket = found(log, bucket_number);
    if (!bucket || !bucket->chunks) {
        return 0;
    }
    return (bucket->chunks - 1) * CHUNK_ENTRIES + bucket->at[bucket->chunks - 1]->count;
}

void *chunk_log_at(struct chunk_log *log, int64_t bucket_number, uint32_t index)
{
    struct chunk_bucket *bucket = found(log, bucket_number);
    ASSERT(bucket && index / CHUNK_ENTRIES < bucket->chunks);
    struct chunk *chunk = bucket->at[index / CHUNK_ENTRIES];
    ASSERT(index % CHUNK_ENTRIES < chunk->count);
    return chunk->data + index % CHUNK_ENTRIES * log->entry_bytes;
}

void chunk_log_touch(struct chunk_log *log, int64_t bucket_number, uint32_t index)
{
    struct chunk_bucket *bucket = found(log, bucket_number);
    ASSERT(bucket && index / CHUNK_ENTRIES < bucket->chunks);
    set_dirty(log, bucket, index / CHUNK_ENTRIES);
}

bool chunk_log_bucket(const struct chunk_log *log, size_t i, int64_t *bucket)
{
    if (i >= log->count) {
        return false;
    }
    *bucket = log->buckets[i].bucket;
    return true;
}

void chunk_log_drop_before(struct chunk_log *log, int64_t bucket)
{
    size_t gone = place_of(log, bucket);
    for (size_t i = 0; i < gone; i++) {
        struct chunk_bucket *old = &log->buckets[i];
        for (uint32_t c = 0; c < old->chunks; c++) {
            log->bytes -= old->at[c] ? sizeof(struct chunk) + CHUNK_ENTRIES * log->entry_bytes : 0;
        }
        note(&log->dropped, &log->dropped_count, &log->dropped_capacity,
             (struct dropped){old->bucket, old->chunks});
        free_bucket(old);
    }
    if (gone) {
        memmove(log->buckets, log->buckets + gone, (log->count - gone) * sizeof *log->buckets);
        log->count -= gone;
    }
}

bool chunk_log_clean(const struct chunk_log *log)
{
    return !log->dirty_count && !log->dropped_count;
}

static void put_key(char key[CHUNK_LOG_KEY_BYTES], char kind, int64_t bucket, uint32_t chunk)
{
    uint64_t ordered = (uint64_t)bucket ^ (UINT64_C(1) << 63);
    key[0] = kind;
    for (int i = 0; i < 8; i++) {
        key[1 + i] = (char)(unsigned char)(ordered >> (56 - 8 * i));
    }
    for (int i = 0; i < 4; i++) {
        key[9 + i] = (char)(unsigned char)(chunk >> (24 - 8 * i));
    }
}

void chunk_log_seal(struct chunk_log *log, struct outbox *outbox, int32_t partition)
{
    char key[CHUNK_LOG_KEY_BYTES];
    for (size_t i = 0; i < log->dropped_count; i++) {
        for (uint32_t c = 0; c < log->dropped[i].chunks; c++) {
            put_key(key, log->kind, log->dropped[i].bucket, c);
            outbox_add(outbox, TOPIC_STATE, partition, (struct slice){key, sizeof key},
                       (struct slice){0});
        }
    }
    log->dropped_count = 0;
    for (size_t i = 0; i < log->dirty_count; i++) {
        const struct chunk_bucket *bucket = found(log, log->dirty[i].bucket);
        uint32_t index = log->dirty[i].chunks;
        /* A bucket may have been dropped and have come again, shorter. */
        if (bucket && index < bucket->chunks && bucket->at[index]->dirty) {
            struct chunk *chunk = bucket->at[index];
            put_key(key, log->kind, bucket->bucket, index);
            outbox_add(outbox, TOPIC_STATE, partition, (struct slice){key, sizeof key},
                       (struct slice){(const char *)chunk->data, chunk->count * log->entry_bytes});
            chunk->dirty = false;
        }
    }
    log->dirty_count = 0;
}

bool chunk_log_restore(struct chunk_log *log, struct slice key, struct slice value)
{
    if (key.bytes != CHUNK_LOG_KEY_BYTES || key.data[0] != log->kind ||
        value.bytes % log->entry_bytes || value.bytes > CHUNK_ENTRIES * log->entry_bytes) {
        return false;
    }
    uint64_t ordered = 0;
    uint32_t index = 0;
    for (int i = 0; i < 8; i++) {
        ordered = ordered << 8 | (unsigned char)key.data[1 + i];
    }
    for (int i = 0; i < 4; i++) {
        index = index << 8 | (unsigned char)key.data[9 + i];
    }
    if (index >= CHUNKS_MAX) {
        return false;
    }
    struct chunk_bucket *bucket = found_or_new(log, (int64_t)(ordered ^ (UINT64_C(1) << 63)));
    if (!value.data) {
        if (index < bucket->chunks && bucket->at[index]) {
            log->bytes -= sizeof(struct chunk) + CHUNK_ENTRIES * log->entry_bytes;
            free(bucket->at[index]);
            bucket->at[index] = NULL;
        }
        return true;
    }
    struct chunk *chunk = chunk_for(log, bucket, index);
    chunk->count = (uint32_t)(value.bytes / log->entry_bytes);
    if (value.bytes) {
        memcpy(chunk->data, value.data, value.bytes);
    }
    return true;
}

/* Chunks at the end whose tombstones were read are gone; a bucket without chunks is none. */
static void trim(struct chunk_log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++) {
        struct chunk_bucket *bucket = &log->buckets[i];
        while (bucket->chunks && !bucket->at[bucket->chunks - 1]) {
            bucket->chunks--;
        }
        if (bucket->chunks) {
            log->buckets[kept++] = *bucket;
        } else {
            free_bucket(bucket);
        }
    }
    log->count = kept;
}

bool chunk_log_restored(struct chunk_log *log)
{
    trim(log);
    for (size_t i = 0; i < log->count; i++) {
        const struct chunk_bucket *bucket = &log->buckets[i];
        for (uint32_t c = 0; c < bucket->chunks; c++) {
            bool last = c + 1 == bucket->chunks;
            if (!bucket->at[c] || !bucket->at[c]->count ||
                (!last && bucket->at[c]->count != CHUNK_ENTRIES)) {
                return false;
            }
        }
    }
    return true;
}

size_t chunk_log_bytes(const struct chunk_log *log)
{
    return log->bytes + log->capacity * sizeof(struct chunk_bucket);
}
