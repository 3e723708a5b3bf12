/* Blocks form a list; allocation bumps a pointer in the current one. Reset keeps the blocks and
 * starts at the first again, so that after the largest input has been seen once nothing is
 * allocated any more. */
#include "config/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

enum { ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t bytes;
    _Alignas(ALIGNMENT) unsigned char data[];
};

struct arena {
    struct block *first, *current;
    size_t block_bytes, limit_bytes;
    size_t held_bytes; /* sum of block sizes */
    size_t used_bytes; /* handed out since the last reset */
    size_t position; /* in the current block */
};

struct arena *arena_create(size_t block_bytes, size_t limit_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena) {
        arena->block_bytes = block_bytes;
        arena->limit_bytes = limit_bytes;
    }
    return arena;
}

void arena_destroy(struct arena *arena)
{
    if (!arena) {
        return;
    }
    for (struct block *block = arena->first; block;) {
        struct block *next = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block->data, block->bytes);
        free(block);
        block = next;
    }
    free(arena);
}

void arena_reset(struct arena *arena)
{
    for (struct block *block = arena->first; block; block = block->next) {
        ASAN_POISON_MEMORY_REGION(block->data, block->bytes);
    }
    arena->current = arena->first;
    arena->position = 0;
    arena->used_bytes = 0;
}

static struct block *block_for(struct arena *arena, size_t bytes)
{
    struct block *last = arena->current;
    while (last && last->next) {
        last = last->next;
        if (last->bytes >= bytes) {
            return last;
        }
    }
    size_t size = bytes > arena->block_bytes ? bytes : arena->block_bytes;
    if (size > arena->limit_bytes - arena->held_bytes) {
        size = bytes;
    }
    if (arena->held_bytes > arena->limit_bytes || size > arena->limit_bytes - arena->held_bytes) {
        return NULL;
    }
    struct block *block = malloc(sizeof *block + size);
    if (!block) {
        return NULL;
    }
    block->next = NULL;
    block->bytes = size;
    ASAN_POISON_MEMORY_REGION(block->data, size);
    arena->held_bytes += size;
    if (last) {
        last->next = block;
    } else {
        arena->first = block;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGNMENT) {
        return NULL;
    }
    size_t size = bytes ? (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1) : ALIGNMENT;
    if (!arena->current || arena->current->bytes - arena->position < size) {
        struct block *block = block_for(arena, size);
        if (!block) {
            return NULL;
        }
        arena->current = block;
        arena->position = 0;
    }
    unsigned char *data = arena->current->data + arena->position;
    arena->position += size;
    arena->used_bytes += size;
    ASAN_UNPOISON_MEMORY_REGION(data, bytes ? bytes : 1);
    return data;
}

void *arena_zero(struct arena *arena, size_t bytes)
{
    void *data = arena_alloc(arena, bytes);
    return data ? memset(data, 0, bytes) : NULL;
}

char *arena_copy(struct arena *arena, const char *data, size_t bytes)
{
    if (bytes == SIZE_MAX) {
        return NULL;
    }
    char *copy = arena_alloc(arena, bytes + 1);
    if (copy) {
        if (bytes) {
            memcpy(copy, data, bytes);
        }
        copy[bytes] = '\0';
    }
    return copy;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used_bytes;
}
