#include "config/calendar_file.h"

#include "config/base/zone.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static void expect_refused(const char *text, const char *where)
{
    struct holidays days = {0};
    holiday_add(&days, 1);
    struct status *st = calendar_file_parse("c.csv", slice_of(text), &days);
    cr_assert(st, "%s was taken", text);
    cr_expect(strstr(status_message(st), where), "%s: %s", text, status_message(st));
    cr_expect(status_code(st) == STATUS_CONFIG && days.count == 1, "untouched on errors");
    status_free(st);
    holiday_fini(&days);
}

Test(calendar_file, columns_by_name_quotes_comments_and_line_ends)
{
    struct holidays days = {0};
    struct status *st = calendar_file_parse("c.csv",
                                            slice_of("\xef\xbb\xbf# made by hand\r\n"
                                                     "name,date,note\r\n\r\n"
                                                     "\"Boxing, again\",2025-12-26,\r\n"
                                                     "Leap,\"2024-02-29\",x\n"
                                                     "  # and the last without an end\n"
                                                     "Early, 1969-12-31"),
                                            &days);
    cr_assert(!st, "%s", status_message(st));
    cr_assert_eq(days.count, 3);
    cr_assert(holiday_is(&days, civil_days(2025, 12, 26)) &&
              holiday_is(&days, civil_days(2024, 2, 29)) && holiday_is(&days, -1));
    holiday_fini(&days);
}

Test(calendar_file, mistakes_are_named_by_line_and_column)
{
    expect_refused("", "c.csv:1:1: empty");
    expect_refused("day,name\n2025-01-01,x\n", "c.csv:1:1: the header must name a column `date`");
    expect_refused("date,date\n", "c.csv:1:1: the column `date` stands twice");
    expect_refused("name,date\nx,2025-02-29\n",
                   "c.csv:2:3: not a date as YYYY-MM-DD: `2025-02-29`");
    expect_refused("date\n\n2025-01-01T00:00\n", "c.csv:3:1: not a date");
    expect_refused("name,date\nx\n", "c.csv:2:2: no cell in the column `date`");
    expect_refused("name,date\n\"x,2025-01-01\n", "c.csv:2:14: no cell");
    expect_refused("date\n\"2025-01-01\n", "c.csv:2:1: a quotation mark is not closed");
    struct holidays days = {0};
    struct status *st = calendar_file_parse("c.csv", slice_of("date\na\n2025-01-01\nb\n"), &days);
    cr_expect(st && strstr(status_message(st), "c.csv:2:1") &&
              strstr(status_message(st), "c.csv:4:1") && !days.count);
    status_free(st);
    st = calendar_file_parse("c.csv", (struct slice){"date\n\0\n", 7}, &days);
    cr_expect(st && strstr(status_message(st), "c.csv:2:1: a NUL byte"), "%s", status_message(st));
    status_free(st);
}

Test(calendar_file, files_that_are_there_and_not)
{
    char path[] = "/tmp/restock-calendar-XXXXXX";
    int file = mkstemp(path);
    cr_assert(file >= 0 && write(file, "date\n2025-05-01\n", 16) == 16);
    close(file);
    struct holidays days = {0};
    cr_assert(!calendar_file_load(path, &days));
    cr_assert(days.count == 1 && holiday_is(&days, civil_days(2025, 5, 1)));
    unlink(path);
    struct status *st = calendar_file_load(path, &days);
    cr_expect(st && strstr(status_message(st), path) && status_code(st) == STATUS_CONFIG);
    status_free(st);
    holiday_fini(&days);
}

static void expect_days(const char *country, const char *const *dates, bool is)
{
    struct holidays days = {0};
    struct status *st = calendar_file_parse(country, calendar_file_shipped(country), &days);
    cr_assert(!st, "%s", status_message(st));
    for (size_t i = 0; dates[i]; i++) {
        int64_t ms;
        bool offset;
        cr_assert(civil_parse(slice_of(dates[i]), &ms, &offset));
        cr_expect(holiday_is(&days, ms / 86400000) == is, "%s %s", country, dates[i]);
    }
    holiday_fini(&days);
}

/* As the governments announced them. */
Test(calendar_file, shipped_calendars_know_the_days_that_rules_get_wrong)
{
    static const struct {
        const char *country;
        const char *dates[12];
    } KNOWN[] = {
        {"gb",
         {"2010-12-27", "2010-12-28", "2011-04-29", "2012-06-04", "2012-06-05", "2020-05-08",
          "2022-06-02", "2022-09-19", "2022-12-27", "2023-05-08", "2021-12-28"}},
        {"de", {"2011-04-22", "2014-06-09", "2017-10-31", "2024-05-09", "2030-04-22"}},
        {"fr", {"2010-05-13", "2019-06-10", "2024-07-14", "2024-11-11"}},
        {"us",
         {"2010-12-31", "2011-11-24", "2021-06-18", "2021-12-31", "2023-01-02", "2024-05-27"}},
        {"nl", {"2013-04-30", "2014-04-26", "2025-04-26", "2024-05-20"}},
        {"cn",
         {"2009-01-25", "2010-02-14", "2012-01-23", "2015-09-03", "2020-01-25", "2020-06-25",
          "2023-01-22", "2024-04-04", "2024-09-17", "2025-01-28", "2028-10-03"}},
        {"es", {"2024-03-29", "2024-10-12", "2024-12-06"}},
        {"it", {"2011-03-17", "2024-04-01", "2026-10-04", "2024-04-25"}},
    };
    static const char *const NEVER[] = {"2020-05-04", "2022-05-30", "2012-05-28", NULL};
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        expect_days(KNOWN[i].country, KNOWN[i].dates, true);
    }
    expect_days("uk", NEVER, false); /* moved for a jubilee or V-E Day */
    expect_days("it", (const char *[]){"2025-10-04", NULL}, false);
    expect_days("us", (const char *[]){"2020-06-19", NULL}, false);
}

Test(calendar_file, every_shipped_calendar_covers_every_year)
{
    static const char *const COUNTRIES[] = {"cn", "de", "es", "fr", "gb", "it", "nl", "us"};
    for (size_t i = 0; i < sizeof COUNTRIES / sizeof COUNTRIES[0]; i++) {
        struct holidays days = {0};
        cr_expect(strstr(calendar_file_countries(), COUNTRIES[i]));
        cr_assert(!calendar_file_parse(COUNTRIES[i], calendar_file_shipped(COUNTRIES[i]), &days));
        for (int32_t year = 2009; year <= 2030; year++) {
            size_t count = 0;
            for (size_t d = 0; d < days.count; d++) {
                count += days.days[d] >= civil_days(year, 1, 1) &&
                         days.days[d] < civil_days(year + 1, 1, 1);
            }
            cr_expect(count >= 8 && count <= 16, "%s %d: %zu", COUNTRIES[i], year, count);
        }
        holiday_fini(&days);
    }
    cr_expect(!calendar_file_shipped("atlantis").data && !calendar_file_shipped("").data);
}

Test(calendar_file, countries_of_zones)
{
    cr_expect_str_eq(calendar_file_country("Europe/London"), "gb");
    cr_expect_str_eq(calendar_file_country("America/Indiana/Knox"), "us");
    cr_expect_str_eq(calendar_file_country("US/Pacific"), "us");
    cr_expect_str_eq(calendar_file_country("Asia/Shanghai"), "cn");
    cr_expect(!calendar_file_country("UTC") && !calendar_file_country("America/Lima") &&
              !calendar_file_country("+01:00"));
}
