/* State records of a shard: stream/record.c, seen through seal and restore. */
#include "tests/stream/play_fixture.h"

#include <criterion/criterion.h>

static struct play play;

static void set_up(void)
{
    play_init(&play, "forecasts.emit=always");
    play_stock(&play, STOCK_COUNT, 0, 300, "count");
    play_days(&play, 0, 12, 5);
}

static void tear_down(void)
{
    play_fini(&play);
}

TestSuite(record, .init = set_up, .fini = tear_down);

static struct buf dump(void)
{
    struct buf json = {0};
    cr_assert(shard_dump_series(play.fixture.shard, slice_of("A"), slice_of("main"), &json));
    return json;
}

Test(record, a_series_comes_back_as_it_was_with_what_is_open)
{
    play_order(&play, 12.1, 70000, "ann"); /* an open bucket, beyond 16 bits */
    play_order(&play, 13.1, 3, "ann");
    play_run(&play);
    struct buf before = dump();
    int64_t next = fixture_restart(&play.fixture);
    cr_expect(next == (int64_t)play.log.count);
    struct buf after = dump();
    cr_expect(slice_equal(buf_view(&before), buf_view(&after)), "%.*s", (int)after.bytes,
              after.data);
    buf_fini(&before);
    buf_fini(&after);
    play_days(&play, 12, 14, 0);
    cr_expect(play_units(&play, 12) == 70000 && play_units(&play, 13) == 3);
}

Test(record, what_was_seen_is_still_a_duplicate)
{
    fixture_restart(&play.fixture);
    uint64_t next = play.next_fingerprint;
    play.next_fingerprint = next - 1;
    play_order(&play, 11.5, 5, "usual");
    play_run(&play);
    cr_expect(shard_counts(play.fixture.shard)->duplicate == 1);
    cr_expect(play_units(&play, 11) == 5);
}

Test(record, a_cancellation_finds_its_sale_after_a_restart)
{
    fixture_restart(&play.fixture);
    play_order(&play, 12.2, -5, "usual");
    play_days(&play, 12, 13, 0);
    cr_expect(play_units(&play, 11) == 0 && play_units(&play, 10) == 5);
}

Test(record, nothing_is_to_be_saved_twice)
{
    cr_expect(shard_clean(play.fixture.shard));
    uint64_t commits = play.fixture.commits;
    play_run(&play);
    cr_expect(play.fixture.commits == commits);
    fixture_restart(&play.fixture);
    cr_expect(shard_clean(play.fixture.shard));
}

Test(record, records_of_unknown_kinds_and_short_ones_are_refused)
{
    static const struct slice BAD[][2] = {
        {{"", 0}, {"x", 1}}, {{"?", 1}, {"x", 1}},    {{"h", 1}, {"", 0}},
        {{"s", 1}, {"", 0}}, {{"t\0\0", 3}, {"", 0}}, {{"c\0\0\0\0\xff\xff", 7}, {"\2", 1}},
        {{"f", 1}, {"x", 1}}};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct shard *shard;
        cr_assert(!shard_create(play.fixture.plan, 0, play.fixture.outbox, &shard));
        struct status *st = shard_restore(shard, BAD[i][0], BAD[i][1]);
        cr_expect(st && status_code(st) == STATUS_CORRUPT, "%zu", i);
        status_free(st);
        shard_destroy(shard);
    }
}

/* No order line was seen, so there is no last closed bucket yet. */
Test(record, stock_alone_comes_back)
{
    struct play fresh;
    play_init(&fresh, "forecasts.emit=always");
    play_stock(&fresh, STOCK_COUNT, 0, 300, "count");
    play_run(&fresh);
    cr_expect(fixture_restart(&fresh.fixture) == 1);
    cr_expect(play_says(&fresh, "\"available\":300,"));
    play_days(&fresh, 0, 3, 5);
    cr_expect(play_says(&fresh, "\"available\":285,") && play_units(&fresh, 1) == 5);
    play_fini(&fresh);
}
