#include "stream/shard.h"

#include "tests/stream/shard_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const char *const ALWAYS[] = {"forecasts.emit=always", "time.zone=Europe/London"};

/* A network that learns from nothing, and acts: what it says must not depend on restarts either. */
static const char *const ONLINE[] = {"forecasts.emit=always",  "time.zone=Europe/London",
                                     "model.base=blank",       "model.learn=online",
                                     "model.learn_series=20",  "model.batches=2",
                                     "model.learn_rate=0.003", "model.anchor=0.1"};
enum { ALWAYS_COUNT = 2, ONLINE_COUNT = 8 };

static struct buf run_with(const struct fixture_log *log, size_t commit_every,
                           const char *const *sets, size_t set_count)
{
    struct fixture fixture;
    fixture_init(&fixture, sets, set_count);
    fixture_run(&fixture, log, commit_every);
    struct buf outputs = fixture.outputs;
    fixture.outputs = (struct buf){0};
    fixture_fini(&fixture);
    return outputs;
}

static struct buf run(const struct fixture_log *log, size_t commit_every)
{
    return run_with(log, commit_every, ALWAYS, ALWAYS_COUNT);
}

Test(shard, gives_forecasts_alerts_and_proposals)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 40, 60, 1);
    struct fixture fixture;
    fixture_init(&fixture, ALWAYS, ALWAYS_COUNT);
    fixture_run(&fixture, &log, 100);
    const struct shard_counts *counts = shard_counts(fixture.shard);
    cr_assert_gt(counts->forecasts, 1500);
    cr_assert_gt(counts->replenishments, 10);
    cr_assert_gt(counts->alerts, 3);
    cr_assert_gt(counts->duplicate, 50);
    cr_assert_gt(counts->late, 3);
    cr_assert_eq(counts->closes, 60 + 6); /* the room before the first line closes empty */
    cr_assert(shard_ended(fixture.shard, INT64_MIN));
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}

Test(shard, output_does_not_depend_on_commits)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 30, 50, 2);
    struct buf often = run(&log, 1), seldom = run(&log, 5000);
    cr_assert(fixture_same(&often, &seldom), "commits after each line and after 5000");
    buf_fini(&often);
    buf_fini(&seldom);
    fixture_log_fini(&log);
}

/* The same lines with a tick before the first one, and after each line, with this probability in
 * percent, the last tick said again. */
static void with_ticks(const struct fixture_log *from, uint64_t percent, struct fixture_log *to)
{
    struct rng rng;
    rng_init(&rng, 11);
    struct arena *arena = arena_create(1 << 16, 1 << 22);
    int64_t mark_ms = FIXTURE_START_MS + 3600000;
    fixture_tick(to, 0, mark_ms, TICK_LIVE, 0);
    for (size_t i = 0; i < from->count; i++) {
        struct line line;
        const char *reason;
        arena_reset(arena);
        cr_assert(line_decode((struct slice){from->bytes.data + from->at[i][0], from->at[i][1]},
                              arena, &line, &reason));
        fixture_add(to, &line);
        mark_ms = line.kind == LINE_TICK ? line.tick.mark_ms : mark_ms;
        if (rng_below(&rng, 100) < percent) {
            fixture_tick(to, 0, mark_ms, TICK_LIVE, 0);
        }
    }
    arena_destroy(arena);
}

/* A new owner of a source speaks before it reads: after faults the log holds more ticks, at other
 * places, than without. */
static double number_after(const char **at, const char *name)
{
    *at = strstr(*at, name);
    cr_assert(*at, "%s", name);
    *at += strlen(name);
    return strtod(*at, NULL);
}

/* Of each forecast: baseline and parts of a sum are its mean. */
Test(shard, explanations_add_up_and_do_not_depend_on_commits)
{
    static const char *const SETS[] = {"forecasts.emit=always", "time.zone=Europe/London",
                                       "forecasts.explain=on"};
    struct fixture_log log = {0};
    fixture_shop(&log, 20, 40, 3);
    struct buf often = run_with(&log, 3, SETS, 3), seldom = run_with(&log, 5000, SETS, 3);
    cr_assert(fixture_same(&often, &seldom));
    buf_byte(&often, '\0');
    uint32_t explained = 0;
    for (const char *at = often.data; (at = strstr(at, "\"sums\":[{\"steps\":7")); explained++) {
        double mean = number_after(&at, "\"mean\":");
        (void)number_after(&at, "\"explanation\":{");
        double sum = number_after(&at, "\"baseline\":");
        (void)number_after(&at, "\"parts\":[");
        for (char *end; *at != ']'; at = *end == ',' ? end + 1 : end) {
            sum += strtod(at, &end);
        }
        cr_assert_float_eq(sum, mean, 1e-4 * (mean + 1), "%g %g %.300s", sum, mean, at);
    }
    cr_expect_gt(explained, 500u);
    buf_fini(&often);
    buf_fini(&seldom);
    fixture_log_fini(&log);
}

Test(shard, explains_what_it_forecast_last)
{
    static const char *const SETS[] = {"pipeline.forecast=off"};
    struct fixture_log log = {0};
    struct fixture fixture;
    struct explanation why;
    int64_t origin;
    fixture_shop(&log, 20, 30, 3);
    for (int off = 0; off < 2; off++) {
        fixture_init(&fixture, SETS, (size_t)off);
        struct status *st =
            shard_explain(fixture.shard, slice_of("20003"), slice_of("main"), &why, &origin);
        cr_expect(status_code(st) == STATUS_USAGE, "nothing was read yet");
        status_free(st);
        fixture_run(&fixture, &log, 100);
        st = shard_explain(fixture.shard, slice_of("20003"), slice_of("main"), &why, &origin);
        cr_expect(off ? status_code(st) == STATUS_CONFIG : !st && why.rows == 4);
        status_free(st);
        fixture_fini(&fixture);
    }
    fixture_log_fini(&log);
}

Test(shard, is_seen_with_and_without_forecasts)
{
    static const char *const SETS[] = {"pipeline.forecast=off"};
    struct fixture_log log = {0};
    struct fixture fixture;
    struct shard_view view;
    fixture_shop(&log, 20, 30, 3);
    for (int off = 0; off < 2; off++) {
        fixture_init(&fixture, SETS, (size_t)off);
        shard_view(fixture.shard, &view);
        cr_expect_eq(view.series, 0u);
        fixture_run(&fixture, &log, 100);
        shard_view(fixture.shard, &view);
        cr_expect_gt(view.series, 0u);
        cr_expect(!off || view.judged == 0);
        fixture_fini(&fixture);
    }
    fixture_log_fini(&log);
}

Test(shard, ticks_that_say_nothing_new_change_nothing)
{
    struct fixture_log lines = {0}, few = {0}, many = {0};
    fixture_shop(&lines, 40, 50, 6);
    with_ticks(&lines, 0, &few);
    with_ticks(&lines, 30, &many);
    struct buf expected = run(&few, 500), found = run(&many, 500);
    cr_assert(fixture_same(&expected, &found), "ticks said again");
    buf_fini(&expected);
    buf_fini(&found);
    fixture_log_fini(&lines);
    fixture_log_fini(&few);
    fixture_log_fini(&many);
}

/* Lines are applied, closes worked off in random pieces, commits made and the process killed at
 * random moments. */
static void play_with_restarts(struct fixture *fixture, const struct fixture_log *log,
                               uint64_t seed, int *restarts)
{
    struct rng rng;
    rng_init(&rng, seed);
    for (size_t i = 0; i < log->count;) {
        fixture_apply(fixture, log, i++);
        for (uint64_t work = rng_below(&rng, 3); work--;) {
            (void)shard_work(fixture->shard);
        }
        if (rng_below(&rng, 20) == 0) {
            fixture_commit(fixture);
        }
        if (rng_below(&rng, 300) == 0) {
            i = (size_t)fixture_restart(fixture);
            ++*restarts;
        }
    }
    while (shard_work(fixture->shard)) {
    }
    fixture_commit(fixture);
}

Test(shard, output_survives_restarts_anywhere)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 300, 40, 3);
    struct buf expected = run(&log, 500);
    fixture_sort(&expected);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct fixture fixture;
        fixture_init(&fixture, ALWAYS, ALWAYS_COUNT);
        int restarts = 0;
        play_with_restarts(&fixture, &log, seed, &restarts);
        cr_assert_gt(restarts, 20);
        fixture_sort(&fixture.outputs);
        cr_assert(fixture_same(&expected, &fixture.outputs), "restarts");
        fixture_fini(&fixture);
    }
    buf_fini(&expected);
    fixture_log_fini(&log);
}

static size_t next_of(const struct shard *shard)
{
    return shard_offset(shard) < 0 ? 0 : (size_t)shard_offset(shard);
}

/* Outputs and state records are the same bytes whether lines come one by one or in batches of any
 * size, cut by full outboxes, closes and restarts anywhere. */
static void batches_and_single_lines(const char *const *sets, size_t set_count, int products)
{
    struct fixture_log log = {0};
    fixture_shop(&log, products, 14, 6);
    struct fixture one, many;
    fixture_init(&one, sets, set_count);
    fixture_init(&many, sets, set_count);
    struct rng rng;
    rng_init(&rng, 4);
    uint64_t cut = 0;
    for (size_t i = 0; i < log.count;) {
        size_t count = 1 + rng_below(&rng, 250);
        count = count < log.count - i ? count : log.count - i;
        size_t limit = rng_below(&rng, 3) ? SIZE_MAX : 1 + rng_below(&rng, 20000);
        for (size_t done = 0; done < count;) {
            size_t applied = fixture_apply_batch(&many, &log, i + done, count - done, limit);
            cr_assert(applied > 0 && applied <= count - done);
            done += applied;
            cut += done < count;
            if (outbox_bytes(many.outbox) >= limit) {
                break;
            }
        }
        i = next_of(many.shard);
        while (next_of(one.shard) < i) {
            fixture_apply(&one, &log, next_of(one.shard));
        }
        if (rng_below(&rng, 2)) {
            while (shard_work(one.shard)) {
            }
            while (shard_work(many.shard)) {
            }
            fixture_commit(&one);
            fixture_commit(&many);
        }
        if (rng_below(&rng, 40) == 0 && many.commits) {
            i = (size_t)fixture_restart(&many);
            cr_assert(i == (size_t)fixture_restart(&one));
        }
    }
    fixture_commit(&one);
    fixture_commit(&many);
    cr_assert_gt(cut, 10);
    cr_assert(fixture_same(&one.outputs, &many.outputs), "outputs of batches");
    cr_assert(one.state_count == many.state_count);
    for (size_t i = 0; i < one.state_count; i++) {
        cr_assert(slice_equal(buf_view(&one.state[i].key), buf_view(&many.state[i].key)));
        cr_assert(fixture_same(&one.state[i].value, &many.state[i].value), "state of batches");
    }
    fixture_fini(&one);
    fixture_fini(&many);
    fixture_log_fini(&log);
}

Test(shard, batches_change_no_byte)
{
    batches_and_single_lines(ALWAYS, 2, 270);
}

Test(shard, batches_change_no_byte_where_buckets_are_hours)
{
    static const char *const HOURS[] = {"forecasts.emit=always", "output.format=json",
                                        "time.bucket=1h"};
    batches_and_single_lines(HOURS, 3, 20);
}

Test(shard, learning_online_survives_restarts_anywhere)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 120, 45, 3);
    struct buf expected = run_with(&log, 500, ONLINE, ONLINE_COUNT), fixed = run(&log, 500);
    cr_assert(expected.bytes != fixed.bytes || memcmp(expected.data, fixed.data, fixed.bytes) != 0,
              "what was learned must show");
    fixture_sort(&expected);
    struct fixture fixture;
    fixture_init(&fixture, ONLINE, ONLINE_COUNT);
    int restarts = 0;
    play_with_restarts(&fixture, &log, 5, &restarts);
    cr_assert_gt(restarts, 10);
    struct learner_facts facts;
    cr_assert(shard_learning(fixture.shard, &facts));
    cr_assert_gt(facts.generation, 0u);
    fixture_sort(&fixture.outputs);
    cr_assert(fixture_same(&expected, &fixture.outputs), "restarts");
    fixture_fini(&fixture);
    buf_fini(&expected);
    buf_fini(&fixed);
    fixture_log_fini(&log);
}

/* A tick is the place where a piece of work is done; late lines change closed buckets. */
Test(shard, learning_does_not_depend_on_ticks)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 60, 45, 8);
    struct buf expected = run_with(&log, 500, ONLINE, ONLINE_COUNT);
    struct fixture fixture;
    fixture_init(&fixture, ONLINE, ONLINE_COUNT);
    for (size_t i = 0; i < log.count; i++) {
        fixture_apply(&fixture, &log, i);
        while (shard_work(fixture.shard)) {
        }
        for (int n = 0; n < 3; n++) {
            shard_learn(fixture.shard);
        }
        if (i % 500 == 499) {
            fixture_commit(&fixture);
        }
    }
    fixture_commit(&fixture);
    cr_assert(fixture_same(&expected, &fixture.outputs), "more ticks");
    fixture_fini(&fixture);
    buf_fini(&expected);
    fixture_log_fini(&log);
}

Test(shard, refuses_state_of_another_moment)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 5, 10, 4);
    struct fixture fixture;
    fixture_init(&fixture, NULL, 0);
    fixture_run(&fixture, &log, 10);
    struct shard *shard;
    struct status *st = shard_create(fixture.plan, 0, fixture.outbox, &shard);
    cr_assert_null(st);
    for (size_t i = 0; i < fixture.state_count; i++) {
        st = shard_restore(shard, buf_view(&fixture.state[i].key),
                           fixture.state[i].tombstone ? (struct slice){0}
                                                      : buf_view(&fixture.state[i].value));
        cr_assert_null(st);
    }
    int64_t next;
    st = shard_restored(shard, fixture.offset - 1, fixture.sequence, &next);
    cr_assert_eq(status_code(st), STATUS_STATE);
    status_free(st);
    shard_destroy(shard);
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}

Test(shard, refuses_hostile_state_without_harm)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 5, 20, 5);
    struct fixture fixture;
    fixture_init(&fixture, NULL, 0);
    fixture_run(&fixture, &log, 10);
    struct rng rng;
    rng_init(&rng, 9);
    for (int round = 0; round < 2000; round++) {
        struct shard *shard;
        struct status *st = shard_create(fixture.plan, 0, fixture.outbox, &shard);
        cr_assert_null(st);
        const struct fixture_state *record = &fixture.state[rng_below(&rng, fixture.state_count)];
        char bytes[4096];
        size_t count = record->value.bytes < sizeof bytes ? record->value.bytes : sizeof bytes;
        count = rng_below(&rng, 2) ? count : rng_below(&rng, count + 1);
        if (count) {
            memcpy(bytes, record->value.data, count);
            bytes[rng_below(&rng, count)] ^= (char)(1 << rng_below(&rng, 8));
        }
        st = shard_restore(shard, buf_view(&record->key), (struct slice){bytes, count});
        status_free(st);
        shard_destroy(shard);
    }
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}
