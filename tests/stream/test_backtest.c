#include "stream/backtest.h"

#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct settings settings;
static char input[FILE_PATH_BYTES], output[FILE_PATH_BYTES];

static void set_up(void)
{
    struct status *st = settings_load(NULL, NULL, 0, &settings);
    cr_assert(!st);
    file_fixture(output, "");
}

static void tear_down(void)
{
    settings_fini(&settings);
    unlink(input);
    unlink(output);
}

TestSuite(backtest, .init = set_up, .fini = tear_down);

static char *run(const struct backtest_options *options, struct backtest_report *report)
{
    struct status *st = backtest_run(options, report);
    cr_assert(!st, "%s", status_message(st));
    return file_text(output);
}

static const char ORDERS[] =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "536365,85123A,HOLDER,6,2010-12-01T08:26:00,2.55,17850,United Kingdom\n"
    "536365,71053,LANTERN,8,2010-12-01T08:26:00,3.39,17850,United Kingdom\n"
    "536366,85123A,HOLDER,4,2010-12-02T09:00:00,2.55,13047,United Kingdom\n"
    "C536379,85123A,HOLDER,-6,2010-12-03T09:41:00,2.55,17850,United Kingdom\n"
    "536380,71053,LANTERN,1,2010-12-05T10:00:00,3.39,13047,United Kingdom\n";

Test(backtest, a_cancelled_sale_is_not_in_the_panel)
{
    file_fixture(input, ORDERS);
    const char *files[] = {input};
    struct backtest_options options = {.settings = &settings,
                                       .orders = files,
                                       .order_count = 1,
                                       .map = RESTOCK_SOURCE_DIR "/config/maps/online-retail.yaml",
                                       .shards = 2,
                                       .panel_out = output};
    struct backtest_report report = {0};
    char *text = run(&options, &report);
    cr_assert(text);
    cr_expect(report.applied == 5 && report.dead_letter == 0 && report.duplicate == 0);
    cr_expect(strncmp(text, "series,time,value\n", 18) == 0);
    cr_expect(strstr(text, "71053,2010-12-01,8\n"), "%s", text);
    cr_expect(strstr(text, "85123A,2010-12-02,4\n"), "%s", text);
    cr_expect(!strstr(text, "85123A,2010-12-01"), "it begins with the sale that was kept: %s",
              text);
    cr_expect(!strstr(text, "2010-12-05"), "a day that is not over is not in it: %s", text);
    free(text);
}

/* Four months of one series. */
static void make_panel(void)
{
    struct buf panel = {0};
    buf_text(&panel, "series,time,value\n");
    for (int month = 1; month <= 4; month++) {
        for (int day = 1; day <= 28 + (month % 2 ? 3 : month == 4 ? 2 : 1); day++) {
            buf_print(&panel, "a,2020-%02d-%02d,%d\n", month, day, 4 + day % 3);
        }
    }
    buf_byte(&panel, '\0');
    file_fixture(input, panel.data);
    buf_fini(&panel);
}

Test(backtest, forecasts_of_a_panel_come_at_their_origins)
{
    make_panel();
    const char *origins[] = {"2020-03-31", "2020-04-15"};
    struct backtest_options options = {.settings = &settings,
                                       .panel = input,
                                       .shards = 1,
                                       .origins = origins,
                                       .origin_count = 2,
                                       .forecasts = output};
    struct backtest_report report = {0};
    char *first = run(&options, &report), *again = run(&options, &report);
    cr_assert(first && again);
    cr_expect(strstr(first, "2020-03-31") && strstr(first, "2020-04-15"), "%.300s", first);
    cr_expect(!strstr(first, "nan") && !strstr(first, "inf"));
    cr_expect(strcmp(first, again) == 0, "the same input gives the same bytes");
    cr_expect(report.forecasts == 2);
    free(first);
    free(again);
}

static struct status *explain_a(void *context, const struct backtest_end *end)
{
    struct explanation *why = context;
    int64_t origin;
    cr_expect(end->count == 1 && end->unit == 1);
    return shard_explain(end->shards[0], slice_of("a"), slice_of("main"), why, &origin);
}

Test(backtest, explanations_come_with_forecasts_and_at_the_end)
{
    make_panel();
    const char *origins[] = {"2020-03-31"};
    struct explanation why = {0};
    struct backtest_options options = {.settings = &settings,
                                       .panel = input,
                                       .shards = 1,
                                       .origins = origins,
                                       .origin_count = 1,
                                       .explain = output,
                                       .finish = explain_a,
                                       .finish_context = &why,
                                       .stop_at_origin = true};
    struct backtest_report report = {0};
    char *text = run(&options, &report);
    cr_assert(text);
    cr_assert_eq(why.rows, 4u);
    char row[64];
    (void)snprintf(row, sizeof row, "a,2020-03-31,7,%.5f", (double)why.mean[1]);
    row[strlen(row) - 2] = '\0'; /* digits behind may differ */
    cr_expect(strstr(text, row), "%s in %s", row, text);
    cr_expect(!strstr(text, "2020-04"), "it stopped at the origin");
    free(text);
}

static bool stop(void *context, double share)
{
    (void)context;
    (void)share;
    return false;
}

Test(backtest, missing_files_are_named_and_a_stop_is_obeyed)
{
    const char *files[] = {"/nowhere/orders.csv"};
    struct backtest_options options = {.settings = &settings,
                                       .orders = files,
                                       .order_count = 1,
                                       .map = RESTOCK_SOURCE_DIR "/config/maps/online-retail.yaml",
                                       .shards = 1,
                                       .panel_out = output};
    struct backtest_report report;
    struct status *st = backtest_run(&options, &report);
    cr_assert(st);
    cr_expect(strstr(status_message(st), "/nowhere/orders.csv"), "%s", status_message(st));
    status_free(st);
    file_fixture(input, ORDERS);
    files[0] = input;
    options.progress = stop;
    st = backtest_run(&options, &report);
    cr_expect(!st || status_code(st) == STATUS_STOPPED, "%s", status_message(st));
    status_free(st);
}

/* Two products; `wild`: what the second sells on one day. */
static char *forecast_with(int wild)
{
    struct buf panel = {0};
    buf_text(&panel, "series,time,value\n");
    for (int series = 0; series < 2; series++) {
        for (int day = 0; day < 90; day++) {
            bool then = series && day == 80;
            buf_print(&panel, "%c,2020-%02d-%02d,%d\n", 'a' + series, 1 + day / 28, 1 + day % 28,
                      then ? wild : 40 + day * 7 % 9);
        }
    }
    buf_byte(&panel, '\0');
    file_fixture(input, panel.data);
    buf_fini(&panel);
    const char *origins[] = {"2020-03-25", "2020-03-28"};
    struct backtest_options options = {.settings = &settings,
                                       .panel = input,
                                       .shards = 1,
                                       .origins = origins,
                                       .origin_count = 2,
                                       .forecasts = output};
    struct backtest_report report = {0};
    return run(&options, &report);
}

/* Median over the rows of series a of the relative change of its medians. */
Test(backtest, one_wild_order_moves_nobody_else)
{
    char *plain = forecast_with(44), *wild = forecast_with(100000);
    cr_assert(plain && wild);
    int moved = 0, rows = 0;
    char *one_rest, *two_rest;
    char *one = strtok_r(plain, "\n", &one_rest), *two = strtok_r(wild, "\n", &two_rest);
    for (; one && two;
         one = strtok_r(NULL, "\n", &one_rest), two = strtok_r(NULL, "\n", &two_rest)) {
        double mean[2];
        if (one[0] != 'a' || sscanf(one, "a,%*[^,],%*[^,],%*[^,],%lf", &mean[0]) != 1 ||
            sscanf(two, "a,%*[^,],%*[^,],%*[^,],%lf", &mean[1]) != 1) {
            continue;
        }
        rows++;
        moved += mean[1] > mean[0] * 1.35 || mean[1] < mean[0] / 1.35;
    }
    cr_expect(rows > 50 && moved * 2 < rows, "%d of %d", moved, rows);
    free(plain);
    free(wild);
}
