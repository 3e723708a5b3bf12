#include "stream/ingest.h"

#include "tests/stream/ingest_fixture.h"

#include <criterion/criterion.h>

static const int64_t LATER_MS = FEED_START_MS + 400 * FEED_DAY_MS; /* a wall clock long after */

static void check_dead(struct feed *feed, struct feed_worker *worker, size_t source,
                       const char *reason, const char *field)
{
    size_t before = feed->dead_letters;
    cr_assert(feed_read(worker, source));
    cr_assert_not(ingest_write(worker->ingest));
    feed_commit(worker);
    cr_assert_eq(feed->dead_letters, before + 1);
    cr_assert(slice_is(buf_view(&feed->last_reason), reason), "%.*s", (int)feed->last_reason.bytes,
              feed->last_reason.data);
    cr_assert(slice_is(buf_view(&feed->last_field), field), "%.*s", (int)feed->last_field.bytes,
              feed->last_field.data);
}

Test(ingest_read, bad_messages_are_dead_letters_with_reason_field_and_bytes)
{
    struct feed feed;
    struct feed_worker worker;
    feed_init(&feed, true);
    struct feed_source *orders = feed_source(&feed, INPUT_ORDERS, 0);
    struct feed_source *items = feed_source(&feed, INPUT_ITEMS, 0);
    feed.options.max_quantity = 1000000;
    feed_text(orders, 0, "no json");
    feed_text(orders, 0, "{\"sku\":\"A\",\"quantity\":1.5,\"event_time\":1291161600000}");
    feed_text(orders, 0, "{\"sku\":\"A\",\"quantity\":1}");
    feed_text(orders, 0, "{\"sku\":\"\",\"quantity\":1,\"event_time\":1291161600000}");
    feed_text(orders, 0, "{\"sku\":\"A\",\"quantity\":1,\"event_time\":32472144000000}");
    feed_text(orders, 0, "{\"sku\":\"A\",\"quantity\":1000001,\"event_time\":1291161600000}");
    feed_text(orders, 0,
              "{\"sku\":\"A\",\"quantity\":1,\"event_time\":1291161600000,\"kind\":\"X\"}");
    feed_text(orders, 0, NULL);
    feed_text(items, 0, "{\"sku\":\"A\",\"pack\":0}");
    feed_start(&feed, &worker, 3, LATER_MS);
    check_dead(&feed, &worker, 0, "unexpected character", "");
    cr_assert(slice_is(buf_view(&feed.last_value), "no json"));
    check_dead(&feed, &worker, 0, "not a whole number of units", "quantity");
    check_dead(&feed, &worker, 0, "field is missing", "event_time");
    check_dead(&feed, &worker, 0, "field is empty", "sku");
    check_dead(&feed, &worker, 0, "future", "event_time");
    check_dead(&feed, &worker, 0, "quantity out of range", "quantity");
    check_dead(&feed, &worker, 0, "unknown kind", "kind");
    check_dead(&feed, &worker, 1, "number out of range", "pack");
    feed_drain(&worker);
    const struct ingest_counts *counts = ingest_counts(worker.ingest);
    cr_assert_eq(counts->dead_letter, 7);
    cr_assert_eq(counts->other_dead_letter, 1);
    cr_assert_eq(counts->filtered, 1);
    cr_assert_eq(counts->messages[INPUT_ORDERS], 8);
    cr_assert_eq(counts->messages[INPUT_ITEMS], 1);
    cr_assert_eq(counts->lines, 0);
    cr_assert_str_eq(counts->filters[0].reason, "null");
    cr_assert_eq(orders->committed, 8);
    feed_stop(&worker);
    feed_fini(&feed);
}

Test(ingest_read, facts_are_written_as_they_come_and_tombstones_delete_items)
{
    struct feed feed;
    struct feed_worker worker;
    struct arena *arena = arena_create(4096, 1 << 20);
    struct line line;
    feed_init(&feed, true);
    (void)feed_source(&feed, INPUT_ORDERS, 0);
    struct feed_source *items = feed_source(&feed, INPUT_ITEMS, 0);
    struct feed_source *feedback = feed_source(&feed, INPUT_FEEDBACK, 0);
    feed_text(items, 0, "{\"sku\":\"A\",\"lead_time_days\":10.0,\"pack\":12,\"strange\":[1]}");
    feed_text(items, 0, NULL);
    feed_text(feedback, 0,
              "{\"proposal_id\":\"p\",\"kind\":\"ACCEPTED\",\"sku\":\"A\",\"location\":\"main\"}");
    feed_start(&feed, &worker, 7, LATER_MS);
    cr_assert(feed_read(&worker, 1));
    cr_assert(feed_read(&worker, 1));
    cr_assert(feed_read(&worker, 2));
    feed_commit(&worker);
    cr_assert_eq(feed.record_count, 3);
    cr_assert(feed_decode(&feed, 0, arena, &line));
    cr_assert_float_eq(line.item.lead_time_days, 10.0, 0);
    cr_assert_eq(line.item.pack, 12);
    cr_assert_float_eq(line.item.review_days, -1, 0);
    cr_assert(feed_decode(&feed, 1, arena, &line));
    cr_assert(line.item.deleted && slice_is(line.item.sku, "key"));
    cr_assert(feed_decode(&feed, 2, arena, &line));
    cr_assert_eq(line.feedback.kind, FEEDBACK_ACCEPTED);
    cr_assert_eq(items->committed, 2);
    feed_stop(&worker);
    arena_destroy(arena);
    feed_fini(&feed);
}

Test(ingest_read, a_roll_back_goes_to_the_shards_that_it_names)
{
    struct feed feed;
    struct feed_worker worker;
    struct arena *arena = arena_create(4096, 1 << 20);
    struct line line;
    feed_init(&feed, true);
    (void)feed_source(&feed, INPUT_ORDERS, 0);
    struct feed_source *feedback = feed_source(&feed, INPUT_FEEDBACK, 0);
    feed_text(
        feedback, 0,
        "{\"proposal_id\":\"x\",\"kind\":\"ROLL_BACK\",\"sku\":\"model\",\"location\":\"1\"}");
    feed_text(feedback, 0,
              "{\"proposal_id\":\"x\",\"kind\":\"ROLL_BACK\",\"sku\":\"model\","
              "\"location\":\"all\"}");
    feed_start(&feed, &worker, 7, LATER_MS);
    cr_assert(feed_read(&worker, 1));
    cr_assert(feed_read(&worker, 1));
    feed_commit(&worker);
    cr_assert_eq(feed.record_count, 1u + FEED_PARTITIONS);
    cr_assert_eq(feed.records[0].partition, 1);
    for (int32_t p = 0; p < FEED_PARTITIONS; p++) {
        cr_assert_eq(feed.records[1 + p].partition, p);
        cr_assert(feed_decode(&feed, (size_t)p + 1, arena, &line));
        cr_assert_eq(line.feedback.kind, FEEDBACK_ROLL_BACK);
    }
    feed_stop(&worker);
    arena_destroy(arena);
    feed_fini(&feed);
}
