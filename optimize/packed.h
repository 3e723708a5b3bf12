/* Zig-zag varints in and out for the saved form of positions and proposals (as buf_varint, with the
 * reading side). */
#ifndef RESTOCK_PACKED_H
#define RESTOCK_PACKED_H

#include "config/base/slice.h"

#include <stdint.h>

struct packed_reader {
    const unsigned char *at, *end;
    bool failed; /* ran out, a number too long or outside its limits: every later read gives 0 */
};

static inline struct packed_reader packed_open(struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    return (struct packed_reader){at, bytes.bytes ? at + bytes.bytes : at, false};
}

static inline int64_t packed_read(struct packed_reader *reader, int64_t min, int64_t max)
{
    uint64_t coded = 0;
    for (unsigned shift = 0; !reader->failed; shift += 7) {
        if (reader->at == reader->end || shift > 63 || (shift == 63 && *reader->at > 1)) {
            break;
        }
        unsigned char byte = *reader->at++;
        coded |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            int64_t value = (int64_t)(coded >> 1) ^ -(int64_t)(coded & 1);
            if (value >= min && value <= max) {
                return value;
            }
            break;
        }
    }
    reader->failed = true;
    return 0;
}

static inline uint64_t packed_read_u64(struct packed_reader *reader)
{
    if (reader->failed || reader->end - reader->at < 8) {
        reader->failed = true;
        return 0;
    }
    uint64_t value;
    memcpy(&value, reader->at, sizeof value);
    reader->at += sizeof value;
    return value;
}

#endif
