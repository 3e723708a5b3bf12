/* Reading back what buf wrote: bounded, no surprises. After the first failure every read gives 0
 * and `ok` stays false, so a whole record is read and checked once at the end.
 *
 *     struct cursor in = cursor_of(bytes);
 *     int64_t n = cursor_varint(&in); struct slice name = cursor_slice(&in);
 *     if (!cursor_done(&in)) { refuse }
 */
#ifndef RESTOCK_CURSOR_H
#define RESTOCK_CURSOR_H

#include "config/base/slice.h"

#include <stdint.h>

struct cursor {
    const unsigned char *at, *end;
    bool ok;
};

static inline struct cursor cursor_of(struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    return (struct cursor){at, at ? at + bytes.bytes : at, true};
}

static inline int64_t cursor_varint(struct cursor *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && in->at < in->end; shift += 7) {
        uint64_t byte = *in->at++;
        if (shift == 63 && byte > 1) {
            break;
        }
        value |= (byte & 127) << shift;
        if (byte < 128) {
            return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
        }
    }
    in->ok = false;
    in->at = in->end;
    return 0;
}

/* A varint within [low, high]. */
static inline int64_t cursor_between(struct cursor *in, int64_t low, int64_t high)
{
    int64_t value = cursor_varint(in);
    if (in->ok && (value < low || value > high)) {
        in->ok = false;
        in->at = in->end;
    }
    return in->ok ? value : low;
}

static inline struct slice cursor_bytes(struct cursor *in, size_t bytes)
{
    if (!in->ok || (size_t)(in->end - in->at) < bytes) {
        in->ok = false;
        in->at = in->end;
        return (struct slice){0};
    }
    struct slice slice = {(const char *)in->at, bytes};
    in->at += bytes;
    return slice;
}

static inline struct slice cursor_slice(struct cursor *in)
{
    int64_t bytes = cursor_between(in, 0, INT32_MAX);
    return cursor_bytes(in, (size_t)bytes);
}

static inline void cursor_raw(struct cursor *in, void *out, size_t bytes)
{
    struct slice raw = cursor_bytes(in, bytes);
    if (in->ok && bytes) {
        memcpy(out, raw.data, bytes);
    } else {
        memset(out, 0, bytes);
    }
}

static inline bool cursor_done(const struct cursor *in)
{
    return in->ok && in->at == in->end;
}

#endif
