#include "stream/panel.h"

#include "config/base/status.h"
#include "config/base/zone.h"
#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <unistd.h>

static const int64_t DAY = 86400000;
static struct zone *zone;
static char path[FILE_PATH_BYTES];

static void set_up(void)
{
    cr_assert(!zone_open("UTC", &zone));
}

static void tear_down(void)
{
    zone_close(zone);
    unlink(path);
}

TestSuite(panel, .init = set_up, .fini = tear_down);

static struct panel *load(const char *text)
{
    struct panel *panel = NULL;
    file_fixture(path, text);
    struct status *st = panel_load(path, zone, INT64_MAX, &panel);
    cr_assert(!st, "%s", status_message(st));
    return panel;
}

static void expect_refused(const char *text, const char *line)
{
    struct panel *panel = NULL;
    file_fixture(path, text);
    struct status *st = panel_load(path, zone, INT64_MAX, &panel);
    cr_assert(st, "%s", text);
    cr_expect(!panel && strstr(status_message(st), path), "%s", status_message(st));
    cr_expect(strstr(status_message(st), line), "%s in %s", line, status_message(st));
    status_free(st);
    unlink(path);
}

Test(panel, series_stand_in_the_order_of_the_file_with_their_holes)
{
    struct panel *panel = load("series,time,value,in_stock\n"
                               "b,2020-01-03,5,1\n"
                               "b,2020-01-04,6,0\n"
                               "b,2020-01-07,8,1\n"
                               "a,2020-01-01,1,1\n"
                               "a,2020-01-02,0,1\n");
    cr_assert(panel->count == 2 && panel->bucket_ms == DAY && panel->unit == 1);
    struct panel_series *b = &panel->series[0];
    cr_expect(slice_is(b->name, "b") && slice_is(panel->series[1].name, "a"));
    cr_assert(b->count == 5 && panel->series[1].count == 2);
    cr_expect(b->units[0] == 5 && b->units[1] == 6 && b->units[2] == 0 && b->units[4] == 8);
    cr_expect(!b->censored[0] && b->censored[1] && !b->censored[4]);
    cr_expect(b->first - panel->series[1].first == 2);
    cr_expect(panel->first == panel->series[1].first && panel->last == b->first + 4);
    panel_free(panel);
    panel_free(NULL);
}

Test(panel, fractions_choose_the_counting_unit)
{
    struct panel *panel = load("series,time,value\n"
                               "a,2020-01-01,0.5\na,2020-01-02,1.5\na,2020-01-03,2\n");
    cr_expect_float_eq(panel->unit, 0.1, 1e-12);
    cr_expect(panel->series[0].units[0] == 5 && panel->series[0].units[2] == 20);
    panel_free(panel);
}

Test(panel, weeks_are_seen_by_their_gaps)
{
    struct panel *panel = load("series,time,value\n"
                               "a,2020-01-06,1\na,2020-01-13,2\na,2020-01-27,3\n");
    cr_expect(panel->bucket_ms == 7 * DAY && panel->series[0].count == 4);
    cr_expect(panel->series[0].units[1] == 2 && panel->series[0].units[2] == 0);
    panel_free(panel);
}

Test(panel, what_is_wrong_is_named_with_its_line)
{
    expect_refused("series,time,value\na,2020-01-02,1\na,2020-02-30,1\n", ":3");
    expect_refused("series,time,value\na,2020-01-02,1\na,2020-01-03,many\n", ":3");
    expect_refused("series,time,value\na,2020-01-03,1\na,2020-01-02,1\n", ":3");
    expect_refused("series,when,value\na,2020-01-03,1\n", "time");
    struct panel *panel = NULL;
    struct status *st = panel_load("/nowhere/at/all.csv", zone, INT64_MAX, &panel);
    cr_expect(st && strstr(status_message(st), "/nowhere/at/all.csv"));
    status_free(st);
}

Test(panel, columns_known_ahead_fill_their_slots)
{
    struct panel_known known;
    struct panel *panel = NULL;
    float out[4][WINDOW_KNOWN];
    cr_assert(!panel_known_parse("holiday,price", &known));
    file_fixture(path, "series,time,value,price,promo,holiday\n"
                       "a,2020-01-03,5,2.5,1,0\n"
                       "a,2020-01-05,6,,1,1\n"
                       "b,2020-01-05,6,1,1,1\n"
                       "b,2020-01-06,6,1,1,1\n");
    cr_assert(!panel_load_known(path, zone, INT64_MAX, known, &panel));
    panel_known_of(panel, 0, panel->first - 1, 4, out[0]);
    cr_expect(isnan(out[0][WINDOW_PRICE]) && isnan(out[2][WINDOW_HOLIDAY])); /* before, a hole */
    cr_expect(out[1][WINDOW_PRICE] == 2.5f && out[1][WINDOW_HOLIDAY] == 0);
    cr_expect(isnan(out[1][WINDOW_PROMO])); /* not named */
    cr_expect(isnan(out[3][WINDOW_PRICE]) && out[3][WINDOW_HOLIDAY] == 1);
    panel_free(panel);
}

Test(panel, known_columns_that_are_not_there_are_refused)
{
    struct panel_known known;
    struct panel *panel = NULL;
    struct status *st = panel_known_parse("price,weather", &known);
    cr_assert(st && strstr(status_message(st), "weather"));
    status_free(st);
    cr_assert(!panel_known_parse("snap", &known));
    file_fixture(path, "series,time,value,price\na,2020-01-03,5,2.5\n");
    st = panel_load_known(path, zone, INT64_MAX, known, &panel);
    cr_assert(st && !panel && strstr(status_message(st), "snap"), "no refusal");
    status_free(st);
    unlink(path);
    cr_assert(!panel_known_parse("price", &known));
    file_fixture(path, "series,time,value,price\na,2020-01-03,5,cheap\n");
    st = panel_load_known(path, zone, INT64_MAX, known, &panel);
    cr_assert(st && strstr(status_message(st), "price"));
    status_free(st);
}
