#include "stream/calendars.h"

#include "config/base/zone.h"
#include "stream/settings.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/restock-calendars-XXXXXX";
static char path[64];

static void write_file(const char *name, const char *text)
{
    char whole[128];
    (void)snprintf(whole, sizeof whole, "%s/%s", folder, name);
    FILE *file = fopen(whole, "wb");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void set_up(void)
{
    cr_assert(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/c.yaml", folder);
    write_file("own.csv", "date,name\n2021-03-04,stocktaking\n");
    write_file("bad.csv", "date\n2021-13-04\n");
}

static void tear_down(void)
{
    static const char *const FILES[] = {"own.csv", "bad.csv", "c.yaml"};
    for (size_t i = 0; i < 3; i++) {
        char whole[128];
        (void)snprintf(whole, sizeof whole, "%s/%s", folder, FILES[i]);
        unlink(whole);
    }
    rmdir(folder);
}

TestSuite(calendars, .init = set_up, .fini = tear_down);

static struct settings load(const char *yaml)
{
    struct settings settings;
    write_file("c.yaml", yaml);
    struct status *st = settings_load(path, NULL, 0, &settings);
    cr_assert(!st, "%s", status_message(st));
    return settings;
}

static void expect_refused(const char *yaml, const char *where, const char *what)
{
    struct settings settings;
    write_file("c.yaml", yaml);
    struct status *st = settings_load(path, NULL, 0, &settings);
    cr_assert(st, "%s was taken", yaml);
    cr_expect(strstr(status_message(st), where) && strstr(status_message(st), what), "%s: %s", yaml,
              status_message(st));
    cr_expect(status_code(st) == STATUS_CONFIG);
    status_free(st);
}

static bool is(const struct settings *settings, int32_t year, int32_t month, int32_t day)
{
    return holiday_is(&settings->holidays, civil_days(year, month, day));
}

Test(calendars, the_country_of_the_zone_by_default)
{
    struct settings settings = load("time: {zone: Europe/London}\n");
    cr_expect(is(&settings, 2011, 4, 29) && !is(&settings, 2011, 7, 4));
    settings_fini(&settings);
    settings = load("time: {zone: America/New_York}\ncalendar: {}\n");
    cr_expect(is(&settings, 2011, 7, 4));
    settings_fini(&settings);
    settings = load("time: {zone: UTC}\n");
    cr_expect(settings.holidays.count == 0);
    settings_fini(&settings);
}

Test(calendars, files_shipped_ones_several_and_none)
{
    struct settings settings = load("calendar: {uk: calendars/uk.csv, own: own.csv, x: de}\n");
    cr_expect(is(&settings, 2011, 4, 29) && is(&settings, 2021, 3, 4) &&
              is(&settings, 2017, 10, 31));
    settings_fini(&settings);
    settings = load("time: {zone: Europe/London}\ncalendar: {own: own.csv}\n");
    cr_expect(settings.holidays.count == 1, "what is said replaces the default");
    settings_fini(&settings);
    settings = load("time: {zone: Europe/London}\ncalendar: {no: none}\n");
    cr_expect(settings.holidays.count == 0);
    settings_fini(&settings);
}

Test(calendars, mistakes_are_named_where_they_stand)
{
    expect_refused("calendar: {uk: uk.csv}\n", "c.yaml:1:16", "cannot read the calendar");
    expect_refused("calendar: {uk: uk.csv}\n", "uk.csv", "cn, de, es, fr");
    expect_refused("calendar: {x: bad.csv}\n", "bad.csv:2:1", "not a date");
    expect_refused("calendar: [uk]\n", "c.yaml:1:11", "{name: file");
    expect_refused("calendar: {x: [a]}\n", "c.yaml:1:15", "a file, a country");
    expect_refused("calendar: {x: calendars/xx.csv}\n", "calendars/xx.csv", "cannot read");
}

Test(calendars, holidays_are_known_ahead)
{
    enum { ROWS = 3, ROW = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };
    static float known[ROWS * ROW];
    struct settings settings = load("time: {zone: Europe/London}\n");
    int64_t last = bucket_of(&settings.buckets, civil_days(2011, 4, 21) * 86400000 + 43200000);
    calendars_known(&settings.holidays, &settings.buckets, last, ROWS, known);
    for (int row = 0; row < ROWS; row++) {
        for (int k = 0; k <= WINDOW_AHEAD; k++) {
            const float *at = known + row * ROW + k * WINDOW_KNOWN;
            /* Good Friday, Easter Monday, the wedding, May Day, the spring bank holiday */
            bool wanted = k == 1 || k == 4 || k == 8 || k == 11 || k == 39;
            cr_expect(at[WINDOW_HOLIDAY] == (wanted ? 1.0f : 0.0f), "day %d", k);
            cr_expect(isnan(at[WINDOW_PRICE]) && isnan(at[WINDOW_PROMO]));
        }
    }
    settings_fini(&settings);
}

Test(calendars, suppliers)
{
    struct settings settings = load("suppliers:\n"
                                    "  Acme & Sons: {weekdays: [mon, thu], delivers: [sun]}\n"
                                    "  b.c: {closed: [2020-12-24, 2020-12-30..2021-01-02]}\n"
                                    "  dragon: {calendar: cn}\n");
    const struct supplier_calendar *acme =
        suppliers_find(settings.suppliers, slice_of("Acme & Sons"));
    cr_assert(acme);
    cr_expect(acme->orders == (1 << 0 | 1 << 3) && acme->delivers == 1 << 6);
    cr_expect(acme->closed_ref->count == 0);
    const struct supplier_calendar *closed = suppliers_find(settings.suppliers, slice_of("b.c"));
    cr_assert(closed && closed->orders == 0 && closed->closed_ref->count == 5);
    cr_expect(holiday_is(closed->closed_ref, civil_days(2021, 1, 2)));
    const struct supplier_calendar *dragon = suppliers_find(settings.suppliers, slice_of("dragon"));
    cr_expect(dragon && holiday_is(dragon->closed_ref, civil_days(2010, 2, 14)));
    cr_expect(!suppliers_find(settings.suppliers, slice_of("acme")));
    cr_expect(!suppliers_find(NULL, slice_of("acme")));
    settings_fini(&settings);
    settings = load("suppliers: {}\n");
    cr_expect(!settings.suppliers);
    settings_fini(&settings);
}

Test(calendars, suppliers_refused)
{
    expect_refused("suppliers: {a: {weekdays: [monday]}}\n", "c.yaml:1:28", "suppliers.a.weekdays");
    expect_refused("suppliers: {a: {weekdays: []}}\n", "c.yaml:1:27", "every day");
    expect_refused("suppliers: {a: {delivers: mon}}\n", "c.yaml:1:27", "suppliers.a.delivers");
    expect_refused("suppliers: {a: {closed: [2021-02-30]}}\n", "c.yaml:1:26", "dates");
    expect_refused("suppliers: {a: {closed: [2021-02-03..2021-02-01]}}\n", "c.yaml:1:26", "spans");
    expect_refused("suppliers: {a: {closed: [2020-01-01..2022-01-01]}}\n", "c.yaml:1:26", "400");
    expect_refused("suppliers: {a: {calendar: nowhere.csv}}\n", "c.yaml:1:27", "cannot read");
    expect_refused("suppliers: {a: {weekday: [mon]}}\n", "c.yaml:1:17", "did you mean `weekdays`?");
    expect_refused("suppliers: {a: [mon]}\n", "c.yaml:1:16", "a supplier is");
    expect_refused("suppliers: [a]\n", "c.yaml:1:12", "must be {supplier");
}
