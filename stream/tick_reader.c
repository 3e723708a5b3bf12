#include "stream/tick_reader.h"

#include "config/base/log.h"

#include <stdlib.h>

enum { BATCH = 1000 };

struct tick_reader {
    struct kafka *kafka;
    const char *topic; /* owner: the settings */
    rd_kafka_queue_t *queue;
};

struct status *tick_reader_open(const struct settings *settings, struct member *member,
                                struct tick_reader **out)
{
    struct tick_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        return status_new(STATUS_NO_MEMORY, "cannot read ticks: out of memory");
    }
    reader->topic = settings->stream.topics[TOPIC_LINES];
    struct status *st = kafka_open(settings, KAFKA_READER, NULL, &reader->kafka);
    if (st) {
        free(reader);
        return st;
    }
    reader->queue = rd_kafka_queue_get_consumer(reader->kafka->rk);
    member_wake_on(member, reader->queue);
    *out = reader;
    return NULL;
}

void tick_reader_close(struct tick_reader *reader)
{
    if (reader) {
        rd_kafka_queue_io_event_enable(reader->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(reader->queue);
        kafka_close(reader->kafka);
        free(reader);
    }
}

struct status *tick_reader_start(struct tick_reader *reader)
{
    int64_t low = 0, stable = 0; /* this handle reads committed records: the end it is told is the
                                    last stable offset */
    TRY(kafka_ends(reader->kafka, reader->topic, 0, &low, &stable));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, reader->topic, 0)->offset = stable;
    struct status *st = kafka_assign(reader->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

struct status *tick_reader_read(struct tick_reader *reader,
                                void (*tick)(void *context, struct slice value), void *context,
                                size_t *count)
{
    rd_kafka_message_t *batch[BATCH];
    ssize_t n = rd_kafka_consume_batch_queue(reader->queue, 0, batch, BATCH);
    struct status *st = NULL;
    for (ssize_t i = 0; i < n; i++) {
        const rd_kafka_message_t *message = batch[i];
        if (!message->err && !message->key) {
            tick(context, (struct slice){message->payload, message->len});
            (*count)++;
        } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && !st) {
            st = status_new_flags(STATUS_BROKER, STATUS_RETRY, "topic `%s`: ticks were lost: %s",
                                  reader->topic, rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(batch[i]);
    }
    return st ? st : kafka_fatal(reader->kafka, "read ticks");
}
