#include "config/base/bucket.h"

static const int64_t DAY_MS = 86400000, WEEK_MS = 7 * 86400000, MINUTE_MS = 60000;

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b < 0);
}

struct status *bucket_init(struct buckets *buckets, int64_t length_ms, const struct zone *zone)
{
    static const int64_t MINUTES[] = {15, 30, 60, 120, 180, 240, 360, 480, 720, 1440, 10080};
    for (size_t i = 0; i < sizeof MINUTES / sizeof MINUTES[0]; i++) {
        if (length_ms == MINUTES[i] * MINUTE_MS) {
            *buckets = (struct buckets){
                .zone_ref = zone, .length_ms = length_ms, .per_day = (int32_t)(DAY_MS / length_ms)};
            return NULL;
        }
    }
    return status_new(STATUS_CONFIG,
                      "expected 15min, 30min, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d or 1w, found %lld ms",
                      (long long)length_ms);
}

static int64_t local_day(const struct buckets *buckets, int64_t time_ms)
{
    return floor_div(zone_to_local(buckets->zone_ref, time_ms), DAY_MS);
}

int64_t bucket_of(const struct buckets *buckets, int64_t time_ms)
{
    if (buckets->length_ms < DAY_MS) {
        return floor_div(time_ms, buckets->length_ms);
    }
    int64_t day = local_day(buckets, time_ms);
    return buckets->length_ms == DAY_MS ? day : floor_div(day + 3, 7); /* 1970-01-01: Thursday */
}

int64_t bucket_start(const struct buckets *buckets, int64_t bucket)
{
    if (buckets->length_ms < DAY_MS) {
        return bucket * buckets->length_ms;
    }
    int64_t day = buckets->length_ms == DAY_MS ? bucket : bucket * 7 - 3;
    return zone_to_utc(buckets->zone_ref, day * DAY_MS);
}

/* Days on which clocks change are not remembered: where midnight comes twice, a time after the
 * start of a day may still belong to the day before. */
static void remember(const struct buckets *buckets, struct bucket_memo *memo, size_t place,
                     int64_t bucket)
{
    int64_t start = bucket_start(buckets, bucket), end = bucket_start(buckets, bucket + 1);
    if (end - start == buckets->length_ms &&
        zone_offset_s(buckets->zone_ref, start) == zone_offset_s(buckets->zone_ref, end)) {
        memo->start_ms[place] = start;
        memo->end_ms[place] = end;
        memo->bucket[place] = bucket;
    }
}

int64_t bucket_of_memo(const struct buckets *buckets, struct bucket_memo *memo, int64_t time_ms)
{
    if (buckets->length_ms != DAY_MS) {
        return bucket_of(buckets, time_ms);
    }
    size_t place = (size_t)((uint64_t)time_ms >> 24) % BUCKET_MEMO_PLACES; /* under five hours */
    if (time_ms < memo->start_ms[place] || time_ms >= memo->end_ms[place]) {
        int64_t bucket = bucket_of(buckets, time_ms);
        if (time_ms > INT64_MIN / 2 && time_ms < INT64_MAX / 2) {
            remember(buckets, memo, place, bucket);
        }
        return bucket;
    }
    return memo->bucket[place];
}

int64_t bucket_day(const struct buckets *buckets, int64_t bucket)
{
    if (buckets->length_ms == DAY_MS) {
        return bucket;
    }
    return buckets->length_ms == WEEK_MS ? bucket * 7 - 3
                                         : local_day(buckets, bucket_start(buckets, bucket));
}

int32_t bucket_weekday(const struct buckets *buckets, int64_t bucket)
{
    int64_t weekday = (bucket_day(buckets, bucket) + 3) % 7;
    return (int32_t)(weekday < 0 ? weekday + 7 : weekday);
}

int32_t bucket_phase(const struct buckets *buckets, int64_t bucket)
{
    if (buckets->length_ms == DAY_MS) {
        return bucket_weekday(buckets, bucket);
    }
    if (buckets->length_ms == WEEK_MS) {
        struct civil civil =
            civil_of((bucket_day(buckets, bucket) + 3) * DAY_MS); /* its Thursday */
        int64_t of_year = bucket_day(buckets, bucket) + 3 - civil_days(civil.year, 1, 1);
        int32_t week = (int32_t)(of_year / 7);
        return week < 52 ? week : 51;
    }
    int64_t local = zone_to_local(buckets->zone_ref, bucket_start(buckets, bucket));
    int64_t hour = floor_div(local, 3600000) - bucket_day(buckets, bucket) * 24;
    return bucket_weekday(buckets, bucket) * 24 + (int32_t)hour;
}

int32_t bucket_place(const struct buckets *buckets, int64_t bucket)
{
    int64_t local = zone_to_local(buckets->zone_ref, bucket_start(buckets, bucket));
    return (int32_t)((local - floor_div(local, DAY_MS) * DAY_MS) / buckets->length_ms);
}

int64_t bucket_first(const struct buckets *buckets, int64_t day)
{
    int64_t start_ms = zone_to_utc(buckets->zone_ref, day * DAY_MS);
    int64_t bucket = bucket_of(buckets, start_ms);
    return bucket + (bucket_start(buckets, bucket) < start_ms);
}
