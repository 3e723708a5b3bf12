#include "stream/sender.h"

#include "stream/kafka.h"

#include <stdlib.h>

enum { FULL_WAIT_MS = 100, FULL_LIMIT_MS = 60000 };

struct sender {
    struct kafka *kafka;
};

struct status *sender_open(const struct settings *settings, struct sender **out)
{
    struct sender *sender = calloc(1, sizeof *sender);
    if (!sender) {
        return status_new(STATUS_NO_MEMORY, "out of memory for a producer");
    }
    struct status *st = kafka_open(settings, KAFKA_PLAIN, NULL, &sender->kafka);
    if (st) {
        free(sender);
        return st;
    }
    *out = sender;
    return NULL;
}

void sender_close(struct sender *sender)
{
    if (sender) {
        rd_kafka_purge(sender->kafka->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(sender->kafka->rk, FULL_WAIT_MS);
        kafka_close(sender->kafka);
        free(sender);
    }
}

static struct status *delivered(struct sender *sender)
{
    int error = atomic_exchange(&sender->kafka->delivery_error, 0);
    return error ? kafka_code((rd_kafka_resp_err_t)error, "a message was not delivered") : NULL;
}

struct status *sender_put(struct sender *sender, const char *topic, int32_t partition,
                          struct slice key, struct slice value)
{
    for (int waited = 0;; waited += FULL_WAIT_MS) {
        rd_kafka_resp_err_t code = rd_kafka_producev(
            sender->kafka->rk, RD_KAFKA_V_TOPIC(topic),
            RD_KAFKA_V_PARTITION(partition < 0 ? RD_KAFKA_PARTITION_UA : partition),
            RD_KAFKA_V_KEY(key.data, key.bytes),
            RD_KAFKA_V_VALUE((void *)(uintptr_t)value.data, value.bytes),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || waited >= FULL_LIMIT_MS) {
            rd_kafka_poll(sender->kafka->rk, 0);
            return code ? kafka_code(code, topic) : delivered(sender);
        }
        rd_kafka_poll(sender->kafka->rk, FULL_WAIT_MS);
    }
}

struct status *sender_flush(struct sender *sender, int timeout_ms)
{
    rd_kafka_resp_err_t code = rd_kafka_flush(sender->kafka->rk, timeout_ms);
    if (code) {
        return kafka_code(code, "waiting for the acknowledgement of messages");
    }
    return delivered(sender);
}
