/* An INGEST worker: partitions of the inputs that its group member holds, through the pure core of
 * stream/ingest.h into `lines`.
 *
 * A turn: serve the group, adopt a new assignment, read ticks of others, read one message per
 * source that wants one, write what may be written, tick, commit. A commit seals the outbox and the
 * offsets of all own sources; until its outcome is known nothing more is read. After a failure the
 * committed offsets tell: those of the seal = committed after all; those before it = the same bytes
 * again; anything else = somebody else went on, all is dropped and begun again from what is
 * committed.
 *
 * Items first: no order is read before the items that were there at the start are committed by
 * whoever owns them. */
#include "stream/worker.h"

#include "config/base/ensure.h"
#include "stream/ingest_settings.h"
#include "stream/worker_ingest_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { IDLE_WAIT_MS = 100, ENDED_AGAIN_MS = 1000 };

static struct status *commit_maybe(struct ingest_worker *in, size_t read, int64_t *wait)
{
    int64_t now = kafka_now_ms();
    if (in->sealed) {
        *wait = in->retry_ms - now;
        return now >= in->retry_ms ? worker_ingest_commit(in) : NULL;
    }
    if (!ingest_dirty(in->ingest)) {
        return NULL;
    }
    in->dirty_since_ms = in->dirty_since_ms ? in->dirty_since_ms : now;
    const struct stream_options *stream = &in->settings->stream;
    bool full = (int64_t)outbox_bytes(in->outbox) >= stream->outbox_max_bytes;
    int64_t due = read ? in->dirty_since_ms + stream->commit_interval_ms
                       : in->committed_ms + stream->commit_min_interval_ms;
    if (full || now >= due) {
        return worker_ingest_commit(in);
    }
    *wait = due - now;
    return NULL;
}

static void fill_view(struct ingest_worker *in)
{
    struct worker_view *work = in->worker->work;
    work->joined = member_joined(in->member);
    work->restored = work->joined && in->epoch == member_epoch(in->member) && in->items_ready;
    worker_tell(in->worker, transaction_figures(in->transaction), ingest_counts(in->ingest),
                member_rebalances(in->member));
    work->rtt_us = atomic_load_explicit(&member_kafka(in->member)->rtt_us, memory_order_relaxed);
    size_t known = ingest_view(in->ingest, work->sources, WORKER_SOURCES_MAX);
    work->source_count = known < WORKER_SOURCES_MAX ? known : WORKER_SOURCES_MAX;
    work->lag = 0;
    for (size_t i = 0; i < in->source_count; i++) {
        int64_t low = -1, high = -1;
        rd_kafka_get_watermark_offsets(member_kafka(in->member)->rk,
                                       in->settings->stream.topics[in->sources[i].input],
                                       in->sources[i].partition, &low, &high);
        int64_t next = in->sources[i].next > 0 ? in->sources[i].next : 0;
        int64_t lag = high > next ? high - next : 0;
        work->lag += lag;
        for (size_t v = 0; v < work->source_count; v++) {
            struct ingest_source_view *view = &work->sources[v];
            if (view->input == in->sources[i].input &&
                view->partition == in->sources[i].partition) {
                view->lag = lag;
            }
        }
    }
}

static void look_done(struct ingest_worker *in)
{
    struct worker_view *work = in->worker->work;
    bool all =
        member_joined(in->member) && in->epoch == member_epoch(in->member) && in->items_ready;
    for (size_t i = 0; i < in->source_count; i++) {
        all &= in->sources[i].at_end;
    }
    work->done = all && !in->sealed && ingest_ended(in->ingest);
    if (work->done && kafka_now_ms() >= in->ended_again_ms) {
        in->ended_again_ms = kafka_now_ms() + ENDED_AGAIN_MS;
        ingest_repeat_ended(in->ingest);
    }
    snprintf(work->waiting_for, sizeof work->waiting_for, "%s",
             work->done ? "" : "the end of the inputs");
}

static int64_t until_tick(const struct ingest_worker *in)
{
    int64_t next = ingest_next_tick_ms(in->ingest);
    return next == INT64_MAX ? IDLE_WAIT_MS : next - kafka_wall_ms();
}

static struct status *turn(struct ingest_worker *in)
{
    size_t read = 0;
    int64_t wait = IDLE_WAIT_MS;
    atomic_store(&in->worker->phase, "polling its group");
    TRY(member_poll(in->member));
    if (in->fault) {
        struct status *st = in->fault;
        in->fault = NULL;
        return st;
    }
    if (in->begin_again) {
        return status_new_flags(STATUS_BROKER, STATUS_RETRY,
                                "another worker went on with partitions of ours");
    }
    atomic_store(&in->worker->phase, "taking over partitions");
    TRY(worker_ingest_adopt(in));
    atomic_store(&in->worker->phase, "working");
    ingest_clock(in->ingest, kafka_wall_ms());
    if (in->epoch == member_epoch(in->member)) {
        worker_ingest_read_ticks(in);
        TRY(worker_ingest_items(in));
        if (!in->sealed) {
            TRY(worker_ingest_read(in, &read));
            (void)ingest_tick(in->ingest);
        }
        if (worker_ingest_shared(in)->until_end) {
            look_done(in);
        }
        TRY(commit_maybe(in, read, &wait));
    }
    transaction_poll(in->transaction);
    if (kafka_now_ms() - in->worker->published_ms >= WORKER_VIEW_MS || in->worker->work->done) {
        fill_view(in);
    }
    worker_publish(in->worker, false);
    if (!read && wait > 0) {
        int64_t tick = until_tick(in);
        wait = wait < tick ? wait : tick;
        member_wait(in->member, wait < 1 ? 1 : wait < IDLE_WAIT_MS ? wait : IDLE_WAIT_MS);
    }
    return NULL;
}

static struct status *open_inputs(struct ingest_worker *in)
{
    const struct settings *settings = in->settings;
    for (int input = 0; input < INPUT_COUNT; input++) {
        const struct input_options *options = &settings->stream.inputs[input];
        struct wire_input wire = {.format = (enum wire_format)options->format,
                                  .registry = in->registry};
        wire.schema_path =
            options->schema[0] ? config_relative(settings->config, options->schema) : NULL;
        TRY(status_wrap(wire_decoder_open(&wire, &in->decoders[input]), "input %s",
                        settings->stream.topics[input]));
        if (options->map[0]) {
            TRY(map_load(config_relative(settings->config, options->map), settings->zone,
                         &in->maps[input]));
        }
    }
    return NULL;
}

static struct status *open_ingest(struct ingest_worker *in)
{
    const struct settings *settings = in->settings;
    const struct stream_options *stream = &settings->stream;
    struct ingest_options options =
        ingest_settings_topics(settings, worker_ingest_shared(in)->lines.count);
    options.until_end = worker_ingest_shared(in)->until_end;
    for (int input = 0; input < INPUT_COUNT; input++) {
        options.decoders[input] = in->decoders[input];
        options.maps[input] = in->maps[input];
        options.topics[input] = stream->topics[input];
    }
    in->outbox = outbox_create();
    if (!in->outbox) {
        return status_new(STATUS_NO_MEMORY, "out of memory for an outbox");
    }
    return ingest_create(&options, in->outbox, &in->ingest);
}

static struct status *open_member(struct ingest_worker *in)
{
    const struct worker_shared *shared = worker_ingest_shared(in);
    struct member_options options = {.group = in->worker->group,
                                     .instance = shared->static_membership ? in->worker->id : NULL,
                                     .revoke = worker_ingest_revoke,
                                     .context = in};
    for (int input = 0; input < INPUT_COUNT; input++) {
        in->topic_of[input] = -1;
        if (shared->inputs[input].count) {
            in->input_of[options.topic_count] = (enum line_input)input;
            in->topic_of[input] = (int)options.topic_count;
            options.topics[options.topic_count++] = in->settings->stream.topics[input];
            options.partitions += shared->inputs[input].count;
        }
    }
    return member_open(in->settings, &options, &in->member);
}

static struct status *open_all(struct ingest_worker *in)
{
    bool plain = in->settings->stream.delivery == DELIVERY_AT_LEAST_ONCE;
    TRY(settings_registry(in->settings, &in->registry));
    TRY(open_inputs(in));
    TRY(open_ingest(in));
    TRY(transaction_open(in->settings, plain ? NULL : in->worker->id,
                         &worker_ingest_shared(in)->deadline_ms, &in->transaction));
    TRY(kafka_open(in->settings, KAFKA_READER, NULL, &in->ticks));
    return open_member(in);
}

static void close_all(struct ingest_worker *in, bool in_order)
{
    worker_ingest_release(in);
    member_close(in->member, in_order);
    transaction_close(in->transaction);
    kafka_close(in->ticks);
    if (in->ingest) {
        worker_ingest_drop(in);
    }
    ingest_destroy(in->ingest);
    outbox_destroy(in->outbox);
    for (int input = 0; input < INPUT_COUNT; input++) {
        wire_decoder_close(in->decoders[input]);
        map_destroy(in->maps[input]);
    }
    registry_destroy(in->registry);
    status_free(in->fault);
}

/* The next life of this worker goes on counting from here. */
static void keep_counts(const struct ingest_worker *in)
{
    worker_tell(in->worker, in->transaction ? transaction_figures(in->transaction) : NULL,
                in->ingest ? ingest_counts(in->ingest) : NULL,
                in->member ? member_rebalances(in->member) : 0);
    worker_keep(in->worker);
}

struct status *worker_ingest_run(struct worker *worker)
{
    struct ingest_worker in = {.worker = worker, .settings = worker->shared->settings};
    struct status *st = open_all(&in);
    while (!st && !worker_stopping(worker)) {
        st = turn(&in);
    }
    if (!st) {
        st = worker_ingest_commit(&in);
        if (!st && in.sealed) {
            st = status_new_flags(STATUS_BROKER, STATUS_RETRY,
                                  "the last transaction did not commit; nothing of it is visible");
        }
        fill_view(&in);
    }
    keep_counts(&in);
    close_all(&in, !st);
    worker->work->joined = worker->work->restored = false;
    worker_publish(worker, true);
    return st;
}
