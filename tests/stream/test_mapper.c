#include "stream/mapper.h"

#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the semantics of Online Retail, on messages written for this test ------------------------ */

#define HEAD(number, customer)                                                                     \
    "{\"InvoiceNo\":\"" number                                                                     \
    "\",\"InvoiceDate\":\"2011-07-01T08:26:00\",\"CustomerID\":" customer                          \
    ",\"Country\":\"France\",\"lines\":["
#define LINE(code, quantity, price)                                                                \
    "{\"StockCode\":\"" code "\",\"Description\":\"HEART\",\"Quantity\":" quantity                 \
    ",\"UnitPrice\":" price "}"

Test(mapper, online_retail_lines_are_kept_filtered_and_named_by_kind)
{
    struct trial trial;
    trial_init_file(&trial, "config/maps/online-retail.yaml");
    cr_assert(trial_apply(
        &trial,
        HEAD("536365", "\"17850\"")
            LINE("85123a", "6", "2.555") "," LINE("POST", "1", "18") "," LINE(
                "22086", "-9",
                "0.01") "," LINE("22086", "3", "0") "," LINE("", "3", "1") "," LINE("71053X", "8",
                                                                                    "0.001") "]}"));
    cr_assert_eq(trial.mapped.count, 3);
    cr_assert_eq(trial.mapped.filtered[0], 2); /* POST and the empty code */
    cr_assert_eq(trial.mapped.filtered[1], 1); /* price 0 */
    const struct order_line *first = &trial.mapped.lines[0].order;
    cr_assert(slice_is(first->sku, "85123A"));
    cr_assert(slice_is(first->location, "main"));
    cr_assert(slice_is(first->order_id, "536365"));
    cr_assert(slice_is(first->customer, "17850"));
    cr_assert(slice_is(first->group, "France"));
    cr_assert(slice_is(first->currency, "GBP"));
    cr_assert_eq(first->kind, ORDER_SALE);
    cr_assert_eq(first->unit_price, 256); /* half away from zero */
    cr_assert_eq(first->event_ms, INT64_C(1309505160000)); /* British Summer Time */
    cr_assert_eq(first->basket_lines, 3);
    cr_assert_eq(first->basket_units, 5);
    cr_assert_eq(first->basket_median, 6);
    cr_assert_eq(first->line_rank, 1);
    cr_assert_eq(trial.mapped.lines[1].order.kind, ORDER_RETURN);
    cr_assert_eq(trial.mapped.lines[1].order.quantity, -9);
    cr_assert_eq(trial.mapped.lines[1].order.line_rank, 2);
    cr_assert_eq(trial.mapped.lines[2].order.unit_price, 0); /* a tenth of a penny is a price */
    cr_assert_eq(trial.mapped.lines[2].number, 5);
    trial_fini(&trial);
}

Test(mapper, online_retail_cancellations_and_unknown_customers)
{
    struct trial trial;
    trial_init_file(&trial, "config/maps/online-retail.yaml");
    const struct order_line *order =
        trial_order(&trial, HEAD("C536379", "null") LINE("22086", "-1", "1.0") "]}");
    cr_assert_eq(order->kind, ORDER_CANCEL);
    cr_assert_eq(order->quantity, -1);
    cr_assert_eq(order->customer.bytes, 0);
    cr_assert(trial_apply(&trial, HEAD("1", "null") "]}"));
    cr_assert_eq(trial.mapped.count, 0);
    cr_assert_eq(trial.mapped.event_ms, INT64_MAX);
    trial_fini(&trial);
}

static struct hash128 print_of(struct trial *trial, const char *json)
{
    return trial_order(trial, json)->fingerprint;
}

static bool same(struct hash128 a, struct hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

Test(mapper, the_same_line_has_the_same_fingerprint_whatever_its_form)
{
    struct trial trial;
    trial_init_file(&trial, "config/maps/online-retail.yaml");
    struct hash128 one = print_of(&trial, HEAD("1", "\"17850\"") LINE("85123A", "6", "2.55") "]}");
    static const char TABLE[] = /* other order of names, other spellings, all text */
        "{\"Country\":\"France\",\"Customer ID\":\"17850.0\",\"lines\":[{\"Price\":\"2.550\","
        "\"Quantity\":\"6\",\"Description\":\"HEART\",\"StockCode\":\"85123A\"}],"
        "\"InvoiceDate\":\"2011-07-01 08:26:00\",\"Invoice\":\"1\"}";
    cr_assert(same(one, print_of(&trial, TABLE)));
    cr_assert_not(
        same(one, print_of(&trial, HEAD("1", "\"17850\"") LINE("85123a", "6", "2.55") "]}")));
    cr_assert_not(
        same(one, print_of(&trial, HEAD("1", "\"17850\"") LINE("85123A", "7", "2.55") "]}")));
    cr_assert_not(
        same(one, print_of(&trial, HEAD("1", "\"17850\"") LINE("85123A", "6", "2.551") "]}")));
    cr_assert_not(
        same(one, print_of(&trial, HEAD("2", "\"17850\"") LINE("85123A", "6", "2.55") "]}")));
    cr_assert_not(same(one, print_of(&trial, HEAD("1", "null") LINE("85123A", "6", "2.55") "]}")));
    trial_fini(&trial);
}

static void refused(struct trial *trial, const char *json, const char *reason, const char *field)
{
    cr_assert_not(trial_apply(trial, json), "%s", json);
    cr_assert_str_eq(trial->why.reason, reason);
    cr_assert_str_eq(trial->why.field, field);
}

Test(mapper, one_bad_line_refuses_the_whole_message)
{
    struct trial trial;
    trial_init_file(&trial, "config/maps/online-retail.yaml");
    refused(&trial, HEAD("1", "null") LINE("22086", "1", "1") "," LINE("22086", "1.5", "1") "]}",
            "not a whole number of units", "lines[1].Quantity");
    refused(&trial, HEAD("1", "null") LINE("22086", "\"six\"", "1") "]}", "not a number",
            "lines[0].Quantity");
    refused(&trial, HEAD("1", "null") LINE("22086", "[6]", "1") "]}", "not a number",
            "lines[0].Quantity");
    refused(&trial, HEAD("1", "null") LINE("22086", "1000000000000000000000000000000", "1") "]}",
            "number out of range", "lines[0].Quantity");
    refused(&trial, HEAD("1", "null") LINE("22086", "1", "1e999") "]}", "number out of range",
            "lines[0].UnitPrice");
    refused(&trial, HEAD("1", "null") LINE("22086", "1", "\"cheap\"") "]}", "not a number",
            "lines[0].UnitPrice");
    refused(&trial, HEAD("1", "null") "{\"StockCode\":{\"a\":1},\"Quantity\":1,\"UnitPrice\":1}]}",
            "not a text", "lines[0].StockCode");
    refused(&trial, HEAD("1", "null") "{\"Quantity\":1,\"UnitPrice\":1}]}", "field is missing",
            "lines[0].StockCode");
    refused(&trial, "{\"InvoiceNo\":\"1\",\"InvoiceDate\":\"2011-02-30T10:00:00\",\"lines\":[]}",
            "no time, or no such day", "InvoiceDate");
    refused(&trial, "{\"InvoiceNo\":\"1\",\"InvoiceDate\":\"2011-02-03T10:00:00\",\"lines\":\"x\"}",
            "not a list", "lines");
    refused(&trial, "[]", "message is no record", "");
    trial_fini(&trial);
}

Test(mapper, a_long_text_as_quantity_is_refused_quickly)
{
    struct trial trial;
    size_t bytes = 900000, at;
    char *json = malloc(bytes + 300);
    trial_init_file(&trial, "config/maps/online-retail.yaml");
    at = (size_t)snprintf(json, bytes, "%s",
                          HEAD("1", "null") "{\"StockCode\":\"22086\",\"Quantity\":\"");
    memset(json + at, '7', bytes);
    (void)snprintf(json + at + bytes, 100, "%s", "\",\"UnitPrice\":1,\"Description\":\"\"}]}");
    refused(&trial, json, "number out of range", "lines[0].Quantity");
    free(json);
    trial_fini(&trial);
}

/* --- tables of hours ---------------------------------------------------------------------------
 */

Test(mapper, freshretail_rows_become_sales_and_counts)
{
    struct trial trial;
    trial_init_file(&trial, "config/maps/freshretail.yaml");
    cr_assert(trial_apply(&trial,
                          "{\"city_id\":\"0\",\"store_id\":\"25\",\"product_id\":\"381\","
                          "\"dt\":\"2024-03-28\",\"activity_flag\":\"1\","
                          "\"hours_sale\":\"0 0.1 0 1.25\",\"hours_stock_status\":\"0011\"}"));
    cr_assert_eq(trial.mapped.count, 4);
    cr_assert_eq(trial.mapped.filtered[0], 2);
    cr_assert_eq(trial.mapped.stock_filtered, 2);
    const struct mapped_line *lines = trial.mapped.lines;
    cr_assert_eq(lines[0].order.quantity, 1);
    cr_assert(lines[0].order.promotion);
    cr_assert(slice_is(lines[0].order.location, "25"));
    cr_assert_eq(lines[0].order.event_ms, INT64_C(1711558800000)); /* 01:00 in Shanghai */
    cr_assert_eq(lines[1].order.quantity, 13); /* 12.5 tenths, away from zero */
    cr_assert_eq(lines[2].kind, LINE_STOCK);
    cr_assert_eq(lines[2].stock.kind, STOCK_COUNT);
    cr_assert_eq(lines[2].stock.quantity, 1000000);
    cr_assert_eq(lines[3].stock.quantity, 0);
    cr_assert_eq(lines[3].stock.event_ms - lines[2].stock.event_ms, 2 * 3600000);
    trial_fini(&trial);
}

/* --- canonical records -------------------------------------------------------------------------
 */

Test(mapper, canonical_orders_need_sku_quantity_and_time)
{
    struct trial trial;
    trial_init(&trial, NULL);
    const struct order_line *order = trial_order(
        &trial, "{\"sku\":\"A\",\"quantity\":3,\"event_time\":1293840000000,\"kind\":\"CANCEL\","
                "\"unit_price\":250,\"new_field\":{\"x\":[]},\"promotion\":true}");
    cr_assert_eq(order->kind, ORDER_CANCEL);
    cr_assert_eq(order->quantity, -3); /* the kind decides the sign */
    cr_assert_eq(order->unit_price, 250);
    cr_assert(slice_is(order->location, "main"));
    refused(&trial, "{\"quantity\":3,\"event_time\":1293840000000}", "field is missing", "sku");
    refused(&trial, "{\"sku\":\"A\\u0001\",\"quantity\":3,\"event_time\":1293840000000}",
            "control character in a code", "sku");
    trial_fini(&trial);
}

Test(mapper, canonical_stock_has_its_kinds)
{
    struct trial trial;
    trial_init(&trial, NULL);
    mapper_destroy(trial.mapper);
    trial.mapper = mapper_create(NULL, INPUT_STOCK, "depot");
    cr_assert(trial_apply(&trial, "{\"sku\":\"A\",\"kind\":\"ON_ORDER\",\"quantity\":240,"
                                  "\"reference\":\"po\",\"event_time\":1293840000000,"
                                  "\"expected\":\"2011-01-05T00:00:00Z\"}"));
    const struct stock_line *stock = &trial.mapped.lines[0].stock;
    cr_assert_eq(stock->kind, STOCK_ON_ORDER);
    cr_assert_eq(stock->expected_ms, INT64_C(1294185600000));
    cr_assert(slice_is(stock->location, "depot"));
    refused(&trial,
            "{\"sku\":\"A\",\"kind\":\"RECEIPT\",\"quantity\":-1,\"event_time\":1293840000000}",
            "negative quantity", "quantity");
    refused(&trial, "{\"sku\":\"A\",\"quantity\":1,\"event_time\":1293840000000}",
            "field is missing", "kind");
    trial_fini(&trial);
}
