#include "stream/simulate.h"
#include "stream/simulate_json.h"

#include "config/base/hash.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t DAY = 86400000;

static struct simulate_options options_of(int64_t products, int64_t days, uint64_t seed)
{
    return (struct simulate_options){.products = products,
                                     .locations = 2,
                                     .days = days,
                                     .start_ms = 1704067200000,
                                     .seed = seed,
                                     .orders_per_day = 100,
                                     .anomalies = 200};
}

/* Hash of everything that would be sent. */
static uint64_t hash_of(uint64_t seed)
{
    struct simulate_options options = options_of(30, 40, seed);
    struct simulate *sim = NULL;
    struct status *st = simulate_create(&options, &sim);
    cr_assert_null(st);
    struct simulate_event event;
    struct buf key = {0}, value = {0};
    while (simulate_next(sim, &event)) {
        if (event.kind <= SIMULATE_ITEM) {
            (void)simulate_json(&event, &key, &value);
        } else if (event.kind == SIMULATE_LABEL) {
            simulate_label_csv(&event.label, &value);
        }
    }
    uint64_t hash = hash_64(value.data, value.bytes, hash_64(key.data, key.bytes, 0));
    buf_fini(&key);
    buf_fini(&value);
    simulate_destroy(sim);
    return hash;
}

Test(simulate, a_seed_gives_the_same_bytes)
{
    cr_expect(hash_of(7) == hash_of(7));
    cr_expect(hash_of(7) != hash_of(8));
}

Test(simulate, events_in_order_of_time_and_stock_never_below_zero)
{
    struct simulate_options options = options_of(20, 90, 5);
    struct simulate *sim = NULL;
    struct status *st = simulate_create(&options, &sim);
    cr_assert_null(st);
    struct simulate_event event;
    int64_t last = 0, days = 0, lines = 0, labels = 0, receipts = 0, last_stock = 0;
    bool sold_out = false;
    while (simulate_next(sim, &event)) {
        cr_assert(event.time_ms >= last, "time went back");
        cr_assert(event.kind != SIMULATE_DAY || event.time_ms % DAY == DAY - 1);
        last = event.time_ms;
        days += event.kind == SIMULATE_DAY;
        labels += event.kind == SIMULATE_LABEL;
        if (event.kind == SIMULATE_ORDER) {
            lines++;
            bool sale = event.order.kind == ORDER_SALE;
            cr_assert((event.order.quantity > 0) == sale && event.order.unit_price > 0);
        } else if (event.kind == SIMULATE_STOCK) {
            receipts += event.stock.kind == STOCK_RECEIPT;
            last_stock = event.stock.event_ms;
            cr_assert(event.stock.quantity > 0 || event.stock.kind == STOCK_COUNT);
        } else if (event.kind == SIMULATE_DAY) {
            for (int64_t p = 0; p < options.products; p++) {
                bool in_stock;
                cr_assert(simulate_demand(sim, p, 1, &in_stock) >= 0);
                sold_out |= !in_stock;
            }
        }
    }
    cr_expect(days == 90 && lines > 1000 && labels > 0 && receipts > 0);
    cr_expect(sold_out, "the shop never runs out: nothing to learn from");
    cr_expect(last_stock < options.start_ms + 90 * DAY);
    simulate_destroy(sim);
}

/* Orders of several lines next to each other, customers who come again, lines that come back. */
Test(simulate, baskets_customers_and_comebacks)
{
    enum { CUSTOMERS = 2000 };
    static uint16_t orders_of[CUSTOMERS];
    memset(orders_of, 0, sizeof orders_of);
    struct simulate_options options = options_of(60, 60, 11);
    options.locations = 1;
    struct simulate *sim = NULL;
    cr_assert_null(simulate_create(&options, &sim));
    struct simulate_event event;
    char order[32] = "";
    int64_t orders = 0, lines = 0, cancels = 0, returns = 0, promoted = 0, again = 0, time_ms = 0;
    int32_t number = 0;
    while (simulate_next(sim, &event)) {
        if (event.kind != SIMULATE_ORDER || event.again) {
            again += event.kind == SIMULATE_ORDER;
            continue;
        }
        cancels += event.order.kind == ORDER_CANCEL;
        returns += event.order.kind == ORDER_RETURN;
        promoted += event.order.promotion;
        if (event.order.kind != ORDER_SALE) {
            cr_assert(event.order.customer.bytes > 0);
            continue;
        }
        lines++;
        if (slice_is(event.order.order_id, order)) {
            cr_assert(event.line_no == ++number && event.time_ms == time_ms);
            continue;
        }
        orders++;
        cr_assert(event.line_no == 1);
        snprintf(order, sizeof order, "%.*s", (int)event.order.order_id.bytes,
                 event.order.order_id.data);
        number = 1;
        time_ms = event.time_ms;
        if (event.order.customer.bytes) {
            char name[32];
            snprintf(name, sizeof name, "%.*s", (int)event.order.customer.bytes - 1,
                     event.order.customer.data + 1);
            long customer = strtol(name, NULL, 10);
            orders_of[customer < CUSTOMERS ? customer : 0]++;
        }
    }
    simulate_destroy(sim);
    int regulars = 0;
    for (int i = 1; i < CUSTOMERS; i++) {
        regulars += orders_of[i] >= 10;
    }
    cr_expect(orders > 4000 && lines > 3 * orders && lines < 5 * orders, "%d in %d", (int)lines,
              (int)orders);
    cr_expect(regulars > 20, "%d customers came ten times", regulars);
    cr_expect(cancels > lines / 200 && cancels < lines / 40, "%d", (int)cancels);
    cr_expect(returns > lines / 100 && returns < lines / 20, "%d", (int)returns);
    cr_expect(promoted > 0 && again > 0);
}

/* What is labelled is seen: the bulk line, the price, the returns; and a silent day has no order.
 */
Test(simulate, labels_are_exact)
{
    enum { LABELS = 512 };
    static struct simulate_label labels[LABELS];
    static int64_t seen[LABELS];
    memset(seen, 0, sizeof seen);
    struct simulate_options options = options_of(40, 200, 3);
    options.anomalies = 400;
    struct simulate *sim = NULL;
    cr_assert_null(simulate_create(&options, &sim));
    struct simulate_event event;
    int count = 0, kinds[ALERT_KINDS] = {0};
    while (simulate_next(sim, &event)) {
        if (event.kind == SIMULATE_LABEL) {
            cr_assert(count < LABELS);
            kinds[event.label.kind]++;
            labels[count++] = event.label;
        }
        for (int i = count; event.kind == SIMULATE_ORDER && i-- > 0;) {
            const struct simulate_label *label = &labels[i];
            const struct order_line *order = &event.order;
            if (event.time_ms < label->onset_ms || event.time_ms >= label->end_ms || event.again) {
                continue;
            }
            cr_assert(label->kind != ALERT_MISSING_FEED, "an order on a silent day");
            if (!slice_equal(label->sku, order->sku) ||
                !slice_equal(label->location, order->location)) {
                continue;
            }
            seen[i] += label->kind == ALERT_BULK_ORDER ? order->quantity >= (int64_t)label->size
                       : label->kind == ALERT_RETURNS_BURST ? order->kind == ORDER_RETURN
                       : label->kind == ALERT_ZERO_RUN      ? order->kind == ORDER_SALE
                                                            : order->unit_price < 100;
        }
    }
    simulate_destroy(sim);
    for (int i = 0; i < count; i++) {
        bool must = labels[i].kind == ALERT_BULK_ORDER || labels[i].kind == ALERT_RETURNS_BURST;
        cr_expect(!must || seen[i] > 0, "label %d (%s) is not to be seen", i,
                  alert_kind_name(labels[i].kind));
        cr_expect(labels[i].kind != ALERT_ZERO_RUN || seen[i] == 0, "sold in a zero run");
    }
    cr_expect(kinds[ALERT_SPIKE] && kinds[ALERT_ZERO_RUN] && kinds[ALERT_LEVEL_SHIFT_UP] &&
              kinds[ALERT_LEVEL_SHIFT_DOWN] && kinds[ALERT_PRICE_ERROR] &&
              kinds[ALERT_BULK_ORDER] && kinds[ALERT_RETURNS_BURST] && kinds[ALERT_SUPPLY_LATE]);
}

Test(simulate, refuses_what_is_out_of_range)
{
    const struct simulate_options bad[] = {
        {.products = 0, .locations = 1, .orders_per_day = 1},
        {.products = 1, .locations = 0, .orders_per_day = 1},
        {.products = 1, .locations = 1, .orders_per_day = 0},
        {.products = 1, .locations = 1, .orders_per_day = 1, .days = -1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct simulate *sim = NULL;
        struct status *st = simulate_create(&bad[i], &sim);
        cr_expect(status_code(st) == STATUS_USAGE && !sim, "case %zu", i);
        status_free(st);
    }
}
