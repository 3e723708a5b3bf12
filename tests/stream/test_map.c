#include "stream/map.h"

#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect_mistake(const char *map_text, const char *part)
{
    char *text = trial_mistakes(map_text);
    cr_assert(strstr(text, part) != NULL, "'%s' is not in: %s", part, text);
    free(text);
}

Test(map, all_mistakes_come_at_once_with_their_places)
{
    static const char TEXT[] = "orders:\n"
                               "  fields:\n"
                               "    sku: lines[*].a\n"
                               "    quantiti: q\n"
                               "    event_time: {from: t, time: \"%Q\"}\n"
                               "    unit_price: {from: p, decimals: 99}\n"
                               "  keep:\n"
                               "    odd: a resembles b\n";
    expect_mistake(TEXT, "test.yaml:3:10: 'lines[*].a': [*] stands only behind the list");
    expect_mistake(TEXT,
                   "test.yaml:4:5: fields: unknown name 'quantiti' (did you mean 'quantity'?)");
    expect_mistake(TEXT, "the field 'quantity' is needed");
    expect_mistake(TEXT, "test.yaml:5:");
    expect_mistake(TEXT, "decimals: expected a whole number from 0 to 6");
    expect_mistake(TEXT, "test.yaml:8:10: 'a resembles b' is no condition");
}

Test(map, each_kind_of_mistake_is_found)
{
    expect_mistake("", "empty");
    expect_mistake("name: x\n", "a map has a section 'orders' or 'stock', or both");
    expect_mistake("[1]\n", "map: expected names with values");
    expect_mistake("order:\n  x: y\n", "did you mean 'orders'?");
    expect_mistake("zone: Europe/Lundon\n", "zone: ");
    expect_mistake("orders:\n  each: lines\n", "each: expected the path of a list, like lines[*]");
    expect_mistake("orders:\n  keep: {}\n", "'fields' is needed");
    expect_mistake("table: {lines: x}\n", "belong together");
    expect_mistake(trial_fields("    kind:\n      - {is: SOLD}\n"),
                   "'is' must be one of ORDER, CANCEL");
    expect_mistake(trial_fields("    reference: r\n"), "unknown name 'reference'");
    expect_mistake(trial_fields("  fingerprint: [$customer]\n"), "no rule for such a field");
    expect_mistake(trial_fields("  split: {by: x}\n"), "split: 'from' names the text");
    expect_mistake(trial_fields("  keep: 7\n"), "keep: expected at most 16 names");
}

Test(map, what_it_makes_can_be_asked)
{
    struct trial trial;
    trial_init_file(&trial, "config/maps/online-retail.yaml");
    cr_assert_str_eq(map_name(trial.map), "online-retail");
    cr_assert(map_makes(trial.map, LINE_ORDER));
    cr_assert_not(map_makes(trial.map, LINE_STOCK));
    cr_assert_eq(map_filter_count(trial.map), 2);
    cr_assert_str_eq(map_filter_name(trial.map, 1), "no_price");
    cr_assert(map_table_column(trial.map, slice_of("Customer ID")));
    cr_assert_not(map_table_column(trial.map, slice_of("Quantity")));
    cr_assert(slice_is(map_table_lines(trial.map), "lines"));
    cr_assert_null(map_table_sort(trial.map).data);
    trial_fini(&trial);
    trial_init_file(&trial, "config/maps/freshretail.yaml");
    cr_assert(map_makes(trial.map, LINE_STOCK));
    cr_assert(slice_is(map_table_sort(trial.map), "dt"));
    trial_fini(&trial);
}

Test(map, a_file_that_is_not_there_is_named)
{
    struct map *map = NULL;
    struct status *st = map_load("/nowhere/map.yaml", NULL, &map);
    cr_assert_not_null(st);
    cr_assert(strstr(status_message(st), "/nowhere/map.yaml") != NULL);
    cr_assert_null(map);
    status_free(st);
}
