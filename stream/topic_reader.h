/* Reads a topic, or one partition of it, from its beginning to the end seen at the start: for
 * tools, not for the flow. Committed records only.
 *
 *     TRY(topic_read(&settings, "orders", -1, on_record, context));
 *
 * Thread: one owner; blocks. */
#ifndef RESTOCK_TOPIC_READER_H
#define RESTOCK_TOPIC_READER_H

#include "stream/outbox.h"
#include "stream/settings.h"

struct topic_record {
    int32_t partition;
    int64_t offset;
    struct slice key, value; /* data NULL: null */
    size_t header_count;
    struct outbox_header headers[OUTBOX_HEADERS_MAX]; /* further ones are left out */
};

/* An error ends the reading and comes back; STATUS_STOPPED ends it without one. */
typedef struct status *topic_reader_record(void *context, const struct topic_record *record);

/* partition -1: all, one after the other. STATUS_CONFIG where the topic is not there. */
struct status *topic_read(const struct settings *settings, const char *topic, int32_t partition,
                          topic_reader_record *record, void *context)
    __attribute__((warn_unused_result));

#endif
