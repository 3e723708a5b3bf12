/* Buckets stand in a sorted array (a few, at most some thousands); each has an array of pointers to
 * chunks of 64 entries, in which NULL is a chunk that was full and is released. Chunks that changed
 * since the last seal stand in the list `dirty`; dropped buckets leave a note until their
 * tombstones are written. Restore may bring chunks of one bucket in any order: missing ones are
 * holes until they come, and chunk_log_restored says whether all came; only after that is anything
 * released. */
#include "stream/chunk_log.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"

#include <stdlib.h>

enum { CHUNKS_MAX = 1 << 20, RECORD_MAX_BYTES = 64, BLOCK_CHUNKS = 16 };

struct chunk {
    struct chunk *next; /* of the spare ones */
    uint32_t count;
    bool dirty;
    _Alignas(16) unsigned char data[];
};

struct chunk_bucket {
    int64_t bucket;
    uint32_t chunks;
    size_t capacity;
    struct chunk **at;
};

struct dropped {
    int64_t bucket;
    uint32_t chunks;
};

/* Chunks come from blocks, so that a log asks for memory once in a thousand lines and more. */
struct chunk_block {
    struct chunk_block *next;
    size_t used; /* chunks */
    _Alignas(16) unsigned char data[];
};

struct chunk_log {
    char kind;
    bool release;
    struct chunk_codec codec; /* record_bytes = entry_bytes and no functions: as in memory */
    size_t entry_bytes, bytes;
    struct chunk *spare;
    struct chunk_block *blocks; /* the newest first */
    struct chunk_bucket *buckets;
    size_t count, capacity;
    struct dropped *dropped;
    size_t dropped_count, dropped_capacity;
    struct dropped *dirty; /* {bucket, chunk}; may name buckets dropped since */
    size_t dirty_count, dirty_capacity;
    /* The chunk that was appended to last, dirty; NULL: look for it. Whatever may move, save or
     * give up a chunk sets it to NULL. */
    struct chunk *open;
    int64_t open_bucket;
    uint32_t open_index;
};

struct chunk_log *chunk_log_create(char kind, size_t entry_bytes)
{
    struct chunk_log *log = calloc(1, sizeof *log);
    if (log) {
        log->kind = kind;
        log->entry_bytes = entry_bytes;
        log->codec.record_bytes = entry_bytes;
    }
    return log;
}

void chunk_log_release_saved(struct chunk_log *log)
{
    log->release = true;
}

void chunk_log_set_codec(struct chunk_log *log, const struct chunk_codec *codec)
{
    ASSERT(codec->record_bytes > 0 && codec->record_bytes <= RECORD_MAX_BYTES);
    log->codec = *codec;
}

static void give_up(struct chunk_log *log, struct chunk_bucket *bucket, uint32_t index)
{
    struct chunk *chunk = bucket->at[index];
    bucket->at[index] = NULL;
    log->open = NULL;
    if (chunk) {
        chunk->next = log->spare;
        log->spare = chunk;
    }
}

static void free_bucket(struct chunk_log *log, struct chunk_bucket *bucket)
{
    for (uint32_t i = 0; i < bucket->chunks; i++) {
        give_up(log, bucket, i);
    }
    log->bytes -= bucket->capacity * sizeof(struct chunk *);
    free(bucket->at);
}

void chunk_log_destroy(struct chunk_log *log)
{
    if (!log) {
        return;
    }
    for (size_t i = 0; i < log->count; i++) {
        free_bucket(log, &log->buckets[i]);
    }
    while (log->blocks) {
        struct chunk_block *next = log->blocks->next;
        free(log->blocks);
        log->blocks = next;
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
    log->buckets = grow(log->buckets, &log->capacity, log->count + 1, sizeof *log->buckets);
    memmove(log->buckets + at + 1, log->buckets + at, (log->count - at) * sizeof *log->buckets);
    log->count++;
    log->buckets[at] = (struct chunk_bucket){.bucket = bucket};
    return &log->buckets[at];
}

/* The first block is small: most logs of most shards hold little. */
static struct chunk *chunk_carve(struct chunk_log *log)
{
    size_t bytes = sizeof(struct chunk) + CHUNK_LOG_ENTRIES * log->entry_bytes;
    bytes = (bytes + 15) & ~(size_t)15;
    struct chunk_block *block = log->blocks;
    size_t chunks = block && block->next ? BLOCK_CHUNKS : 1;
    if (!block || block->used == chunks) {
        chunks = block ? BLOCK_CHUNKS : 1;
        struct chunk_block *more = malloc(sizeof *more + chunks * bytes);
        ASSERT(more && "out of memory for the chunks of a log");
        *more = (struct chunk_block){.next = block};
        log->bytes += sizeof *more + chunks * bytes;
        log->blocks = block = more;
    }
    return (struct chunk *)(void *)(block->data + block->used++ * bytes);
}

static struct chunk *chunk_new(struct chunk_log *log)
{
    struct chunk *chunk = log->spare;
    if (chunk) {
        log->spare = chunk->next;
    } else {
        chunk = chunk_carve(log);
    }
    chunk->count = 0;
    chunk->dirty = false;
    return chunk;
}

static struct chunk *chunk_for(struct chunk_log *log, struct chunk_bucket *bucket, uint32_t index)
{
    size_t had = bucket->capacity;
    bucket->at = grow(bucket->at, &bucket->capacity, (size_t)index + 1, sizeof(struct chunk *));
    log->bytes += (bucket->capacity - had) * sizeof(struct chunk *);
    while (bucket->chunks <= index) {
        bucket->at[bucket->chunks++] = NULL;
    }
    if (!bucket->at[index]) {
        bucket->at[index] = chunk_new(log);
    }
    return bucket->at[index];
}

static void note(struct dropped **list, size_t *count, size_t *capacity, struct dropped entry)
{
    *list = grow(*list, capacity, *count + 1, sizeof entry);
    (*list)[(*count)++] = entry;
}

/* Entries of a chunk; one that is not there was full. */
static uint32_t count_of(const struct chunk_bucket *bucket, uint32_t index)
{
    return bucket->at[index] ? bucket->at[index]->count : CHUNK_LOG_ENTRIES;
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

/* The sizes that lines are kept in, without a call. */
static inline uint32_t put_entry(struct chunk_log *log, struct chunk *chunk, const void *entry)
{
    unsigned char *at = chunk->data + chunk->count * log->entry_bytes;
    if (log->entry_bytes == 16) {
        memcpy(at, entry, 16);
    } else if (log->entry_bytes == 18) {
        memcpy(at, entry, 18);
    } else {
        memcpy(at, entry, log->entry_bytes);
    }
    return log->open_index * CHUNK_LOG_ENTRIES + chunk->count++;
}

uint32_t chunk_log_append(struct chunk_log *log, int64_t bucket_number, const void *entry)
{
    if (log->open && log->open_bucket == bucket_number && log->open->count < CHUNK_LOG_ENTRIES) {
        return put_entry(log, log->open, entry);
    }
    struct chunk_bucket *bucket = found_or_new(log, bucket_number);
    uint32_t last = bucket->chunks ? bucket->chunks - 1 : 0;
    if (bucket->chunks && count_of(bucket, last) == CHUNK_LOG_ENTRIES) {
        last++;
    }
    ASSERT(last < CHUNKS_MAX);
    log->open = chunk_for(log, bucket, last);
    log->open_bucket = bucket_number;
    log->open_index = last;
    set_dirty(log, bucket, last);
    return put_entry(log, log->open, entry);
}

uint32_t chunk_log_count(const struct chunk_log *log, int64_t bucket_number)
{
    const struct chunk_bucket *bucket = found(log, bucket_number);
    if (!bucket || !bucket->chunks) {
        return 0;
    }
    return (bucket->chunks - 1) * CHUNK_LOG_ENTRIES + count_of(bucket, bucket->chunks - 1);
}

void *chunk_log_at(struct chunk_log *log, int64_t bucket_number, uint32_t index)
{
    struct chunk_bucket *bucket = found(log, bucket_number);
    ASSERT(bucket && index / CHUNK_LOG_ENTRIES < bucket->chunks);
    struct chunk *chunk = bucket->at[index / CHUNK_LOG_ENTRIES];
    ASSERT(chunk && index % CHUNK_LOG_ENTRIES < chunk->count);
    return chunk->data + index % CHUNK_LOG_ENTRIES * log->entry_bytes;
}

void chunk_log_touch(struct chunk_log *log, int64_t bucket_number, uint32_t index)
{
    struct chunk_bucket *bucket = found(log, bucket_number);
    ASSERT(bucket && index / CHUNK_LOG_ENTRIES < bucket->chunks &&
           bucket->at[index / CHUNK_LOG_ENTRIES]);
    set_dirty(log, bucket, index / CHUNK_LOG_ENTRIES);
}

bool chunk_log_bucket(const struct chunk_log *log, size_t i, int64_t *bucket)
{
    if (i >= log->count) {
        return false;
    }
    *bucket = log->buckets[i].bucket;
    return true;
}

void *chunk_log_chunk(const struct chunk_log *log, size_t i, uint32_t c, uint32_t *count)
{
    const struct chunk_bucket *bucket = &log->buckets[i];
    if (i >= log->count || c >= bucket->chunks || !bucket->at[c]) {
        return NULL;
    }
    *count = bucket->at[c]->count;
    return bucket->at[c]->data;
}

void chunk_log_release(struct chunk_log *log, size_t i)
{
    struct chunk_bucket *bucket = &log->buckets[i];
    for (uint32_t c = 0; log->release && c < bucket->chunks; c++) {
        if (bucket->at[c] && !bucket->at[c]->dirty && bucket->at[c]->count == CHUNK_LOG_ENTRIES) {
            give_up(log, bucket, c);
        }
    }
}

void chunk_log_drop_before(struct chunk_log *log, int64_t bucket)
{
    size_t gone = place_of(log, bucket);
    for (size_t i = 0; i < gone; i++) {
        struct chunk_bucket *old = &log->buckets[i];
        note(&log->dropped, &log->dropped_count, &log->dropped_capacity,
             (struct dropped){old->bucket, old->chunks});
        free_bucket(log, old);
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

static void seal_chunk(struct chunk_log *log, struct chunk_bucket *bucket, uint32_t index,
                       struct outbox *outbox, int32_t partition)
{
    char key[CHUNK_LOG_KEY_BYTES];
    struct chunk *chunk = bucket->at[index];
    put_key(key, log->kind, bucket->bucket, index);
    struct slice value = {(const char *)chunk->data, chunk->count * log->entry_bytes};
    char record[CHUNK_LOG_ENTRIES * RECORD_MAX_BYTES];
    if (log->codec.save) {
        for (uint32_t n = 0; n < chunk->count; n++) {
            log->codec.save(log->codec.context, bucket->bucket, index * CHUNK_LOG_ENTRIES + n,
                            chunk->data + n * log->entry_bytes,
                            record + n * log->codec.record_bytes);
        }
        value = (struct slice){record, chunk->count * log->codec.record_bytes};
    }
    outbox_add(outbox, TOPIC_STATE, partition, (struct slice){key, sizeof key}, value);
    chunk->dirty = false;
    log->open = NULL;
    if (log->release && chunk->count == CHUNK_LOG_ENTRIES) {
        give_up(log, bucket, index);
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
        struct chunk_bucket *bucket = found(log, log->dirty[i].bucket);
        uint32_t index = log->dirty[i].chunks;
        /* A bucket may have been dropped and have come again, shorter. */
        if (bucket && index < bucket->chunks && bucket->at[index] && bucket->at[index]->dirty) {
            seal_chunk(log, bucket, index, outbox, partition);
        }
    }
    log->dirty_count = 0;
}

static bool load_chunk(const struct chunk_log *log, int64_t bucket, uint32_t index,
                       struct slice value, struct chunk *chunk)
{
    chunk->count = (uint32_t)(value.bytes / log->codec.record_bytes);
    if (!log->codec.load) {
        if (value.bytes) {
            memcpy(chunk->data, value.data, value.bytes);
        }
        return true;
    }
    for (uint32_t n = 0; n < chunk->count; n++) {
        if (!log->codec.load(log->codec.context, bucket, index * CHUNK_LOG_ENTRIES + n,
                             value.data + n * log->codec.record_bytes,
                             chunk->data + n * log->entry_bytes)) {
            return false;
        }
    }
    return true;
}

bool chunk_log_restore(struct chunk_log *log, struct slice key, struct slice value)
{
    if (key.bytes != CHUNK_LOG_KEY_BYTES || key.data[0] != log->kind ||
        value.bytes % log->codec.record_bytes ||
        value.bytes > CHUNK_LOG_ENTRIES * log->codec.record_bytes) {
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
        if (index < bucket->chunks) {
            give_up(log, bucket, index);
        }
        return true;
    }
    struct chunk *chunk = chunk_for(log, bucket, index);
    log->open = NULL;
    return load_chunk(log, bucket->bucket, index, value, chunk);
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
            free_bucket(log, bucket);
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
                (!last && bucket->at[c]->count != CHUNK_LOG_ENTRIES)) {
                return false;
            }
        }
    }
    return true;
}

size_t chunk_log_bytes(const struct chunk_log *log)
{
    return log->bytes + log->capacity * sizeof(struct chunk_bucket) +
           (log->dirty_capacity + log->dropped_capacity) * sizeof(struct dropped);
}
