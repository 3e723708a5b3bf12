/* Messages of own partitions into ingest, ends confirmed, lines out. */
#include "config/base/ensure.h"
#include "config/base/log.h"
#include "stream/worker_ingest_parts.h"

enum { CONFIRM_EVERY_MS = 300 };

static void refill(struct ingest_worker *in, struct source *source)
{
    struct member_part *part =
        member_part(in->member, in->topic_of[source->input], source->partition);
    source->at = 0;
    source->count =
        part && part->started ? member_read(part, source->batch, WORKER_INGEST_BATCH) : 0;
}

/* --until-end stops at the end seen at start. */
static bool is_beyond(const struct ingest_worker *in, const struct source *source, int64_t offset)
{
    const struct worker_ends *ends = &worker_ingest_shared(in)->inputs[source->input];
    return worker_ingest_shared(in)->until_end && source->partition < ends->count &&
           offset >= ends->ends[source->partition];
}

/* One message of a source into ingest; *took tells whether there was one. */
static struct status *take(struct ingest_worker *in, struct source *source, bool *took)
{
    *took = false;
    if (source->at == source->count) {
        refill(in, source);
    }
    if (source->at == source->count || (source->retry_ms && kafka_now_ms() < source->retry_ms)) {
        return NULL;
    }
    source->retry_ms = 0;
    rd_kafka_message_t *message = source->batch[source->at];
    struct member_part *part =
        member_part(in->member, in->topic_of[source->input], source->partition);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        source->eof_offset = message->offset;
    } else if (message->err) {
        TRY(member_fault(in->member, part, message));
    } else if (is_beyond(in, source, message->offset)) {
        source->at_end = true; /* what came later is for the next run */
        return NULL;
    } else {
        struct status *st =
            ingest_read(in->ingest, source->input, source->partition, message->offset,
                        (struct slice){message->key, message->key_len},
                        (struct slice){message->payload, message->len});
        if (st && status_has(st, STATUS_RETRY)) {
            LOG_WARN("ingest", "waiting for the schema registry",
                     log_text("reason", status_message(st)));
            status_free(st);
            source->retry_ms = kafka_now_ms() + 10 * WORKER_INGEST_RETRY_MS;
            return NULL;
        }
        TRY(st);
        latency_begin(&in->worker->process, kafka_now_ms(), 1);
        worker_stamp(in->worker, message);
        source->eof_offset = -1;
        source->at_end = false;
        source->next = message->offset + 1;
    }
    *took = true;
    source->at++;
    rd_kafka_message_destroy(message);
    return NULL;
}

/* The end is confirmed when nothing is behind it, open transactions included. */
static struct status *confirm(struct ingest_worker *in, struct source *source)
{
    if (source->at_end || source->eof_offset < 0 || source->at < source->count) {
        return NULL;
    }
    int64_t now = kafka_now_ms();
    if (now < source->confirm_ms) {
        return NULL;
    }
    source->confirm_ms = now + CONFIRM_EVERY_MS;
    const struct worker_ends *ends = &worker_ingest_shared(in)->inputs[source->input];
    if (worker_ingest_shared(in)->until_end) {
        source->at_end =
            source->partition >= ends->count || source->eof_offset >= ends->ends[source->partition];
        return NULL;
    }
    int64_t low, high;
    struct status *st =
        kafka_ends(worker_ingest_shared(in)->probe, in->settings->stream.topics[source->input],
                   source->partition, &low, &high);
    if (st) {
        status_free(st); /* the broker is away: the end is not confirmed */
        return NULL;
    }
    source->at_end = source->eof_offset >= high;
    return NULL;
}

static bool may_read(const struct ingest_worker *in, const struct source *source)
{
    if ((int)source->input >= TIME_INPUTS) {
        return true;
    }
    return in->items_ready && ingest_wants(in->ingest, source->input, source->partition);
}

static struct status *read_source(struct ingest_worker *in, struct source *source, size_t *read)
{
    bool took = true;
    for (int n = 0; n < WORKER_INGEST_BATCH && took && may_read(in, source) &&
                    (int64_t)outbox_bytes(in->outbox) < in->settings->stream.outbox_max_bytes;
         n++) {
        TRY(take(in, source, &took));
        *read += took;
    }
    TRY(confirm(in, source));
    if (source->at_end && (in->items_ready || (int)source->input >= TIME_INPUTS)) {
        ingest_at_end(in->ingest, source->input, source->partition);
    }
    return NULL;
}

struct status *worker_ingest_read(struct ingest_worker *in, size_t *read)
{
    bool more = true;
    /* Heads are one message each: read and write in turns until there is nothing to do, or enough
     * for one commit. */
    for (int round = 0; more && round < 4 * WORKER_INGEST_BATCH &&
                        (int64_t)outbox_bytes(in->outbox) < in->settings->stream.outbox_max_bytes;
         round++) {
        size_t before = *read;
        for (size_t i = 0; i < in->source_count; i++) {
            TRY(read_source(in, &in->sources[i], read));
        }
        more = *read > before;
        while ((int64_t)outbox_bytes(in->outbox) < in->settings->stream.outbox_max_bytes &&
               ingest_write(in->ingest)) {
            more = true;
        }
    }
    struct worker_view *work = in->worker->work;
    if (*read) {
        work->progress_ms = kafka_now_ms();
        work->first_record_ms = work->first_record_ms ? work->first_record_ms : work->progress_ms;
    }
    return NULL;
}

void worker_ingest_read_ticks(struct ingest_worker *in)
{
    for (int n = 0; n < WORKER_INGEST_BATCH; n++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(in->ticks->rk, 0);
        if (!message) {
            return;
        }
        if (!message->err && !message->key) {
            ingest_foreign_tick(in->ingest, (struct slice){message->payload, message->len});
        }
        rd_kafka_message_destroy(message);
    }
}