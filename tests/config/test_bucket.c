#include "config/base/bucket.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <inttypes.h>

TestSuite(bucket);

static const int64_t MINUTE = 60000, HOUR = 3600000, DAY = 86400000, WEEK = 604800000;

static int64_t at(const char *text)
{
    int64_t ms = 0;
    bool has_offset;
    cr_assert(civil_parse(slice_of(text), &ms, &has_offset), "%s", text);
    return ms;
}

static struct zone *open_zone(const char *name)
{
    struct zone *zone = NULL;
    struct status *st = zone_open(name, &zone);
    cr_assert_null(st, "%s", status_message(st));
    return zone;
}

static struct buckets make(int64_t length, const struct zone *zone)
{
    struct buckets buckets;
    struct status *st = bucket_init(&buckets, length, zone);
    cr_assert_null(st, "%s", status_message(st));
    return buckets;
}

Test(bucket, days_follow_the_calendar_of_the_zone)
{
    struct zone *zone = open_zone("Europe/London");
    struct buckets days = make(DAY, zone);
    cr_assert_eq(days.per_day, 1);
    int64_t spring = civil_days(2011, 3, 27), autumn = civil_days(2011, 10, 30);
    cr_assert_eq(bucket_start(&days, spring + 1) - bucket_start(&days, spring), 23 * HOUR);
    cr_assert_eq(bucket_start(&days, autumn + 1) - bucket_start(&days, autumn), 25 * HOUR);
    cr_assert_eq(bucket_of(&days, at("2011-07-01 22:59:59.999")), civil_days(2011, 7, 1));
    cr_assert_eq(bucket_of(&days, at("2011-07-01 23:00")), civil_days(2011, 7, 2));
    cr_assert_eq(bucket_day(&days, 15000), 15000);
    cr_assert_eq(bucket_weekday(&days, civil_days(2024, 6, 3)), 0, "a Monday");
    cr_assert_eq(bucket_phase(&days, civil_days(2024, 6, 9)), 6);
    cr_assert_eq(bucket_weekday(&days, -1), 2, "31 December 1969 was a Wednesday");
    zone_close(zone);
}

Test(bucket, weeks_begin_on_monday)
{
    struct zone *zone = open_zone("America/New_York");
    struct buckets weeks = make(WEEK, zone);
    cr_assert_eq(weeks.per_day, 0);
    int64_t monday = at("2024-06-03 04:00"); /* midnight in New York */
    int64_t week = bucket_of(&weeks, monday);
    cr_assert_eq(bucket_start(&weeks, week), monday);
    cr_assert_eq(bucket_of(&weeks, monday - 1), week - 1);
    cr_assert_eq(bucket_of(&weeks, monday + WEEK - 1), week);
    cr_assert_eq(bucket_weekday(&weeks, week), 0);
    cr_assert_eq(bucket_day(&weeks, week), civil_days(2024, 6, 3));
    cr_assert_eq(bucket_phase(&weeks, bucket_of(&weeks, at("2024-01-04 12:00"))), 0);
    cr_assert_eq(bucket_phase(&weeks, bucket_of(&weeks, at("2020-12-31 12:00"))), 51, "week 53");
    cr_assert_eq(bucket_of(&weeks, at("1969-12-31 12:00")), 0, "the week of 1970-01-01");
    zone_close(zone);
}

Test(bucket, shorter_ones_are_equal_slots_of_utc)
{
    struct zone *zone = open_zone("Asia/Kolkata");
    struct buckets quarters = make(15 * MINUTE, zone);
    cr_assert_eq(quarters.per_day, 96);
    cr_assert_eq(bucket_of(&quarters, 15 * MINUTE - 1), 0);
    cr_assert_eq(bucket_of(&quarters, -1), -1);
    cr_assert_eq(bucket_start(&quarters, 7), 105 * MINUTE);
    struct buckets hours = make(HOUR, zone);
    int64_t bucket = bucket_of(&hours, at("2024-06-02 18:30")); /* 23:30 on Sunday in India */
    cr_assert_eq(bucket_weekday(&hours, bucket), 6);
    cr_assert_eq(bucket_phase(&hours, bucket), 167);
    cr_assert_eq(bucket_day(&hours, bucket), civil_days(2024, 6, 2));
    cr_assert_eq(bucket_phase(&hours, bucket + 1), 0);
    cr_assert_eq(bucket_day(&hours, bucket + 1), civil_days(2024, 6, 3));
    zone_close(zone);
}

Test(bucket, lengths)
{
    static const int64_t good[] = {15, 30, 60, 120, 180, 240, 360, 480, 720, 1440, 10080};
    static const int64_t bad[] = {0, -15, 1, 10, 45, 300, 2880, 20160};
    struct zone *zone = open_zone("UTC");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct buckets buckets = make(good[i] * MINUTE, zone);
        cr_assert_eq(buckets.per_day, 1440 / good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buckets buckets;
        struct status *st = bucket_init(&buckets, bad[i] * MINUTE, zone);
        cr_assert_eq(status_code(st), STATUS_CONFIG);
        cr_assert(strstr(status_message(st), "15min"));
        status_free(st);
    }
    zone_close(zone);
}

/* Buckets tile the time line: a time is in the bucket that has begun and not ended. */
Test(bucket, tile_the_time_line)
{
    static const char *const names[] = {"Europe/London",  "America/Sao_Paulo",
                                        "America/Havana", "Australia/Lord_Howe",
                                        "Asia/Beirut",    "Pacific/Apia"};
    static const int64_t lengths[] = {15 * 60000, 3600000, 43200000, 86400000, 604800000};
    struct rng rng;
    rng_init(&rng, 11);
    for (size_t z = 0; z < sizeof names / sizeof names[0]; z++) {
        struct zone *zone = open_zone(names[z]);
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            struct buckets buckets = make(lengths[l], zone);
            for (int k = 0; k < 4000; k++) {
                int64_t time = (int64_t)rng_below(&rng, UINT64_C(2000000000000));
                int64_t bucket = bucket_of(&buckets, time);
                cr_assert_leq(bucket_start(&buckets, bucket), time, "%s %" PRId64, names[z], time);
                cr_assert_gt(bucket_start(&buckets, bucket + 1), time, "%s %" PRId64, names[z],
                             time);
                cr_assert_eq(bucket_of(&buckets, bucket_start(&buckets, bucket)), bucket);
                int32_t phase = bucket_phase(&buckets, bucket);
                cr_assert(phase >= 0 && phase < (lengths[l] == WEEK  ? 52
                                                 : lengths[l] == DAY ? 7
                                                                     : 168));
                int32_t weekday = bucket_weekday(&buckets, bucket);
                cr_assert(weekday >= 0 && weekday < 7);
            }
        }
        zone_close(zone);
    }
}

/* Whatever came before, days of 23 and 25 hours and nights with two midnights included. */
Test(bucket, what_is_remembered_of_days_changes_no_answer)
{
    static const char *const names[] = {
        "UTC",         "Europe/London", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe",
        "Pacific/Apia"};
    static const int64_t lengths[] = {3600000, 86400000, 604800000};
    struct rng rng;
    rng_init(&rng, 12);
    for (size_t z = 0; z < sizeof names / sizeof names[0]; z++) {
        struct zone *zone = open_zone(names[z]);
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            struct buckets buckets = make(lengths[l], zone);
            struct bucket_memo memo = {0};
            for (int64_t time = civil_days(2011, 1, 1) * DAY; time < civil_days(2012, 2, 1) * DAY;
                 time += (int64_t)rng_below(&rng, 20 * 60000)) {
                int64_t back = time - (int64_t)rng_below(&rng, (uint64_t)DAY);
                cr_assert_eq(bucket_of_memo(&buckets, &memo, time), bucket_of(&buckets, time),
                             "%s %" PRId64, names[z], time);
                cr_assert_eq(bucket_of_memo(&buckets, &memo, back), bucket_of(&buckets, back));
            }
            static const int64_t edges[] = {INT64_MIN / 1000, 0, -1, INT64_MAX / 1000};
            for (size_t e = 0; e < sizeof edges / sizeof edges[0]; e++) {
                cr_assert_eq(bucket_of_memo(&buckets, &memo, edges[e]),
                             bucket_of(&buckets, edges[e]));
            }
        }
        zone_close(zone);
    }
}

/* A day that the calendar left out has no time in it, and its neighbours meet. */
Test(bucket, a_day_that_did_not_happen_is_empty)
{
    struct zone *zone = open_zone("Pacific/Apia");
    struct buckets days = make(DAY, zone);
    int64_t none = civil_days(2011, 12, 30);
    cr_assert_eq(bucket_start(&days, none), bucket_start(&days, none + 1));
    zone_close(zone);
}

/* A day's buckets are found by their number, whatever its clock does. */
Test(bucket, the_buckets_of_a_day_and_their_places)
{
    struct zone *zone = open_zone("Europe/London");
    struct buckets days = make(DAY, zone), hours = make(3600000, zone),
                   halves = make(DAY / 2, zone);
    static const int HOURS[] = {24, 23, 25};
    const int64_t numbers[] = {civil_days(2021, 1, 12), civil_days(2021, 3, 28),
                               civil_days(2021, 10, 31)};
    for (int i = 0; i < 3; i++) {
        int64_t first = bucket_first(&hours, numbers[i]),
                end = bucket_first(&hours, numbers[i] + 1);
        cr_expect_eq(end - first, HOURS[i]);
        cr_expect_eq(bucket_start(&hours, first), bucket_start(&days, numbers[i]));
        for (int64_t bucket = first; bucket < end; bucket++) {
            cr_expect_eq(bucket_day(&hours, bucket), numbers[i]);
            int32_t place = bucket_place(&hours, bucket);
            cr_expect(place >= 0 && place < 24);
        }
        cr_expect_eq(bucket_place(&hours, first), 0);
        cr_expect_eq(bucket_place(&hours, end - 1), 23);
    }
    /* In summer buckets of 12 hours begin at 1 and 13 o'clock. */
    int64_t summer = civil_days(2021, 7, 1), first = bucket_first(&halves, summer);
    cr_expect_eq(bucket_first(&halves, summer + 1) - first, 2);
    cr_expect_gt(bucket_start(&halves, first), bucket_start(&days, summer));
    cr_expect_eq(bucket_place(&halves, first), 0);
    cr_expect_eq(bucket_place(&halves, first + 1), 1);
    zone_close(zone);
}
