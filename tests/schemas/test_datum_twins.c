#include "schemas/datum_twins.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(datum_twins, small_and_large_objects)
{
    enum { MANY = 5000 };
    static struct datum children[MANY];
    static char names[MANY][8];
    struct arena *arena = arena_create(4096, 1 << 20);
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        children[i].name = slice_of(names[i]);
    }
    for (uint32_t count = 0; count < 40; count++) {
        cr_assert_null(datum_twins(arena, children, count));
    }
    cr_assert_null(datum_twins(arena, children, MANY));
    for (uint32_t count = 2; count < 60; count += 7) {
        struct slice kept = children[count - 1].name;
        children[count - 1].name = children[0].name;
        cr_assert_not_null(datum_twins(arena, children, count));
        children[count - 1].name = kept;
    }
    arena_destroy(arena);
}

Test(datum_twins, says_when_the_arena_is_full)
{
    static struct datum children[100];
    struct arena *arena = arena_create(64, 64);
    cr_assert_str_eq(datum_twins(arena, children, 100), DATUM_TOO_LARGE);
    arena_destroy(arena);
}
