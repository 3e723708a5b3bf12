#include "stream/map_time.h"

#include <criterion/criterion.h>

static const int64_t WINTER_MS = INT64_C(1291191960000); /* 2010-12-01T08:26:00Z */

static bool read_as(const char *format, struct datum d, int64_t *ms)
{
    struct map_time time;
    struct zone *zone;
    const char *problem = "";
    struct status *st = zone_open("Europe/London", &zone);
    cr_assert_null(st);
    cr_assert(map_time_parse(slice_of(format), &time, &problem), "%s", problem);
    bool ok = map_time_read(&time, &d, zone, 0, ms, &problem);
    zone_close(zone);
    return ok;
}

static int64_t text(const char *format, const char *t)
{
    int64_t ms = 0;
    cr_assert(read_as(format, (struct datum){.kind = DATUM_TEXT, .text = slice_of(t)}, &ms), "%s",
              t);
    return ms;
}

static void refused(const char *format, const char *t)
{
    int64_t ms = 77;
    cr_assert_not(read_as(format, (struct datum){.kind = DATUM_TEXT, .text = slice_of(t)}, &ms),
                  "%s", t);
    cr_assert_eq(ms, 77);
}

Test(map_time, texts)
{
    cr_assert_eq(text("iso", "2010-12-01T08:26:00"), WINTER_MS);
    cr_assert_eq(text("iso", "2010-12-01 08:26:00"), WINTER_MS);
    cr_assert_eq(text("iso", "2010-12-01T09:26:00+01:00"), WINTER_MS);
    cr_assert_eq(text("%d/%m/%Y %H:%M", "1/12/2010 08:26"), WINTER_MS);
    cr_assert_eq(text("%d %b %y %I:%M %p", "01 Dec 10 8:26 AM"), WINTER_MS);
    cr_assert_eq(text("%Y%m%d%H%M%S.%f%z", "20101201082600.5Z"), WINTER_MS + 500);
    cr_assert_eq(text("%Y-%m-%d %H:%M%z", "2010-12-01 09:26+0100"), WINTER_MS);
    cr_assert_eq(text("%Y-%m-%dT%H:%M", "2011-07-01T08:26"), INT64_C(1309505160000)); /* summer */
    cr_assert_eq(text("epoch_s", "1291191960.25"), WINTER_MS + 250);
    cr_assert_eq(text("epoch_us", "1291191960000999"), WINTER_MS);
}

Test(map_time, numbers_and_avro_times)
{
    int64_t ms = 0;
    cr_assert(read_as("auto", (struct datum){.kind = DATUM_INT, .i64 = WINTER_MS}, &ms));
    cr_assert_eq(ms, WINTER_MS);
    cr_assert(read_as("auto",
                      (struct datum){.kind = DATUM_INT,
                                     .logical = DATUM_TIMESTAMP_MICROS,
                                     .i64 = WINTER_MS * 1000 + 1},
                      &ms));
    cr_assert_eq(ms, WINTER_MS);
    cr_assert(read_as("iso", (struct datum){.kind = DATUM_INT, .logical = DATUM_DATE, .i64 = 14944},
                      &ms));
    cr_assert_eq(ms, INT64_C(1291161600000));
}

Test(map_time, what_is_no_time_is_refused)
{
    int64_t ms = 0;
    refused("iso", "yesterday");
    refused("iso", "2011-02-30T10:00:00");
    refused("%d/%m/%Y", "30/02/2011");
    refused("%d/%m/%Y", "1/12/2010 ");
    refused("%d %b %Y", "1 Dez 2010");
    refused("%I:%M %p %d/%m/%Y", "13:00 PM 01/01/2010");
    refused("epoch_ms", "99999999999999999");
    refused("epoch_s", "x");
    cr_assert_not(read_as("auto", (struct datum){.kind = DATUM_BOOL, .boolean = true}, &ms));
    cr_assert_not(read_as("iso", (struct datum){.kind = DATUM_INT, .i64 = WINTER_MS}, &ms));
}

Test(map_time, formats_are_checked)
{
    struct map_time time;
    const char *problem = "";
    cr_assert_not(map_time_parse(slice_of("%Q"), &time, &problem));
    cr_assert_not(map_time_parse(slice_of("%"), &time, &problem));
    cr_assert_not(map_time_parse(slice_of("hours"), &time, &problem));
}
