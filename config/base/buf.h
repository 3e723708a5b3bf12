/* Growable output buffer. Growth failure is our bug or the machine's end: buf aborts through
 * ASSERT, so writers need no checks.
 *
 *     struct buf buf = {0};
 *     buf_put(&buf, "abc", 3); buf_print(&buf, "%d", 7);
 *     send(buf.data, buf.bytes);
 *     buf_fini(&buf);
 */
#ifndef RESTOCK_BUF_H
#define RESTOCK_BUF_H

#include "config/base/slice.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data;
    size_t bytes, capacity;
};

void buf_fini(struct buf *buf);
void buf_grow(struct buf *buf, size_t more); /* room for `more` bytes behind the end */
void buf_print(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_reset(struct buf *buf)
{
    buf->bytes = 0;
}

static inline void buf_room(struct buf *buf, size_t more)
{
    if (buf->capacity - buf->bytes < more) {
        buf_grow(buf, more);
    }
}

static inline void buf_put(struct buf *buf, const void *data, size_t bytes)
{
    buf_room(buf, bytes);
    if (bytes) {
        memcpy(buf->data + buf->bytes, data, bytes);
    }
    buf->bytes += bytes;
}

static inline void buf_byte(struct buf *buf, unsigned char byte)
{
    buf_room(buf, 1);
    buf->data[buf->bytes++] = (char)byte;
}

static inline void buf_slice(struct buf *buf, struct slice text)
{
    buf_put(buf, text.data, text.bytes);
}

static inline void buf_text(struct buf *buf, const char *text)
{
    buf_put(buf, text, strlen(text));
}

/* Avro's zig-zag variable-length integer, 1 to 10 bytes. */
static inline void buf_varint(struct buf *buf, int64_t value)
{
    uint64_t coded = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    buf_room(buf, 10);
    char *at = buf->data + buf->bytes;
    while (coded > 127) {
        *at++ = (char)(unsigned char)(coded | 128);
        coded >>= 7;
    }
    *at++ = (char)(unsigned char)coded;
    buf->bytes = (size_t)(at - buf->data);
}

static inline struct slice buf_view(const struct buf *buf)
{
    return (struct slice){buf->data, buf->bytes};
}

#endif
