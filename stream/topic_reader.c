#include "stream/topic_reader.h"

#include "stream/kafka.h"

enum { POLL_MS = 200, SILENT_MS = 30000, ASK_MS = 10000 };

static void headers_of(const rd_kafka_message_t *message, struct topic_record *record)
{
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers)) {
        return;
    }
    const char *name;
    const void *value;
    size_t bytes;
    while (record->header_count < OUTBOX_HEADERS_MAX &&
           !rd_kafka_header_get_all(headers, record->header_count, &name, &value, &bytes)) {
        record->headers[record->header_count++] = (struct outbox_header){name, {value, bytes}};
    }
}

static struct status *give(const rd_kafka_message_t *message, topic_reader_record *callback,
                           void *context)
{
    struct topic_record record = {.partition = message->partition,
                                  .offset = message->offset,
                                  .key = {message->key, message->key_len},
                                  .value = {message->payload, message->len}};
    headers_of(message, &record);
    return callback(context, &record);
}

/* The end is an end-of-log event at or behind the high watermark: the last record may be a marker.
 */
static struct status *read_to(struct kafka *reader, int64_t high, topic_reader_record *callback,
                              void *context)
{
    for (int silent = 0; silent < SILENT_MS;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->rk, POLL_MS);
        if (!message) {
            silent += POLL_MS;
            continue;
        }
        struct status *st = NULL;
        bool end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && message->offset >= high;
        if (!message->err) {
            st = give(message, callback, context);
            silent = 0;
        } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            st = kafka_code(message->err, rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
        if (st || end) {
            return st;
        }
    }
    return status_new(STATUS_TIMEOUT,
                      "no more records came for %d s: is a transaction open, or the broker away?",
                      SILENT_MS / 1000);
}

static struct status *read_partition(const struct settings *settings, struct kafka *probe,
                                     const char *topic, int32_t partition,
                                     topic_reader_record *callback, void *context)
{
    int64_t low, high;
    TRY(kafka_ends(probe, topic, partition, &low, &high));
    if (high <= low) {
        return NULL;
    }
    struct kafka *reader;
    TRY(kafka_open(settings, KAFKA_READER, NULL, &reader));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t code = rd_kafka_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    struct status *st = code ? kafka_code(code, "choose the partition to read")
                             : read_to(reader, high, callback, context);
    kafka_close(reader);
    return st;
}

struct status *topic_read(const struct settings *settings, const char *topic, int32_t partition,
                          topic_reader_record *callback, void *context)
{
    struct kafka *probe;
    TRY(kafka_open(settings, KAFKA_PROBE, NULL, &probe));
    int32_t count;
    struct status *st = kafka_partitions(probe, topic, ASK_MS, &count);
    if (!st && (count == 0 || partition >= count)) {
        st = status_new(STATUS_CONFIG, "topic %s has %d partitions: partition %d is not there",
                        topic, (int)count, (int)partition);
    }
    for (int32_t p = partition < 0 ? 0 : partition; !st && p < count; p++) {
        st = read_partition(settings, probe, topic, p, callback, context);
        if (partition >= 0) {
            break;
        }
    }
    kafka_close(probe);
    if (status_code(st) == STATUS_STOPPED) {
        status_free(st);
        return NULL;
    }
    return st;
}
