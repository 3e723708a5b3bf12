#include "config/base/grow.h"

#include <criterion/criterion.h>

#include <stdint.h>
#include <stdlib.h>

Test(grow, keeps_what_was_there_and_doubles)
{
    uint32_t *at = NULL;
    size_t capacity = 0, moves = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        size_t before = capacity;
        at = grow(at, &capacity, i + 1, sizeof *at);
        cr_assert(capacity > i && (before == 0 || capacity == before || capacity == 2 * before));
        moves += capacity != before;
        at[i] = i;
    }
    cr_expect(moves < 10, "%zu moves", moves);
    for (uint32_t i = 0; i < 10000; i++) {
        cr_assert(at[i] == i);
    }
    uint32_t *same = grow(at, &capacity, 1, sizeof *at);
    cr_expect(same == at, "there is room");
    free(same);
}

Test(grow, more_than_double_at_once)
{
    size_t capacity = 0;
    char *at = grow(NULL, &capacity, 100000, 1);
    cr_expect(at && capacity >= 100000 && capacity < 200001);
    free(at);
}

Test(grow, zeroed_sets_what_is_new_alone)
{
    size_t capacity = 0;
    unsigned char *at = grow_zeroed(NULL, &capacity, 3, 100);
    size_t first = capacity * 100;
    for (size_t i = 0; i < first; i++) {
        cr_assert(at[i] == 0);
        at[i] = 7;
    }
    at = grow_zeroed(at, &capacity, capacity + 1, 100);
    for (size_t i = 0; i < capacity * 100; i++) {
        cr_assert(at[i] == (i < first ? 7 : 0));
    }
    free(at);
}
