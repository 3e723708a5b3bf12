/* The transaction of an INGEST worker: sealed, sent, and after a failure looked up in the committed
 * offsets. */
#include "config/base/ensure.h"
#include "config/base/log.h"
#include "stream/worker_ingest_parts.h"

#include <stdlib.h>
#include <string.h>

void worker_ingest_release(struct ingest_worker *in)
{
    for (size_t i = 0; i < in->source_count; i++) {
        struct source *source = &in->sources[i];
        for (; source->at < source->count; source->at++) {
            rd_kafka_message_destroy(source->batch[source->at]);
        }
    }
}

void worker_ingest_drop(struct ingest_worker *in)
{
    worker_ingest_release(in);
    free(in->sources);
    free(in->sealed_offsets);
    in->sources = NULL;
    in->sealed_offsets = NULL;
    in->source_count = in->sealed_count = 0;
    in->sealed = false;
    latency_drop(&in->worker->process);
    latency_drop(&in->worker->output);
    ingest_revoke(in->ingest);
    outbox_reset(in->outbox);
}

struct source *worker_ingest_source(const struct ingest_worker *in, enum line_input input,
                                    int32_t partition)
{
    for (size_t i = 0; i < in->source_count; i++) {
        if (in->sources[i].input == input && in->sources[i].partition == partition) {
            return &in->sources[i];
        }
    }
    return NULL;
}

static void committed(struct ingest_worker *in)
{
    outbox_reset(in->outbox);
    ingest_committed(in->ingest);
    for (size_t i = 0; i < in->sealed_count; i++) {
        const struct ingest_offset *offset = &in->sealed_offsets[i];
        struct source *source = worker_ingest_source(in, offset->input, offset->partition);
        source->first_offset = offset->next_offset;
        memcpy(source->first_metadata, offset->metadata, sizeof source->first_metadata);
    }
    in->sealed = false;
    struct worker_view *work = in->worker->work;
    work->last_commit_ms = work->progress_ms = kafka_now_ms();
    latency_commit(&in->worker->process, work->progress_ms);
    latency_commit(&in->worker->output, kafka_wall_ms());
}

static struct status *ask_committed(struct ingest_worker *in, struct member_place *places,
                                    size_t count)
{
    for (;;) {
        struct status *st = member_committed(in->member, places, count);
        int64_t deadline = atomic_load(&worker_ingest_shared(in)->deadline_ms);
        if (!status_has(st, STATUS_RETRY) || (deadline && kafka_now_ms() > deadline)) {
            return st;
        }
        status_free(st);
        worker_publish(in->worker, false);
        worker_pause(in->worker, WORKER_INGEST_RETRY_MS);
    }
}

static bool is_at(const struct member_place *place, int64_t offset, const char *metadata)
{
    return place->offset == offset && (offset < 0 || strcmp(place->metadata, metadata) == 0);
}

/* After a failed transaction: is the log where the seal ends, where it began, or elsewhere? */
static struct status *settle(struct ingest_worker *in)
{
    struct member_place *places = calloc(in->sealed_count + 1, sizeof *places);
    ASSERT(places && "out of memory for offsets");
    for (size_t i = 0; i < in->sealed_count; i++) {
        places[i] = (struct member_place){.topic = in->topic_of[in->sealed_offsets[i].input],
                                          .partition = in->sealed_offsets[i].partition};
    }
    struct status *st = ask_committed(in, places, in->sealed_count);
    size_t ended = 0, begun = 0;
    for (size_t i = 0; !st && i < in->sealed_count; i++) {
        const struct ingest_offset *offset = &in->sealed_offsets[i];
        const struct source *source = worker_ingest_source(in, offset->input, offset->partition);
        ended += is_at(&places[i], offset->next_offset, offset->metadata);
        begun += is_at(&places[i], source->first_offset, source->first_metadata);
    }
    if (!st && ended == in->sealed_count) {
        committed(in);
    } else if (!st && begun != in->sealed_count) {
        LOG_WARN(
            "ingest",
            "another worker went on with these partitions: begun again from what is committed");
        worker_ingest_drop(in);
        in->begin_again = true;
    }
    free(places);
    return st;
}

static struct status *reopen(struct ingest_worker *in)
{
    for (;;) {
        struct status *st = transaction_reopen(in->transaction);
        if (!st || !(status_has(st, STATUS_RETRY) || status_has(st, STATUS_FATAL)) ||
            worker_stopping(in->worker)) {
            return st;
        }
        LOG_WARN("ingest", status_message(st));
        status_free(st);
        worker_publish(in->worker, false);
        worker_pause(in->worker, WORKER_INGEST_RETRY_MS * 10);
    }
}

static void seal(struct ingest_worker *in)
{
    size_t room = ingest_source_count(in->ingest);
    in->sealed_offsets = realloc(in->sealed_offsets, (room + 1) * sizeof *in->sealed_offsets);
    ASSERT(in->sealed_offsets && "out of memory for offsets");
    in->sealed_count = ingest_seal(in->ingest, in->sealed_offsets, room);
    in->sealed = true;
}

static struct status *send_sealed(struct ingest_worker *in)
{
    struct transaction_part *parts = calloc(in->sealed_count + 1, sizeof *parts);
    ASSERT(parts && "out of memory for offsets");
    for (size_t i = 0; i < in->sealed_count; i++) {
        const struct ingest_offset *offset = &in->sealed_offsets[i];
        parts[i] = (struct transaction_part){.outbox = i ? NULL : in->outbox,
                                             .topic = in->settings->stream.topics[offset->input],
                                             .partition = offset->partition,
                                             .offset = offset->next_offset,
                                             .metadata = offset->metadata};
    }
    atomic_store(&in->worker->phase, "committing");
    struct status *st = transaction_commit(in->transaction, parts, in->sealed_count, in->member);
    free(parts);
    return st;
}

struct status *worker_ingest_commit(struct ingest_worker *in)
{
    if (!in->sealed) {
        if (!ingest_dirty(in->ingest) || !ingest_source_count(in->ingest)) {
            return NULL;
        }
        seal(in);
    }
    struct status *st = in->sealed_count ? send_sealed(in) : NULL;
    in->committed_ms = kafka_now_ms();
    in->dirty_since_ms = 0;
    if (!st) {
        committed(in);
        return NULL;
    }
    if (status_code(st) == STATUS_TIMEOUT || status_code(st) == STATUS_STATE) {
        return st;
    }
    bool dead = status_has(st, STATUS_FATAL);
    LOG_WARN("ingest", "transaction failed, looking what became of it",
             log_text("reason", status_message(st)));
    status_free(st);
    if (dead) {
        TRY(reopen(in));
    }
    in->retry_ms = kafka_now_ms() + WORKER_INGEST_RETRY_MS;
    return settle(in);
}