/* Ingest without Kafka: inputs are arrays of JSON messages, the log of `lines` is an array of
 * records, a commit moves the outbox into it together with offsets and metadata, and a crash
 * forgets everything else. */
#ifndef RESTOCK_INGEST_FIXTURE_H
#define RESTOCK_INGEST_FIXTURE_H

#include "config/base/buf.h"
#include "config/base/rng.h"
#include "config/base/arena.h"
#include "stream/ingest.h"
#include "stream/outbox.h"

enum { FEED_SOURCES_MAX = 8, FEED_PARTITIONS = 3 };
#define FEED_DAY_MS INT64_C(86400000)
#define FEED_START_MS INT64_C(1291161600000) /* 2010-12-01 */

struct feed_source {
    enum line_input input;
    int32_t partition;
    char **messages; /* JSON; NULL: a null value */
    int64_t *events; /* their event times */
    size_t count, capacity;
    size_t visible; /* messages that are there already */
    int64_t committed;
    char metadata[INGEST_METADATA_BYTES];
};

struct feed_record { /* of `lines`, one per partition it went to */
    int32_t partition;
    bool tick;
    size_t at, bytes; /* value, in feed->bytes */
};

struct feed {
    struct zone *zone;
    struct buckets buckets;
    struct ingest_options options;
    struct wire_decoder *decoders[INPUT_COUNT];
    struct feed_source sources[FEED_SOURCES_MAX];
    size_t source_count;
    struct buf bytes;
    struct feed_record *records;
    size_t record_count, capacity;
    size_t dead_letters;
    struct buf last_reason, last_field, last_value; /* of the last dead letter */
};

struct feed_worker {
    struct feed *feed;
    struct ingest *ingest;
    struct outbox *outbox;
    bool own[FEED_SOURCES_MAX];
    int64_t read[FEED_SOURCES_MAX]; /* next offset to read */
    size_t log_at; /* foreign ticks are read from here */
};

void feed_init(struct feed *feed, bool replay);
void feed_fini(struct feed *feed);
struct feed_source *feed_source(struct feed *feed, enum line_input input, int32_t partition);
void feed_text(struct feed_source *source, int64_t event_ms, const char *json);
/* A canonical order or stock message of one line. */
void feed_order_line(struct feed_source *source, const char *sku, int64_t event_ms,
                     int64_t quantity);

/* Start a worker on the sources whose bit is set, from what is committed. */
void feed_start(struct feed *feed, struct feed_worker *worker, unsigned own, int64_t clock_ms);
void feed_stop(struct feed_worker *worker); /* as a crash: nothing is committed */
/* Read one message of a source, or confirm its end; false: nothing to do. */
bool feed_read(struct feed_worker *worker, size_t source);
void feed_foreign(struct feed_worker *worker); /* ticks of others that are committed */
void feed_commit(struct feed_worker *worker);
/* Until nothing moves: read all, write all, commit. */
void feed_drain(struct feed_worker *worker);

bool feed_decode(const struct feed *feed, size_t index, struct arena *arena, struct line *line);
/* Ticks of partition 0 from a record on, as "STATE seconds-since-start " texts. */
void feed_ticks(const struct feed *feed, size_t from, struct buf *out);

#endif
