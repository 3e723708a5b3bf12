/* One member of a consumer group, with a queue per partition. Group membership and fetching are
 * kept apart: an assignment is accepted with an empty fetch list, and partitions are started one by
 * one, at an exact offset, when their state is ready.
 *
 *     TRY(member_open(&settings, &options, &member));
 *     loop:
 *         TRY(member_poll(member));                              // callbacks run here; revoke is
 * called before partitions are given back if (member_epoch(member) != seen) -> new assignment:
 * member_parts() TRY(member_committed(member, places, count)); member_start(part, offset); ...
 * TRY(member_fetch(member)); n = member_read(part, batch, max);                     // no waiting;
 * destroy what is read member_wait(member, milliseconds);                     // until something
 * arrives in any queue member_close(member);
 *
 * Why queues per partition: a rebalance is served on the main queue and so can never be in the
 * middle of a batch, and a partition is held back by leaving its queue unread (pause and the batch
 * API lose offsets in librdkafka 2.0.2). Owner: one worker thread. */
#ifndef RESTOCK_MEMBER_H
#define RESTOCK_MEMBER_H

#include "stream/kafka.h"

enum { MEMBER_TOPICS_MAX = 4, MEMBER_METADATA_BYTES = 256 };

struct member_part {
    int topic; /* index in options.topics */
    int32_t partition;
    bool assigned, started;
    int64_t next; /* offset to read next, once started */
    rd_kafka_queue_t *queue;
};

struct member_options {
    const char *group;
    const char *instance; /* static membership; NULL: none */
    const char *topics[MEMBER_TOPICS_MAX]; /* names, borrowed; they must exist */
    size_t topic_count;
    int32_t partitions; /* of all topics together */
    void (*revoke)(
        void *context); /* commit or drop now; afterwards the partitions belong to others */
    void *context;
};

/* Committed offset of one partition: offset -1: none. */
struct member_place {
    int topic;
    int32_t partition;
    int64_t offset;
    char metadata[MEMBER_METADATA_BYTES]; /* "" where there is none, or it is too long to be ours */
};

struct member;

struct status *member_open(const struct settings *settings, const struct member_options *options,
                           struct member **out) __attribute__((warn_unused_result));
/* in_order: leave the group (dynamic members), which calls revoke; bounded. NULL is fine. */
void member_close(struct member *member, bool in_order);
/* A fatal or unexpected error of the client is a status; the member must be closed then. */
struct status *member_poll(struct member *member) __attribute__((warn_unused_result));
/* Rises with every assignment and revocation. */
uint64_t member_epoch(const struct member *member);
bool member_joined(const struct member *member); /* holds an assignment, maybe an empty one */
uint64_t member_rebalances(const struct member *member);
/* All partitions ever assigned; those with `assigned` are ours. The array moves at the next poll.
 */
struct member_part *member_parts(struct member *member, size_t *count);
struct member_part *member_part(struct member *member, int topic,
                                int32_t partition); /* NULL: never assigned */
/* Committed (stable) offsets; waits for open commits of others. STATUS_RETRY: ask again. */
struct status *member_committed(struct member *member, struct member_place *places, size_t count)
    __attribute__((warn_unused_result));
void member_start(struct member_part *part, int64_t offset /* -1: the beginning */);
/* Begin to fetch what was started since. */
struct status *member_fetch(struct member *member) __attribute__((warn_unused_result));
/* Messages and end-of-log events, in order; counts `next` up. */
size_t member_read(struct member_part *part, rd_kafka_message_t **batch, size_t max);
void member_wait(struct member *member, int64_t ms);
/* An offset out of range and the like: what a message that is an error means. NULL for an
 * end-of-log event. */
struct status *member_fault(const struct member *member, const struct member_part *part,
                            const rd_kafka_message_t *message) __attribute__((warn_unused_result));
/* Group metadata of the generation that owns the assignment, for the transaction; NULL: not joined
 * (generation -1 is never sent). */
rd_kafka_consumer_group_metadata_t *member_metadata(struct member *member);
struct kafka *member_kafka(struct member *member);
void member_wake_on(struct member *member,
                    rd_kafka_queue_t *queue); /* member_wait ends when this queue fills, too */

#endif
