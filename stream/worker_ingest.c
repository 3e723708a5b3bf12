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
#include "config/base/log.h"
#include "stream/ingest.h"
#include "stream/map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 64,
    IDLE_WAIT_MS = 100,
    RETRY_MS = 50,
    CONFIRM_EVERY_MS = 300,
    ENDED_AGAIN_MS = 1000,
    ITEMS_ASK_MS = 100,
    ITEMS_LIMIT_MS = 10000,
    PARTITIONS_MAX = 4096
};

struct source { /* one own partition */
    enum line_input input;
    int32_t partition;
    rd_kafka_message_t *batch[BATCH]; /* read, not yet given to ingest */
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

static const struct worker_shared *shared_of(const struct ingest_worker *in)
{
    return in->worker->shared;
}

/* Messages must be gone before their client: destroying it would wait for them for ever. */
static void release_messages(struct ingest_worker *in)
{
    for (size_t i = 0; i < in->source_count; i++) {
        struct source *source = &in->sources[i];
        for (; source->at < source->count; source->at++) {
            rd_kafka_message_destroy(source->batch[source->at]);
        }
    }
}

static void drop_sources(struct ingest_worker *in)
{
    release_messages(in);
    free(in->sources);
    free(in->sealed_offsets);
    in->sources = NULL;
    in->sealed_offsets = NULL;
    in->source_count = in->sealed_count = 0;
    in->sealed = false;
    ingest_revoke(in->ingest);
    outbox_reset(in->outbox);
}

/* --- commit
 * --------------------------------------------------------------------------------------------------------
 */

static struct source *find_source(const struct ingest_worker *in, enum line_input input,
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
        struct source *source = find_source(in, offset->input, offset->partition);
        source->first_offset = offset->next_offset;
        memcpy(source->first_metadata, offset->metadata, sizeof source->first_metadata);
    }
    in->sealed = false;
    struct worker_view *work = in->worker->work;
    work->last_commit_ms = work->progress_ms = kafka_now_ms();
}

static struct status *ask_committed(struct ingest_worker *in, struct member_place *places,
                                    size_t count)
{
    for (;;) {
        struct status *st = member_committed(in->member, places, count);
        int64_t deadline = atomic_load(&shared_of(in)->deadline_ms);
        if (!status_has(st, STATUS_RETRY) || (deadline && kafka_now_ms() > deadline)) {
            return st;
        }
        status_free(st);
        worker_publish(in->worker, false);
        worker_pause(in->worker, RETRY_MS);
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
        const struct source *source = find_source(in, offset->input, offset->partition);
        ended += is_at(&places[i], offset->next_offset, offset->metadata);
        begun += is_at(&places[i], source->first_offset, source->first_metadata);
    }
    if (!st && ended == in->sealed_count) {
        committed(in);
    } else if (!st && begun != in->sealed_count) {
        LOG_WARN(
            "ingest",
            "another worker went on with these partitions: begun again from what is committed");
        drop_sources(in);
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
        worker_pause(in->worker, RETRY_MS * 10);
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

static struct status *commit(struct ingest_worker *in)
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
    in->retry_ms = kafka_now_ms() + RETRY_MS;
    return settle(in);
}

/* --- assignment
 * ------------------------------------------------------------------------------------------------------
 */

static void on_revoke(void *context)
{
    struct ingest_worker *in = context;
    if (member_metadata(in->member)) { /* still a member: what is done may be committed */
        struct status *st = commit(in);
        if (st && status_code(st) == STATUS_STATE) {
            in->fault = status_join(in->fault, st);
        } else {
            status_free(st);
        }
    }
    drop_sources(in);
}

static struct status *backlog(struct ingest_worker *in, enum line_input input,
                              const struct member_place *place, bool *waits)
{
    int64_t low, high;
    TRY(kafka_ends(shared_of(in)->probe, in->settings->stream.topics[input], place->partition, &low,
                   &high));
    *waits = high > (place->offset < 0 ? low : place->offset);
    return NULL;
}

/* Offsets of all partitions of all inputs: own ones are started there, foreign ones tell their
 * marks. */
static struct status *places_of_all(const struct ingest_worker *in, struct member_place **out,
                                    size_t *count)
{
    *count = 0;
    *out = calloc(PARTITIONS_MAX, sizeof **out);
    ASSERT(*out && "out of memory for offsets");
    for (int input = 0; input < INPUT_COUNT; input++) {
        for (int32_t p = 0; in->topic_of[input] >= 0 && p < shared_of(in)->inputs[input].count;
             p++) {
            if (*count == PARTITIONS_MAX) {
                return status_new(STATUS_CONFIG, "the inputs have more than %d partitions",
                                  PARTITIONS_MAX);
            }
            (*out)[(*count)++] =
                (struct member_place){.topic = in->topic_of[input], .partition = p};
        }
    }
    return NULL;
}

static struct source *add_source(struct ingest_worker *in, const struct member_place *place)
{
    struct source *moved = realloc(in->sources, (in->source_count + 1) * sizeof *moved);
    ASSERT(moved && "out of memory for sources");
    in->sources = moved;
    struct source *source = &in->sources[in->source_count++];
    *source = (struct source){.input = in->input_of[place->topic],
                              .partition = place->partition,
                              .first_offset = place->offset,
                              .next = place->offset,
                              .eof_offset = -1};
    snprintf(source->first_metadata, sizeof source->first_metadata, "%s", place->metadata);
    return source;
}

static struct status *adopt_places(struct ingest_worker *in, const struct member_place *places,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum line_input input = in->input_of[places[i].topic];
        bool waits = false;
        if ((int)(int)input < TIME_INPUTS) {
            TRY(backlog(in, input, &places[i], &waits));
            ingest_foreign(in->ingest, input, places[i].partition, places[i].metadata, waits);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct member_part *part = member_part(in->member, places[i].topic, places[i].partition);
        if (part && part->assigned) {
            struct source *source = add_source(in, &places[i]);
            ingest_assign(in->ingest, source->input, source->partition,
                          places[i].offset < 0 ? 0 : places[i].offset, places[i].metadata);
            member_start(part, places[i].offset);
        }
    }
    return member_fetch(in->member);
}

/* Read ticks from the last stable offset on (what a reader of committed records is told as the
 * end). Before the committed offsets are asked for: every tick is then either older, and its mark
 * stands in the metadata of a commit, or it will be read. */
static struct status *start_ticks(struct ingest_worker *in)
{
    const char *topic = in->settings->stream.topics[TOPIC_LINES];
    int64_t low = 0, stable = 0;
    TRY(kafka_ends(in->ticks, topic, 0, &low, &stable));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = stable;
    struct status *st = kafka_assign(in->ticks, list);
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

static struct status *adopt(struct ingest_worker *in)
{
    uint64_t epoch = member_epoch(in->member);
    if (epoch == in->epoch || !member_joined(in->member)) {
        return NULL;
    }
    drop_sources(in);
    ingest_clock(in->ingest, kafka_wall_ms());
    ingest_roster(in->ingest, shared_of(in)->inputs[INPUT_ORDERS].count,
                  shared_of(in)->inputs[INPUT_STOCK].count);
    struct member_place *places;
    size_t count;
    struct status *st = places_of_all(in, &places, &count);
    st = st ? st : start_ticks(in);
    st = st ? st : member_committed(in->member, places, count);
    st = st ? st : adopt_places(in, places, count);
    free(places);
    if (status_has(st, STATUS_RETRY)) {
        LOG_WARN("ingest", status_message(st));
        status_free(st);
        drop_sources(in);
        worker_pause(in->worker, RETRY_MS);
        return NULL; /* not adopted: again at the next turn */
    }
    in->epoch = epoch;
    in->worker->work->progress_ms = kafka_now_ms();
    return st;
}

/* --- items first
 * ------------------------------------------------------------------------------------------------------
 */

static bool items_there(struct ingest_worker *in, const struct member_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct source *own = find_source(in, INPUT_ITEMS, places[i].partition);
        int64_t end = shared_of(in)->inputs[INPUT_ITEMS].ends[places[i].partition];
        bool read =
            own && own->at_end && own->at == own->count && !in->sealed && !ingest_dirty(in->ingest);
        if (end > 0 && !read && places[i].offset < end) {
            return false;
        }
    }
    return true;
}

static struct status *look_items(struct ingest_worker *in)
{
    int32_t partitions = shared_of(in)->inputs[INPUT_ITEMS].count;
    int64_t now = kafka_now_ms();
    if (in->items_ready || now < in->items_ask_ms) {
        return NULL;
    }
    in->items_ask_ms = now + ITEMS_ASK_MS;
    in->items_since_ms = in->items_since_ms ? in->items_since_ms : now;
    struct member_place *places = calloc((size_t)partitions + 1, sizeof *places);
    ASSERT(places && "out of memory for offsets");
    for (int32_t p = 0; p < partitions; p++) {
        places[p] = (struct member_place){.topic = in->topic_of[INPUT_ITEMS], .partition = p};
    }
    struct status *st =
        partitions ? member_committed(in->member, places, (size_t)partitions) : NULL;
    if (!st) {
        in->items_ready = items_there(in, places, (size_t)partitions);
        if (!in->items_ready && now - in->items_since_ms > ITEMS_LIMIT_MS &&
            !find_source(in, INPUT_ITEMS, 0)) {
            /* The end may be a control record, which no offset of a message reaches. */
            LOG_WARN(
                "ingest",
                "the owner of the items makes no more progress: going on without waiting for it");
            in->items_ready = true;
        }
    } else if (status_has(st, STATUS_RETRY)) {
        status_free(st);
        st = NULL;
    }
    free(places);
    return st;
}

/* --- reading
 * ----------------------------------------------------------------------------------------------------------
 */

static void refill(struct ingest_worker *in, struct source *source)
{
    struct member_part *part =
        member_part(in->member, in->topic_of[source->input], source->partition);
    source->at = 0;
    source->count = part && part->started ? member_read(part, source->batch, BATCH) : 0;
}

/* --until-end stops at the end seen at start. */
static bool is_beyond(const struct ingest_worker *in, const struct source *source, int64_t offset)
{
    const struct worker_ends *ends = &shared_of(in)->inputs[source->input];
    return shared_of(in)->until_end && source->partition < ends->count &&
           offset >= ends->ends[source->partition];
}

/* One message of a source into ingest; *took tells whether there was one. */
static struct status *take(struct ingest_worker *in, struct source *source, bool *took)
{
    *took = false;
    if (source->at == source->count) {
        refill(in, source);
    }
    if (source->at == source->count || kafka_now_ms() < source->retry_ms) {
        return NULL;
    }
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
            source->retry_ms = kafka_now_ms() + 10 * RETRY_MS;
            return NULL;
        }
        TRY(st);
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
    int64_t now = kafka_now_ms();
    if (source->at_end || source->eof_offset < 0 || source->at < source->count ||
        now < source->confirm_ms) {
        return NULL;
    }
    source->confirm_ms = now + CONFIRM_EVERY_MS;
    const struct worker_ends *ends = &shared_of(in)->inputs[source->input];
    if (shared_of(in)->until_end) {
        source->at_end =
            source->partition >= ends->count || source->eof_offset >= ends->ends[source->partition];
        return NULL;
    }
    int64_t low, high;
    struct status *st = kafka_ends(shared_of(in)->probe, in->settings->stream.topics[source->input],
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
    for (int n = 0; n < BATCH && took && may_read(in, source) &&
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

static struct status *read_all(struct ingest_worker *in, size_t *read)
{
    bool more = true;
    /* Heads are one message each: read and write in turns until there is nothing to do, or enough
     * for one commit. */
    for (int round = 0; more && round < 4 * BATCH &&
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

static void read_ticks(struct ingest_worker *in)
{
    for (int n = 0; n < BATCH; n++) {
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

/* --- a turn
 * -------------------------------------------------------------------------------------------------------------
 */

static struct status *commit_maybe(struct ingest_worker *in, size_t read, int64_t *wait)
{
    int64_t now = kafka_now_ms();
    if (in->sealed) {
        *wait = in->retry_ms - now;
        return now >= in->retry_ms ? commit(in) : NULL;
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
        return commit(in);
    }
    *wait = due - now;
    return NULL;
}

static void fill_view(struct ingest_worker *in)
{
    struct worker_view *work = in->worker->work;
    work->joined = member_joined(in->member);
    work->restored = work->joined && in->epoch == member_epoch(in->member) && in->items_ready;
    work->rebalances = member_rebalances(in->member);
    work->transactions = *transaction_figures(in->transaction);
    work->ingest = *ingest_counts(in->ingest);
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
        work->lag += high > next ? high - next : 0;
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
    TRY(adopt(in));
    atomic_store(&in->worker->phase, "working");
    ingest_clock(in->ingest, kafka_wall_ms());
    if (in->epoch == member_epoch(in->member)) {
        read_ticks(in);
        TRY(look_items(in));
        if (!in->sealed) {
            TRY(read_all(in, &read));
            (void)ingest_tick(in->ingest);
        }
        if (shared_of(in)->until_end) {
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

/* --- life
 * -----------------------------------------------------------------------------------------------------------------
 */

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
    struct ingest_options options = {.buckets = &settings->buckets,
                                     .lines_partitions = shared_of(in)->lines.count,
                                     .replay = stream->time_mode == TIME_REPLAY,
                                     .until_end = shared_of(in)->until_end,
                                     .lateness_ms = stream->lateness_ms,
                                     .max_lead_ms = settings_max_lead_ms(settings),
                                     .idle_timeout_ms = stream->idle_timeout_ms,
                                     .tick_interval_ms = stream->tick_interval_ms,
                                     .idle_tick_interval_ms = stream->idle_tick_interval_ms,
                                     .future_bound_ms = stream->future_bound_ms,
                                     .max_quantity = stream->max_quantity};
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
    const struct worker_shared *shared = shared_of(in);
    struct member_options options = {.group = in->worker->group,
                                     .instance = shared->static_membership ? in->worker->id : NULL,
                                     .revoke = on_revoke,
                                     .context = in};
    for (int input = 0; input < INPUT_COUNT; input++) {
        in->topic_of[input] = -1;
        if (shared->inputs[input].count) {
            in->input_of[options.topic_count] = (enum line_input)input;
            in->topic_of[input] = (int)options.topic_count;
            options.topics[options.topic_count++] = in->settings->stream.topics[input];
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
    TRY(transaction_open(in->settings, plain ? NULL : in->worker->id, &shared_of(in)->deadline_ms,
                         &in->transaction));
    TRY(kafka_open(in->settings, KAFKA_READER, NULL, &in->ticks));
    return open_member(in);
}

static void close_all(struct ingest_worker *in, bool in_order)
{
    release_messages(in);
    member_close(in->member, in_order);
    transaction_close(in->transaction);
    kafka_close(in->ticks);
    if (in->ingest) {
        drop_sources(in);
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

struct status *worker_ingest_run(struct worker *worker)
{
    struct ingest_worker in = {.worker = worker, .settings = worker->shared->settings};
    struct status *st = open_all(&in);
    while (!st && !worker_stopping(worker)) {
        st = turn(&in);
    }
    if (!st) {
        st = commit(&in);
        if (!st && in.sealed) {
            st = status_new_flags(STATUS_BROKER, STATUS_RETRY,
                                  "the last transaction did not commit; nothing of it is visible");
        }
        fill_view(&in);
    }
    close_all(&in, !st);
    worker->work->joined = worker->work->restored = false;
    worker_publish(worker, true);
    return st;
}
