/* Arrays that grow: the one place where a capacity is doubled.
 *
 *     list->at = grow(list->at, &list->capacity, list->count + 1, sizeof *list->at);
 *     list->at[list->count++] = entry;
 *
 * Memory behind what was there is not set by grow, and zero with grow_zeroed. Running out of memory
 * is the machine's end (ASSERT), so callers need no checks. What was there may move. */
#ifndef RESTOCK_GROW_H
#define RESTOCK_GROW_H

#include <stddef.h>

/* Room for `needed` elements; at NULL with *capacity 0 is an empty array. Returns the array, to be
 * freed by free(). */
void *grow(void *at, size_t *capacity, size_t needed, size_t element_bytes)
    __attribute__((warn_unused_result));
void *grow_zeroed(void *at, size_t *capacity, size_t needed, size_t element_bytes)
    __attribute__((warn_unused_result));

#endif
