#include "tests/stream/hours_fixture.h"

#include <stdio.h>

void hours_tick(struct fixture_log *log, int64_t mark_ms, int64_t hour_ms, int64_t units)
{
    struct tick_count count = {.slot = hour_ms / HOUR_MS,
                               .group = slice_of(""),
                               .lines = units / 3 + 1,
                               .invoices = units / 3 + 1,
                               .units = units};
    struct line line = {.kind = LINE_TICK,
                        .tick = {.input = INPUT_ORDERS,
                                 .state = TICK_LIVE,
                                 .mark_ms = mark_ms,
                                 .clock_ms = mark_ms,
                                 .written_ms = mark_ms,
                                 .roster = {1, 0},
                                 .count_count = units > 0,
                                 .counts = &count}};
    fixture_add(log, &line);
}

struct hours {
    struct fixture_log *log;
    struct rng rng;
    uint64_t next;
    int64_t units;
};

static void sell(struct hours *shop, const char *sku, int64_t at, int64_t quantity)
{
    char customer[16];
    (void)snprintf(customer, sizeof customer, "c%d", (int)rng_below(&shop->rng, 30));
    uint64_t fingerprint = shop->next++;
    fixture_order(shop->log, sku, at, quantity, customer, fingerprint);
    shop->units += quantity;
    if (rng_below(&shop->rng, 25) == 0) { /* again */
        fixture_order(shop->log, sku, at, quantity, customer, fingerprint);
    }
    if (rng_below(&shop->rng, 12) == 0) { /* back after some hours */
        int64_t back = at + (int64_t)rng_below(&shop->rng, 9 * HOUR_MS);
        fixture_order(shop->log, sku, back, -quantity, customer, shop->next++);
    }
    static const int64_t LATE_HOURS[] = {3, 30, 120, 24 * 20};
    if (rng_below(&shop->rng, 60) == 0) {
        int64_t late = LATE_HOURS[rng_below(&shop->rng, 4)] * HOUR_MS;
        fixture_order(shop->log, sku, at - late, 2, "", shop->next++);
    }
}

static void sell_hour(struct hours *shop, int product, int64_t hour_ms, int hour)
{
    char sku[16];
    (void)snprintf(sku, sizeof sku, "%05d", 20000 + product);
    double open = hour >= 8 && hour < 20 ? (hour == 12 ? 3 : 1) : 0;
    double mean = (product % 9 + 1) * open / 14;
    for (uint64_t lines = rng_poisson(&shop->rng, mean / 2); lines--;) {
        int64_t at = hour_ms + (int64_t)rng_below(&shop->rng, HOUR_MS);
        int64_t quantity = rng_below(&shop->rng, 4000) ? 1 + (int64_t)rng_below(&shop->rng, 4)
                                                       : 70000; /* beyond 16 bits */
        sell(shop, sku, at, quantity);
    }
    if (product % 3 == 0 && hour == 7) {
        fixture_stock(shop->log, sku, STOCK_COUNT, hour_ms, 2 + product % 40, "count");
    }
}

void hours_shop(struct fixture_log *log, int products, int days, uint64_t seed)
{
    struct hours shop = {.log = log, .next = 1};
    rng_init(&shop.rng, seed);
    for (int product = 0; product < products; product += 2) {
        char sku[16];
        (void)snprintf(sku, sizeof sku, "%05d", 20000 + product);
        fixture_item(log, sku, 5, 7, 12, 6);
    }
    for (int hour = 0; hour < days * 24; hour++) {
        int64_t hour_ms = FIXTURE_START_MS + (int64_t)hour * HOUR_MS;
        for (int product = 0; product < products; product++) {
            sell_hour(&shop, product, hour_ms, hour % 24);
        }
        hours_tick(log, hour_ms + 3 * HOUR_MS / 2, hour_ms, shop.units);
        shop.units = 0;
    }
    hours_tick(log, FIXTURE_START_MS + (int64_t)days * FIXTURE_DAY_MS + 2 * HOUR_MS, 0, 0);
}

struct buf hours_dump(const struct fixture *fixture, const char *sku)
{
    struct buf dump = {0};
    (void)shard_dump_series(fixture->shard, slice_of(sku), slice_of("main"), &dump);
    buf_byte(&dump, '\0');
    return dump;
}

struct slice hours_between(struct slice text, const char *from, const char *to)
{
    const char *at = text.bytes ? memmem(text.data, text.bytes, from, strlen(from)) : NULL;
    if (!at) {
        return (struct slice){0};
    }
    at += strlen(from);
    const char *end = memmem(at, (size_t)(text.data + text.bytes - at), to, strlen(to));
    return end ? (struct slice){at, (size_t)(end - at)} : (struct slice){0};
}
