/* Fixed-size fields of state records: native little-endian bytes, taken from the front of a slice
 * with bounds. */
#ifndef RESTOCK_FIELD_H
#define RESTOCK_FIELD_H

#include "config/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "state records are little-endian");

/* One field of a struct; a table of them drives save and load. */
struct field {
    size_t offset, bytes;
};

/* False: too few bytes; then nothing is taken. */
static inline bool field_take(struct slice *from, void *out, size_t bytes)
{
    if (from->bytes < bytes) {
        return false;
    }
    memcpy(out, from->data, bytes);
    from->data += bytes;
    from->bytes -= bytes;
    return true;
}

#endif
