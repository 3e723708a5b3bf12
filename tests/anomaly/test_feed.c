#include "anomaly/feed.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct alert_options OPTIONS = {.budget_per_day = 10, .min_age = 28};

/* A shop that is open from 9 to 17 on week days, 12 invoices an hour. */
static double usual(int64_t hour)
{
    int64_t phase = hour % FEED_WEEK, of_day = phase % 24;
    return phase / 24 < 5 && of_day >= 9 && of_day < 17 ? 12 : 0;
}

static uint32_t run(struct feed *feed, struct rng *rng, int64_t from, int64_t to, bool dead,
                    struct alert_signal *out)
{
    uint32_t strong = 0;
    for (int64_t hour = from; hour < to; hour++) {
        feed_count(feed, 77, hour, dead ? 0 : (int64_t)rng_poisson(rng, usual(hour)));
        struct alert_signal signals[FEED_STREAMS];
        uint32_t n =
            feed_hour(feed, hour, (int32_t)(hour % FEED_WEEK), false, signals, FEED_STREAMS);
        if (n) {
            *out = signals[0];
            strong += signals[0].strength == ALERT_STRONG;
        }
    }
    return strong;
}

Test(feed, a_silent_feed_is_found_in_two_hours_and_ends)
{
    struct feed *feed = feed_create(&OPTIONS);
    struct rng rng;
    rng_init(&rng, 1);
    struct alert_signal signal;
    int64_t monday = 10 * FEED_WEEK;
    cr_assert_eq(run(feed, &rng, 9, monday + 10, false, &signal), 0, "no false alarm in ten weeks");
    cr_assert_eq(run(feed, &rng, monday + 10, monday + 11, true, &signal), 0);
    cr_assert_eq(signal.strength, ALERT_NEUTRAL);
    cr_assert_not(feed_silent(feed, 77));
    cr_assert_eq(run(feed, &rng, monday + 11, monday + 12, true, &signal), 1);
    cr_assert(feed_silent(feed, 77));
    cr_assert_eq(signal.kind, ALERT_MISSING_FEED);
    cr_assert_eq(signal.scope, 77);
    cr_assert_eq(signal.onset_bucket, monday + 10);
    cr_assert(signal.expected > 20 && signal.expected < 28);
    cr_assert_eq(run(feed, &rng, monday + 12, monday + 13, false, &signal), 0);
    cr_assert_eq(signal.strength, ALERT_QUIET);
    cr_assert_not(feed_silent(feed, 77));
    feed_destroy(feed);
}

Test(feed, holidays_and_the_unknown_are_not_judged)
{
    struct feed *feed = feed_create(&OPTIONS);
    struct rng rng;
    rng_init(&rng, 2);
    struct alert_signal signal = {0}, signals[FEED_STREAMS];
    cr_assert_eq(feed_hour(feed, 5, 5, false, signals, FEED_STREAMS), 0, "nothing known");
    int64_t monday = 3 * FEED_WEEK;
    cr_assert_eq(run(feed, &rng, 9, monday, false, &signal), 0);
    cr_assert_eq(run(feed, &rng, monday, monday + 24, true, &signal), 0, "three weeks are too few");
    monday = 8 * FEED_WEEK;
    run(feed, &rng, 3 * FEED_WEEK + 24, monday, false, &signal);
    for (int64_t hour = monday; hour < monday + 24; hour++) {
        cr_assert_eq(
            feed_hour(feed, hour, (int32_t)(hour % FEED_WEEK), true, signals, FEED_STREAMS), 1);
        cr_assert_eq(signals[0].strength, ALERT_MISSING);
    }
    feed_destroy(feed);
}

Test(feed, a_forgiven_silence_is_the_worst_known)
{
    struct feed *feed = feed_create(&OPTIONS);
    struct rng rng;
    rng_init(&rng, 3);
    struct alert_signal signal;
    int64_t monday = 10 * FEED_WEEK;
    run(feed, &rng, 9, monday + 10, false, &signal);
    cr_assert_gt(run(feed, &rng, monday + 10, monday + 13, true, &signal), 0);
    feed_forgive(feed, 77);
    cr_assert_not(feed_silent(feed, 77));
    run(feed, &rng, monday + 13, monday + 34, false, &signal);
    cr_assert_eq(run(feed, &rng, monday + 34, monday + 37, true, &signal), 0,
                 "as long as the forgiven one");
    feed_forgive(feed, 5); /* unknown: nothing */
    feed_destroy(feed);
}

Test(feed, an_explained_silence_counts_anew)
{
    struct feed *feed = feed_create(&OPTIONS);
    struct rng rng;
    rng_init(&rng, 4);
    struct alert_signal signal;
    int64_t monday = 10 * FEED_WEEK;
    run(feed, &rng, 9, monday + 10, false, &signal);
    cr_assert_gt(run(feed, &rng, monday + 10, monday + 13, true, &signal), 0);
    feed_explain(feed, 77);
    cr_assert_not(feed_silent(feed, 77));
    cr_assert_eq(run(feed, &rng, monday + 13, monday + 14, true, &signal), 0);
    cr_assert_gt(run(feed, &rng, monday + 14, monday + 16, true, &signal), 0, "as before");
    feed_explain(feed, 5); /* unknown: nothing */
    feed_destroy(feed);
}

Test(feed, hours_out_of_order_far_ahead_and_absurd_do_no_harm)
{
    struct feed *feed = feed_create(&OPTIONS);
    struct alert_signal signals[FEED_STREAMS];
    feed_count(feed, 1, INT64_MIN, 5);
    feed_count(feed, 1, 100, 5);
    feed_count(feed, 1, 50, 5);
    feed_count(feed, 1, 100000, 70000);
    feed_count(feed, 1, 101, -5);
    feed_count(feed, 1, INT64_MAX, 5);
    cr_assert_eq(feed_hour(feed, 100, 3, false, signals, FEED_STREAMS), 0);
    cr_assert_eq(feed_hour(feed, 100, 3, false, signals, FEED_STREAMS), 0, "again");
    cr_assert_eq(feed_hour(feed, 5000, 500, false, signals, FEED_STREAMS), 0, "no such phase");
    cr_assert_eq(feed_hour(feed, 900000, 0, false, signals, FEED_STREAMS), 0, "a jump");
    for (uint64_t key = 2; key < 200; key++) { /* more streams than places */
        feed_count(feed, key, 900001, (int64_t)key);
    }
    feed_hour(feed, 900001, 1, false, signals, FEED_STREAMS);
    feed_destroy(feed);
}

static bool send(struct feed *feed, uint64_t order, int64_t minute, bool duplicate,
                 struct alert_signal *signal)
{
    bool any = false;
    for (int line = 0; line < 3; line++) {
        struct feed_line item = {
            .key = 5, .order = order, .event_ms = minute * 60000, .duplicate = duplicate};
        any = feed_line(feed, &item, signal) || any;
    }
    return any;
}

Test(feed, a_repeated_block_is_found_at_its_third_order)
{
    struct feed *feed = feed_create(&OPTIONS);
    struct alert_signal signal;
    for (uint64_t order = 1; order <= 500; order++) {
        cr_assert_not(send(feed, order, (int64_t)order, false, &signal));
    }
    cr_assert_not(send(feed, 450, 450, true, &signal));
    cr_assert_not(send(feed, 451, 451, true, &signal));
    cr_assert(send(feed, 452, 452, true, &signal));
    cr_assert_eq(signal.strength, ALERT_STRONG);
    cr_assert_eq(signal.kind, ALERT_DUPLICATE_FEED);
    cr_assert_eq(signal.observed, 3);
    for (uint64_t order = 501; order < 560; order++) {
        cr_assert_not(send(feed, order, (int64_t)order, false, &signal));
    }
    int quiet = 0; /* hours after it */
    for (int64_t hour = 1; hour < 100; hour++) {
        struct alert_signal signals[FEED_STREAMS];
        feed_count(feed, 5, hour, 1);
        for (uint32_t n = feed_hour(feed, hour, (int32_t)hour, false, signals, FEED_STREAMS); n;
             n--) {
            quiet += signals[n - 1].kind == ALERT_DUPLICATE_FEED &&
                     signals[n - 1].strength == ALERT_QUIET;
        }
    }
    cr_assert_eq(quiet, 72);
    feed_destroy(feed);
}

Test(feed, repetitions_of_the_moment_and_single_resends_are_normal)
{
    struct feed *feed = feed_create(&OPTIONS);
    struct alert_signal signal;
    for (uint64_t order = 1; order <= 2000; order++) {
        cr_assert_not(send(feed, order, (int64_t)order, order % 7 == 0, &signal), "same minute");
        if (order % 400 == 0) {
            cr_assert_not(send(feed, order - 1, (int64_t)order - 1, true, &signal),
                          "one order sent again");
        }
    }
    feed_destroy(feed);
}

Test(feed, save_load_and_hostile_bytes)
{
    struct feed *feed = feed_create(&OPTIONS), *read = feed_create(&OPTIONS);
    struct rng rng;
    rng_init(&rng, 4);
    struct alert_signal a, b;
    run(feed, &rng, 9, 5 * FEED_WEEK + 12, false, &a);
    send(feed, 1, 1000, false, &a);
    struct buf buf = {0}, again = {0};
    feed_save(feed, &buf);
    for (size_t cut = 0; cut < buf.bytes; cut += 11) {
        struct status *st = feed_load(read, (struct slice){buf.data, cut});
        cr_assert_eq(status_code(st), STATUS_CORRUPT);
        status_free(st);
    }
    cr_assert_null(feed_load(read, buf_view(&buf)));
    feed_save(read, &again);
    cr_assert(slice_equal(buf_view(&buf), buf_view(&again)));
    struct rng copy = rng;
    cr_assert_eq(run(feed, &rng, 5 * FEED_WEEK + 12, 6 * FEED_WEEK, false, &a),
                 run(read, &copy, 5 * FEED_WEEK + 12, 6 * FEED_WEEK, false, &b));
    cr_assert_eq(memcmp(&a, &b, sizeof a), 0);
    memset(buf.data + 11, 0xff, buf.bytes - 11);
    struct status *st = feed_load(read, buf_view(&buf));
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    buf_fini(&buf);
    buf_fini(&again);
    feed_destroy(feed);
    feed_destroy(read);
}
