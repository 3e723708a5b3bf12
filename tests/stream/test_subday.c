/* Buckets shorter than a day, seen through a shard: stream/subday.c and what it is called from. */
#include "stream/subday.h"

#include "tests/stream/hours_fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const HOURLY[] = {"time.bucket=1h", "time.zone=Europe/London",
                                     "forecasts.change=0.02", "forecasts.horizon=20"};
static const char *const DAILY[] = {"time.bucket=1d", "time.zone=Europe/London",
                                    "forecasts.emit=always", "forecasts.horizon=20"};
enum { SETS = 4 };

static struct buf run(const struct fixture_log *log, const char *const *sets, size_t commit_every)
{
    struct fixture fixture;
    fixture_init(&fixture, sets, SETS);
    fixture_run(&fixture, log, commit_every);
    struct buf outputs = fixture.outputs;
    fixture.outputs = (struct buf){0};
    fixture_fini(&fixture);
    return outputs;
}

Test(subday, output_does_not_depend_on_commits)
{
    struct fixture_log log = {0};
    hours_shop(&log, 20, 20, 2);
    struct buf often = run(&log, HOURLY, 1), seldom = run(&log, HOURLY, 3000);
    cr_expect(often.bytes > 100000);
    cr_expect(fixture_same(&often, &seldom));
    buf_fini(&often);
    buf_fini(&seldom);
    fixture_log_fini(&log);
}

/* The same log, whose ticks tell their counts in two pieces: lines that sold nothing (returns)
 * apart from the rest, a tick earlier. */
static void in_pieces(const struct fixture_log *from, struct fixture_log *to)
{
    struct arena *arena = arena_create(1 << 16, 1 << 22);
    int64_t mark_ms = FIXTURE_START_MS;
    for (size_t i = 0; i < from->count; i++) {
        struct line line;
        const char *reason;
        arena_reset(arena);
        cr_assert(line_decode((struct slice){from->bytes.data + from->at[i][0], from->at[i][1]},
                              arena, &line, &reason));
        if (line.kind == LINE_TICK) {
            struct tick_line *tick = &line.tick;
            if (tick->count_count && tick->counts[0].lines > 1) {
                struct tick_count piece = tick->counts[0], rest = piece;
                struct line early = line;
                piece.units = 0;
                piece.lines = 1;
                rest.lines -= 1;
                early.tick.mark_ms = early.tick.clock_ms = mark_ms;
                early.tick.counts = &piece;
                fixture_add(to, &early);
                mark_ms = tick->mark_ms;
                tick->counts = &rest;
                fixture_add(to, &line);
                continue;
            }
            mark_ms = tick->mark_ms;
        }
        fixture_add(to, &line);
    }
    arena_destroy(arena);
}

/* How counts are cut into ticks depends on where transactions ended. */
Test(subday, counts_told_in_pieces_are_the_same_counts)
{
    struct fixture_log log = {0}, pieces = {0};
    hours_shop(&log, 20, 20, 6);
    in_pieces(&log, &pieces);
    cr_expect(pieces.count > log.count + 50);
    struct buf expected = run(&log, HOURLY, 500), found = run(&pieces, HOURLY, 500);
    cr_expect(fixture_same(&expected, &found));
    buf_fini(&expected);
    buf_fini(&found);
    fixture_log_fini(&log);
    fixture_log_fini(&pieces);
}

/* Two tiles; lines applied, buckets and days closed in random pieces, the process killed at random
 * moments. */
Test(subday, output_survives_restarts_anywhere)
{
    struct fixture_log log = {0};
    hours_shop(&log, 280, 12, 3);
    struct buf expected = run(&log, HOURLY, 500);
    fixture_sort(&expected);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct rng rng;
        rng_init(&rng, seed);
        struct fixture fixture;
        fixture_init(&fixture, HOURLY, SETS);
        int restarts = 0;
        for (size_t i = 0; i < log.count;) {
            fixture_apply(&fixture, &log, i++);
            for (uint64_t work = rng_below(&rng, 3); work--;) {
                (void)shard_work(fixture.shard);
            }
            if (rng_below(&rng, 20) == 0) {
                fixture_commit(&fixture);
            }
            if (rng_below(&rng, 400) == 0) {
                i = (size_t)fixture_restart(&fixture);
                restarts++;
            }
        }
        while (shard_work(fixture.shard)) {
        }
        fixture_commit(&fixture);
        cr_expect_gt(restarts, 20);
        fixture_sort(&fixture.outputs);
        cr_expect(fixture_same(&expected, &fixture.outputs), "seed %d", (int)seed);
        fixture_fini(&fixture);
    }
    buf_fini(&expected);
    fixture_log_fini(&log);
}

/* --- against days
 * ------------------------------------------------------------------------------------------------
 */

/* Sums that were told of a product after its day `day`, among the outputs of a run. */
static struct slice sums_of(const struct buf *outputs, const char *sku, int64_t origin_ms)
{
    char head[96];
    int bytes =
        snprintf(head, sizeof head, "{\"sku\":\"%s\",\"location\":\"main\",\"origin\":%" PRId64,
                 sku, origin_ms);
    const char *at = memmem(outputs->data, outputs->bytes, head, (size_t)bytes);
    if (!at) {
        return (struct slice){0};
    }
    struct slice rest = {at, outputs->bytes - (size_t)(at - outputs->data)};
    return hours_between(rest, "\"sums\":", "\"weights\"");
}

Test(subday, days_and_their_sums_are_those_of_a_daily_run)
{
    static const char *const ALL[] = {"time.bucket=1h", "time.zone=Europe/London",
                                      "forecasts.emit=always", "forecasts.horizon=20"};
    struct fixture_log log = {0};
    hours_shop(&log, 6, 40, 4);
    struct fixture hourly, daily;
    fixture_init(&hourly, ALL, SETS);
    fixture_init(&daily, DAILY, SETS);
    fixture_run(&hourly, &log, 100);
    fixture_run(&daily, &log, 100);
    int same = 0;
    for (int product = 0; product < 6; product++) {
        char sku[16];
        (void)snprintf(sku, sizeof sku, "%05d", 20000 + product);
        struct buf by_hour = hours_dump(&hourly, sku), by_day = hours_dump(&daily, sku);
        struct slice one = hours_between(buf_view(&by_hour), "\"buckets\":[", "]");
        struct slice two = hours_between(buf_view(&by_day), "\"buckets\":[", "]");
        cr_expect(one.bytes > 1000 && slice_equal(one, two), "%s: the ring of days", sku);
        buf_fini(&by_hour);
        buf_fini(&by_day);
        for (int day = 5; day < 39; day++) { /* London is an hour ahead */
            int64_t start = FIXTURE_START_MS + (int64_t)day * FIXTURE_DAY_MS - HOUR_MS;
            struct slice sums = sums_of(&daily.outputs, sku, start);
            struct slice again = sums_of(&hourly.outputs, sku, start + 23 * HOUR_MS);
            same += sums.bytes > 100;
            cr_expect(slice_equal(sums, again), "%s day %d: %.*s\n%.*s", sku, day, (int)sums.bytes,
                      sums.data, (int)again.bytes, again.data);
        }
    }
    cr_expect_geq(same, 6 * 30);
    cr_expect(shard_counts(hourly.shard)->closes == shard_counts(daily.shard)->closes);
    fixture_fini(&hourly);
    fixture_fini(&daily);
    fixture_log_fini(&log);
}

/* --- one product
 * -------------------------------------------------------------------------------------------------
 */

static struct fixture fixture;
static struct fixture_log told;
static size_t applied;
static uint64_t fingerprint;

static void set_up(void)
{
    told = (struct fixture_log){0};
    applied = 0;
    fingerprint = 1;
    fixture_init(&fixture, HOURLY, SETS);
}

static void tear_down(void)
{
    fixture_fini(&fixture);
    fixture_log_fini(&told);
}

TestSuite(subday_one, .init = set_up, .fini = tear_down);

static int64_t at(int day, int hour) /* UTC */
{
    return FIXTURE_START_MS + day * (int64_t)FIXTURE_DAY_MS + hour * (int64_t)HOUR_MS;
}

static void order(int64_t event_ms, int64_t quantity)
{
    fixture_order(&told, "A", event_ms, quantity, "ann", fingerprint++);
}

/* Everything up to an hour closes. */
static void pass(int64_t end_ms)
{
    hours_tick(&told, end_ms + HOUR_MS, 0, 0);
    while (applied < told.count) {
        fixture_apply(&fixture, &told, applied++);
    }
    while (shard_work(fixture.shard)) {
    }
    fixture_commit(&fixture);
}

static int64_t units_at(const char *ring, int64_t start_ms)
{
    struct buf dump = hours_dump(&fixture, "A");
    struct slice cells = hours_between(buf_view(&dump), ring, "]");
    char start[64];
    (void)snprintf(start, sizeof start, "{\"start\":%" PRId64 ",\"units\":", start_ms);
    struct slice units = hours_between(cells, start, ",");
    int64_t found = units.bytes ? strtoll(units.data, NULL, 10) : -1;
    buf_fini(&dump);
    return found;
}

static int64_t in_hour(int64_t start_ms)
{
    return units_at("\"short_buckets\":[", start_ms);
}

static int64_t in_day(int64_t start_ms)
{
    return units_at("\"buckets\":[", start_ms);
}

Test(subday_one, late_lines_and_cancellations_amend_hour_and_day)
{
    for (int day = 0; day < 18; day++) {
        order(at(day, 9), 5);
        order(at(day, 15), 2);
        pass(at(day, 18));
    }
    cr_expect(in_hour(at(17, 9)) == 5 && in_hour(at(17, 15)) == 2 && in_day(at(17, -1)) == 7);
    order(at(17, 9) + 60000, 3); /* its hour is closed, its day is not */
    order(at(16, 9), 4); /* both are */
    order(at(1, 9), 1); /* its hour has left the ring */
    pass(at(17, 19));
    cr_expect(shard_counts(fixture.shard)->late == 3);
    cr_expect(in_hour(at(17, 9)) == 8 && in_day(at(17, -1)) == 10);
    cr_expect(in_hour(at(16, 9)) == 9 && in_day(at(16, -1)) == 11);
    cr_expect(in_hour(at(1, 9)) == -1 && in_day(at(1, -1)) == 8);
    order(at(17, 19) + 60000, -2); /* the latest sale of two */
    pass(at(17, 20));
    cr_expect(in_hour(at(17, 15)) == 0 && in_day(at(17, -1)) == 8);
    order(at(17, 20) + 60000, -1); /* finds the sale of two weeks ago */
    pass(at(17, 21));
    cr_expect(in_day(at(1, -1)) == 7);
}

Test(subday_one, a_day_of_a_clock_change_has_its_own_number_of_hours)
{
    /* 2020-10-25 has 25 hours, day 41; London is at UTC + 1 until then. */
    int64_t begins = at(41, -1), ends = at(42, 0);
    order(at(35, 10), 1);
    pass(at(40, 22));
    for (int64_t hour = begins; hour < ends; hour += HOUR_MS) {
        order(hour + 1000, 1);
        pass(hour + HOUR_MS);
    }
    cr_expect(in_day(begins) == 25, "%d", (int)in_day(begins));
    cr_expect(shard_counts(fixture.shard)->late == 0);
    const struct buckets *buckets = &fixture.settings.buckets;
    int64_t day = bucket_of(&fixture.settings.days, begins);
    cr_expect(bucket_first(buckets, day + 1) - bucket_first(buckets, day) == 25);
    struct shard_view view;
    shard_view(fixture.shard, &view);
    cr_expect(bucket_start(buckets, view.closed_bucket + 1) == ends);
}

Test(subday_one, an_hour_out_of_stock_marks_its_day)
{
    order(at(0, 9), 5);
    pass(at(3, 9));
    fixture_stock(&told, "A", STOCK_COUNT, at(3, 9), 2, "count");
    order(at(3, 10), 2);
    pass(at(3, 12));
    fixture_stock(&told, "A", STOCK_RECEIPT, at(3, 13), 50, "");
    pass(at(4, 12));
    struct buf dump = hours_dump(&fixture, "A");
    struct slice days = hours_between(buf_view(&dump), "\"buckets\":[", "]");
    char start[96];
    (void)snprintf(start, sizeof start, "{\"start\":%" PRId64 ",\"units\":2,\"flags\":2,",
                   at(3, -1));
    cr_expect(memmem(days.data, days.bytes, start, strlen(start)), "%.*s", (int)days.bytes,
              days.data);
    (void)snprintf(start, sizeof start, "{\"start\":%" PRId64 ",\"units\":0,\"flags\":2,",
                   at(3, 11));
    cr_expect(memmem(dump.data, dump.bytes, start, strlen(start)));
    cr_expect(in_hour(at(3, 14)) == -1, "in stock again, nothing sold");
    buf_fini(&dump);
}

/* Some weeks of a product that sells all day long, and others that do too. */
static void usual_weeks(int days)
{
    for (int day = 0; day < days; day++) {
        for (int hour = 8; hour < 20; hour++) {
            for (int other = 0; other < 8; other++) {
                char sku[16];
                (void)snprintf(sku, sizeof sku, "other%d", other);
                fixture_order(&told, sku, at(day, hour) + 5000, 2 + (hour + other + day) % 2, "",
                              fingerprint++);
            }
            fixture_order(&told, "A", at(day, hour) + 5000, 2 + (hour + day) % 3, "",
                          fingerprint++);
        }
        pass(at(day, 22));
    }
}

static bool wrote(const char *kind, const char *state)
{
    char text[64];
    const struct buf *outputs = &fixture.outputs;
    (void)snprintf(text, sizeof text, "\"kind\":\"%s\"", kind);
    for (size_t from = 0; from < outputs->bytes;) {
        const char *line = outputs->data + from;
        size_t bytes = (size_t)((const char *)memchr(line, '\n', outputs->bytes - from) - line);
        if (memmem(line, bytes, text, strlen(text)) && memmem(line, bytes, state, strlen(state)) &&
            memmem(line, bytes, "\"sku\":\"A\"", 9)) {
            return true;
        }
        from += bytes + 1;
    }
    return false;
}

Test(subday_one, a_spike_is_told_in_its_hour)
{
    usual_weeks(60);
    cr_expect(!wrote("spike", "OPEN"));
    for (int hour = 8; hour < 11; hour++) {
        for (int other = 0; other < 8; other++) {
            char sku[16];
            (void)snprintf(sku, sizeof sku, "other%d", other);
            fixture_order(&told, sku, at(60, hour) + 5000, 2, "", fingerprint++);
        }
        for (int line = 0; line < 30 && hour == 10; line++) { /* no bulk order: many lines */
            fixture_order(&told, "A", at(60, hour) + line, 4, "", fingerprint++);
        }
        pass(at(60, hour + 1));
    }
    cr_expect(wrote("spike", "OPEN"), "by eleven o'clock");
}

Test(subday_one, a_run_of_nothing_is_told_before_midnight)
{
    usual_weeks(60);
    for (int hour = 8; hour < 18; hour++) {
        for (int other = 0; other < 8; other++) {
            char sku[16];
            (void)snprintf(sku, sizeof sku, "other%d", other);
            fixture_order(&told, sku, at(60, hour) + 5000, 2, "", fingerprint++);
        }
        pass(at(60, hour + 1));
    }
    cr_expect(wrote("zero_run", "OPEN"));
    cr_expect(!wrote("drop", "OPEN"));
}

/* Half of the day's trigger level is enough once half of the day has sold. */
static int64_t trigger(void)
{
    struct buf dump = hours_dump(&fixture, "A");
    struct slice level = hours_between(buf_view(&dump), "\"trigger_level\":", ",");
    int64_t found = level.bytes ? strtoll(level.data, NULL, 10) : -1;
    buf_fini(&dump);
    return found;
}

Test(subday_one, trigger_levels_fall_with_the_day_and_come_back_after_a_restart)
{
    fixture_item(&told, "A", 0.5, 1, 1, 1);
    usual_weeks(30);
    fixture_stock(&told, "A", STOCK_COUNT, at(29, 22), 500, "count");
    pass(at(30, 0));
    int64_t morning = trigger();
    for (int hour = 8; hour < 15; hour++) {
        fixture_order(&told, "A", at(30, hour) + 5000, 3, "", fingerprint++);
        pass(at(30, hour + 1));
    }
    int64_t afternoon = trigger();
    cr_expect(morning > 10 && afternoon < morning - 5, "%d %d", (int)morning, (int)afternoon);
    fixture_restart(&fixture);
    cr_expect(trigger() == afternoon);
}

/* An hour in which nothing ever sells is no lower bound of the day's demand. */
Test(subday_one, an_empty_shelf_at_night_hides_no_demand)
{
    for (int day = 0; day < 20; day++) {
        for (int hour = 8; hour < 20; hour++) {
            order(at(day, hour) + 5000, 20);
        }
        pass(at(day, 22));
    }
    pass(at(20, 1));
    const struct buckets *buckets = &fixture.settings.buckets;
    cr_expect(shard_censor(fixture.shard, slice_of("A"), slice_of("main"),
                           bucket_of(buckets, at(20, 2))));
    struct buf dump = hours_dump(&fixture, "A");
    char cell[96];
    (void)snprintf(cell, sizeof cell, "{\"start\":%" PRId64 ",\"units\":0,\"flags\":0,",
                   at(20, -1));
    cr_expect(memmem(dump.data, dump.bytes, cell, strlen(cell)), "%s", dump.data);
    buf_fini(&dump);
    cr_expect(shard_censor(fixture.shard, slice_of("A"), slice_of("main"),
                           bucket_of(buckets, at(20, 9))));
    dump = hours_dump(&fixture, "A");
    (void)snprintf(cell, sizeof cell, "{\"start\":%" PRId64 ",\"units\":0,\"flags\":2,",
                   at(20, -1));
    cr_expect(memmem(dump.data, dump.bytes, cell, strlen(cell)), "%s", dump.data);
    buf_fini(&dump);
}

Test(subday_one, the_state_of_days_is_refused_where_buckets_are_hours)
{
    order(at(0, 9), 5);
    pass(at(1, 9));
    struct fixture daily;
    fixture_init(&daily, DAILY, SETS);
    bool refused = false;
    for (size_t i = 0; i < fixture.state_count; i++) {
        const struct fixture_state *record = &fixture.state[i];
        struct status *st =
            shard_restore(daily.shard, buf_view(&record->key),
                          record->tombstone ? (struct slice){0} : buf_view(&record->value));
        refused |= st != NULL;
        status_free(st);
    }
    cr_expect(refused);
    fixture_fini(&daily);
}
