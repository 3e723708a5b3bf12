#include "config/base/rng.h"
#include "config/base/zone.h"

#include <criterion/criterion.h>
#include <inttypes.h>

TestSuite(civil);

Test(civil, days_of_known_dates)
{
    cr_assert_eq(civil_days(1970, 1, 1), 0);
    cr_assert_eq(civil_days(1969, 12, 31), -1);
    cr_assert_eq(civil_days(2000, 2, 29), 11016);
    cr_assert_eq(civil_days(2000, 3, 1), 11017);
    cr_assert_eq(civil_days(1900, 3, 1) - civil_days(1900, 2, 28), 1);
    cr_assert_eq(civil_days(2999, 12, 31), 376199);
    cr_assert_eq(civil_days(0, 3, 1), -719468);
    cr_assert_eq(civil_days(2400, 1, 1) - civil_days(2000, 1, 1), 146097);
}

Test(civil, every_day_follows_the_one_before)
{
    static const int32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = civil_days(1599, 1, 1);
    for (int32_t year = 1599; year <= 2402; year++) {
        for (int32_t month = 1; month <= 12; month++) {
            bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            int32_t length = lengths[month - 1] + (month == 2 && leap);
            for (int32_t d = 1; d <= length; d++, day++) {
                struct civil civil = civil_of(day * 86400000);
                cr_assert(civil.year == year && civil.month == month && civil.day == d,
                          "day %" PRId64 " is %d-%d-%d", day, civil.year, civil.month, civil.day);
                cr_assert_eq(civil_days(year, month, d), day);
                cr_assert(civil_valid(&civil));
            }
            struct civil none = {.year = year, .month = month, .day = length + 1};
            cr_assert_not(civil_valid(&none));
        }
    }
}

Test(civil, there_and_back)
{
    struct rng rng;
    rng_init(&rng, 3);
    for (int i = 0; i < 100000; i++) {
        int64_t ms = (int64_t)(rng_next(&rng) >> 12) - (INT64_C(1) << 51);
        struct civil civil = civil_of(ms);
        cr_assert(civil_valid(&civil));
        cr_assert_eq(civil_ms(&civil), ms);
    }
    struct civil before = civil_of(-1);
    cr_assert(before.year == 1969 && before.hour == 23 && before.millisecond == 999);
}

Test(civil, times_that_are_none)
{
    static const struct civil cases[] = {
        {2011, 2, 30, 0, 0, 0, 0},       {2011, 2, 29, 0, 0, 0, 0},   {1900, 2, 29, 0, 0, 0, 0},
        {2011, 0, 1, 0, 0, 0, 0},        {2011, 13, 1, 0, 0, 0, 0},   {2011, 1, 0, 0, 0, 0, 0},
        {2011, 4, 31, 0, 0, 0, 0},       {2011, 1, 1, 24, 0, 0, 0},   {2011, 1, 1, -1, 0, 0, 0},
        {2011, 1, 1, 0, 60, 0, 0},       {2011, 1, 1, 0, -1, 0, 0},   {2011, 1, 1, 0, 0, 60, 0},
        {2011, 1, 1, 0, 0, -1, 0},       {2011, 1, 1, 0, 0, 0, 1000}, {2011, 1, 1, 0, 0, 0, -1},
        {2011, INT32_MIN, 1, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_not(civil_valid(&cases[i]), "case %zu", i);
    }
}

Test(civil, texts)
{
    static const struct {
        const char *text;
        int64_t ms;
        bool has_offset;
    } cases[] = {{"2011-12-09", INT64_C(1323388800000), false},
                 {"2011-12-09 08:34", INT64_C(1323419640000), false},
                 {"2011-12-09T08:34:05", INT64_C(1323419645000), false},
                 {"2011-12-09T08:34:05Z", INT64_C(1323419645000), true},
                 {"2011-12-09T08:34:05.5Z", INT64_C(1323419645500), true},
                 {"2011-12-09T08:34:05.123456789+01:00", INT64_C(1323416045123), true},
                 {"2011-12-09T08:34-05", INT64_C(1323437640000), true},
                 {"2011-12-09T08:34:05+0530", INT64_C(1323399845000), true},
                 {"2999-12-31T23:59:59Z", INT64_C(32503679999000), true},
                 {"1969-12-31T23:59:59.999Z", -1, true},
                 {"2000-02-29", INT64_C(951782400000), false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 0;
        bool has_offset = !cases[i].has_offset;
        cr_expect(civil_parse(slice_of(cases[i].text), &ms, &has_offset), "%s", cases[i].text);
        cr_expect_eq(ms, cases[i].ms, "%s: %" PRId64, cases[i].text, ms);
        cr_expect_eq(has_offset, cases[i].has_offset, "%s", cases[i].text);
    }
}

Test(civil, texts_that_are_no_times)
{
    static const char *const texts[] = {"",
                                        "2011",
                                        "2011-12",
                                        "2011-2-30",
                                        "2011-02-30",
                                        "2011-02-29T00:00:00Z",
                                        "2011-12-09T",
                                        "2011-12-09 8:34",
                                        "2011-12-09T08",
                                        "2011-12-09T08:34:",
                                        "2011-12-09T08:34:05.",
                                        "2011-12-09T24:00:00",
                                        "2011-12-09T08:60",
                                        "2011-12-09T08:34:60Z",
                                        "2011-12-09T08:34:05Zx",
                                        "2011-12-09x",
                                        " 2011-12-09",
                                        "2011-12-09 ",
                                        "2011/12/09",
                                        "11-12-09",
                                        "02011-12-09",
                                        "-2011-12-09",
                                        "2011-12-09T08:34:05+1",
                                        "2011-12-09T08:34:05+19:00",
                                        "2011-12-09T08:34+01:",
                                        "2011-12-09T08:34+01:60",
                                        "2011-12-09T08:34:05.1234567890Z",
                                        "2011-12-09T08:34:05 Z",
                                        "2011-12-09Z",
                                        "now",
                                        "1323388800000"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t ms = 42;
        bool has_offset;
        cr_expect_not(civil_parse(slice_of(texts[i]), &ms, &has_offset), "%s", texts[i]);
        cr_expect_eq(ms, 42, "%s", texts[i]);
    }
    bool has_offset;
    int64_t ms;
    cr_assert_not(civil_parse((struct slice){NULL, 0}, &ms, &has_offset));
    cr_assert(civil_parse((struct slice){"2011-12-09garbage", 10}, &ms, &has_offset),
              "the slice ends before");
}
