/* A new assignment of an INGEST worker: committed offsets and marks of all partitions, ticks of
 * others, items first. */
#include "config/base/ensure.h"
#include "config/base/log.h"
#include "stream/worker_ingest_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { ITEMS_ASK_MS = 100, ITEMS_LIMIT_MS = 10000, PARTITIONS_MAX = 4096 };

void worker_ingest_revoke(void *context)
{
    struct ingest_worker *in = context;
    if (member_metadata(in->member)) { /* still a member: what is done may be committed */
        struct status *st = worker_ingest_commit(in);
        if (st && status_code(st) == STATUS_STATE) {
            in->fault = status_join(in->fault, st);
        } else {
            status_free(st);
        }
    }
    worker_ingest_drop(in);
}

static struct status *backlog(struct ingest_worker *in, enum line_input input,
                              const struct member_place *place, bool *waits)
{
    int64_t low, high;
    TRY(kafka_ends(worker_ingest_shared(in)->probe, in->settings->stream.topics[input],
                   place->partition, &low, &high));
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
        for (int32_t p = 0;
             in->topic_of[input] >= 0 && p < worker_ingest_shared(in)->inputs[input].count; p++) {
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

/* Do others hold time sources beside own ones? Else nobody's ticks matter here: without own sources
 * nothing is held back. */
static bool has_company(struct ingest_worker *in)
{
    bool own = false, foreign = false;
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0;
             in->topic_of[input] >= 0 && p < worker_ingest_shared(in)->inputs[input].count; p++) {
            const struct member_part *part = member_part(in->member, in->topic_of[input], p);
            own |= part && part->assigned;
            foreign |= !part || !part->assigned;
        }
    }
    return own && foreign;
}

/* Read ticks from the last stable offset on (what a reader of committed records is told as the
 * end). Before the committed offsets are asked for: every tick is then either older, and its mark
 * stands in the metadata of a commit, or it will be read. */
static struct status *start_ticks(struct ingest_worker *in)
{
    const char *topic = in->settings->stream.topics[TOPIC_LINES];
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int64_t low = 0, stable = 0;
    struct status *st = NULL;
    if (has_company(in)) {
        st = kafka_ends(in->ticks, topic, 0, &low, &stable);
        rd_kafka_topic_partition_list_add(list, topic, 0)->offset = stable;
    }
    st = st ? st : kafka_assign(in->ticks, list);
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

struct status *worker_ingest_adopt(struct ingest_worker *in)
{
    uint64_t epoch = member_epoch(in->member);
    if (epoch == in->epoch || !member_joined(in->member)) {
        return NULL;
    }
    worker_ingest_drop(in);
    ingest_clock(in->ingest, kafka_wall_ms());
    ingest_roster(in->ingest, worker_ingest_shared(in)->inputs[INPUT_ORDERS].count,
                  worker_ingest_shared(in)->inputs[INPUT_STOCK].count);
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
        worker_ingest_drop(in);
        worker_pause(in->worker, WORKER_INGEST_RETRY_MS);
        return NULL; /* not adopted: again at the next turn */
    }
    in->epoch = epoch;
    in->worker->work->progress_ms = kafka_now_ms();
    return st;
}

static bool items_there(struct ingest_worker *in, const struct member_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct source *own = worker_ingest_source(in, INPUT_ITEMS, places[i].partition);
        int64_t end = worker_ingest_shared(in)->inputs[INPUT_ITEMS].ends[places[i].partition];
        bool read =
            own && own->at_end && own->at == own->count && !in->sealed && !ingest_dirty(in->ingest);
        if (end > 0 && !read && places[i].offset < end) {
            return false;
        }
    }
    return true;
}

struct status *worker_ingest_items(struct ingest_worker *in)
{
    int32_t partitions = worker_ingest_shared(in)->inputs[INPUT_ITEMS].count;
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
            !worker_ingest_source(in, INPUT_ITEMS, 0)) {
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