#include "stream/ingest.h"

#include "tests/stream/ingest_fixture.h"

#include <criterion/criterion.h>

static const int64_t LATER_MS = FEED_START_MS + 400 * FEED_DAY_MS; /* a wall clock long after */

Test(ingest_tally, counts_are_of_committed_transactions_only)
{
    struct feed feed;
    struct feed_worker worker;
    struct ingest_offset offsets[1];
    feed_init(&feed, true);
    struct feed_source *orders = feed_source(&feed, INPUT_ORDERS, 0);
    feed_text(orders, 0, NULL);
    feed_text(orders, 0, "{}");
    feed_start(&feed, &worker, 1, LATER_MS);
    cr_assert(feed_read(&worker, 0));
    cr_assert_eq(ingest_counts(worker.ingest)->filtered, 0);
    cr_assert(ingest_dirty(worker.ingest));
    cr_assert_eq(ingest_seal(worker.ingest, offsets, 1), 1);
    cr_assert_eq(offsets[0].next_offset, 1);
    cr_assert_eq(ingest_counts(worker.ingest)->filtered, 0);
    cr_assert_not(ingest_dirty(worker.ingest));
    cr_assert(feed_read(&worker, 0)); /* belongs to the next transaction */
    outbox_reset(worker.outbox);
    ingest_committed(worker.ingest);
    cr_assert_eq(ingest_counts(worker.ingest)->filtered, 1);
    cr_assert_eq(ingest_counts(worker.ingest)->dead_letter, 0);
    ingest_revoke(worker.ingest); /* lost: what was open never happened */
    ingest_committed(worker.ingest);
    cr_assert_eq(ingest_counts(worker.ingest)->dead_letter, 0);
    cr_assert_eq(ingest_source_count(worker.ingest), 0);
    feed_stop(&worker);
    feed_fini(&feed);
}
