#include "stream/ingest.h"

#include "config/base/arena.h"
#include "stream/sources.h"
#include "tests/stream/ingest_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t HOUR_MS = 3600000;
static const int64_t LATER_MS = FEED_START_MS + 400 * FEED_DAY_MS; /* a wall clock long after */

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
        cr_assert(feed_decode(feed, i, arena, &line));
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
        cr_assert(feed_decode(feed, i, arena, &line));
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
