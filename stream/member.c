/* Life of an assignment (eager, `range`):
 *
 *     group ── assign ──► on_assign: parts.assigned = true, fetch list stays empty, epoch++
 *     worker restores, member_start, member_fetch ──► rd_kafka_assign(all started, at their exact
 * next offsets) group ── revoke ──► on_revoke: the worker's revoke() commits or drops;
 * parts.assigned = started = false; unassign; epoch++
 *
 * rd_kafka_assign replaces the whole fetch list; partitions that run already restart at `next`, and
 * what lay in their queues is dropped by the client's version barrier, so nothing is read twice or
 * skipped. */
#include "stream/member.h"

#include "config/base/ensure.h"
#include "config/base/log.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { CLOSE_MS = 3000 };

struct member {
    struct kafka *kafka;
    struct member_options options;
    rd_kafka_queue_t *main_queue;
    struct member_part *parts;
    size_t count, capacity;
    uint64_t epoch, rebalances;
    bool joined, closing;
    int wake;
};

static const uint64_t ONE = 1;

void member_wake_on(struct member *member, rd_kafka_queue_t *queue)
{
    rd_kafka_queue_io_event_enable(queue, member->wake, &ONE, sizeof ONE);
}

static int topic_index(const struct member *member, const char *name)
{
    for (size_t i = 0; i < member->options.topic_count; i++) {
        if (strcmp(member->options.topics[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

struct member_part *member_part(struct member *member, int topic, int32_t partition)
{
    for (size_t i = 0; i < member->count; i++) {
        if (member->parts[i].topic == topic && member->parts[i].partition == partition) {
            return &member->parts[i];
        }
    }
    return NULL;
}

static struct member_part *add_part(struct member *member, int topic, int32_t partition)
{
    if (member->count == member->capacity) {
        size_t more = member->capacity ? member->capacity * 2 : 16;
        struct member_part *moved = realloc(member->parts, more * sizeof *moved);
        ASSERT(moved && "out of memory for partitions");
        member->parts = moved;
        member->capacity = more;
    }
    struct member_part *part = &member->parts[member->count++];
    *part = (struct member_part){.topic = topic, .partition = partition};
    part->queue =
        rd_kafka_queue_get_partition(member->kafka->rk, member->options.topics[topic], partition);
    ASSERT(part->queue);
    rd_kafka_queue_forward(part->queue, NULL);
    member_wake_on(member, part->queue);
    return part;
}

static void on_assign(struct member *member, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        int topic = topic_index(member, list->elems[i].topic);
        if (topic < 0) {
            continue;
        }
        struct member_part *part = member_part(member, topic, list->elems[i].partition);
        part = part ? part : add_part(member, topic, list->elems[i].partition);
        part->assigned = true;
        part->started = false;
    }
    member->joined = true;
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *context)
{
    struct member *member = context;
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assign(member, list);
        rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
        status_free(kafka_assign(member->kafka,
                                 none)); /* fails only with the handle, which the next poll tells */
        rd_kafka_topic_partition_list_destroy(none);
        member->rebalances++;
    } else {
        bool held = member->joined;
        member->joined =
            held && !rd_kafka_assignment_lost(rk); /* a lost assignment cannot commit any more */
        if (held) {
            member->options.revoke(member->options.context);
        }
        member->joined = false;
        for (size_t i = 0; i < member->count; i++) {
            member->parts[i].assigned = member->parts[i].started = false;
        }
        /* Not kafka_assign: a closing group may end at this call and answer nothing any more;
         * otherwise the client itself waits for its fetchers before it joins again. */
        rd_kafka_assign(rk, NULL);
    }
    member->epoch++;
    LOG_INFO("group", err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? "assigned" : "revoked",
             log_text("group", member->options.group), log_i64("partitions", list->cnt));
}

static struct status *subscribe(struct member *member)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)member->options.topic_count);
    for (size_t i = 0; i < member->options.topic_count; i++) {
        rd_kafka_topic_partition_list_add(list, member->options.topics[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t code = rd_kafka_subscribe(member->kafka->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_code(code, "subscribe to the topics");
}

struct status *member_open(const struct settings *settings, const struct member_options *options,
                           struct member **out)
{
    ASSERT(options->topic_count && options->topic_count <= MEMBER_TOPICS_MAX);
    struct member *member = calloc(1, sizeof *member);
    if (!member) {
        return status_new(STATUS_NO_MEMORY, "cannot join group `%s`: out of memory",
                          options->group);
    }
    member->options = *options;
    member->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct kafka_options handle = {.group = options->group,
                                   .group_instance = options->instance,
                                   .partitions = options->partitions,
                                   .rebalance = on_rebalance,
                                   .context = member};
    struct status *st =
        member->wake < 0
            ? status_new(STATUS_IO, "cannot open an event counter for group `%s`", options->group)
            : NULL;
    st = st ? st : kafka_open(settings, KAFKA_MEMBER, &handle, &member->kafka);
    if (!st) {
        member->main_queue = rd_kafka_queue_get_consumer(member->kafka->rk);
        member_wake_on(member, member->main_queue);
        st = subscribe(member);
    }
    if (st) {
        member_close(member, false);
        return status_wrap(st, "group `%s`", options->group);
    }
    *out = member;
    return NULL;
}

/* Leaving calls revoke through the rebalance callback; a broker that does not answer ends it after
 * a while. */
static void leave(struct member *member)
{
    rd_kafka_t *rk = member->kafka->rk;
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, member->main_queue);
    if (error) {
        rd_kafka_error_destroy(error);
        return;
    }
    for (int64_t end = kafka_now_ms() + CLOSE_MS;
         !rd_kafka_consumer_closed(rk) && kafka_now_ms() < end;) {
        rd_kafka_message_t *batch[16];
        ssize_t n = rd_kafka_consume_batch_queue(member->main_queue, 50, batch, 16);
        for (ssize_t i = 0; i < n; i++) {
            rd_kafka_message_destroy(batch[i]);
        }
    }
}

void member_close(struct member *member, bool in_order)
{
    if (!member) {
        return;
    }
    member->closing = true;
    if (in_order && member->kafka && !atomic_load(&member->kafka->away)) {
        leave(member);
    }
    for (size_t i = 0; i < member->count; i++) {
        rd_kafka_queue_io_event_enable(member->parts[i].queue, -1, NULL, 0);
        rd_kafka_queue_destroy(member->parts[i].queue);
    }
    if (member->main_queue) {
        rd_kafka_queue_io_event_enable(member->main_queue, -1, NULL, 0);
        rd_kafka_queue_destroy(member->main_queue);
    }
    kafka_close(member->kafka);
    if (member->wake >= 0) {
        close(member->wake);
    }
    free(member->parts);
    free(member);
}

static struct status *main_fault(const struct member *member, const rd_kafka_message_t *message)
{
    struct status *st = kafka_fatal(member->kafka, "stay in the group");
    if (st) {
        return status_wrap(st, "group `%s`", member->options.group);
    }
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return status_new(STATUS_CONFIG, "group `%s`: %s: grant it to this client",
                          member->options.group, rd_kafka_message_errstr(message));
    default:
        LOG_WARN("group", rd_kafka_message_errstr(message),
                 log_text("group", member->options.group),
                 log_text("code", rd_kafka_err2name(message->err)));
        return NULL;
    }
}

struct status *member_poll(struct member *member)
{
    struct status *st = NULL;
    for (int i = 0; i < 64 && !st; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(member->kafka->rk, 0);
        if (!message) {
            break;
        }
        if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            st = main_fault(member, message);
        }
        rd_kafka_message_destroy(message);
    }
    if (!st) {
        st = kafka_fatal(member->kafka, "stay in the group");
    }
    return st;
}

uint64_t member_epoch(const struct member *member)
{
    return member->epoch;
}

bool member_joined(const struct member *member)
{
    return member->joined;
}

uint64_t member_rebalances(const struct member *member)
{
    return member->rebalances;
}

struct kafka *member_kafka(struct member *member)
{
    return member->kafka;
}

struct member_part *member_parts(struct member *member, size_t *count)
{
    *count = member->count;
    return member->parts;
}

static void take_place(struct member_place *place, const rd_kafka_topic_partition_t *found)
{
    place->offset = found->offset >= 0 ? found->offset : -1;
    place->metadata[0] = 0;
    if (place->offset >= 0 && found->metadata && found->metadata_size < sizeof place->metadata) {
        memcpy(place->metadata, found->metadata, found->metadata_size);
        place->metadata[found->metadata_size] = 0;
    }
}

struct status *member_committed(struct member *member, struct member_place *places, size_t count)
{
    if (!count) {
        return NULL;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, member->options.topics[places[i].topic],
                                          places[i].partition);
    }
    rd_kafka_resp_err_t code = rd_kafka_committed(member->kafka->rk, list, KAFKA_ASK_MS);
    for (int i = 0; !code && i < list->cnt; i++) {
        code = list->elems[i].err;
    }
    struct status *st = kafka_code(code, "ask for the committed offsets");
    for (size_t i = 0; !st && i < count; i++) {
        const rd_kafka_topic_partition_t *found = rd_kafka_topic_partition_list_find(
            list, member->options.topics[places[i].topic], places[i].partition);
        ASSERT(found);
        take_place(&places[i], found);
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (!st) {
        kafka_alive(member->kafka);
    }
    return status_wrap(st, "group `%s`", member->options.group);
}

void member_start(struct member_part *part, int64_t offset)
{
    part->next = offset;
    part->started = true;
}

struct status *member_fetch(struct member *member)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)member->count);
    for (size_t i = 0; i < member->count; i++) {
        const struct member_part *part = &member->parts[i];
        if (part->assigned && part->started) {
            rd_kafka_topic_partition_list_add(list, member->options.topics[part->topic],
                                              part->partition)
                ->offset = part->next < 0 ? RD_KAFKA_OFFSET_BEGINNING : part->next;
        }
    }
    struct status *st = kafka_assign(member->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

size_t member_read(struct member_part *part, rd_kafka_message_t **batch, size_t max)
{
    ssize_t n = rd_kafka_consume_batch_queue(part->queue, 0, batch, max);
    for (ssize_t i = 0; i < n; i++) {
        if (!batch[i]->err) {
            part->next = batch[i]->offset + 1;
        } else if (batch[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            part->next = batch[i]->offset > part->next ? batch[i]->offset : part->next;
        }
    }
    return n > 0 ? (size_t)n : 0;
}

void member_wait(struct member *member, int64_t ms)
{
    struct pollfd fd = {.fd = member->wake, .events = POLLIN};
    if (poll(&fd, 1, (int)ms) > 0) {
        uint64_t count = 0;
        ssize_t n = read(member->wake, &count, sizeof count);
        (void)n; /* only the wake-up counts */
    }
}

struct status *member_fault(const struct member *member, const struct member_part *part,
                            const rd_kafka_message_t *message)
{
    const char *topic = member->options.topics[part->topic];
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        return NULL;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return status_new(
            STATUS_STATE,
            "topic `%s` partition %d does not hold offset %lld, where group `%s` goes on: records "
            "are lost or the topic was made anew "
            "(%s). Nothing was skipped: restore the topic, or reset group and state together",
            topic, (int)part->partition, (long long)part->next, member->options.group,
            rd_kafka_message_errstr(message));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return status_new(STATUS_CONFIG, "topic `%s`: %s", topic, rd_kafka_message_errstr(message));
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        return status_new(
            STATUS_BROKER, "topic `%s` partition %d: a damaged record behind offset %lld: %s",
            topic, (int)part->partition, (long long)part->next, rd_kafka_message_errstr(message));
    default:
        LOG_WARN("group", rd_kafka_message_errstr(message), log_text("topic", topic),
                 log_i64("partition", part->partition));
        return NULL;
    }
}

/* The generation cannot be asked for, but it stands in the serialised form: "CGMDv2:" and four
 * bytes. */
static bool is_joined_generation(const rd_kafka_consumer_group_metadata_t *metadata)
{
    static const char MAGIC[] = "CGMDv2:";
    void *bytes = NULL;
    size_t count = 0;
    rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &count);
    if (error) {
        rd_kafka_error_destroy(error);
        return false;
    }
    int32_t generation = -1;
    if (count >= sizeof MAGIC - 1 + sizeof generation &&
        memcmp(bytes, MAGIC, sizeof MAGIC - 1) == 0) {
        memcpy(&generation, (char *)bytes + sizeof MAGIC - 1, sizeof generation);
    }
    free(bytes);
    return generation >= 0;
}

rd_kafka_consumer_group_metadata_t *member_metadata(struct member *member)
{
    if (!member->joined) {
        return NULL;
    }
    rd_kafka_consumer_group_metadata_t *metadata =
        rd_kafka_consumer_group_metadata(member->kafka->rk);
    if (metadata && !is_joined_generation(metadata)) {
        rd_kafka_consumer_group_metadata_destroy(metadata);
        return NULL;
    }
    return metadata;
}
