#include "stream/fingerset.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>

static struct hash128 mark(uint64_t number)
{
    return hash_128(&number, sizeof number);
}

Test(fingerset, holds_what_was_added_and_nothing_else)
{
    struct fingerset_pool pool;
    struct fingerset set = {0};
    fingerset_pool_init(&pool);
    enum { COUNT = 200000 };
    for (uint64_t i = 0; i < COUNT; i++) {
        struct hash128 fingerprint = mark(i);
        struct ahead ahead = {0};
        fingerset_ahead(&set, &pool, &fingerprint, &ahead);
        cr_assert_eq(ahead.count, i > 0 ? 2 : 0);
        ahead_load(&ahead);
        cr_assert(fingerset_add(&set, &pool, &fingerprint));
        if (i % 7 == 0) {
            struct hash128 again = mark(i / 3);
            cr_assert(!fingerset_add(&set, &pool, &again));
        }
    }
    for (uint64_t i = 0; i < COUNT; i++) {
        struct hash128 fingerprint = mark(i), near = fingerprint;
        cr_assert(!fingerset_add(&set, &pool, &fingerprint));
        near.high ^= UINT64_C(1) << (i % 64);
        near.low ^= UINT64_C(2) << (i % 63 + 1); /* often the same place and tag */
        cr_assert(fingerset_add(&set, &pool, &near));
        if (set.count > COUNT + 1000) {
            break;
        }
    }
    fingerset_clear(&set, &pool);
    fingerset_pool_fini(&pool);
}

/* The limit that the design sets: 24 bytes per line, at any number of lines. */
Test(fingerset, costs_at_most_24_bytes_a_fingerprint)
{
    static const uint32_t COUNTS[] = {20000, 30000, 50000, 100000, 150000, 200000, 300000, 500000};
    for (size_t c = 0; c < sizeof COUNTS / sizeof COUNTS[0]; c++) {
        struct fingerset_pool pool;
        struct fingerset set = {0};
        fingerset_pool_init(&pool);
        for (uint64_t i = 0; i < COUNTS[c]; i++) {
            struct hash128 fingerprint = mark(i);
            (void)fingerset_add(&set, &pool, &fingerprint);
        }
        /* A block may be just begun. */
        size_t bytes = fingerset_pool_bytes(&pool) + fingerset_bytes(&set) - SLAB_BLOCK_BYTES;
        cr_expect(bytes <= 24 * (size_t)COUNTS[c], "%zu bytes for %u", bytes, COUNTS[c]);
        fingerset_clear(&set, &pool);
        fingerset_pool_fini(&pool);
    }
}

static uint32_t taken(const struct fingerset_pool *pool)
{
    return pool->units.fresh;
}

/* Growth without pauses: the most that one insertion does is to part one segment, however many
 * fingerprints there are. */
Test(fingerset, no_insertion_does_much_work)
{
    struct fingerset_pool pool;
    struct fingerset set = {0};
    fingerset_pool_init(&pool);
    uint32_t most = 0, before = 0;
    for (uint64_t i = 0; i < 400000; i++) {
        struct hash128 fingerprint = mark(i);
        (void)fingerset_add(&set, &pool, &fingerprint);
        uint32_t now = taken(&pool);
        most = now - before > most ? now - before : most;
        before = now;
    }
    cr_expect(most <= 6, "%u units in one insertion", most);
    fingerset_clear(&set, &pool);
    fingerset_pool_fini(&pool);
}

static uint64_t unmix(uint64_t wanted) /* hash_mix backwards */
{
    uint64_t x = wanted ^ (wanted >> 31) ^ (wanted >> 62);
    x *= UINT64_C(0x319642b2d24d8ec3);
    x ^= (x >> 27) ^ (x >> 54);
    x *= UINT64_C(0x96de1b173f119089);
    return x ^ (x >> 30) ^ (x >> 60);
}

/* Low 40 bits of the hash and its home: the same. */
static struct hash128 one_place(uint64_t number)
{
    return (struct hash128){unmix((number + 1) << 40) ^ hash_mix(UINT64_C(0x9e3779b97f4a7c15)), 0};
}

/* Somebody who knows the hash can make lines that all fall into one group: they cost time, not
 * memory. */
Test(fingerset, made_collisions_do_not_eat_memory)
{
    cr_assert(hash_mix(unmix(12345)) == 12345);
    struct fingerset_pool pool;
    struct fingerset set = {0};
    fingerset_pool_init(&pool);
    for (uint64_t i = 0; i < 5000; i++) {
        struct hash128 fingerprint = one_place(i);
        cr_assert(fingerset_add(&set, &pool, &fingerprint));
    }
    for (uint64_t i = 0; i < 5000; i++) {
        struct hash128 fingerprint = one_place(i);
        cr_assert(!fingerset_add(&set, &pool, &fingerprint));
    }
    cr_expect(set.depth < 16, "%u", set.depth);
    cr_expect(set.spill_count > 4000, "%zu", set.spill_count);
    size_t bytes = fingerset_pool_bytes(&pool) + fingerset_bytes(&set);
    cr_expect(bytes < 5000 * 64 + 4 * SLAB_BLOCK_BYTES, "%zu", bytes);
    for (uint64_t i = 0; i < 5000; i++) { /* and others still find their place */
        struct hash128 fingerprint = mark(i);
        cr_assert(fingerset_add(&set, &pool, &fingerprint));
    }
    fingerset_clear(&set, &pool);
    fingerset_pool_fini(&pool);
}

Test(fingerset, a_pool_is_reused_to_the_last_unit)
{
    struct fingerset_pool pool;
    fingerset_pool_init(&pool);
    size_t bytes = 0;
    for (uint64_t round = 0; round < 6; round++) {
        struct fingerset set = {0};
        for (uint64_t i = 0; i < 50000; i++) {
            struct hash128 fingerprint = mark(i);
            cr_assert(fingerset_add(&set, &pool, &fingerprint));
        }
        fingerset_clear(&set, &pool);
        cr_expect(set.count == 0 && fingerset_bytes(&set) == 0);
        cr_assert(!round || fingerset_pool_bytes(&pool) == bytes, "round %d", (int)round);
        bytes = fingerset_pool_bytes(&pool);
    }
    fingerset_pool_fini(&pool);
}
