/* What lines do to a shard: stream/apply.c, seen through its outputs. */
#include "tests/stream/play_fixture.h"

#include <criterion/criterion.h>

static struct play play;

static void set_up(void)
{
    play_init(&play, "forecasts.emit=always");
}

static void tear_down(void)
{
    play_fini(&play);
}

TestSuite(apply, .init = set_up, .fini = tear_down);

enum { LINE_BYTES = 8192 };

static struct outbox_record dead_letter(void)
{
    struct outbox_record record;
    for (size_t i = 0; i < outbox_count(play.fixture.outbox); i++) {
        outbox_get(play.fixture.outbox, i, &record);
        if (record.topic == TOPIC_DEAD_LETTERS) {
            return record;
        }
    }
    return (struct outbox_record){.topic = TOPIC_COUNT};
}

static struct slice header(const struct outbox_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0) {
            return record->headers[i].value;
        }
    }
    return (struct slice){0};
}

Test(apply, sales_add_up_in_their_bucket)
{
    play_order(&play, 0.1, 3, "ann");
    play_order(&play, 0.9, 4, "");
    play_order(&play, 1.0, 5, "ann");
    play_days(&play, 0, 2, 0);
    cr_expect(play_units(&play, 0) == 7);
    cr_expect(play_units(&play, 1) == 5, "midnight begins a bucket");
    cr_expect(shard_counts(play.fixture.shard)->applied == 3);
}

Test(apply, the_same_line_counts_once)
{
    play_order(&play, 0.1, 3, "ann");
    play.next_fingerprint = 1;
    play_order(&play, 0.1, 3, "ann");
    play_days(&play, 0, 1, 0);
    cr_expect(play_units(&play, 0) == 3);
    cr_expect(shard_counts(play.fixture.shard)->applied == 1);
    cr_expect(shard_counts(play.fixture.shard)->duplicate == 1);
}

/* Day 73 is Thanksgiving, 26 November 2020. */
static bool silent_day_is_missed(const char *set, int day)
{
    play_fini(&play);
    play_init(&play, set);
    play_days(&play, 0, day, 40);
    cr_assert(!play_wrote(&play, "missing_feed"));
    play_days(&play, day, day + 1, 0);
    return play_wrote(&play, "missing_feed");
}

Test(apply, a_silent_public_holiday_is_no_missing_feed)
{
    cr_expect(silent_day_is_missed("calendar={x: none}", 73));
    cr_expect(!silent_day_is_missed("calendar={x: us}", 73));
    cr_expect(silent_day_is_missed("calendar={x: us}", 74));
}

Test(apply, a_late_line_corrects_its_bucket_and_the_next_forecast_says_it)
{
    char line[LINE_BYTES];
    play_days(&play, 0, 20, 5);
    cr_assert(play_outputs(&play, TOPIC_FORECASTS, line, sizeof line) > 10);
    cr_expect(!play_wrote(&play, "\"corrected\":true"), "%s", line);
    play_order(&play, 16.2, 4, "");
    play_run(&play);
    cr_expect(play_units(&play, 16) == 9 && play_units(&play, 17) == 5);
    cr_expect(shard_counts(play.fixture.shard)->late == 1);
    play_days(&play, 20, 21, 5);
    play_outputs(&play, TOPIC_FORECASTS, line, sizeof line);
    cr_expect(strstr(line, "\"corrected\":true"), "%s", line);
    (void)fixture_restart(&play.fixture);
    play_days(&play, 21, 22, 5);
    play_outputs(&play, TOPIC_FORECASTS, line, sizeof line);
    cr_expect(strstr(line, "\"corrected\":false"), "only the next one says it: %s", line);
}

Test(apply, what_is_older_than_the_window_is_a_dead_letter_that_says_where_it_came_from)
{
    play_days(&play, 0, 3, 5);
    play_order(&play, -1000, 4, "");
    play_apply(&play);
    struct outbox_record record = dead_letter();
    cr_assert(record.topic == TOPIC_DEAD_LETTERS);
    cr_expect(slice_is(record.key, "A") && record.value.bytes && record.partition == -1);
    cr_expect(slice_is(header(&record, "reason"), "late"));
    cr_expect(slice_is(header(&record, "topic"), "orders"));
    cr_expect(slice_is(header(&record, "partition"), "0"));
    cr_expect(slice_is(header(&record, "field"), "event_time"));
    cr_expect(header(&record, "offset").bytes && header(&record, "version").bytes);
    cr_expect(shard_counts(play.fixture.shard)->late_dropped == 1);
    cr_expect(shard_counts(play.fixture.shard)->applied == 3);
}

Test(apply, what_is_beyond_the_open_buckets_is_a_dead_letter_too)
{
    play_days(&play, 0, 3, 5);
    play_order(&play, 500, 4, "");
    play_apply(&play);
    struct outbox_record record = dead_letter();
    cr_assert(record.topic == TOPIC_DEAD_LETTERS);
    cr_expect(slice_is(header(&record, "reason"), "ahead"));
    cr_expect(shard_counts(play.fixture.shard)->applied == 3);
}

Test(apply, a_cancellation_takes_its_sale_out_at_the_close)
{
    play_order(&play, 0.3, 6, "ann");
    play_order(&play, 0.4, 2, "bob");
    play_order(&play, 1.2, -6, "ann");
    play_order(&play, 1.3, -9, "bob"); /* of nothing */
    play_order(&play, 1.4, -2, ""); /* of nobody */
    play_days(&play, 0, 1, 0);
    cr_expect(play_units(&play, 0) == 8, "not before the bucket of the cancellation closes");
    play_days(&play, 1, 2, 0);
    cr_expect(play_units(&play, 0) == 2);
    cr_expect(play_units(&play, 1) == 0);
}

Test(apply, a_cancellation_that_comes_before_its_sale_finds_it)
{
    play_order(&play, 0.8, -6, "ann");
    play_order(&play, 0.3, 6, "ann");
    play_days(&play, 0, 2, 0);
    cr_expect(play_units(&play, 0) == 0);
}

Test(apply, stock_goes_down_with_sales_and_up_with_receipts)
{
    play_stock(&play, STOCK_COUNT, 0.1, 100, "count");
    play_order(&play, 0.2, 30, "ann");
    play_run(&play);
    cr_expect(play_says(&play, "\"available\":70"));
    play_order(&play, 0.3, -30, "ann");
    play_run(&play);
    cr_expect(play_says(&play, "\"available\":100"));
    play_stock(&play, STOCK_ON_ORDER, 0.4, 25, "po-1");
    play_run(&play);
    cr_expect(play_says(&play, "\"available\":100") && play_says(&play, "\"on_order\":25"));
    play_stock(&play, STOCK_RECEIPT, 0.5, 25, "po-1");
    play_run(&play);
    cr_expect(play_says(&play, "\"available\":125") && play_says(&play, "\"on_order\":0"));
    play_stock(&play, STOCK_ADJUSTMENT, 0.6, -5, "broken");
    play_stock(&play, STOCK_ADJUSTMENT, 0.6, -5, "broken"); /* again */
    play_run(&play);
    cr_expect(play_says(&play, "\"available\":120"));
}

Test(apply, bytes_that_are_no_line_change_nothing)
{
    play_order(&play, 0.1, 3, "ann");
    play_days(&play, 0, 1, 0);
    shard_apply(play.fixture.shard, 50, slice_of("A"), slice_of("garbage"));
    shard_apply(play.fixture.shard, 51, slice_of("A"), (struct slice){0});
    cr_expect(dead_letter().topic == TOPIC_DEAD_LETTERS);
    cr_expect(play_units(&play, 0) == 3 && shard_offset(play.fixture.shard) == 52);
    cr_expect(shard_counts(play.fixture.shard)->applied == 1);
}
