#include "schemas/datum_twins.h"

#include "config/base/hash.h"

enum { PAIRWISE_MAX = 16 }; /* names compared with each other; larger objects use a table */

static const char TWIN[] = "a name stands twice in one object";

static bool has_twin_pairwise(const struct datum *children, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (children[i].name.bytes == children[j].name.bytes &&
                slice_equal(children[i].name, children[j].name)) {
                return true;
            }
        }
    }
    return false;
}

/* Open addressing; seeded by an address so that names cannot be chosen to collide. */
static const char *twin_hashed(struct arena *arena, const struct datum *children, uint32_t count)
{
    size_t slots = 64;
    while (slots < (size_t)count * 2) {
        slots *= 2;
    }
    uint32_t *table = arena_zero(arena, slots * sizeof *table);
    if (!table) {
        return DATUM_TOO_LARGE;
    }
    uint64_t seed = hash_mix((uint64_t)(uintptr_t)arena ^ (uint64_t)(uintptr_t)table);
    for (uint32_t i = 0; i < count; i++) {
        size_t slot = hash_64(children[i].name.data, children[i].name.bytes, seed) & (slots - 1);
        for (; table[slot]; slot = (slot + 1) & (slots - 1)) {
            if (slice_equal(children[table[slot] - 1].name, children[i].name)) {
                return TWIN;
            }
        }
        table[slot] = i + 1;
    }
    return NULL;
}

const char *datum_twins(struct arena *arena, const struct datum *children, uint32_t count)
{
    if (count > PAIRWISE_MAX) {
        return twin_hashed(arena, children, count);
    }
    return has_twin_pairwise(children, count) ? TWIN : NULL;
}
