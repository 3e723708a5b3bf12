/* The learned judge in a shard: what opens, ends and comes back. */
#include "tests/stream/shard_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS = 125, PRODUCTS = 12, ODD_DAY = 100 };

static const int64_t HOUR_MS = 3600000;

static void sell(struct fixture_log *log, int product, int64_t at_ms, int64_t quantity,
                 int64_t price)
{
    char sku[8];
    (void)snprintf(sku, sizeof sku, "P%d", product);
    fixture_sale(log, sku, "main", at_ms, quantity, price);
}

/* Product 3 goes wrong on one day: its price is a tenth. */
static void shop_with_a_price_error(struct fixture_log *log, bool wrong)
{
    struct rng rng;
    rng_init(&rng, 3);
    for (int day = 0; day < DAYS; day++) {
        int64_t start_ms = FIXTURE_START_MS + (int64_t)day * FIXTURE_DAY_MS;
        for (int product = 0; product < PRODUCTS; product++) {
            int64_t price = wrong && product == 3 && day == ODD_DAY ? 25 : 250;
            for (uint64_t k = rng_poisson(&rng, 3); k-- > 0;) {
                sell(log, product, start_ms + 10 * HOUR_MS, 1 + (int64_t)rng_poisson(&rng, 3),
                     price);
            }
            if (product == 3 && day == ODD_DAY) {
                sell(log, product, start_ms + 10 * HOUR_MS, 3, price);
            }
        }
        fixture_tick(log, 0, start_ms + FIXTURE_DAY_MS + HOUR_MS, TICK_LIVE, 100);
    }
}

static struct buf run_with(const char *set, bool wrong, size_t commit_every)
{
    const char *const sets[] = {set, "alerts.budget_per_10k=5", "forecasts.emit=never"};
    struct fixture fixture;
    struct fixture_log log = {0};
    shop_with_a_price_error(&log, wrong);
    fixture_init(&fixture, sets, 3);
    fixture_run(&fixture, &log, commit_every);
    struct buf outputs = fixture.outputs;
    fixture.outputs = (struct buf){0};
    fixture_fini(&fixture);
    fixture_log_fini(&log);
    return outputs;
}

static struct buf run(const char *detector, bool wrong, size_t commit_every)
{
    char set[64];
    (void)snprintf(set, sizeof set, "anomaly.detector=%s", detector);
    return run_with(set, wrong, commit_every);
}

static int count(const struct buf *outputs, const char *text)
{
    int found = 0;
    const char *at = outputs->data, *end = outputs->data + outputs->bytes;
    while (at && (at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
        found++;
        at += strlen(text);
    }
    return found;
}

Test(verdict, a_price_error_is_one_alert_that_ends)
{
    struct buf outputs = run("shipped", true, 1000000);
    cr_assert_geq(count(&outputs, "price_error"), 1);
    cr_assert_eq(count(&outputs, "\"kind\":\"spike\"") + count(&outputs, "bulk_order"), 0,
                 "one incident, one alert");
    cr_assert_geq(count(&outputs, "RESOLVED"), 1, "%.*s", (int)outputs.bytes, outputs.data);
    buf_fini(&outputs);
}

Test(verdict, ordinary_days_open_nothing)
{
    struct buf outputs = run("shipped", false, 1000000);
    cr_assert_eq(count(&outputs, "price_error"), 0);
    cr_assert_leq(count(&outputs, "\"OPEN\""), 1);
    buf_fini(&outputs);
}

Test(verdict, commits_and_restarts_change_nothing)
{
    struct buf whole = run("shipped", true, 1000000), cut = run("shipped", true, 97);
    cr_assert_eq(count(&whole, "price_error"), count(&cut, "price_error"));
    cr_assert_eq(whole.bytes, cut.bytes);
    buf_fini(&whole);
    buf_fini(&cut);
}

Test(verdict, an_autoencoder_beside_it_survives_commits_and_restarts)
{
    struct buf whole = run_with("anomaly.autoencoder=on", true, 1000000),
               cut = run_with("anomaly.autoencoder=on", true, 97);
    cr_assert_geq(count(&whole, "price_error"), 1);
    cr_assert_eq(whole.bytes, cut.bytes);
    buf_fini(&whole);
    buf_fini(&cut);
}

Test(verdict, without_a_detector_exact_tails_decide)
{
    struct buf outputs = run("none", true, 1000000);
    cr_assert_geq(count(&outputs, "price_error"), 1);
    buf_fini(&outputs);
}

/* Product 3 sells `times` as much for some days from ODD_DAY on. */
static struct buf run_rise(int days, double times, size_t commit_every)
{
    static const char *const SETS[] = {"alerts.budget_per_10k=5", "forecasts.emit=never"};
    struct fixture fixture;
    struct fixture_log log = {0};
    struct rng rng;
    rng_init(&rng, 8);
    for (int day = 0; day < DAYS; day++) {
        int64_t start_ms = FIXTURE_START_MS + (int64_t)day * FIXTURE_DAY_MS;
        for (int product = 0; product < PRODUCTS; product++) {
            bool high = product == 3 && day >= ODD_DAY && day < ODD_DAY + days;
            for (uint64_t k = rng_poisson(&rng, 3 * (high ? times : 1)); k-- > 0;) {
                sell(&log, product, start_ms + 10 * HOUR_MS, 1 + (int64_t)rng_poisson(&rng, 3),
                     250);
            }
        }
        fixture_tick(&log, 0, start_ms + FIXTURE_DAY_MS + HOUR_MS, TICK_LIVE, 100);
    }
    fixture_init(&fixture, SETS, 2);
    fixture_run(&fixture, &log, commit_every);
    struct buf outputs = fixture.outputs;
    fixture.outputs = (struct buf){0};
    fixture_fini(&fixture);
    fixture_log_fini(&log);
    return outputs;
}

Test(verdict, a_spike_that_lasts_is_called_a_shift_of_level)
{
    struct buf brief = run_rise(2, 6, 1000000), lasting = run_rise(20, 6, 1000000);
    struct buf cut = run_rise(20, 6, 97);
    cr_expect_geq(count(&brief, "\"kind\":\"spike\""), 1);
    cr_expect_eq(count(&brief, "\"kind\":\"level_shift_up\""), 0, "%.*s", (int)brief.bytes,
                 brief.data);
    cr_expect_geq(count(&lasting, "\"kind\":\"level_shift_up\""), 1);
    cr_expect_eq(lasting.bytes, cut.bytes, "a restart forgets the name");
    buf_fini(&brief);
    buf_fini(&lasting);
    buf_fini(&cut);
}
