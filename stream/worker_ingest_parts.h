/* Inside of an INGEST worker; only worker_ingest*.c include this. */
#ifndef RESTOCK_WORKER_INGEST_PARTS_H
#define RESTOCK_WORKER_INGEST_PARTS_H

#include "stream/ingest.h"
#include "stream/map.h"
#include "stream/worker.h"

enum { WORKER_INGEST_BATCH = 64, WORKER_INGEST_RETRY_MS = 50 };

struct source { /* one own partition */
    enum line_input input;
    int32_t partition;
    rd_kafka_message_t *batch[WORKER_INGEST_BATCH]; /* read, not yet given to ingest */
    size_t count, at;
    int64_t first_offset; /* committed last; -1: nothing */
    char first_metadata[INGEST_METADATA_BYTES];
    int64_t next; /* offset to give to ingest next */
    int64_t eof_offset; /* of the last end-of-log event with nothing behind it; -1: none */
    int64_t confirm_ms, retry_ms;
    bool at_end;
};

struct ingest_worker {
    struct worker *worker;
    const struct settings *settings;
    struct member *member;
    struct transaction *transaction;
    struct kafka *ticks; /* reads partition 0 of `lines` */
    struct outbox *outbox;
    struct ingest *ingest;
    struct registry *registry;
    struct wire_decoder *decoders[INPUT_COUNT];
    struct map *maps[INPUT_COUNT];
    int topic_of[INPUT_COUNT]; /* index in the member's topics; -1: the topic is not there */
    enum line_input input_of[MEMBER_TOPICS_MAX];
    struct source *sources;
    size_t source_count;
    struct ingest_offset *sealed_offsets; /* [source_count] while sealed */
    size_t sealed_count;
    bool sealed, items_ready, begin_again;
    uint64_t epoch;
    int64_t dirty_since_ms, committed_ms, retry_ms, ended_again_ms, items_ask_ms, items_since_ms;
    struct status *fault;
};

static inline const struct worker_shared *worker_ingest_shared(const struct ingest_worker *in)
{
    return in->worker->shared;
}

/* worker_ingest_commit.c: the own source of a partition, or NULL. */
struct source *worker_ingest_source(const struct ingest_worker *in, enum line_input input,
                                    int32_t partition);
/* Messages must be gone before their client: destroying it would wait for them for ever. */
void worker_ingest_release(struct ingest_worker *in);
/* Forget all sources and what was read of them; the log tells where to go on. */
void worker_ingest_drop(struct ingest_worker *in);
/* Seal what there is, or send again what is sealed. NULL also after a failure that can be repeated:
 * `sealed` tells. */
struct status *worker_ingest_commit(struct ingest_worker *in) __attribute__((warn_unused_result));

/* worker_ingest_adopt.c: the group's revoke callback. */
void worker_ingest_revoke(void *context);
/* Take over a new assignment; not adopted and no error while the broker is away. */
struct status *worker_ingest_adopt(struct ingest_worker *in) __attribute__((warn_unused_result));
/* No order is read before the items that were there at the start are committed. */
struct status *worker_ingest_items(struct ingest_worker *in) __attribute__((warn_unused_result));

/* worker_ingest_read.c: read and write in turns, enough for one commit. *read: messages. */
struct status *worker_ingest_read(struct ingest_worker *in, size_t *read)
    __attribute__((warn_unused_result));
/* Ticks that other workers wrote. */
void worker_ingest_read_ticks(struct ingest_worker *in);

#endif
