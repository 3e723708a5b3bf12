/* Memory by lifetime: many small allocations, one release.
 *
 *     struct arena *arena = arena_create(64 * 1024, 16 << 20);
 *     char *copy = arena_copy(arena, text, bytes);
 *     arena_reset(arena);          // all of it gone, blocks kept for the next round
 *     arena_destroy(arena);
 *
 * The first block is reused for ever, so a steady state allocates nothing. An arena has a hard
 * limit: beyond it arena_alloc returns NULL, which callers treat as "this input is too large".
 * Under ASan a reset poisons the memory. Thread: one owner.
 */
#ifndef RESTOCK_ARENA_H
#define RESTOCK_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_create(size_t block_bytes, size_t limit_bytes); /* NULL: no memory */
void arena_destroy(struct arena *arena);
void arena_reset(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t bytes)
    __attribute__((warn_unused_result)); /* 16-byte aligned, uninitialised; NULL at the limit */
void *arena_zero(struct arena *arena, size_t bytes) __attribute__((warn_unused_result));
char *arena_copy(struct arena *arena, const char *data, size_t bytes)
    __attribute__((warn_unused_result)); /* adds a NUL */
size_t arena_used(const struct arena *arena);

#endif
