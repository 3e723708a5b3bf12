/* Handles, errors and small questions to the broker. The client's callbacks run in whatever thread
 * polls the handle; they only write atomics, except the rebalance callback, which has to act before
 * it returns (its owner is the worker that polls). */
#include "stream/kafka.h"

#include "config/base/ensure.h"
#include "config/base/log.h"
#include "stream/kafka_conf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t kafka_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t kafka_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    if (strcmp(facility, "CONFWARN") == 0) {
        return; /* one section serves consumers and producers: a property of the other kind is no
                   mistake */
    }
    if (level <= 3) {
        LOG_ERROR("kafka", text, log_text("facility", facility),
                  log_text("handle", rd_kafka_name(rk)));
    } else if (level <= 4) {
        LOG_WARN("kafka", text, log_text("facility", facility),
                 log_text("handle", rd_kafka_name(rk)));
    } else {
        LOG_DEBUG("kafka", text, log_text("facility", facility),
                  log_text("handle", rd_kafka_name(rk)));
    }
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct kafka *kafka = opaque;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        if (!atomic_exchange(&kafka->away, true)) {
            LOG_WARN("kafka", "all brokers are down", log_text("handle", rd_kafka_name(rk)),
                     log_text("reason", reason));
        }
    } else if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) {
        LOG_ERROR("kafka", reason, log_text("handle", rd_kafka_name(rk)));
    }
}

/* The number behind the first `name` after `from`; -1: none. */
static int64_t number_after(const char *from, const char *name)
{
    const char *at = from ? strstr(from, name) : NULL;
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t bytes, void *opaque)
{
    (void)rk;
    (void)bytes;
    struct kafka *kafka = opaque;
    int64_t slowest = 0;
    for (const char *at = strstr(json, "\"rtt\":{"); at; at = strstr(at + 1, "\"rtt\":{")) {
        int64_t mean = number_after(at, "\"avg\":");
        slowest = mean > slowest ? mean : slowest;
    }
    atomic_store_explicit(&kafka->rtt_us, slowest, memory_order_relaxed);
    atomic_store_explicit(&kafka->waiting, number_after(json, "\"msg_cnt\":"),
                          memory_order_relaxed);
    return 0;
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct kafka *kafka = opaque;
    kafka->rebalance(rk, err, list, kafka->context);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct kafka *kafka = opaque;
    if (message->err) {
        int none = 0;
        atomic_compare_exchange_strong(&kafka->delivery_error, &none, (int)message->err);
    }
}

struct status *kafka_check(const struct settings *settings)
{
    /* Each kind knows its own properties: ask with one consumer, one producer and one admin
     * handle's configuration. */
    static const enum kafka_kind KINDS[] = {KAFKA_MEMBER, KAFKA_SENDER, KAFKA_ADMIN};
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        struct kafka_options options = {
            .group = "check", .transactional_id = KINDS[i] == KAFKA_SENDER ? "check" : NULL};
        rd_kafka_conf_t *conf = NULL;
        TRY(kafka_conf_build(settings, KINDS[i], &options, &conf));
        rd_kafka_conf_destroy(conf);
        struct kafka *kafka = NULL;
        TRY(kafka_open(settings, KINDS[i], &options,
                       &kafka)); /* relations between values show here only */
        kafka_close(kafka);
    }
    return NULL;
}

struct status *kafka_open(const struct settings *settings, enum kafka_kind kind,
                          const struct kafka_options *options, struct kafka **out)
{
    rd_kafka_conf_t *conf = NULL;
    TRY(kafka_conf_build(settings, kind, options, &conf));
    struct kafka *kafka = calloc(1, sizeof *kafka);
    if (!kafka) {
        rd_kafka_conf_destroy(conf);
        return status_new(STATUS_NO_MEMORY, "cannot open a Kafka client: out of memory");
    }
    kafka->kind = kind;
    if (options && options->rebalance) {
        kafka->rebalance = options->rebalance;
        kafka->context = options->context;
        rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    }
    rd_kafka_conf_set_opaque(conf, kafka);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    if (kind == KAFKA_PLAIN) {
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    }
    char error[512] = "";
    bool producer = kind == KAFKA_SENDER || kind == KAFKA_PLAIN || kind == KAFKA_ADMIN;
    kafka->rk =
        rd_kafka_new(producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, error, sizeof error);
    if (!kafka->rk) {
        rd_kafka_conf_destroy(conf);
        free(kafka);
        return status_new(STATUS_CONFIG, "cannot open a Kafka client, check section `kafka`: %s",
                          error);
    }
    if (!producer) {
        rd_kafka_poll_set_consumer(kafka->rk);
    }
    *out = kafka;
    return NULL;
}

void kafka_close(struct kafka *kafka)
{
    if (kafka) {
        if (kafka->rk) {
            rd_kafka_destroy_flags(kafka->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        }
        free(kafka);
    }
}

void kafka_alive(struct kafka *kafka)
{
    if (atomic_exchange(&kafka->away, false)) {
        LOG_INFO("kafka", "the broker answers again", log_text("handle", rd_kafka_name(kafka->rk)));
    }
}

static bool is_fence(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

struct status *kafka_error(rd_kafka_error_t *error, const char *what)
{
    if (!error) {
        return NULL;
    }
    unsigned flags = (rd_kafka_error_is_retriable(error) ? STATUS_RETRY : 0u) |
                     (rd_kafka_error_txn_requires_abort(error) ? STATUS_ABORT_TXN : 0u) |
                     (rd_kafka_error_is_fatal(error) ? STATUS_FATAL : 0u);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    struct status *st = status_new_flags(is_fence(code) ? STATUS_FENCED : STATUS_BROKER,
                                         flags ? flags : STATUS_FATAL, "cannot %s: %s (%s)", what,
                                         rd_kafka_error_string(error), rd_kafka_error_name(error));
    rd_kafka_error_destroy(error);
    return st;
}

static bool is_passing(rd_kafka_resp_err_t code)
{
    static const rd_kafka_resp_err_t CODES[] = {
        RD_KAFKA_RESP_ERR__TIMED_OUT,
        RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
        RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
        RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
        RD_KAFKA_RESP_ERR__RESOLVE,
        RD_KAFKA_RESP_ERR__WAIT_COORD,
        RD_KAFKA_RESP_ERR__WAIT_CACHE,
        RD_KAFKA_RESP_ERR__RETRY,
        RD_KAFKA_RESP_ERR__SSL, /* an unclean close with OpenSSL 3 looks like this */
        RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
        RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
    };
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        if (CODES[i] == code && code) {
            return true;
        }
    }
    return false;
}

struct status *kafka_code(rd_kafka_resp_err_t code, const char *what)
{
    if (!code) {
        return NULL;
    }
    return status_new_flags(is_fence(code) ? STATUS_FENCED : STATUS_BROKER,
                            is_passing(code) ? STATUS_RETRY : 0u, "cannot %s: %s (%s)", what,
                            rd_kafka_err2str(code), rd_kafka_err2name(code));
}

struct status *kafka_fatal(const struct kafka *kafka, const char *what)
{
    char reason[512] = "";
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(kafka->rk, reason, sizeof reason);
    if (!code) {
        return NULL;
    }
    return status_new_flags(is_fence(code) ? STATUS_FENCED : STATUS_BROKER, STATUS_FATAL,
                            "cannot %s: %s (%s)", what, reason, rd_kafka_err2name(code));
}

struct status *kafka_partitions(struct kafka *kafka, const char *topic, int timeout_ms,
                                int32_t *out)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(kafka->rk, topic, NULL);
    if (!handle) {
        return status_new(STATUS_CONFIG, "topic `%s`: %s", topic,
                          rd_kafka_err2str(rd_kafka_last_error()));
    }
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(kafka->rk, 0, handle, &metadata, timeout_ms);
    rd_kafka_topic_destroy(handle);
    if (code) {
        return status_wrap(kafka_code(code, "ask the broker for its topics"), "topic `%s`", topic);
    }
    kafka_alive(kafka);
    int32_t count = 0;
    rd_kafka_resp_err_t of_topic = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (metadata->topic_cnt == 1) {
        of_topic = metadata->topics[0].err;
        count = metadata->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    if (of_topic == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        of_topic == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        *out = 0;
        return NULL;
    }
    if (of_topic && of_topic != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
        return status_wrap(kafka_code(of_topic, "read its metadata"), "topic `%s`", topic);
    }
    *out = count;
    return NULL;
}

struct status *kafka_ends(struct kafka *kafka, const char *topic, int32_t partition, int64_t *low,
                          int64_t *high)
{
    int64_t first = 0, last = 0;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(kafka->rk, topic, partition, &first, &last, KAFKA_ASK_MS);
    if (code) {
        return status_wrap(kafka_code(code, "ask for the ends of its log"),
                           "topic `%s` partition %d", topic, (int)partition);
    }
    kafka_alive(kafka);
    *low = first;
    *high = last;
    return NULL;
}

struct status *kafka_assign(struct kafka *kafka, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t code = rd_kafka_assign(kafka->rk, list);
    /* Each question passes through the client's one queue: the first behind the orders to stop, the
     * second behind their answers. */
    for (int i = 0; i < 3; i++) {
        rd_kafka_topic_partition_list_t *now = NULL;
        if (!rd_kafka_assignment(kafka->rk, &now)) {
            rd_kafka_topic_partition_list_destroy(now);
        }
    }
    return kafka_code(code, "choose the partitions to read");
}
