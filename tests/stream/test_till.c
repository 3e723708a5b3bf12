#include "stream/till.h"

#include "stream/odd.h"
#include "stream/inject.h"
#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char MAP[] = RESTOCK_SOURCE_DIR "/config/maps/online-retail.yaml";
static const char HEADER[] =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

static struct till *load(const char *rows, int64_t until_ms, const struct settings *settings,
                         struct status **st)
{
    char path[] = "/tmp/restock-shop-XXXXXX.csv";
    int file = mkstemps(path, 4);
    FILE *out = fdopen(file, "w");
    fputs(HEADER, out);
    fputs(rows, out);
    fclose(out);
    struct till *shop = NULL;
    *st = till_load(path, MAP, settings, until_ms, &shop);
    (void)remove(path);
    return shop;
}

static const char ROWS[] =
    "1,10001,A,2,2011-01-03 10:00:00,1.00,7,UK\n1,10002,B,3,2011-01-03 10:00:00,2.00,7,UK\n"
    "2,10001,A,1,2011-01-04 09:00:00,1.00,8,UK\nC3,10001,A,-1,2011-01-05 09:00:00,1.00,8,UK\n"
    "4,10001,A,9,2011-02-01 09:00:00,1.00,8,UK\n";

Test(till, keeps_lines_by_product_and_bucket)
{
    struct settings settings;
    struct status *st;
    cr_assert_null(settings_load(NULL, NULL, 0, &settings));
    struct till *shop = load(ROWS, INT64_MAX, &settings, &st);
    cr_assert_null(st);
    cr_assert_eq(shop->count, 5);
    cr_assert_eq(shop->product_count, 2);
    cr_assert_eq(shop->last - shop->first, 29);
    cr_assert_eq(shop->bucket_begin[1] - shop->bucket_begin[0], 2);
    const struct till_product *a = &shop->products[shop->lines[0].product];
    cr_assert_eq(a->end - a->begin, 4);
    cr_assert_eq(a->first, shop->first);
    cr_assert_eq(shop->lines[3].order.kind, ORDER_CANCEL);
    cr_assert_eq(shop->lines[0].order.basket_lines, 2);
    till_free(shop);
    settings_fini(&settings);
}

Test(till, knows_nothing_from_the_day_on_that_is_forbidden)
{
    struct settings settings;
    struct status *st;
    cr_assert_null(settings_load(NULL, NULL, 0, &settings));
    struct till *shop = load(ROWS, INT64_C(1294185600000), &settings, &st); /* 5 January */
    cr_assert_null(st);
    cr_assert_eq(shop->count, 3);
    till_free(shop);
    shop = load(ROWS, 0, &settings, &st);
    cr_assert_null(shop);
    cr_assert_eq(status_code(st), STATUS_USAGE);
    status_free(st);
    settings_fini(&settings);
}

Test(till, days_that_are_odd_by_nature_are_marked)
{
    struct settings settings;
    struct status *st;
    struct buf rows = {0};
    cr_assert_null(settings_load(NULL, NULL, 0, &settings));
    for (int day = 0; day < 112; day++) { /* one line a day of 4 units; a large one, then silence */
        int month = 1 + day / 28, of_month = 1 + day % 28;
        if (day < 60 || day > 90) {
            buf_print(&rows, "%d,10001,A,%d,2011-%02d-%02d 10:00:00,1.00,7,UK\n", day,
                      day == 30 ? 400 : 4, month, of_month);
        }
    }
    buf_byte(&rows, 0);
    struct till *shop = load(rows.data, INT64_MAX, &settings, &st);
    cr_assert_null(st);
    uint8_t *odd = odd_mark(shop);
    cr_assert_eq(odd[shop->lines[30].bucket - shop->first], 1, "ten times the usual");
    cr_assert_eq(odd[shop->lines[29].bucket - shop->first], 0, "a day like others");
    cr_assert_eq(odd[shop->lines[59].bucket - shop->first + 10], 1, "in a gap");
    free(odd);
    till_free(shop);
    buf_fini(&rows);
    settings_fini(&settings);
}
