/* Client handles of librdkafka, built from the settings: what `kafka:` passes through, what a
 * guarantee needs, and our defaults.
 *
 *     TRY(kafka_check(&settings));                                        // all errors of the
 * section at once, with file:line struct kafka *kafka; TRY(kafka_open(&settings, KAFKA_READER,
 * NULL, &kafka));
 *     ... kafka->rk is the client ...
 *     kafka_close(kafka);
 *
 * Order of settings: our defaults, then `kafka:`, then what a guarantee needs; keys that would
 * break one are refused with the reason. `kafka.consumer`, `kafka.producer` and `kafka.admin` hold
 * settings for one kind of handle only. Client callbacks only record facts (atomics); the loops act
 * on them. Thread: a struct kafka has one owner, except KAFKA_PROBE and KAFKA_ADMIN handles, whose
 * client calls are thread-safe. */
#ifndef RESTOCK_KAFKA_H
#define RESTOCK_KAFKA_H

#include "config/base/status.h"
#include "stream/settings.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum kafka_kind {
    KAFKA_MEMBER, /* consumer in a group, read_committed */
    KAFKA_READER, /* consumer with manual assignment, read_committed */
    KAFKA_PROBE, /* asks for the ends of logs, read_uncommitted: open transactions count */
    KAFKA_SENDER, /* transactional producer */
    KAFKA_PLAIN, /* idempotent producer without transactions (at_least_once, tools) */
    KAFKA_ADMIN,
};

struct kafka_options {
    const char *group; /* MEMBER */
    const char *group_instance; /* MEMBER: static membership; NULL: none */
    const char *transactional_id; /* SENDER */
    int32_t partitions; /* MEMBER: that it may come to hold, which share its queues; 0: one */
    void (*rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *list, void *context);
    void *context;
};

struct kafka {
    rd_kafka_t *rk;
    enum kafka_kind kind;
    void (*rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *list, void *context);
    void *context;
    _Atomic bool away; /* all brokers down since the last success; owner: client thread, cleared by
                          kafka_alive */
    _Atomic int delivery_error; /* PLAIN: first error of a delivery report since it was zeroed */
    _Atomic int64_t rtt_us; /* mean round trip of the slowest broker; reporter reads relaxed */
    _Atomic int64_t waiting; /* messages in the client's queues */
};

struct status *kafka_check(const struct settings *settings) __attribute__((warn_unused_result));
/* options NULL: none. On error *out is untouched. Does not wait for the broker. */
struct status *kafka_open(const struct settings *settings, enum kafka_kind kind,
                          const struct kafka_options *options, struct kafka **out)
    __attribute__((warn_unused_result));
/* Never leaves a group in order: member_close does. NULL is fine. */
void kafka_close(struct kafka *kafka);
void kafka_alive(struct kafka *kafka); /* the broker answered */

/* Take a client's error; flags map 1:1, and none of the three counts as fatal. NULL stays NULL. */
struct status *kafka_error(rd_kafka_error_t *error, const char *what)
    __attribute__((warn_unused_result));
/* From an error code; network trouble and time-outs are STATUS_RETRY. */
struct status *kafka_code(rd_kafka_resp_err_t code, const char *what)
    __attribute__((warn_unused_result));
/* The client's fatal error, or NULL. */
struct status *kafka_fatal(const struct kafka *kafka, const char *what)
    __attribute__((warn_unused_result));

/* Partition count of a topic; 0: not there. Waits at most timeout_ms for the broker. */
struct status *kafka_partitions(struct kafka *kafka, const char *topic, int timeout_ms,
                                int32_t *out) __attribute__((warn_unused_result));
/* Start and high watermark of a log (KAFKA_PROBE: open transactions included). */
struct status *kafka_ends(struct kafka *kafka, const char *topic, int32_t partition, int64_t *low,
                          int64_t *high) __attribute__((warn_unused_result));

/* Replace the list of partitions that a consumer fetches (NULL: none), and wait until the fetchers
 * it replaces have stopped: in 2.0.2 a second change before that stops one twice, which ends the
 * process with an assertion. */
struct status *kafka_assign(struct kafka *kafka, const rd_kafka_topic_partition_list_t *list)
    __attribute__((warn_unused_result));

int64_t kafka_now_ms(void); /* monotonic */
int64_t kafka_wall_ms(void); /* since the epoch */

enum { KAFKA_ASK_MS = 2000, KAFKA_RECORD_MAX = 16 << 20 /* largest record of our own */ };

#endif
