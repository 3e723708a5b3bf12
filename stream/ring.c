/* Open addressing, linear probing, load at most 1/2; a removed entry is closed up by moving its
 * followers back, so there are no grave stones. Overflows are rare (values of 65,535 and more), so
 * the table stays tiny. */
#include "stream/ring.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <stdlib.h>

struct entry {
    uint64_t key; /* (series << 16 | slot) + 1; 0: free */
    int64_t value;
};

struct ring_overflow {
    struct entry *entries;
    size_t capacity, count;
};

enum { FIRST_CAPACITY = 16 };

struct ring_overflow *ring_overflow_create(void)
{
    struct ring_overflow *overflow = calloc(1, sizeof *overflow);
    if (!overflow) {
        return NULL;
    }
    overflow->capacity = FIRST_CAPACITY;
    overflow->entries = calloc(FIRST_CAPACITY, sizeof *overflow->entries);
    if (!overflow->entries) {
        free(overflow);
        return NULL;
    }
    return overflow;
}

void ring_overflow_destroy(struct ring_overflow *overflow)
{
    if (overflow) {
        free(overflow->entries);
        free(overflow);
    }
}

size_t ring_overflow_count(const struct ring_overflow *overflow)
{
    return overflow->count;
}

static uint64_t key_of(uint32_t series, uint32_t slot)
{
    DEBUG_ASSERT(slot < 65536);
    return (((uint64_t)series << 16) | slot) + 1;
}

static size_t place_of(const struct ring_overflow *overflow, uint64_t key)
{
    size_t mask = overflow->capacity - 1, at = hash_mix(key) & mask;
    while (overflow->entries[at].key && overflow->entries[at].key != key) {
        at = (at + 1) & mask;
    }
    return at;
}

static void grow(struct ring_overflow *overflow)
{
    struct entry *old = overflow->entries;
    size_t old_capacity = overflow->capacity;
    overflow->capacity *= 2;
    overflow->entries = calloc(overflow->capacity, sizeof *old);
    ASSERT(overflow->entries && "out of memory for ring overflows");
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].key) {
            overflow->entries[place_of(overflow, old[i].key)] = old[i];
        }
    }
    free(old);
}

static void forget(struct ring_overflow *overflow, uint64_t key)
{
    size_t mask = overflow->capacity - 1, hole = place_of(overflow, key);
    ASSERT(overflow->entries[hole].key == key);
    overflow->count--;
    for (size_t at = (hole + 1) & mask; overflow->entries[at].key; at = (at + 1) & mask) {
        size_t home = hash_mix(overflow->entries[at].key) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            overflow->entries[hole] = overflow->entries[at];
            hole = at;
        }
    }
    overflow->entries[hole] = (struct entry){0};
}

int64_t ring_get_large(const struct ring_overflow *overflow, uint32_t series, uint32_t slot)
{
    const struct entry *entry = &overflow->entries[place_of(overflow, key_of(series, slot))];
    ASSERT(entry->key);
    return entry->value;
}

static void put_units(uint16_t *cell, uint32_t units)
{
    *cell = (uint16_t)((*cell & ~(uint32_t)RING_ESCAPE) | units);
}

void ring_set(struct ring_overflow *overflow, uint16_t *cell, uint32_t series, uint32_t slot,
              int64_t value)
{
    ASSERT(value >= 0);
    uint64_t key = key_of(series, slot);
    if (value < RING_ESCAPE) {
        if (ring_units(*cell) == RING_ESCAPE) {
            forget(overflow, key);
        }
        put_units(cell, (uint32_t)value);
        return;
    }
    size_t at = place_of(overflow, key);
    if (!overflow->entries[at].key) {
        if ((overflow->count + 1) * 2 > overflow->capacity) {
            grow(overflow);
            at = place_of(overflow, key);
        }
        overflow->entries[at].key = key;
        overflow->count++;
    }
    overflow->entries[at].value = value;
    put_units(cell, RING_ESCAPE);
}
