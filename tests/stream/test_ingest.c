#include "stream/ingest.h"

#include "config/base/arena.h"
#include "stream/sources.h"
#include "tests/stream/ingest_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t HOUR_MS = 3600000;
static const int64_t LATER_MS = FEED_START_MS + 400 * FEED_DAY_MS; /* a wall clock long after */

static bool decode(const struct feed *feed, size_t index, struct arena *arena, struct line *line)
{
    const struct feed_record *record = &feed->records[index];
    const char *reason;
    arena_reset(arena);
    return line_decode((struct slice){feed->bytes.data + record->at, record->bytes}, arena, line,
                       &reason);
}

/* The watermark rule of PLAN over one partition of the log: no line may be late, none too far
 * ahead. The keyed lines and the watermark before each go into `seen` (what PLAN can tell apart).
 */
static void check_partition(const struct feed *feed, int32_t partition, struct buf *seen)
{
    struct arena *arena = arena_create(4096, 1 << 24);
    struct sources *sources =
        sources_create(feed->options.lateness_ms, feed->options.idle_timeout_ms);
    for (size_t i = 0; i < feed->record_count; i++) {
        struct line line;
        if (feed->records[i].partition != partition) {
            continue;
        }
        cr_assert(decode(feed, i, arena, &line));
        if (line.kind == LINE_TICK) {
            sources_tick(sources, &line.tick);
            continue;
        }
        int64_t watermark = sources_watermark(sources);
        int64_t event_ms = line.kind == LINE_STOCK ? line.stock.event_ms : line.order.event_ms;
        if (watermark != INT64_MIN) {
            int64_t bucket = bucket_of(&feed->buckets, event_ms);
            cr_assert_gt(bucket_start(&feed->buckets, bucket + 1), watermark,
                         "a line of %lld is late by a watermark of %lld", (long long)event_ms,
                         (long long)watermark);
            cr_assert_leq(event_ms - watermark,
                          feed->options.max_lead_ms + feed->options.lateness_ms);
        }
        buf_print(seen, "%lld:", (long long)watermark);
        buf_put(seen, feed->bytes.data + feed->records[i].at, feed->records[i].bytes);
    }
    sources_destroy(sources);
    arena_destroy(arena);
}

static int by_bytes(const void *a, const void *b)
{
    const struct slice *left = a, *right = b;
    size_t least = left->bytes < right->bytes ? left->bytes : right->bytes;
    int order = memcmp(left->data, right->data, least);
    return order ? order : (left->bytes > right->bytes) - (left->bytes < right->bytes);
}

/* Every message once: its source and offset stand in the line. */
static void check_complete(const struct feed *feed)
{
    struct arena *arena = arena_create(4096, 1 << 24);
    size_t expected = 0, found = 0;
    struct slice *values = calloc(feed->record_count + 1, sizeof *values);
    for (size_t i = 0; i < feed->source_count; i++) {
        expected += feed->sources[i].count;
    }
    for (size_t i = 0; i < feed->record_count; i++) {
        if (!feed->records[i].tick) {
            values[found++] =
                (struct slice){feed->bytes.data + feed->records[i].at, feed->records[i].bytes};
        }
    }
    cr_assert_eq(found, expected);
    qsort(values, found, sizeof *values, by_bytes);
    for (size_t i = 1; i < found; i++) {
        cr_assert(!slice_equal(values[i - 1], values[i]), "a line is there twice");
    }
    free(values);
    arena_destroy(arena);
}

/* What all ticks of a partition counted together. */
static struct tick_count total_counts(const struct feed *feed, int32_t partition, const char *group)
{
    struct arena *arena = arena_create(4096, 1 << 24);
    struct tick_count total = {0};
    for (size_t i = 0; i < feed->record_count; i++) {
        struct line line;
        if (!feed->records[i].tick || feed->records[i].partition != partition) {
            continue;
        }
        cr_assert(decode(feed, i, arena, &line));
        for (int32_t k = 0; k < line.tick.count_count; k++) {
            const struct tick_count *count = &line.tick.counts[k];
            if (slice_is(count->group, group)) {
                total.lines += count->lines;
                total.invoices += count->invoices;
                total.units += count->units;
                total.returned += count->returned;
            }
        }
    }
    arena_destroy(arena);
    return total;
}

static void fill(struct feed *feed, struct rng *rng, size_t orders, size_t stock, size_t messages)
{
    for (size_t i = 0; i < orders + stock; i++) {
        bool is_stock = i >= orders;
        struct feed_source *source = feed_source(feed, is_stock ? INPUT_STOCK : INPUT_ORDERS,
                                                 (int32_t)(is_stock ? i - orders : i));
        size_t count = is_stock ? messages / 20 : 1 + rng_below(rng, messages);
        int64_t now = FEED_START_MS + (int64_t)rng_below(rng, 5) * FEED_DAY_MS;
        int64_t step = 20 * FEED_DAY_MS / (int64_t)(count ? count : 1);
        for (size_t k = 0; k < count; k++) {
            char sku[16];
            now += (int64_t)rng_below(rng, (uint64_t)(2 * step + 1));
            int64_t jitter = (int64_t)rng_below(rng, (uint64_t)feed->options.lateness_ms);
            (void)snprintf(sku, sizeof sku, "%05d", (int)rng_below(rng, 20));
            feed_order_line(source, sku, now - jitter, 1 + (int64_t)rng_below(rng, 5));
        }
    }
}

enum { WORKERS = 3 };

/* Some workers on some sources, everything in random order, one source slow, crashes at any moment.
 */
static void run_random(struct feed *feed, struct rng *rng, unsigned crash_permille)
{
    struct feed_worker workers[WORKERS];
    unsigned own[WORKERS] = {0};
    size_t slow = rng_below(rng, feed->source_count);
    for (size_t i = 0; i < feed->source_count; i++) {
        own[rng_below(rng, WORKERS)] |= 1u << i;
    }
    for (int w = 0; w < WORKERS; w++) {
        feed_start(feed, &workers[w], own[w], LATER_MS);
    }
    for (bool ended = false; !ended;) {
        struct feed_worker *worker = &workers[rng_below(rng, WORKERS)];
        unsigned which = (unsigned)(worker - workers);
        for (size_t k = 0; k < feed->source_count; k++) {
            size_t source = rng_below(rng, feed->source_count);
            if (source != slow || rng_below(rng, 20) == 0) {
                (void)feed_read(worker, source);
            }
            while (rng_below(rng, 4) && ingest_write(worker->ingest)) {
            }
        }
        if (rng_below(rng, 1000) < crash_permille) {
            feed_stop(worker);
            feed_start(feed, worker, own[which], LATER_MS);
        } else if (rng_below(rng, 3) == 0) {
            feed_commit(worker);
        }
        feed_foreign(worker);
        ended = true;
        for (int w = 0; w < WORKERS; w++) {
            ended = ended && ingest_ended(workers[w].ingest);
        }
    }
    for (int w = 0; w < WORKERS; w++) {
        feed_stop(&workers[w]);
    }
}

Test(ingest, no_line_is_late_or_lost_whatever_the_order_of_reading)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct feed feed;
        struct rng rng;
        struct buf seen = {0};
        rng_init(&rng, seed);
        feed_init(&feed, true);
        fill(&feed, &rng, 1 + rng_below(&rng, 4), rng_below(&rng, 3), 120);
        run_random(&feed, &rng, seed % 2 ? 100 : 0);
        check_complete(&feed);
        for (int32_t p = 0; p < FEED_PARTITIONS; p++) {
            check_partition(&feed, p, &seen);
        }
        buf_fini(&seen);
        feed_fini(&feed);
    }
}

/* One source: where transactions end, where a process dies and when messages become visible changes
 * nothing that PLAN can see. */
Test(ingest, one_partition_gives_the_same_lines_and_closes_every_time)
{
    struct buf reference[FEED_PARTITIONS] = {{0}};
    struct tick_count counts = {0};
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct feed feed;
        struct feed_worker worker;
        struct rng rng, same;
        rng_init(&rng, seed);
        rng_init(&same, 7);
        feed_init(&feed, true);
        struct feed_source *orders = feed_source(&feed, INPUT_ORDERS, 0);
        int64_t now = FEED_START_MS;
        for (int k = 0; k < 300; k++) {
            now += (int64_t)rng_below(&same, 4 * (uint64_t)HOUR_MS);
            feed_order_line(orders, k % 3 ? "A" : "B",
                            now - (int64_t)rng_below(&same, (uint64_t)HOUR_MS), 1 + k % 4);
        }
        orders->visible = seed ? 0 : SIZE_MAX;
        feed_start(&feed, &worker, 1, LATER_MS);
        while (seed == 0 || orders->committed < 300) {
            orders->visible += rng_below(&rng, 4);
            for (uint64_t k = rng_below(&rng, 6); k > 0 && seed; k--) {
                (void)feed_read(&worker, 0);
                (void)(rng_below(&rng, 3) && ingest_write(worker.ingest));
            }
            if (seed == 0) {
                feed_drain(&worker);
                break;
            }
            if (rng_below(&rng, 5) == 0) {
                feed_stop(&worker);
                feed_start(&feed, &worker, 1, LATER_MS);
            } else if (rng_below(&rng, 2)) {
                feed_commit(&worker);
            }
        }
        feed_stop(&worker);
        check_complete(&feed);
        for (int32_t p = 0; p < FEED_PARTITIONS; p++) {
            struct buf seen = {0};
            check_partition(&feed, p, seed ? &seen : &reference[p]);
            cr_assert(!seed || slice_equal(buf_view(&seen), buf_view(&reference[p])),
                      "seed %d partition %d", (int)seed, (int)p);
            struct tick_count total = total_counts(&feed, p, "");
            counts = seed || p ? counts : total;
            cr_assert_eq(total.lines, 300);
            cr_assert_eq(total.invoices, 300);
            cr_assert_eq(total.units, counts.units);
            buf_fini(&seen);
        }
        feed_fini(&feed);
    }
    for (int32_t p = 0; p < FEED_PARTITIONS; p++) {
        buf_fini(&reference[p]);
    }
}

/* Run two, with messages in every partition: nobody may be counted out because it had ended in run
 * one. */
static void check_second_run(uint64_t seed)
{
    struct feed feed;
    struct rng rng;
    struct buf seen = {0};
    struct feed_worker worker;
    rng_init(&rng, seed);
    feed_init(&feed, true);
    fill(&feed, &rng, 4, 1, 200);
    for (size_t i = 0; i < feed.source_count; i++) {
        feed.sources[i].visible = 0;
    }
    feed_start(&feed, &worker, 31, LATER_MS);
    feed_drain(&worker);
    cr_assert(ingest_ended(worker.ingest));
    feed_stop(&worker);
    for (size_t i = 0; i < feed.source_count; i++) {
        cr_assert_eq(feed.sources[i].metadata[2], '2'); /* ended */
        feed.sources[i].visible = SIZE_MAX;
    }
    run_random(&feed, &rng, 0);
    check_complete(&feed);
    check_partition(&feed, 1, &seen);
    buf_fini(&seen);
    feed_fini(&feed);
}

Test(ingest, an_ended_source_with_new_messages_holds_the_others)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        check_second_run(seed);
    }
}

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

Test(ingest, bad_messages_are_dead_letters_with_reason_field_and_bytes)
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
    cr_assert_eq(counts->messages, 9);
    cr_assert_eq(counts->lines, 0);
    cr_assert_str_eq(counts->filters[0].reason, "null");
    cr_assert_eq(orders->committed, 8);
    feed_stop(&worker);
    feed_fini(&feed);
}

Test(ingest, counts_are_of_committed_transactions_only)
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

/* Ticks of partition 0 from a record on, as "STATE mark-start " texts. */
static void tick_texts(const struct feed *feed, size_t from, struct buf *out)
{
    static const char *const STATES[] = {"live", "idle", "ended"};
    struct arena *arena = arena_create(4096, 1 << 24);
    buf_reset(out);
    for (size_t i = from; i < feed->record_count; i++) {
        struct line line;
        if (feed->records[i].tick && feed->records[i].partition == 0) {
            cr_assert(decode(feed, i, arena, &line));
            if (line.tick.mark_ms == INT64_MIN) {
                buf_print(out, "%s - ", STATES[line.tick.state]);
            } else {
                buf_print(out, "%s %lld ", STATES[line.tick.state],
                          (long long)(line.tick.mark_ms - FEED_START_MS) / 1000);
            }
        }
    }
    buf_byte(out, '\0');
    arena_destroy(arena);
}

Test(ingest, live_ticks_follow_the_clock)
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
    tick_texts(&feed, 0, &ticks); /* the last one carries the count of the line */
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
    tick_texts(&feed, from, &ticks);
    cr_assert_str_eq(ticks.data, "live 43195 live 43201 "); /* not beyond the clock */
    from = feed.record_count;
    (void)feed_read(&worker, 0); /* the end */
    ingest_clock(worker.ingest, clock + 30999);
    (void)ingest_tick(worker.ingest);
    ingest_clock(worker.ingest, clock + 31000);
    cr_assert(ingest_tick(worker.ingest));
    cr_assert_eq(ingest_next_tick_ms(worker.ingest), clock + 60000, "stock is idle since `clock`");
    feed_commit(&worker);
    tick_texts(&feed, from, &ticks);
    cr_assert_str_eq(ticks.data, "live 43230 idle 43231 ");
    feed_stop(&worker);
    buf_fini(&ticks);
    feed_fini(&feed);
}

Test(ingest, a_source_that_is_far_ahead_is_held_and_raises_its_mark)
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

Test(ingest, until_end_says_ended_and_says_it_again_when_asked)
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
    tick_texts(&feed, 0, &ticks);
    cr_assert(strstr(ticks.data, "live 3600 ended 3600 ") != NULL, "%s", ticks.data);
    ingest_clock(worker.ingest, LATER_MS + 5000);
    ingest_repeat_ended(worker.ingest);
    feed_commit(&worker);
    tick_texts(&feed, from, &ticks);
    cr_assert_str_eq(ticks.data, "ended 3600 ");
    feed_stop(&worker);
    buf_fini(&ticks);
    feed_fini(&feed);
}

Test(ingest, facts_are_written_as_they_come_and_tombstones_delete_items)
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
    cr_assert(decode(&feed, 0, arena, &line));
    cr_assert_float_eq(line.item.lead_time_days, 10.0, 0);
    cr_assert_eq(line.item.pack, 12);
    cr_assert_float_eq(line.item.review_days, -1, 0);
    cr_assert(decode(&feed, 1, arena, &line));
    cr_assert(line.item.deleted && slice_is(line.item.sku, "key"));
    cr_assert(decode(&feed, 2, arena, &line));
    cr_assert_eq(line.feedback.kind, FEEDBACK_ACCEPTED);
    cr_assert_eq(items->committed, 2);
    feed_stop(&worker);
    arena_destroy(arena);
    feed_fini(&feed);
}

Test(ingest, strange_metadata_counts_as_none)
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

Test(ingest, maps_for_items_are_refused)
{
    struct feed feed;
    struct ingest *ingest = NULL;
    struct outbox *outbox = outbox_create();
    feed_init(&feed, true);
    feed.options.maps[INPUT_ITEMS] = (const struct map *)&feed;
    struct status *st = ingest_create(&feed.options, outbox, &ingest);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    cr_assert_null(ingest);
    status_free(st);
    outbox_destroy(outbox);
    feed_fini(&feed);
}
