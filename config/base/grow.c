#include "config/base/grow.h"

#include "config/base/ensure.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 512, FIRST_ELEMENTS = 4 };

static size_t wider(size_t capacity, size_t needed, size_t element_bytes)
{
    if (!capacity) {
        capacity = FIRST_BYTES / element_bytes;
        capacity = capacity > FIRST_ELEMENTS ? capacity : FIRST_ELEMENTS;
    }
    while (capacity < needed) {
        ASSERT(capacity <= SIZE_MAX / 4 / element_bytes && "an array larger than any memory");
        capacity *= 2;
    }
    return capacity;
}

void *grow(void *at, size_t *capacity, size_t needed, size_t element_bytes)
{
    ASSERT(element_bytes > 0);
    if (needed <= *capacity) {
        return at;
    }
    size_t room = wider(*capacity, needed, element_bytes);
    void *moved = realloc(at, room * element_bytes);
    ASSERT(moved && "out of memory for an array");
    *capacity = room;
    return moved;
}

void *grow_zeroed(void *at, size_t *capacity, size_t needed, size_t element_bytes)
{
    size_t had = *capacity;
    unsigned char *moved = grow(at, capacity, needed, element_bytes);
    if (*capacity > had) {
        memset(moved + had * element_bytes, 0, (*capacity - had) * element_bytes);
    }
    return moved;
}
