#include "stream/series.h"

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
