#include "stream/simulate.h"
#include "stream/simulate_json.h"

#include "config/base/hash.h"

#include <criterion/criterion.h>

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
        last = event.time_ms;
        days += event.kind == SIMULATE_DAY;
        labels += event.kind == SIMULATE_LABEL;
        if (event.kind == SIMULATE_ORDER) {
            lines++;
            cr_assert(event.order.quantity > 0 && event.order.unit_price > 0);
        } else if (event.kind == SIMULATE_STOCK) {
            receipts += event.stock.kind == STOCK_RECEIPT;
            last_stock = event.stock.event_ms;
            cr_assert(event.stock.quantity > 0);
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
