/* Chunk log: fixed-size entries appended under a bucket of event time, kept until the bucket falls
 * behind a horizon, and saved in chunks of 64 so that a transaction writes what it added and not
 * the whole bucket. Fingerprints, open sales and waiting cancellations are such logs.
 *
 *     chunk_log_append(log, bucket, &entry);
 *     chunk_log_seal(log, outbox, partition);       // changed chunks, tombstones of dropped ones
 *     chunk_log_drop_before(log, oldest);
 *
 * State record: key = kind byte, bucket (8 bytes, big endian, sign flipped), chunk (4 bytes, big
 * endian); value = the entries, as they are or as a codec writes them. Chunks that are given up are
 * used again, so a steady state allocates nothing. Owner: the shard. Entries never move, so a
 * pointer from chunk_log_at lives until its bucket is dropped. */
#ifndef RESTOCK_CHUNK_LOG_H
#define RESTOCK_CHUNK_LOG_H

#include "config/base/slice.h"
#include "stream/outbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk_log;

enum { CHUNK_LOG_KEY_BYTES = 13, CHUNK_LOG_ENTRIES = 64 /* of a chunk */ };

/* How an entry stands in state records, where that differs from memory. */
struct chunk_codec {
    size_t record_bytes;
    void (*save)(void *context, int64_t bucket, uint32_t index, const void *entry, void *record);
    bool (*load)(void *context, int64_t bucket, uint32_t index, const void *record,
                 void *entry); /* false: not one of ours */
    void *context; /* owner: the caller, longer than the log */
};

struct chunk_log *chunk_log_create(char kind, size_t entry_bytes); /* NULL: no memory */
void chunk_log_destroy(struct chunk_log *log);
/* Both before anything else. Release: a chunk that is full and saved is given up, because the owner
 * remembers the entries otherwise; it cannot be read or touched any more. */
void chunk_log_release_saved(struct chunk_log *log);
void chunk_log_set_codec(struct chunk_log *log, const struct chunk_codec *codec);

uint32_t chunk_log_append(struct chunk_log *log, int64_t bucket,
                          const void *entry); /* its index in the bucket */
uint32_t chunk_log_count(const struct chunk_log *log, int64_t bucket);
void *chunk_log_at(struct chunk_log *log, int64_t bucket, uint32_t index);
void chunk_log_touch(struct chunk_log *log, int64_t bucket,
                     uint32_t index); /* changed in place: save again */
/* Buckets present, ascending: the i-th, or false. */
bool chunk_log_bucket(const struct chunk_log *log, size_t i, int64_t *bucket);
/* Entries of chunk c of the i-th bucket and their number; NULL: there is no such chunk (more), or
 * it is released. */
void *chunk_log_chunk(const struct chunk_log *log, size_t i, uint32_t c, uint32_t *count);
/* After restore: give up the full chunks of the i-th bucket, as sealing does. */
void chunk_log_release(struct chunk_log *log, size_t i);
void chunk_log_drop_before(struct chunk_log *log, int64_t bucket);
bool chunk_log_clean(const struct chunk_log *log); /* nothing to save */
void chunk_log_seal(struct chunk_log *log, struct outbox *outbox, int32_t partition);
/* One state record (kind already seen); value.data NULL is a tombstone. False: not one of ours. */
bool chunk_log_restore(struct chunk_log *log, struct slice key, struct slice value);
/* After the last state record: every chunk of every bucket came. */
bool chunk_log_restored(struct chunk_log *log);
size_t chunk_log_bytes(const struct chunk_log *log);

#endif
