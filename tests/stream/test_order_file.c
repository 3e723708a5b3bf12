#include "stream/order_file.h"

#include "config/base/zone.h"
#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char HEAD[] = "series,lead_time,lead_time_sd,review,holding_cost,shortage_cost,order_"
                           "cost,pack,minimum_order,lost_sales\n";

static struct status *policy_of(const char *rows, struct order_rows **out)
{
    char text[2048], path[FILE_PATH_BYTES];
    (void)snprintf(text, sizeof text, "%s%s", HEAD, rows);
    file_fixture(path, text);
    struct status *st = order_file_policy(path, out);
    unlink(path);
    return st;
}

static struct status *stock_of(const char *rows, struct order_rows *into)
{
    char text[2048], path[FILE_PATH_BYTES];
    (void)snprintf(text, sizeof text, "series,kind,quantity,ordered,expected\n%s", rows);
    file_fixture(path, text);
    struct zone *zone;
    struct buckets buckets;
    cr_assert_null(zone_open("UTC", &zone));
    cr_assert_null(bucket_init(&buckets, 86400000, zone));
    struct status *st = order_file_stock(path, &buckets, into);
    zone_close(zone);
    unlink(path);
    return st;
}

static void refused(struct status *st, const char *words)
{
    cr_assert_not_null(st, "accepted, not refused for: %s", words);
    cr_assert_not_null(strstr(status_message(st), words), "'%s' does not say '%s'",
                       status_message(st), words);
    status_free(st);
}

Test(order_file, reads_terms_and_stock)
{
    struct order_rows *rows;
    cr_assert_null(policy_of("a,5,1.5,7,0.01,2,0,6,12,1\n\"b,c\",2,0,1,0.2,1,3,1,0,0\n", &rows));
    cr_assert_eq(order_file_count(rows), 2);
    struct order_row *row = order_file_find(rows, slice_of("b,c"));
    cr_assert_eq(row, order_file_row(rows, 1));
    cr_assert_eq(row->terms.order_cost, 3);
    cr_assert_not(row->terms.lost_sales);
    cr_assert_eq(order_file_row(rows, 0)->terms.minimum_order, 12);
    cr_assert_null(order_file_find(rows, slice_of("x")));
    cr_assert_null(stock_of("a,on_hand,7,,\na,on_order,24,2011-01-03,2011-01-08\n\"b,c\",on_hand,0,"
                            ",\nother,on_hand,5,,\n",
                            rows));
    row = order_file_row(rows, 0);
    cr_assert_eq(row->position.stock, 7);
    cr_assert_eq(row->position.supplies, 1);
    cr_assert_eq(row->position.supply[0].ordered, 14977);
    cr_assert_eq(row->position.supply[0].expected, 14982);
    order_file_free(rows);
}

Test(order_file, supplier_and_category_are_read_where_they_stand)
{
    char path[FILE_PATH_BYTES];
    file_fixture(path, "category,series,lead_time,lead_time_sd,review,holding_cost,shortage_cost,"
                       "order_cost,pack,minimum_order,lost_sales,supplier\n"
                       "garden,a@b@shop,5,0,7,0.01,2,0,1,1,1,acme\n,plain,5,0,7,0.01,2,0,1,1,1,\n");
    struct order_rows *rows;
    cr_assert_null(order_file_policy(path, &rows));
    unlink(path);
    struct order_row *row = order_file_row(rows, 0);
    cr_assert(slice_is(row->supplier, "acme") && slice_is(row->category, "garden"));
    cr_assert(slice_is(order_file_sku(row->name), "a@b"));
    cr_assert(slice_is(order_file_place(row->name), "shop"));
    cr_assert_eq(row->effect.cap, INT64_MAX, "no rules yet");
    row = order_file_row(rows, 1);
    cr_assert(row->supplier.bytes == 0 && row->category.bytes == 0);
    cr_assert(slice_is(order_file_sku(row->name), "plain") && !order_file_place(row->name).bytes);
    order_file_free(rows);
}

Test(order_file, many_series_are_found)
{
    char path[FILE_PATH_BYTES];
    char *text = malloc(400000);
    size_t bytes = (size_t)sprintf(text, "%s", HEAD);
    for (int i = 0; i < 5000; i++) {
        bytes += (size_t)sprintf(text + bytes, "s%d,5,0,7,0.01,2,0,1,1,1\n", i);
    }
    file_fixture(path, text);
    struct order_rows *rows;
    cr_assert_null(order_file_policy(path, &rows));
    unlink(path);
    for (int i = 0; i < 5000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "s%d", i);
        cr_assert_eq(order_file_find(rows, slice_of(name)), order_file_row(rows, (size_t)i));
    }
    order_file_free(rows);
    free(text);
}

Test(order_file, refuses_bad_policies)
{
    struct order_rows *rows;
    refused(policy_of("a,5,1,7,0.01,2,0,6,12,1\na,5,1,7,0.01,2,0,6,12,1\n", &rows),
            "a second time");
    refused(policy_of("a,five,1,7,0.01,2,0,6,12,1\n", &rows), "lead_time: expected a number");
    refused(policy_of("a,5,1,7,0.01,2,0,1.5,12,1\n", &rows), "whole numbers");
    refused(policy_of("a,5,1,0,0.01,2,0,1,12,1\n", &rows), "review");
    refused(policy_of("a,5,1,7,0.01,2,0,1,12,2\n", &rows), "lost_sales 0 or 1");
    refused(policy_of("a,5,nan,7,0.01,2,0,1,12,1\n", &rows), ":2:");
    refused(order_file_policy("/nowhere/policy.csv", &rows), "/nowhere/policy.csv");
}

Test(order_file, refuses_bad_stock)
{
    struct order_rows *rows;
    cr_assert_null(policy_of("a,5,1,7,0.01,2,0,6,12,1\n", &rows));
    refused(stock_of("", rows), "no on_hand row of series 'a'");
    refused(stock_of("a,in_hand,7,,\n", rows), "expected on_hand or on_order");
    refused(stock_of("a,on_order,7,yesterday,2011-01-08\n", rows), "expected dates");
    refused(stock_of("a,on_order,-7,2011-01-01,2011-01-08\n", rows), "an order of -7");
    refused(stock_of("a,on_hand,7.5,,\n", rows), "whole number");
    refused(stock_of("a,on_hand,7,,\na,on_hand,8,,\n", rows), "a second time");
    order_file_free(rows);
}
