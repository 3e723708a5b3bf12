#include "config/base/buf.h"

#include "config/base/ensure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_grow(struct buf *buf, size_t more)
{
    ASSERT(more <= SIZE_MAX / 4 && buf->bytes <= SIZE_MAX / 4);
    size_t capacity = buf->capacity ? buf->capacity : FIRST_BYTES;
    while (capacity - buf->bytes < more) {
        capacity *= 2;
    }
    char *data = realloc(buf->data, capacity);
    ASSERT(data && "out of memory for an output buffer");
    buf->data = data;
    buf->capacity = capacity;
}

void buf_print(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    ASSERT(length >= 0);
    buf_room(buf, (size_t)length + 1);
    (void)vsnprintf(buf->data + buf->bytes, (size_t)length + 1, format, args);
    va_end(args);
    buf->bytes += (size_t)length;
}
