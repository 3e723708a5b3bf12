#include "config/base/zone.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(zone);

static struct zone *open_zone(const char *name)
{
    struct zone *zone = NULL;
    struct status *st = zone_open(name, &zone);
    cr_assert_null(st, "%s", status_message(st));
    return zone;
}

static void refuses(const char *name, const char *expected)
{
    struct zone *zone = (struct zone *)&expected;
    struct status *st = zone_open(name, &zone);
    cr_assert_not_null(st, "%s is accepted", name);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    cr_assert(strstr(status_message(st), expected), "%s", status_message(st));
    cr_assert_eq(zone, (struct zone *)&expected, "out is untouched");
    status_free(st);
}

static int64_t at(const char *text)
{
    int64_t ms = 0;
    bool has_offset;
    cr_assert(civil_parse(slice_of(text), &ms, &has_offset), "%s", text);
    return ms;
}

/* Each line: zone, two numbers. */
static int for_each(const char *file, void (*check)(const struct zone *, int64_t, int64_t))
{
    char path[512], name[64], current[64] = "", line[200];
    snprintf(path, sizeof path, "%s/tests/config/fixtures/%s", RESTOCK_SOURCE_DIR, file);
    FILE *in = fopen(path, "r");
    cr_assert_not_null(in, "%s", path);
    struct zone *zone = NULL;
    int count = 0;
    while (fgets(line, sizeof line, in)) {
        int64_t a, b;
        if (line[0] == '#') {
            continue;
        }
        cr_assert_eq(sscanf(line, "%63s %" SCNd64 " %" SCNd64, name, &a, &b), 3, "%s", line);
        if (strcmp(name, current) != 0) {
            zone_close(zone);
            zone = open_zone(name);
            snprintf(current, sizeof current, "%s", name);
        }
        check(zone, a, b);
        count++;
    }
    zone_close(zone);
    fclose(in);
    return count;
}

static void check_offset(const struct zone *zone, int64_t utc_s, int64_t offset_s)
{
    cr_assert_eq(zone_offset_s(zone, utc_s * 1000), offset_s, "%s %" PRId64 ": %d, not %" PRId64,
                 zone_name(zone), utc_s, zone_offset_s(zone, utc_s * 1000), offset_s);
    cr_assert_eq(zone_to_local(zone, utc_s * 1000 + 999), (utc_s + offset_s) * 1000 + 999);
}

Test(zone, offsets_as_another_implementation_has_them)
{
    cr_assert_gt(for_each("zone_offsets.txt", check_offset), 3000);
}

static void check_local(const struct zone *zone, int64_t local_s, int64_t utc_s)
{
    cr_assert_eq(zone_to_utc(zone, local_s * 1000), utc_s * 1000,
                 "%s local %" PRId64 ": %" PRId64 ", not %" PRId64, zone_name(zone), local_s,
                 zone_to_utc(zone, local_s * 1000) / 1000, utc_s);
}

Test(zone, local_times_as_another_implementation_has_them)
{
    cr_assert_gt(for_each("zone_locals.txt", check_local), 1500);
}

Test(zone, a_skipped_time_moves_forward_and_a_double_one_is_the_first)
{
    struct zone *zone = open_zone("Europe/London");
    cr_assert_eq(zone_to_utc(zone, at("2011-03-27 01:30")), at("2011-03-27 01:30"));
    cr_assert_eq(zone_to_local(zone, at("2011-03-27 01:30")), at("2011-03-27 02:30"));
    cr_assert_eq(zone_to_utc(zone, at("2011-10-30 01:30")), at("2011-10-30 00:30"));
    zone_close(zone);
    zone = open_zone("Australia/Lord_Howe"); /* half an hour only */
    cr_assert_eq(zone_to_utc(zone, at("2020-10-04 02:15")), at("2020-10-03 15:45"));
    zone_close(zone);
    zone = open_zone("Pacific/Apia"); /* 30 December 2011 did not happen */
    cr_assert_eq(zone_to_local(zone, zone_to_utc(zone, at("2011-12-30 12:00"))),
                 at("2011-12-31 12:00"));
    zone_close(zone);
}

Test(zone, the_rule_holds_for_ever)
{
    static const struct {
        const char *zone, *utc;
        int32_t offset_s;
    } cases[] = {
        {"Europe/London", "2100-07-01", 3600},        {"Europe/London", "2499-12-31 23:59:59", 0},
        {"Europe/London", "2500-01-01", 0},           {"Europe/London", "2500-07-01", 3600},
        {"Europe/London", "2700-07-01", 3600},        {"Europe/London", "2999-07-15 12:00", 3600},
        {"Europe/London", "2999-01-15 12:00", 0},     {"America/New_York", "9998-07-15", -14400},
        {"Australia/Lord_Howe", "2500-01-01", 39600}, {"Australia/Lord_Howe", "9998-01-15", 39600},
        {"Australia/Lord_Howe", "9998-07-15", 37800}, {"Asia/Kolkata", "9998-07-15", 19800}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone *zone = open_zone(cases[i].zone);
        cr_expect_eq(zone_offset_s(zone, at(cases[i].utc)), cases[i].offset_s, "%s %s: %d",
                     cases[i].zone, cases[i].utc, zone_offset_s(zone, at(cases[i].utc)));
        zone_close(zone);
    }
}

Test(zone, there_and_back_is_the_same_but_for_the_second_of_two)
{
    static const char *const names[] = {"Europe/London", "America/New_York",
                                        "Asia/Kolkata",  "Australia/Lord_Howe",
                                        "UTC",           "-03:30"};
    struct rng rng;
    rng_init(&rng, 7);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *zone = open_zone(names[i]);
        for (int k = 0; k < 20000; k++) {
            int64_t utc = (int64_t)rng_below(&rng, UINT64_C(8000000000000)) - 2000000000000;
            int64_t local = zone_to_local(zone, utc), back = zone_to_utc(zone, local);
            cr_assert_eq(zone_to_local(zone, back), local);
            cr_assert_leq(back, utc);
            cr_assert_geq(back, utc - 7200000);
        }
        zone_close(zone);
    }
}

Test(zone, fixed_offsets)
{
    struct zone *zone = open_zone("+02:00");
    cr_assert_eq(zone_offset_s(zone, 0), 7200);
    cr_assert_str_eq(zone_name(zone), "+02:00");
    zone_close(zone);
    zone = open_zone("-09:30");
    cr_assert_eq(zone_offset_s(zone, 1700000000000), -34200);
    zone_close(zone);
    zone = open_zone("UTC");
    cr_assert_eq(zone_offset_s(zone, 1700000000000), 0);
    cr_assert_eq(zone_to_utc(zone, -5), -5);
    zone_close(zone);
    zone_close(NULL);
}

Test(zone, names_that_are_none)
{
    refuses("Europe/Londn", "time zone 'Europe/Londn'");
    refuses("Europe/Londn", "tzdata");
    refuses("", "expected an IANA name");
    refuses("/etc/passwd", "expected an IANA name");
    refuses("../../../etc/passwd", "expected an IANA name");
    refuses("Europe", "no time zone file");
    refuses("+2:00", "time zone '+2:00'");
    refuses("+ 2:00", "time zone '+ 2:00'");
    refuses("+19:00", "time zone '+19:00'");
    refuses("+02:60", "time zone '+02:60'");
    refuses("tzdata.zi", "expected an IANA name");
}

/* A version 2 file with the given 64-bit transitions and rule. */
static size_t tzif(unsigned char *out, const char *rule)
{
    unsigned char header[44] = "TZif2";
    header[20 + 4 * 4 + 3] = 1; /* one type */
    header[20 + 5 * 4 + 3] = 4; /* four characters */
    static const unsigned char type[10] = {0, 0, 0, 0, 0, 0, 'L', 'M', 'T', 0};
    size_t bytes = 0;
    for (int version = 0; version < 2; version++) {
        memcpy(out + bytes, header, 44);
        memcpy(out + bytes + 44, type, 10);
        bytes += 54;
    }
    return bytes + (size_t)sprintf((char *)out + bytes, "\n%s\n", rule);
}

static struct status *open_bytes(const unsigned char *data, size_t bytes, struct zone **out)
{
    char folder[] = "/tmp/restock_zone_XXXXXX", path[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Test", folder);
    FILE *file = fopen(path, "wb");
    cr_assert_eq(fwrite(data, 1, bytes, file), bytes);
    fclose(file);
    setenv("TZDIR", folder, 1);
    struct status *st = zone_open("Test", out);
    unlink(path);
    rmdir(folder);
    return st;
}

Test(zone, rules_of_all_forms)
{
    static const struct {
        const char *rule, *utc;
        int32_t offset_s;
    } cases[] = {
        {"<-03>3", "2024-01-01", -10800},
        {"<+0330>-3:30", "2024-01-01", 12600},
        {"AAA-1BBB,J60,J300", "2024-03-01 01:00:00", 7200}, /* J60 is always 1 March */
        {"AAA-1BBB,J60,J300", "2024-03-01 00:59:59", 3600},
        {"AAA-1BBB,59,300", "2024-02-29 01:00:00", 7200}, /* 59 counts 29 February */
        {"AAA-1BBB-3,M3.5.0,M10.5.0/3", "2024-07-01", 10800},
        {"AAA3BBB,M10.1.0/0,M3.1.0/0", "2024-01-01", -7200}, /* south: summer over the year's end */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2024-07-01", 3600}, /* negative summer time */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2024-01-01", 0},
        {"AAA5BBB,0/0,J365/25", "2024-01-01 04:00:00", -14400}, /* summer all year */
        {"AAA5BBB,0/0,J365/25", "2024-12-31 23:00:00", -14400},
        {"AAA5BBB,0/0,J365/25", "2025-01-01 04:30:00", -14400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char data[512];
        struct zone *zone = NULL;
        struct status *st = open_bytes(data, tzif(data, cases[i].rule), &zone);
        cr_assert_null(st, "%s: %s", cases[i].rule, status_message(st));
        cr_expect_eq(zone_offset_s(zone, at(cases[i].utc)), cases[i].offset_s, "%s at %s: %d",
                     cases[i].rule, cases[i].utc, zone_offset_s(zone, at(cases[i].utc)));
        zone_close(zone);
    }
}

Test(zone, rules_that_are_none)
{
    static const char *const rules[] = {"AA3",
                                        "AAA",
                                        "AAA200",
                                        "AAA3BBB",
                                        "AAA3BBB,M3.1",
                                        "AAA3BBB,M0.1.0,M3.1.0",
                                        "AAA3BBB,M13.1.0,M3.1.0",
                                        "AAA3BBB,M3.6.0,M3.1.0",
                                        "AAA3BBB,M3.1.7,M3.1.0",
                                        "AAA3BBB,J0,J1",
                                        "AAA3BBB,J366,J1",
                                        "AAA3BBB,366,1",
                                        "AAA3BBB,1/999,2",
                                        "AAA3BBB,1,2x",
                                        "<AAA3"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        unsigned char data[512];
        struct zone *zone = NULL;
        struct status *st = open_bytes(data, tzif(data, rules[i]), &zone);
        cr_expect_not_null(st, "%s is accepted", rules[i]);
        status_free(st);
        if (zone) {
            zone_close(zone);
        }
    }
}

/* Every prefix of a good file, and every file with one byte changed: refused or read, never more.
 */
Test(zone, broken_files)
{
    unsigned char good[512], data[512];
    size_t bytes = tzif(good, "AAA-1BBB,M3.5.0,M10.5.0/3");
    for (size_t i = 0; i < bytes; i++) {
        struct zone *zone = NULL;
        struct status *st = open_bytes(good, i, &zone);
        cr_expect(st, "%zu of %zu bytes are accepted", i, bytes);
        status_free(st);
        zone_close(zone);
    }
    for (size_t i = 0; i < bytes; i++) {
        memcpy(data, good, bytes);
        data[i] ^= 0xff;
        struct zone *zone = NULL;
        struct status *st = open_bytes(data, bytes, &zone);
        if (!st) {
            (void)zone_offset_s(zone, 0);
        }
        status_free(st);
        zone_close(zone);
    }
}
