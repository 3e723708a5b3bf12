/* The learner in a shard: what a wild order may do to the others, roll-back by hand, what is told.
 * Restarts and ticks: test_shard.c. */
#include "model/learner.h"
#include "tests/stream/shard_fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRODUCTS = 60, DAYS = 50, POISONED = 7, WILD = 100000 };

static const char *const ONLINE[] = {
    "forecasts.emit=always", "time.zone=UTC",   "model.base=blank",      "model.learn=online",
    "model.learn_series=20", "model.batches=2", "model.learn_rate=0.002"};
enum { SETS = sizeof ONLINE / sizeof ONLINE[0] };

/* Sales of every product each day; on day `wild` (< 0: never) one order of 10^5 units more. Ticks
 * carry winsorised units, as INGEST has them. */
static void make_log(struct fixture_log *log, int days, int wild)
{
    struct rng rng;
    rng_init(&rng, 5);
    uint64_t fingerprint = 0;
    for (int day = 0; day < days; day++) {
        int64_t units = 0, day_ms = FIXTURE_START_MS + (int64_t)day * FIXTURE_DAY_MS;
        for (int product = 0; product < PRODUCTS; product++) {
            char sku[16];
            (void)snprintf(sku, sizeof sku, "P%03d", product);
            int64_t sold = (int64_t)rng_negbin(&rng, 1 + product % 9, 3.0 * (1 + product % 9));
            if (sold) {
                fixture_order(log, sku, day_ms + FIXTURE_DAY_MS / 2, sold, "c", ++fingerprint);
            }
            if (day == wild && product == POISONED) {
                fixture_order(log, sku, day_ms + FIXTURE_DAY_MS / 2 + 1, WILD, "d",
                              UINT64_C(1) << 40);
            }
            units += sold;
        }
        fixture_tick(log, 0, day_ms + FIXTURE_DAY_MS + 2 * 3600000, TICK_LIVE, units);
    }
}

struct told { /* 0.9 quantiles of the longest sum, by product and day of the origin */
    double q[PRODUCTS][DAYS + 1];
};

static void read_forecasts(const struct buf *outputs, struct told *told)
{
    char topic[8];
    (void)snprintf(topic, sizeof topic, "%d|P", (int)TOPIC_FORECASTS);
    for (size_t at = 0; at < outputs->bytes;) {
        const char *line = outputs->data + at;
        size_t bytes = (size_t)((const char *)memchr(line, '\n', outputs->bytes - at) - line);
        at += bytes + 1;
        const char *value = memchr(line, '{', bytes);
        if (strncmp(line, topic, strlen(topic)) != 0 || !value) {
            continue;
        }
        json_t *json = json_loadb(value, bytes - (size_t)(value - line), 0, NULL);
        cr_assert_not_null(json);
        int64_t day = (json_integer_value(json_object_get(json, "origin")) - FIXTURE_START_MS) /
                      FIXTURE_DAY_MS;
        json_t *sums = json_object_get(json, "sums");
        json_t *q = json_object_get(json_array_get(sums, json_array_size(sums) - 1), "quantiles");
        long product = strtol(line + strlen(topic), NULL, 10);
        if (day >= 0 && day <= DAYS) {
            told->q[product][day] = json_number_value(json_array_get(q, 9));
        }
        json_decref(json);
    }
}

static void run(int wild, struct told *told, struct learner_facts *facts)
{
    struct fixture_log log = {0};
    struct fixture fixture;
    make_log(&log, DAYS, wild);
    fixture_init(&fixture, ONLINE, SETS);
    fixture_run(&fixture, &log, 300);
    read_forecasts(&fixture.outputs, told);
    cr_assert(shard_learning(fixture.shard, facts));
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}

static int by_size(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

Test(learning, a_wild_order_hardly_moves_the_others)
{
    static struct told without, with;
    struct learner_facts calm, wild;
    run(-1, &without, &calm);
    run(36, &with, &wild);
    cr_assert_gt(calm.generation, 0u);
    static double change[PRODUCTS * DAYS];
    size_t count = 0;
    for (int product = 0; product < PRODUCTS; product++) {
        for (int day = 36; product != POISONED && day < DAYS - 1; day++) {
            double before = without.q[product][day], after = with.q[product][day];
            cr_assert(before > 0 && isfinite(after), "product %d, day %d", product, day);
            change[count++] = fabs(after / before - 1);
        }
    }
    qsort(change, count, sizeof *change, by_size);
    cr_expect_leq(change[count / 2], 0.001, "median change %g", change[count / 2]);
    cr_expect_leq(change[count * 95 / 100], 0.05, "95 %%: %g", change[count * 95 / 100]);
}

static void roll_back(struct fixture_log *log, const char *location)
{
    struct line line = {.kind = LINE_FEEDBACK,
                        .source = {.input = INPUT_FEEDBACK},
                        .feedback = {.kind = FEEDBACK_ROLL_BACK,
                                     .proposal_id = slice_of("x"),
                                     .sku = slice_of(FEEDBACK_MODEL),
                                     .location = slice_of(location),
                                     .reason = slice_of(""),
                                     .quantity = -1,
                                     .event_ms = -1}};
    fixture_add(log, &line);
}

Test(learning, rolls_back_by_hand_at_the_next_close_and_tells_it)
{
    struct fixture_log log = {0};
    struct fixture fixture;
    struct learner_facts facts;
    make_log(&log, DAYS, -1);
    size_t lines = log.count;
    roll_back(&log, "all");
    fixture_tick(&log, 0, FIXTURE_START_MS + (DAYS + 1) * (int64_t)FIXTURE_DAY_MS + 7200000,
                 TICK_LIVE, 0);
    fixture_init(&fixture, ONLINE, SETS);
    for (size_t i = 0; i <= lines; i++) {
        fixture_apply(&fixture, &log, i);
    }
    (void)shard_learning(fixture.shard, &facts);
    uint32_t before = facts.generation;
    cr_assert_gt(before, 0u);
    fixture_apply(&fixture, &log, lines + 1);
    while (shard_work(fixture.shard)) {
    }
    fixture_commit(&fixture);
    (void)shard_learning(fixture.shard, &facts);
    cr_assert_lt(facts.generation, before);
    cr_assert_eq(facts.told[LEARNER_BY_HAND], 1u);
    buf_byte(&fixture.outputs, '\0');
    cr_assert_not_null(strstr(fixture.outputs.data, "\"kind\":\"model_rollback\""));
    cr_assert_not_null(strstr(fixture.outputs.data, "went back to model version"));
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}

Test(learning, nothing_is_rolled_back_where_nothing_is_learned)
{
    struct fixture_log log = {0};
    struct fixture fixture;
    struct learner_facts facts;
    make_log(&log, 5, -1);
    roll_back(&log, "all");
    fixture_init(&fixture, ONLINE, 2);
    fixture_run(&fixture, &log, 50);
    cr_assert(!shard_learning(fixture.shard, &facts));
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}
