/* The order inside a transaction: begin, records, offsets with group metadata, commit. librdkafka
 * registers partitions by itself and flushes before it ends the transaction.
 *
 * Waiting: every call is given SLICE_MS and repeated while the client says it may be (2.0 resumes
 * init, commit and abort; send_offsets is repeated with the same arguments). In between the
 * deadline is looked at, so that a process told to stop does not wait for a broker that is away.
 * Our records are zero-copy: after a fatal error the producer is destroyed before anybody may touch
 * the outboxes. */
#include "stream/transaction.h"

#include "config/base/ensure.h"
#include "config/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLICE_MS = 1000, PAUSE_MS = 20, QUEUE_WAIT_MS = 5, FLUSH_SLICE_MS = 200 };

struct transaction {
    const struct settings *settings_ref; /* owner: the runtime */
    char *id; /* NULL: at_least_once */
    const _Atomic int64_t *deadline_ref; /* owner: the worker's runtime */
    struct kafka *kafka;
    rd_kafka_topic_t *topics[TOPIC_COUNT];
    struct transaction_figures figures;
};

static void pause_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static bool late(const struct transaction *transaction)
{
    int64_t deadline = transaction->deadline_ref ? atomic_load(transaction->deadline_ref) : 0;
    return deadline && kafka_now_ms() > deadline;
}

/* Add a time-out on top: the caller cannot know how it ends. */
static struct status *too_late(struct status *st)
{
    struct status *out = status_new_flags(
        STATUS_TIMEOUT, STATUS_FATAL, "gave up at the shutdown deadline: %s", status_message(st));
    status_free(st);
    return out;
}

static void drop_producer(struct transaction *transaction)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (transaction->topics[i]) {
            rd_kafka_topic_destroy(transaction->topics[i]);
            transaction->topics[i] = NULL;
        }
    }
    if (transaction->kafka) {
        rd_kafka_purge(transaction->kafka->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
    kafka_close(transaction->kafka);
    transaction->kafka = NULL;
}

static struct status *init(struct transaction *transaction)
{
    for (;;) {
        struct status *st =
            kafka_error(rd_kafka_init_transactions(transaction->kafka->rk, SLICE_MS * 5),
                        "begin as transactional producer");
        if (!status_has(st, STATUS_RETRY)) {
            return st;
        }
        if (late(transaction)) {
            return too_late(st);
        }
        status_free(st);
        pause_ms(PAUSE_MS);
    }
}

/* The first produce to a topic whose metadata is not known waits up to a second in 2.0.2: ask for
 * all of it now. */
static struct status *warm_topics(struct transaction *transaction)
{
    for (int topic = TOPIC_LINES; topic < TOPIC_COUNT; topic++) {
        const char *name = transaction->settings_ref->stream.topics[topic];
        transaction->topics[topic] = rd_kafka_topic_new(transaction->kafka->rk, name, NULL);
        if (!transaction->topics[topic]) {
            return status_new(STATUS_CONFIG, "topic `%s`: %s", name,
                              rd_kafka_err2str(rd_kafka_last_error()));
        }
        int32_t count = 0;
        struct status *st = NULL;
        while (status_has(st = kafka_partitions(transaction->kafka, name, SLICE_MS * 2, &count),
                          STATUS_RETRY) &&
               !late(transaction)) {
            status_free(st);
            pause_ms(PAUSE_MS);
        }
        TRY(st);
        if (!count) {
            return status_new(STATUS_CONFIG, "topic `%s` is missing: run `restock topics apply`",
                              name);
        }
    }
    return NULL;
}

static struct status *open_producer(struct transaction *transaction)
{
    struct kafka_options options = {.transactional_id = transaction->id};
    TRY(kafka_open(transaction->settings_ref, transaction->id ? KAFKA_SENDER : KAFKA_PLAIN,
                   &options, &transaction->kafka));
    struct status *st = warm_topics(transaction);
    if (!st && transaction->id) {
        st = init(transaction);
    }
    if (st) {
        drop_producer(transaction);
    } else {
        kafka_alive(transaction->kafka);
    }
    return st;
}

struct status *transaction_open(const struct settings *settings, const char *id,
                                const _Atomic int64_t *deadline, struct transaction **out)
{
    struct transaction *transaction = calloc(1, sizeof *transaction);
    if (!transaction || (id && !(transaction->id = strdup(id)))) {
        free(transaction);
        return status_new(STATUS_NO_MEMORY, "cannot open a producer: out of memory");
    }
    transaction->settings_ref = settings;
    transaction->deadline_ref = deadline;
    struct status *st = open_producer(transaction);
    if (st) {
        transaction_close(transaction);
        return status_wrap(st, "producer `%s`", id ? id : "at_least_once");
    }
    *out = transaction;
    return NULL;
}

void transaction_close(struct transaction *transaction)
{
    if (transaction) {
        drop_producer(transaction);
        free(transaction->id);
        free(transaction);
    }
}

struct status *transaction_reopen(struct transaction *transaction)
{
    transaction->figures.reopened++;
    drop_producer(transaction);
    return status_wrap(open_producer(transaction), "producer `%s`",
                       transaction->id ? transaction->id : "at_least_once");
}

void transaction_figures_add(struct transaction_figures *sum,
                             const struct transaction_figures *more)
{
    sum->commits += more->commits;
    sum->aborts += more->aborts;
    sum->reopened += more->reopened;
    sum->records += more->records;
    sum->bytes += more->bytes;
    sum->latency_us_sum += more->latency_us_sum;
    for (int i = 0; i < 16; i++) {
        sum->latency_count[i] += more->latency_count[i];
    }
}

const struct transaction_figures *transaction_figures(const struct transaction *transaction)
{
    return &transaction->figures;
}

void transaction_poll(struct transaction *transaction)
{
    if (transaction->kafka) {
        rd_kafka_poll(transaction->kafka->rk, 0);
    }
}

static void *writable(const char *data)
{
    union { /* librdkafka's signature lacks const; without F_FREE it does not write */
        const char *in;
        void *out;
    } cast = {.in = data};
    return cast.out;
}

static rd_kafka_resp_err_t produce_one(struct transaction *transaction,
                                       const struct outbox_record *record)
{
    rd_kafka_topic_t *topic = transaction->topics[record->topic];
    int32_t partition = record->partition < 0 ? RD_KAFKA_PARTITION_UA : record->partition;
    if (!record->header_count) {
        int failed = rd_kafka_produce(
            topic, partition, 0, record->has_value ? writable(record->value.data) : NULL,
            record->value.bytes, record->has_key ? record->key.data : NULL, record->key.bytes,
            NULL);
        return failed ? rd_kafka_last_error() : RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value.data,
                            (ssize_t)record->headers[i].value.bytes);
    }
    rd_kafka_resp_err_t code = rd_kafka_producev(
        transaction->kafka->rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(0),
        RD_KAFKA_V_VALUE(record->has_value ? writable(record->value.data) : NULL,
                         record->value.bytes),
        RD_KAFKA_V_KEY(record->has_key ? record->key.data : NULL, record->key.bytes),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (code) {
        rd_kafka_headers_destroy(headers);
    }
    return code;
}

static struct status *produce_fault(struct transaction *transaction,
                                    const struct outbox_record *record, rd_kafka_resp_err_t code)
{
    const char *topic = transaction->settings_ref->stream.topics[record->topic];
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return status_new_flags(
            STATUS_STATE, STATUS_FATAL,
            "cannot write a record of %zu bytes to topic `%s`: larger than a record may be",
            record->key.bytes + record->value.bytes, topic);
    }
    struct status *st = kafka_fatal(transaction->kafka, "write records");
    if (st) {
        return status_wrap(st, "topic `%s`", topic);
    }
    /* In an aborted state produce fails with _STATE: the abort settles it. */
    return status_new_flags(STATUS_BROKER, STATUS_ABORT_TXN, "cannot write to topic `%s`: %s",
                            topic, rd_kafka_err2str(code));
}

static struct status *produce_outbox(struct transaction *transaction, const struct outbox *outbox)
{
    size_t count = outbox_count(outbox);
    for (size_t i = 0; i < count; i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        rd_kafka_resp_err_t code = produce_one(transaction, &record);
        while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && !late(transaction)) {
            rd_kafka_poll(transaction->kafka->rk, QUEUE_WAIT_MS);
            code = produce_one(transaction, &record);
        }
        if (code) {
            return produce_fault(transaction, &record, code);
        }
    }
    transaction->figures.records += count;
    transaction->figures.bytes += outbox_bytes(outbox);
    return NULL;
}

static rd_kafka_topic_partition_list_t *offsets_of(const struct transaction_part *parts,
                                                   size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_t *place =
            rd_kafka_topic_partition_list_add(list, parts[i].topic, parts[i].partition);
        place->offset = parts[i].offset;
        place->metadata =
            parts[i].metadata ? strdup(parts[i].metadata) : NULL; /* freed with the list */
        place->metadata_size = place->metadata ? strlen(parts[i].metadata) : 0;
    }
    return list;
}

static struct status *send_offsets(struct transaction *transaction,
                                   const rd_kafka_topic_partition_list_t *offsets,
                                   struct member *member)
{
    for (;;) {
        rd_kafka_consumer_group_metadata_t *metadata = member_metadata(member);
        if (!metadata) {
            return status_new_flags(STATUS_BROKER, STATUS_ABORT_TXN,
                                    "cannot commit offsets: not a member of the group any more");
        }
        struct status *st =
            kafka_error(rd_kafka_send_offsets_to_transaction(transaction->kafka->rk, offsets,
                                                             metadata, SLICE_MS * 2),
                        "add the offsets to the transaction");
        rd_kafka_consumer_group_metadata_destroy(metadata);
        if (!status_has(st, STATUS_RETRY)) {
            return st;
        }
        if (late(transaction)) {
            return too_late(st);
        }
        status_free(st);
        pause_ms(PAUSE_MS);
    }
}

static struct status *finish(struct transaction *transaction,
                             rd_kafka_error_t *(*call)(rd_kafka_t *, int), const char *what)
{
    for (;;) {
        struct status *st = kafka_error(call(transaction->kafka->rk, SLICE_MS), what);
        if (!status_has(st, STATUS_RETRY)) {
            return st;
        }
        if (late(transaction)) {
            return too_late(st);
        }
        status_free(st);
    }
}

static struct status *attempt(struct transaction *transaction, const struct transaction_part *parts,
                              size_t count, struct member *member)
{
    TRY(kafka_error(rd_kafka_begin_transaction(transaction->kafka->rk), "begin a transaction"));
    for (size_t i = 0; i < count; i++) {
        if (parts[i].outbox) {
            TRY(produce_outbox(transaction, parts[i].outbox));
        }
    }
    rd_kafka_topic_partition_list_t *offsets = offsets_of(parts, count);
    struct status *st = send_offsets(transaction, offsets, member);
    rd_kafka_topic_partition_list_destroy(offsets);
    TRY(st);
    return finish(transaction, rd_kafka_commit_transaction, "commit the transaction");
}

static void note_latency(struct transaction *transaction, int64_t began_us)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - began_us;
    size_t slot = 0;
    while (slot < 15 && us >= 1000LL << slot) {
        slot++;
    }
    transaction->figures.latency_count[slot]++;
    transaction->figures.latency_us_sum += (uint64_t)us;
    transaction->figures.commits++;
}

/* at_least_once: records first, offsets when all are acknowledged. Any failure: everything may be
 * sent again. */
static struct status *send_plain(struct transaction *transaction,
                                 const struct transaction_part *parts, size_t count,
                                 struct member *member)
{
    atomic_store(&transaction->kafka->delivery_error, 0);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].outbox) {
            TRY(produce_outbox(transaction, parts[i].outbox));
        }
    }
    while (rd_kafka_flush(transaction->kafka->rk, FLUSH_SLICE_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
        if (late(transaction)) {
            return status_new_flags(STATUS_TIMEOUT, STATUS_FATAL,
                                    "gave up writing records at the shutdown deadline");
        }
    }
    TRY(kafka_fatal(transaction->kafka, "write records"));
    rd_kafka_resp_err_t code =
        (rd_kafka_resp_err_t)atomic_load(&transaction->kafka->delivery_error);
    if (code) {
        return status_new_flags(STATUS_BROKER, STATUS_FATAL, "cannot write records: %s",
                                rd_kafka_err2str(code));
    }
    if (!member_joined(member)) {
        return status_new_flags(STATUS_BROKER, STATUS_ABORT_TXN,
                                "cannot commit offsets: not a member of the group any more");
    }
    rd_kafka_topic_partition_list_t *offsets = offsets_of(parts, count);
    code = rd_kafka_commit(member_kafka(member)->rk, offsets, 0);
    rd_kafka_topic_partition_list_destroy(offsets);
    return code ? status_new_flags(STATUS_BROKER, STATUS_ABORT_TXN, "cannot commit offsets: %s",
                                   rd_kafka_err2str(code))
                : NULL;
}

struct status *transaction_commit(struct transaction *transaction,
                                  const struct transaction_part *parts, size_t count,
                                  struct member *member)
{
    if (!transaction->kafka) {
        return status_new_flags(STATUS_BROKER, STATUS_FATAL, "the producer is closed");
    }
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    struct status *st = transaction->id ? attempt(transaction, parts, count, member)
                                        : send_plain(transaction, parts, count, member);
    if (!st) {
        note_latency(transaction, (int64_t)began.tv_sec * 1000000 + began.tv_nsec / 1000);
        kafka_alive(transaction->kafka);
        return NULL;
    }
    transaction->figures.aborts++;
    LOG_WARN("transaction", status_message(st), log_text("id", transaction->id),
             log_text("then", status_has(st, STATUS_FATAL) ? "new producer" : "abort"));
    if (!transaction->id || status_has(st, STATUS_FATAL)) {
        return st;
    }
    struct status *abort = finish(transaction, rd_kafka_abort_transaction, "abort the transaction");
    if (abort) {
        status_free(st);
        return status_has(abort, STATUS_FATAL) ? abort : too_late(abort);
    }
    return st;
}
