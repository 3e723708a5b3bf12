#include "config/base/arena.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

TestSuite(arena);

Test(arena, allocations_are_aligned_and_apart)
{
    struct arena *arena = arena_create(1024, 1 << 20);
    struct rng rng;
    unsigned char *at[500];
    size_t bytes[500], used = 0;
    rng_init(&rng, 1);
    for (int i = 0; i < 500; i++) {
        bytes[i] = (size_t)rng_below(&rng, 300);
        at[i] = arena_alloc(arena, bytes[i]);
        cr_assert_not_null(at[i]);
        cr_assert_eq((uintptr_t)at[i] % 16, 0);
        memset(at[i], i & 255, bytes[i]);
        used += bytes[i] ? (bytes[i] + 15) / 16 * 16 : 16;
    }
    for (int i = 0; i < 500; i++) {
        for (size_t k = 0; k < bytes[i]; k++) {
            cr_assert_eq(at[i][k], i & 255);
        }
    }
    cr_assert_eq(arena_used(arena), used);
    arena_destroy(arena);
    arena_destroy(NULL);
}

Test(arena, the_limit_is_hard)
{
    struct arena *arena = arena_create(1024, 4096);
    cr_assert_not_null(arena_alloc(arena, 3000));
    cr_assert_null(arena_alloc(arena, 3000));
    cr_assert_not_null(arena_alloc(arena, 1000), "what still fits is given");
    cr_assert_null(arena_alloc(arena, SIZE_MAX));
    cr_assert_null(arena_alloc(arena, SIZE_MAX - 20));
    cr_assert_null(arena_zero(arena, 5000));
    cr_assert_null(arena_copy(arena, "x", SIZE_MAX));
    arena_destroy(arena);
}

Test(arena, all_of_the_limit_can_be_had)
{
    struct arena *arena = arena_create(1000, 4096);
    size_t given = 0;
    while (arena_alloc(arena, 16)) {
        given += 16;
    }
    cr_assert_geq(given, 4096 - 16 * 8);
    cr_assert_leq(given, 4096);
    arena_destroy(arena);
}

Test(arena, reset_gives_the_same_memory_again)
{
    struct arena *arena = arena_create(1024, 1 << 16);
    void *first = arena_alloc(arena, 100);
    for (int i = 0; i < 100; i++) {
        cr_assert_not_null(arena_alloc(arena, 500));
    }
    arena_reset(arena);
    cr_assert_eq(arena_used(arena), 0);
    cr_assert_eq(arena_alloc(arena, 100), first);
    for (int round = 0; round < 1000; round++) { /* 50 MB through 64 KiB */
        arena_reset(arena);
        for (int i = 0; i < 100; i++) {
            cr_assert_not_null(arena_alloc(arena, 500), "round %d", round);
        }
    }
    arena_destroy(arena);
}

Test(arena, a_block_larger_than_usual_is_found_again)
{
    struct arena *arena = arena_create(1024, 8192);
    for (int round = 0; round < 10; round++) {
        cr_assert_not_null(arena_alloc(arena, 16));
        cr_assert_not_null(arena_alloc(arena, 6000), "round %d", round);
        arena_reset(arena);
    }
    arena_destroy(arena);
}

Test(arena, zero_and_copy)
{
    struct arena *arena = arena_create(256, 1 << 16);
    memset(arena_alloc(arena, 200), 0xee, 200);
    arena_reset(arena);
    unsigned char *zeros = arena_zero(arena, 200);
    for (int i = 0; i < 200; i++) {
        cr_assert_eq(zeros[i], 0);
    }
    char *copy = arena_copy(arena, "abcdef", 3);
    cr_assert_str_eq(copy, "abc");
    cr_assert_str_eq(arena_copy(arena, NULL, 0), "");
    arena_destroy(arena);
}
