#include "stream/ingest.h"

#include "tests/stream/ingest_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const int64_t HOUR_MS = 3600000;
static const int64_t LATER_MS = FEED_START_MS + 400 * FEED_DAY_MS; /* a wall clock long after */

Test(ingest_ticks, live_ticks_follow_the_clock)
{
    struct feed feed;
    struct feed_worker worker;
    struct buf ticks = {0};
    int64_t clock = FEED_START_MS + 12 * HOUR_MS;
    feed_init(&feed, false);
    struct feed_source *orders = feed_source(&feed, INPUT_ORDERS, 0);
    (void)feed_source(&feed, INPUT_STOCK, 0);
    feed_order_line(orders, "A", clock - 5000, 1);
    feed_order_line(orders, "A", clock + 60000, 1); /* a shop clock that runs ahead */
    feed_start(&feed, &worker, 3, clock);
    cr_assert(feed_read(&worker, 0));
    cr_assert_not(ingest_write(worker.ingest), "stock has not spoken yet");
    cr_assert_not(feed_read(&worker, 1)); /* the end, and never a record: it speaks at once */
    cr_assert(ingest_tick(worker.ingest));
    cr_assert(ingest_write(worker.ingest));
    feed_commit(&worker);
    feed_ticks(&feed, 0, &ticks); /* the last one carries the count of the line */
    cr_assert_str_eq(ticks.data, "live 43195 idle - live 43195 ");
    size_t from = feed.record_count;
    cr_assert(feed_read(&worker, 0));
    cr_assert(ingest_write(worker.ingest));
    feed_commit(&worker);
    cr_assert_not(ingest_tick(worker.ingest), "the tick interval has not passed");
    cr_assert_eq(ingest_next_tick_ms(worker.ingest), clock + 1000);
    ingest_clock(worker.ingest, clock + 1000);
    cr_assert(ingest_tick(worker.ingest));
    feed_commit(&worker);
    feed_ticks(&feed, from, &ticks);
    cr_assert_str_eq(ticks.data, "live 43195 live 43201 "); /* not beyond the clock */
    from = feed.record_count;
    (void)feed_read(&worker, 0); /* the end */
    ingest_clock(worker.ingest, clock + 30999);
    (void)ingest_tick(worker.ingest);
    ingest_clock(worker.ingest, clock + 31000);
    cr_assert(ingest_tick(worker.ingest));
    cr_assert_eq(ingest_next_tick_ms(worker.ingest), clock + 60000, "stock is idle since `clock`");
    feed_commit(&worker);
    feed_ticks(&feed, from, &ticks);
    cr_assert_str_eq(ticks.data, "live 43230 idle 43231 ");
    feed_stop(&worker);
    buf_fini(&ticks);
    feed_fini(&feed);
}

Test(ingest_ticks, until_end_says_ended_and_says_it_again_when_asked)
{
    struct feed feed;
    struct feed_worker worker;
    struct buf ticks = {0};
    feed_init(&feed, false);
    feed.options.until_end = true;
    struct feed_source *orders = feed_source(&feed, INPUT_ORDERS, 0);
    feed_order_line(orders, "A", FEED_START_MS, 1);
    feed_order_line(orders, "A", FEED_START_MS + HOUR_MS, 1);
    feed_start(&feed, &worker, 1, LATER_MS);
    cr_assert_not(ingest_ended(worker.ingest));
    feed_drain(&worker);
    cr_assert(ingest_ended(worker.ingest));
    size_t from = feed.record_count;
    feed_ticks(&feed, 0, &ticks);
    cr_assert(strstr(ticks.data, "live 3600 ended 3600 ") != NULL, "%s", ticks.data);
    ingest_clock(worker.ingest, LATER_MS + 5000);
    ingest_repeat_ended(worker.ingest);
    feed_commit(&worker);
    feed_ticks(&feed, from, &ticks);
    cr_assert_str_eq(ticks.data, "ended 3600 ");
    feed_stop(&worker);
    buf_fini(&ticks);
    feed_fini(&feed);
}

Test(ingest_ticks, strange_metadata_counts_as_none)
{
    static const char *const STRANGE[] = {"",        "1",           "1 9 - - -", "2 0 1 2 3",
                                          "1 0 1 2", "1 0 1 2 3 4", "1 0 x 2 3"};
    for (size_t i = 0; i < sizeof STRANGE / sizeof STRANGE[0]; i++) {
        struct feed feed;
        struct feed_worker worker;
        struct ingest_source_view view;
        feed_init(&feed, true);
        struct feed_source *orders = feed_source(&feed, INPUT_ORDERS, 0);
        (void)snprintf(orders->metadata, sizeof orders->metadata, "%s", STRANGE[i]);
        feed_start(&feed, &worker, 1, LATER_MS);
        cr_assert_eq(ingest_view(worker.ingest, &view, 1), 1);
        cr_assert_eq(view.mark_ms, INT64_MIN);
        feed_stop(&worker);
        feed_fini(&feed);
    }
}
