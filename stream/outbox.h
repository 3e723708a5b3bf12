/* Outbox: everything one transaction will write. It is kept until the commit is known, so that
 * after an abort the same bytes are sent again, in the same order. Records lie in one growing
 * buffer; nothing is allocated per record once it has grown.
 *
 * Owner: one worker thread. Pointers from outbox_get are valid until the next outbox_add or
 * outbox_reset.
 */
#ifndef RESTOCK_OUTBOX_H
#define RESTOCK_OUTBOX_H

#include "config/base/buf.h"
#include "config/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum topic {
    TOPIC_ORDERS,
    TOPIC_STOCK,
    TOPIC_ITEMS,
    TOPIC_FEEDBACK,
    TOPIC_LINES,
    TOPIC_STATE,
    TOPIC_FORECASTS,
    TOPIC_ALERTS,
    TOPIC_REPLENISHMENTS,
    TOPIC_DEAD_LETTERS,
    TOPIC_COUNT
};

enum { OUTBOX_HEADERS_MAX = 12 };

struct outbox_header {
    const char *name; /* static text */
    struct slice value;
};

struct outbox_record {
    enum topic topic;
    int32_t partition; /* -1: by key (murmur2), or any if the key is absent */
    bool has_key, has_value; /* false: null */
    struct slice key, value;
    size_t header_count;
    struct outbox_header headers[OUTBOX_HEADERS_MAX];
};

struct outbox;

struct outbox *outbox_create(void);
void outbox_destroy(struct outbox *outbox);
void outbox_reset(struct outbox *outbox);
/* Copies key, value and header values. A slice with data NULL is null; an empty non-null value is
 * kept apart from null. */
void outbox_add(struct outbox *outbox, enum topic topic, int32_t partition, struct slice key,
                struct slice value);
void outbox_add_headers(struct outbox *outbox, enum topic topic, int32_t partition,
                        struct slice key, struct slice value, const struct outbox_header *headers,
                        size_t header_count);
size_t outbox_count(const struct outbox *outbox);
size_t outbox_bytes(const struct outbox *outbox); /* of keys, values and headers */
void outbox_get(const struct outbox *outbox, size_t index, struct outbox_record *out);

#endif
