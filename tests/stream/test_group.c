/* Many products fall silent at once, or one rule silences a kind. */
#include "tests/stream/shard_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS = 84, PRODUCTS = 240, GONE = 70, OUTAGE = 76 };

static const int64_t HOUR_MS = 3600000;

static void sell(struct fixture_log *log, int product, int64_t at_ms, int64_t quantity)
{
    char sku[8];
    (void)snprintf(sku, sizeof sku, "P%d", product);
    struct slice none = slice_of("");
    struct line line = {.kind = LINE_ORDER,
                        .order = {.kind = ORDER_SALE,
                                  .event_ms = at_ms,
                                  .sku = slice_of(sku),
                                  .location = slice_of(product < GONE ? "north" : "south"),
                                  .order_id = none,
                                  .customer = none,
                                  .group = none,
                                  .currency = none,
                                  .channel = none,
                                  .quantity = quantity,
                                  .unit_price = 250,
                                  .fingerprint = {log->count, 1},
                                  .basket_lines = 12,
                                  .basket_units = 60,
                                  .basket_median = 4}};
    fixture_add(log, &line);
}

/* From day OUTAGE on the warehouse "north" sells nothing. */
static void shop(struct fixture_log *log)
{
    struct rng rng;
    rng_init(&rng, 3);
    for (int day = 0; day < DAYS; day++) {
        int64_t start_ms = FIXTURE_START_MS + (int64_t)day * FIXTURE_DAY_MS;
        for (int product = 0; product < PRODUCTS; product++) {
            uint64_t lines = rng_poisson(&rng, 6);
            for (uint64_t k = 0; k < lines && (product >= GONE || day < OUTAGE); k++) {
                sell(log, product, start_ms + 10 * HOUR_MS, 1 + (int64_t)rng_poisson(&rng, 3));
            }
        }
        fixture_tick(log, 0, start_ms + FIXTURE_DAY_MS + HOUR_MS, TICK_LIVE, 4000);
    }
}

static struct buf run(const char *silence)
{
    char set[96];
    (void)snprintf(set, sizeof set, "alerts.silence=%s", silence);
    const char *const sets[] = {set, "alerts.budget_per_10k=5", "forecasts.emit=never"};
    struct fixture fixture;
    struct fixture_log log = {0};
    shop(&log);
    fixture_init(&fixture, sets, 3);
    fixture_run(&fixture, &log, 1000000);
    struct buf outputs = fixture.outputs;
    fixture.outputs = (struct buf){0};
    fixture_fini(&fixture);
    fixture_log_fini(&log);
    return outputs;
}

/* Alerts opened whose text has all of three parts. */
static int opened(const struct buf *outputs, const char *one, const char *two)
{
    int found = 0;
    for (size_t at = 0; at < outputs->bytes;) {
        const char *line = outputs->data + at;
        size_t bytes = (size_t)((const char *)memchr(line, '\n', outputs->bytes - at) - line) + 1;
        found += memmem(line, bytes, "\"OPEN\"", 6) && memmem(line, bytes, one, strlen(one)) &&
                 memmem(line, bytes, two, strlen(two));
        at += bytes;
    }
    return found;
}

static int falls(const struct buf *outputs, const char *text)
{
    return opened(outputs, "zero_run", text) + opened(outputs, "\"drop\"", text) +
           opened(outputs, "level_shift_down", text);
}

Test(group, an_outage_of_a_warehouse_is_one_alert_not_one_a_product)
{
    struct buf outputs = run("");
    int parents = falls(&outputs, "\"sku\":null"), all = falls(&outputs, "");
    cr_assert(parents >= 1 && parents <= 2, "%d parents", parents);
    cr_assert_leq(all - parents, 4, "%d children", all - parents);
    cr_assert_geq(falls(&outputs, "north"), 1);
    buf_fini(&outputs);
}

Test(group, a_rule_silences_what_it_names)
{
    struct buf outputs = run("kind=zero_run,drop,level_shift_down");
    cr_assert_eq(falls(&outputs, ""), 0);
    buf_fini(&outputs);
}
