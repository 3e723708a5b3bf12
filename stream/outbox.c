/* Records are rows of offsets into one byte buffer, because the buffer moves when it grows. Layout
 * of a record's bytes: key, value, then the header values in order. Owner: one worker. */
#include "stream/outbox.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"

#include <stdlib.h>

struct row {
    enum topic topic;
    int32_t partition;
    bool has_key, has_value;
    size_t at, key_bytes, value_bytes;
    size_t header_first, header_count;
};

struct header_row {
    const char *name;
    size_t bytes;
};

struct outbox {
    struct buf bytes;
    struct row *rows;
    size_t count, capacity;
    struct header_row *headers;
    size_t header_count, header_capacity;
};

struct outbox *outbox_create(void)
{
    return calloc(1, sizeof(struct outbox));
}

void outbox_destroy(struct outbox *outbox)
{
    if (outbox) {
        buf_fini(&outbox->bytes);
        free(outbox->rows);
        free(outbox->headers);
        free(outbox);
    }
}

void outbox_reset(struct outbox *outbox)
{
    buf_reset(&outbox->bytes);
    outbox->count = 0;
    outbox->header_count = 0;
}

void outbox_add_headers(struct outbox *outbox, enum topic topic, int32_t partition,
                        struct slice key, struct slice value, const struct outbox_header *headers,
                        size_t header_count)
{
    ASSERT(header_count <= OUTBOX_HEADERS_MAX);
    outbox->rows = grow(outbox->rows, &outbox->capacity, outbox->count + 1, sizeof *outbox->rows);
    outbox->headers = grow(outbox->headers, &outbox->header_capacity,
                           outbox->header_count + header_count, sizeof *outbox->headers);
    outbox->rows[outbox->count++] = (struct row){.topic = topic,
                                                 .partition = partition,
                                                 .has_key = key.data != NULL,
                                                 .has_value = value.data != NULL,
                                                 .at = outbox->bytes.bytes,
                                                 .key_bytes = key.bytes,
                                                 .value_bytes = value.bytes,
                                                 .header_first = outbox->header_count,
                                                 .header_count = header_count};
    buf_slice(&outbox->bytes, key);
    buf_slice(&outbox->bytes, value);
    for (size_t i = 0; i < header_count; i++) {
        outbox->headers[outbox->header_count++] =
            (struct header_row){headers[i].name, headers[i].value.bytes};
        buf_slice(&outbox->bytes, headers[i].value);
    }
}

void outbox_add(struct outbox *outbox, enum topic topic, int32_t partition, struct slice key,
                struct slice value)
{
    outbox_add_headers(outbox, topic, partition, key, value, NULL, 0);
}

size_t outbox_count(const struct outbox *outbox)
{
    return outbox->count;
}

size_t outbox_bytes(const struct outbox *outbox)
{
    return outbox->bytes.bytes;
}

void outbox_get(const struct outbox *outbox, size_t index, struct outbox_record *out)
{
    ASSERT(index < outbox->count);
    const struct row *row = &outbox->rows[index];
    /* An empty buffer has no address, but an empty value must not look like null. */
    const char *at = outbox->bytes.data ? outbox->bytes.data + row->at : "";
    *out = (struct outbox_record){.topic = row->topic,
                                  .partition = row->partition,
                                  .has_key = row->has_key,
                                  .has_value = row->has_value,
                                  .key = {row->has_key ? at : NULL, row->key_bytes},
                                  .header_count = row->header_count};
    at += row->key_bytes;
    out->value = (struct slice){row->has_value ? at : NULL, row->value_bytes};
    at += row->value_bytes;
    for (size_t i = 0; i < row->header_count; i++) {
        const struct header_row *header = &outbox->headers[row->header_first + i];
        out->headers[i] = (struct outbox_header){header->name, {at, header->bytes}};
        at += header->bytes;
    }
}
