#include "stream/inject.h"

#include "stream/odd.h"
#include "stream/rehearse.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct settings settings;
static struct till *shop;

static void open_shop(void)
{
    static const char *const SETS[] = {"anomaly.detector=shipped"};
    cr_assert_null(settings_load(NULL, SETS, 1, &settings));
    struct simulate_options options = {.products = 60,
                                       .locations = 1,
                                       .days = 200,
                                       .start_ms = INT64_C(1609459200000),
                                       .seed = 4,
                                       .orders_per_day = 60};
    cr_assert_null(till_simulate(&options, &settings, &shop));
}

static void close_shop(void)
{
    till_free(shop);
    settings_fini(&settings);
}

TestSuite(inject, .init = open_shop, .fini = close_shop);

static uint32_t lines_in(const struct till_line *lines, uint32_t count, uint32_t product,
                         int64_t bucket, enum order_kind kind)
{
    uint32_t found = 0;
    for (uint32_t k = 0; k < count; k++) {
        found +=
            lines[k].product == product && lines[k].bucket == bucket && lines[k].order.kind == kind;
    }
    return found;
}

Test(inject, same_seed_same_lines_in_order_of_time)
{
    struct injected one, two;
    cr_assert_null(inject_run(shop, 5, 0.05, &one));
    cr_assert_null(inject_run(shop, 5, 0.05, &two));
    cr_assert_eq(one.count, two.count);
    for (uint32_t k = 0; k < one.count; k++) {
        cr_assert_eq(one.lines[k].arrival, two.lines[k].arrival);
        cr_assert(!k || one.lines[k - 1].order.event_ms <= one.lines[k].order.event_ms);
    }
    inject_free(&one);
    inject_free(&two);
}

Test(inject, each_kind_does_to_lines_what_its_label_says)
{
    struct injected injected;
    cr_assert_null(inject_run(shop, 6, 0.4, &injected));
    uint32_t checked[ALERT_KINDS] = {0};
    for (uint32_t p = 0; p < shop->product_count; p++) {
        for (int64_t b = shop->first; b <= shop->last; b++) {
            uint8_t label = injected.labels[inject_cell(shop, p, b)];
            bool first = b > shop->first && injected.labels[inject_cell(shop, p, b - 1)] != label;
            if (label == INJECT_NONE || label == INJECT_SPARED || !first) {
                continue;
            }
            uint32_t before = lines_in(shop->lines, shop->count, p, b, ORDER_SALE);
            uint32_t after = lines_in(injected.lines, injected.count, p, b, ORDER_SALE);
            enum alert_kind kind = (enum alert_kind)(label - 1);
            checked[kind]++;
            if (kind == ALERT_ZERO_RUN) {
                cr_assert_eq(after, 0);
            } else if (kind == ALERT_DROP || kind == ALERT_LEVEL_SHIFT_DOWN) {
                cr_assert_leq(after, before);
            } else if (kind == ALERT_BULK_ORDER) {
                cr_assert_eq(after, before + 1);
            } else if (kind == ALERT_RETURNS_BURST) {
                cr_assert_gt(lines_in(injected.lines, injected.count, p, b, ORDER_CANCEL), 1);
            } else {
                cr_assert_geq(after, before);
            }
        }
    }
    for (int kind = 0; kind <= ALERT_BULK_ORDER; kind++) {
        cr_assert_eq(checked[kind] > 0, injected.incidents[kind] > 0);
    }
    cr_assert_gt(injected.incidents[ALERT_BULK_ORDER], 5);
    cr_assert_gt(injected.incidents[ALERT_PRICE_ERROR], 5);
    inject_free(&injected);
}

Test(inject, a_rate_of_zero_leaves_the_shop_as_it_is)
{
    struct injected injected;
    cr_assert_null(inject_run(shop, 7, 0, &injected));
    cr_assert_eq(injected.count, shop->count);
    for (uint32_t k = 0; k < shop->count; k++) {
        cr_assert_eq(injected.lines[k].arrival, shop->lines[k].arrival);
    }
    inject_free(&injected);
}

Test(inject, a_rehearsal_makes_rows_of_both_sorts)
{
    struct injected injected;
    struct weigh_rows rows = {0};
    uint8_t *odd = odd_mark(shop);
    cr_assert_null(inject_run(shop, 8, 0.2, &injected));
    cr_assert_null(rehearse(shop, &injected, odd, &settings, &rows));
    size_t wrong = 0, striking = 0;
    for (size_t i = 0; i < rows.count; i++) {
        cr_assert(rows.class_of[i] < WEIGH_CLASSES && rows.weight[i] > 0);
        wrong += rows.class_of[i] > 0;
        striking += rows.class_of[i] == 1 + ALERT_BULK_ORDER &&
                    rows.x[i * TRACE_INPUTS + TRACE_EVENTS_AT + EVENT_QUANTITY] > 1;
    }
    cr_assert(wrong > 50 && rows.count > 2 * wrong, "%zu of %zu", wrong, rows.count);
    cr_assert_gt(striking, injected.incidents[ALERT_BULK_ORDER] / 4);
    weigh_rows_fini(&rows);
    inject_free(&injected);
    free(odd);
}
