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
    fixture_sale(log, sku, product < GONE ? "north" : "south", at_ms, quantity, 250);
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

/* One tick an hour: invoices of the source, and of its only two groups, "uk" with nearly all. */
static void hourly_tick(struct fixture_log *log, int64_t hour, bool dead, bool uk_dead)
{
    int64_t uk = dead || uk_dead ? 0 : 10, fr = dead ? 0 : 1;
    struct tick_count counts[] = {
        {.slot = hour, .group = slice_of(""), .invoices = uk + fr},
        {.slot = hour, .group = slice_of("uk"), .invoices = uk},
        {.slot = hour, .group = slice_of("fr"), .invoices = fr},
    };
    int64_t mark_ms = (hour + 1) * HOUR_MS;
    struct line line = {.kind = LINE_TICK,
                        .tick = {.input = INPUT_ORDERS,
                                 .state = TICK_LIVE,
                                 .mark_ms = mark_ms,
                                 .clock_ms = mark_ms,
                                 .written_ms = mark_ms,
                                 .roster = {1, 0},
                                 .count_count = 3,
                                 .counts = counts}};
    fixture_add(log, &line);
}

/* Missing feeds of a run in which all orders fail to come for a day and then, for some hours, those
 * of one group. */
static void miss(int group_hours, int *of_source, int *of_group)
{
    const char *const sets[] = {"calendar={x: none}", "forecasts.emit=never"};
    struct fixture fixture;
    struct fixture_log log = {0};
    int64_t first = FIXTURE_START_MS / HOUR_MS, dead = first + 70 * 24 + 10;
    sell(&log, 1, FIXTURE_START_MS + HOUR_MS, 1);
    for (int64_t hour = first; hour < dead + 24 + 40; hour++) {
        bool late = hour >= dead + 24 && hour < dead + 24 + group_hours;
        hourly_tick(&log, hour, hour >= dead && hour < dead + 24, late);
    }
    fixture_init(&fixture, sets, 2);
    fixture_run(&fixture, &log, 1000000);
    *of_source = opened(&fixture.outputs, "missing_feed", "orders[0]");
    *of_group = opened(&fixture.outputs, "missing_feed", "uk");
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}

Test(group, a_silent_source_is_not_told_again_of_each_group)
{
    int of_source, of_group;
    miss(1, &of_source, &of_group);
    cr_expect_eq(of_source, 1, "%d", of_source);
    cr_expect_eq(of_group, 0, "%d", of_group);
    miss(20, &of_source, &of_group);
    cr_expect_eq(of_source, 1, "%d", of_source);
    cr_expect_eq(of_group, 1, "what is silent after it is news: %d", of_group);
}

/* --- categories: a few products in each of three tiles fail together ------------------------ */

enum { MANY = 600, STRIDE = 40, FEW_DAYS = 80, GAP = 70, MADE_AGAIN = 76 };

static bool is_toy(int product)
{
    return product % STRIDE == 0; /* 7, 6 and 2 of a tile: never a twentieth of it */
}

static void toys_fail(struct fixture_log *log)
{
    struct rng rng;
    rng_init(&rng, 5);
    for (int product = 0; product < MANY; product += STRIDE) {
        char sku[8];
        (void)snprintf(sku, sizeof sku, "P%d", product);
        fixture_item(log, sku, 3, 7, 1, 1);
    }
    for (int day = 0; day < FEW_DAYS; day++) {
        int64_t start_ms = FIXTURE_START_MS + (int64_t)day * FIXTURE_DAY_MS;
        for (int product = 0; product < MANY; product++) {
            uint64_t lines = rng_poisson(&rng, is_toy(product) ? 6 : 0.4);
            lines = day ? lines : 1;
            bool sold = !is_toy(product) || day < GAP || day >= MADE_AGAIN;
            for (uint64_t k = 0; k < lines && sold; k++) {
                sell(log, product, start_ms + 10 * HOUR_MS, 1 + (int64_t)rng_poisson(&rng, 3));
            }
        }
        fixture_tick(log, 0, start_ms + FIXTURE_DAY_MS + HOUR_MS, TICK_LIVE, 600);
    }
}

static const char *const TOY_SETS[] = {"alerts.budget_per_10k=5", "forecasts.emit=never"};

/* Outputs of the shop; seed 0: in one go, else with commits and restarts anywhere, between the
 * tiles of a close too. */
static struct buf toys(uint64_t seed)
{
    struct fixture fixture;
    struct fixture_log log = {0};
    struct rng rng;
    rng_init(&rng, seed);
    toys_fail(&log);
    fixture_init(&fixture, TOY_SETS, 2);
    for (size_t i = 0; i < log.count;) {
        fixture_apply(&fixture, &log, i++);
        bool more = seed && rng_below(&rng, 2) && shard_work(fixture.shard);
        if (more || (seed && rng_below(&rng, 60) == 0)) { /* more: in the midst of a close */
            fixture_commit(&fixture);
            i = more ? (size_t)fixture_restart(&fixture) : i;
        }
    }
    while (shard_work(fixture.shard)) {
    }
    fixture_commit(&fixture);
    struct buf outputs = fixture.outputs;
    fixture.outputs = (struct buf){0};
    fixture_fini(&fixture);
    fixture_log_fini(&log);
    fixture_sort(&outputs);
    return outputs;
}

/* Alert events that have both texts. */
static int told(const struct buf *outputs, const char *one, const char *two)
{
    int found = 0;
    for (size_t at = 0; at < outputs->bytes;) {
        const char *line = outputs->data + at;
        size_t bytes = (size_t)((const char *)memchr(line, '\n', outputs->bytes - at) - line) + 1;
        found += memmem(line, bytes, one, strlen(one)) && memmem(line, bytes, two, strlen(two));
        at += bytes;
    }
    return found;
}

Test(group, a_category_that_fails_is_one_alert)
{
    struct buf outputs = toys(0);
    cr_expect_eq(opened(&outputs, "category toys", ""), 1, "%d",
                 opened(&outputs, "category toys", ""));
    cr_expect_eq(told(&outputs, "category toys", "RESOLVED"), 1, "when they sell again it ends");
    int children = falls(&outputs, "\"sku\":\"P");
    cr_expect_leq(children, 8, "those of the first tile may have spoken before: %d", children);
    buf_fini(&outputs);
}

Test(group, categories_survive_restarts_between_tiles)
{
    struct buf once = toys(0), often = toys(11);
    cr_assert(fixture_same(&once, &often));
    buf_fini(&once);
    buf_fini(&often);
}
