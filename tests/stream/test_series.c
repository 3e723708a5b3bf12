#include "stream/series.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct slice name_of(char *text, size_t bytes, int number)
{
    snprintf(text, bytes, "SKU-%d", number);
    return slice_of(text);
}

Test(series, gives_dense_indexes_and_finds_all_of_them_while_it_grows)
{
    struct series_table *table = series_table_create();
    char text[32];
    for (int i = 0; i < 20000; i++) {
        cr_assert(series_add(table, name_of(text, sizeof text, i), slice_of("main")) ==
                  (uint32_t)i);
        cr_assert(series_find(table, name_of(text, sizeof text, i / 2), slice_of("main")) ==
                  (uint32_t)(i / 2));
    }
    cr_expect(series_count(table) == 20000 && series_end(table) == 20000);
    cr_expect(slice_is(series_sku(table, 777), "SKU-777"));
    cr_expect(slice_is(series_location(table, 777), "main"));
    cr_expect(series_find(table, slice_of("SKU-1"), slice_of("other")) == SERIES_NONE);
    cr_expect(series_table_bytes(table) > 20000 * 8);
    series_table_destroy(table);
}

Test(series, sku_and_location_are_apart)
{
    struct series_table *table = series_table_create();
    uint32_t one = series_add(table, slice_of("ab"), slice_of("c"));
    cr_expect(series_find(table, slice_of("a"), slice_of("bc")) == SERIES_NONE);
    uint32_t two = series_add(table, slice_of("a"), slice_of("bc"));
    uint32_t three = series_add(table, slice_of(""), slice_of(""));
    cr_expect(one == 0 && two == 1 && three == 2);
    cr_expect(series_find(table, slice_of(""), slice_of("")) == 2);
    series_table_destroy(table);
}

Test(series, the_lowest_free_index_comes_back_first)
{
    struct series_table *table = series_table_create();
    char text[32];
    for (int i = 0; i < 300; i++) {
        (void)series_add(table, name_of(text, sizeof text, i), slice_of("main"));
    }
    series_remove(table, 250);
    series_remove(table, 7);
    series_remove(table, 31);
    cr_expect(!series_live(table, 7) && series_live(table, 8) && series_count(table) == 297);
    cr_expect(series_find(table, slice_of("SKU-7"), slice_of("main")) == SERIES_NONE);
    cr_expect(series_add(table, slice_of("x"), slice_of("main")) == 7);
    cr_expect(series_add(table, slice_of("y"), slice_of("main")) == 31);
    cr_expect(series_add(table, slice_of("SKU-7"), slice_of("main")) == 250);
    cr_expect(series_add(table, slice_of("z"), slice_of("main")) == 300);
    series_table_destroy(table);
}

Test(series, restore_refuses_what_is_taken)
{
    struct series_table *table = series_table_create();
    cr_expect(series_add_at(table, 5, slice_of("a"), slice_of("main")));
    cr_expect(!series_add_at(table, 5, slice_of("b"), slice_of("main")), "index is taken");
    cr_expect(!series_add_at(table, 6, slice_of("a"), slice_of("main")), "name is taken");
    cr_expect(series_add_at(table, 0, slice_of("b"), slice_of("main")));
    cr_expect(series_add(table, slice_of("c"), slice_of("main")) == 1);
    series_table_destroy(table);
}

/* Growth without pauses: whatever the number of series, one insertion moves a few slots, and a
 * removal none. */
Test(series, no_call_moves_more_than_a_few_slots)
{
    struct series_table *table = series_table_create();
    char text[32];
    uint64_t most = 0;
    for (int i = 0; i < 200000; i++) {
        uint64_t before = series_table_work(table);
        (void)series_add(table, name_of(text, sizeof text, i), slice_of("main"));
        uint64_t work = series_table_work(table) - before;
        most = work > most ? work : most;
        if (i % 3 == 2) {
            before = series_table_work(table);
            series_remove(table, (uint32_t)i / 2);
            cr_assert(series_table_work(table) == before);
            (void)series_add(table, name_of(text, sizeof text, i / 2), slice_of("main"));
        }
    }
    cr_expect(most > 0 && most <= 8, "%d slots", (int)most);
    cr_expect(series_table_bytes(table) <= 45 * 200000, "%zu", series_table_bytes(table));
    for (int i = 0; i < 200000; i++) {
        cr_assert(series_find(table, name_of(text, sizeof text, i), slice_of("main")) ==
                  (uint32_t)i);
    }
    series_table_destroy(table);
}

/* Names of all lengths, many locations, removed and added at random while the table grows; beside a
 * plain list. */
Test(series, finds_what_a_plain_list_would)
{
    enum { NAMES = 3000 };
    static uint32_t index[NAMES];
    struct series_table *table = series_table_create();
    struct rng rng;
    rng_init(&rng, 5);
    memset(index, 0xff, sizeof index);
    for (int round = 0; round < 40000; round++) {
        uint32_t name = (uint32_t)rng_below(&rng, round < 20000 ? NAMES : NAMES / 4);
        char sku[64], location[16];
        (void)snprintf(sku, sizeof sku, "%0*u", 1 + (int)name % 40, name);
        (void)snprintf(location, sizeof location, "L%u", name % 700);
        uint64_t hash = series_hash(slice_of(sku), slice_of(location));
        struct ahead ahead = {0};
        series_ahead(table, hash, &ahead);
        ahead_load(&ahead);
        uint32_t guess = series_guess(table, hash, &ahead);
        static const uint32_t WRONG[] = {0, 3, UINT32_MAX - 1, SERIES_NONE};
        for (size_t w = 0; w < sizeof WRONG / sizeof WRONG[0]; w++) {
            cr_expect_eq(
                series_find_guessed(table, WRONG[w], hash, slice_of(sku), slice_of(location)),
                series_find_hashed(table, hash, slice_of(sku), slice_of(location)));
        }
        cr_expect_eq(series_find_guessed(table, guess, hash, slice_of(sku), slice_of(location)),
                     series_find_hashed(table, hash, slice_of(sku), slice_of(location)));
        cr_assert(index[name] == SERIES_NONE || guess != SERIES_NONE);
        if (guess != SERIES_NONE) {
            series_ahead_text(table, guess, &ahead);
            ahead_load(&ahead);
        }
        cr_assert(series_find_hashed(table, hash, slice_of(sku), slice_of(location)) ==
                  index[name]);
        if (index[name] == SERIES_NONE) {
            index[name] = series_add(table, slice_of(sku), slice_of(location));
        } else if (rng_below(&rng, 3) == 0) {
            series_remove(table, index[name]);
            index[name] = SERIES_NONE;
            continue;
        }
        cr_assert(slice_is(series_sku(table, index[name]), sku));
        cr_assert(slice_is(series_location(table, index[name]), location));
    }
    series_table_destroy(table);
}
