#include "stream/ingest.h"

#include "tests/stream/ingest_fixture.h"

#include <criterion/criterion.h>

static const int64_t LATER_MS = FEED_START_MS + 400 * FEED_DAY_MS; /* a wall clock long after */

Test(ingest_merge, a_source_that_is_far_ahead_is_held_and_raises_its_mark)
{
    struct feed feed;
    struct feed_worker worker;
    struct ingest_source_view views[2];
    feed_init(&feed, false);
    struct feed_source *first = feed_source(&feed, INPUT_ORDERS, 0);
    struct feed_source *second = feed_source(&feed, INPUT_ORDERS, 1);
    feed_order_line(first, "A", FEED_START_MS, 1);
    feed_order_line(first, "A", FEED_START_MS + 3 * FEED_DAY_MS, 1);
    feed_order_line(second, "B", FEED_START_MS, 1);
    feed_order_line(second, "B", FEED_START_MS + 2 * FEED_DAY_MS, 1);
    feed_start(&feed, &worker, 3, LATER_MS);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(feed_read(&worker, 0));
        cr_assert_eq(ingest_write(worker.ingest), i == 1); /* not before both are known */
        if (i == 0) {
            cr_assert(feed_read(&worker, 1));
            cr_assert(ingest_write(worker.ingest));
        } else {
            cr_assert_not(ingest_write(worker.ingest));
        }
    }
    cr_assert_eq(ingest_view(worker.ingest, views, 2), 2);
    cr_assert(views[0].held);
    cr_assert_eq(views[0].mark_ms, FEED_START_MS + 3 * FEED_DAY_MS);
    cr_assert_not(ingest_wants(worker.ingest, INPUT_ORDERS, 0));
    cr_assert(feed_read(&worker, 1)); /* the slowest is never held, and lets the other go on */
    cr_assert(ingest_write(worker.ingest));
    cr_assert(ingest_write(worker.ingest));
    feed_stop(&worker);
    feed_fini(&feed);
}
