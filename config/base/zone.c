/* TZif (RFC 8536): header, transition times, types; the second (64-bit) block is the one that
 * counts; behind it a POSIX TZ string tells the rule for all later times. At open the rule is
 * unrolled into the same table, and a guide from slots of 199 days into it is made, so that a query
 * is one look-up, a step or two, and no date arithmetic (it runs for each line of the bus). The
 * calendar repeats, weekdays included, every 400 years: the table ends with 400 years that are rule
 * alone, and later times are looked up in those. */
#include "config/base/zone.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_BYTES_MAX = 1 << 20,
    HEADER_BYTES = 44,
    RULE_FROM_YEAR = 1970,
    CYCLE_YEARS = 400,
    RULE_TO_YEAR = 2500, /* tables of tzdata end in 2037 or before */
    GUIDE_SHIFT = 34, /* a slot is 2^34 ms */
    GUIDE_SLOTS = 1104, /* 1900 to 2501 */
    NAME_BYTES_MAX = 128,
    TIMES_MAX = 10000 /* of the file; the largest of tzdata has some 240 */
};

static const int64_t CYCLE_MS = 146097 * INT64_C(86400000);
static const int64_t GUIDE_FROM_MS = -25567 * INT64_C(86400000); /* 1900-01-01 */

struct transition {
    int64_t from_ms; /* UTC */
    int32_t offset_s; /* from then on */
};

struct zone {
    char name[NAME_BYTES_MAX];
    int32_t first_offset_s; /* before the first transition */
    int64_t cycle_from_ms; /* the last whole cycle begins here */
    size_t count, capacity;
    struct transition *transitions;
    uint16_t guide[GUIDE_SLOTS]; /* transitions that have begun when the slot begins */
};

/* --- the rule behind the table
 * ------------------------------------------------------------------------------- */

struct rule_date {
    int32_t month, week, weekday; /* Mm.w.d; weekday 0 = Sunday */
    int32_t julian; /* Jn: 1..365, never 29 February; else -1 */
    int32_t ordinal; /* n: 0..365; else -1 */
    int32_t time_s;
};

struct rule {
    int32_t standard_s, summer_s; /* offsets east of UTC */
    bool has_summer;
    struct rule_date start, end;
};

static bool skip_abbreviation(const char **at)
{
    const char *start = *at;
    if (**at == '<') {
        while (**at && **at != '>') {
            ++*at;
        }
        return *(*at)++ == '>';
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z')) {
        ++*at;
    }
    return *at - start >= 3;
}

static bool number(const char **at, int32_t *out)
{
    if (**at < '0' || **at > '9') {
        return false;
    }
    *out = 0;
    while (**at >= '0' && **at <= '9' && *out < 100000) {
        *out = *out * 10 + (*(*at)++ - '0');
    }
    return true;
}

static bool clock_time(const char **at, int32_t *out)
{
    int32_t sign = 1, part[3] = {0};
    if (**at == '-' || **at == '+') {
        sign = *(*at)++ == '-' ? -1 : 1;
    }
    if (!number(at, &part[0])) {
        return false;
    }
    for (int i = 1; i < 3 && **at == ':'; i++) {
        ++*at;
        if (!number(at, &part[i])) {
            return false;
        }
    }
    *out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return part[0] <= 167 && part[1] < 60 && part[2] < 60; /* RFC 8536, 3.3.1 */
}

static bool date_rule(const char **at, struct rule_date *out)
{
    *out = (struct rule_date){.julian = -1, .ordinal = -1, .time_s = 7200};
    if (*(*at)++ != ',') {
        return false;
    }
    if (**at == 'M') {
        ++*at;
        if (!number(at, &out->month) || *(*at)++ != '.' || !number(at, &out->week) ||
            *(*at)++ != '.' || !number(at, &out->weekday)) {
            return false;
        }
    } else if (**at == 'J') {
        ++*at;
        if (!number(at, &out->julian)) {
            return false;
        }
    } else if (!number(at, &out->ordinal)) {
        return false;
    }
    bool real = out->julian >= 0    ? out->julian >= 1 && out->julian <= 365
                : out->ordinal >= 0 ? out->ordinal <= 365
                                    : out->month >= 1 && out->month <= 12 && out->week >= 1 &&
                                          out->week <= 5 && out->weekday <= 6;
    if (real && **at == '/') {
        ++*at;
        return clock_time(at, &out->time_s);
    }
    return real;
}

static bool parse_rule(const char *text, struct rule *out)
{
    *out = (struct rule){0};
    int32_t west;
    if (!skip_abbreviation(&text) || !clock_time(&text, &west)) {
        return false;
    }
    out->standard_s = -west;
    if (!*text) {
        return true;
    }
    if (!skip_abbreviation(&text)) {
        return false;
    }
    out->has_summer = true;
    out->summer_s = out->standard_s + 3600;
    if (*text && *text != ',') {
        if (!clock_time(&text, &west)) {
            return false;
        }
        out->summer_s = -west;
    }
    return date_rule(&text, &out->start) && date_rule(&text, &out->end) && !*text;
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t rule_day(const struct rule_date *date, int32_t year)
{
    if (date->julian >= 0) {
        return civil_days(year, 1, 1) + date->julian - 1 + (is_leap(year) && date->julian >= 60);
    }
    if (date->ordinal >= 0) {
        return civil_days(year, 1, 1) + date->ordinal;
    }
    int64_t first = civil_days(year, date->month, 1);
    int64_t next =
        date->month == 12 ? civil_days(year + 1, 1, 1) : civil_days(year, date->month + 1, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + (date->weekday - weekday + 7) % 7 + 7 * ((int64_t)date->week - 1);
    while (day >= next) {
        day -= 7;
    }
    return day;
}

static void add(struct zone *zone, int64_t from_ms, int32_t offset_s)
{
    if (zone->count && from_ms <= zone->transitions[zone->count - 1].from_ms) {
        if (from_ms == zone->transitions[zone->count - 1].from_ms) {
            zone->transitions[zone->count - 1].offset_s = offset_s; /* summer all year */
        }
        return;
    }
    ASSERT(zone->count < UINT16_MAX && "bounded by TIMES_MAX and the years of the rule");
    zone->transitions =
        grow(zone->transitions, &zone->capacity, zone->count + 1, sizeof(struct transition));
    zone->transitions[zone->count++] = (struct transition){from_ms, offset_s};
}

static void unroll(struct zone *zone, const struct rule *rule)
{
    if (!rule->has_summer) {
        if (!zone->count) {
            zone->first_offset_s = rule->standard_s;
        }
        return;
    }
    zone->cycle_from_ms = civil_days(RULE_TO_YEAR - CYCLE_YEARS, 1, 1) * 86400000;
    for (int32_t year = RULE_FROM_YEAR; year <= RULE_TO_YEAR; year++) {
        int64_t start =
            (rule_day(&rule->start, year) * 86400 + rule->start.time_s - rule->standard_s) * 1000;
        int64_t end =
            (rule_day(&rule->end, year) * 86400 + rule->end.time_s - rule->summer_s) * 1000;
        if (start < end) {
            add(zone, start, rule->summer_s);
            add(zone, end, rule->standard_s);
        } else {
            add(zone, end, rule->standard_s);
            add(zone, start, rule->summer_s);
        }
    }
}

/* --- the file
 * --------------------------------------------------------------------------------------------------
 */

static int64_t big_endian(const unsigned char *at, int bytes)
{
    uint64_t value = at[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return (int64_t)value;
}

struct tzif {
    const unsigned char *at, *end;
    int64_t isutc, isstd, leap, times, types, chars;
};

static bool header(struct tzif *in)
{
    if (in->end - in->at < HEADER_BYTES || memcmp(in->at, "TZif", 4) != 0) {
        return false;
    }
    int64_t *const counts[] = {&in->isutc, &in->isstd, &in->leap,
                               &in->times, &in->types, &in->chars};
    for (int i = 0; i < 6; i++) {
        *counts[i] = big_endian(in->at + 20 + 4 * i, 4);
        if (*counts[i] < 0 || *counts[i] > FILE_BYTES_MAX) {
            return false;
        }
    }
    in->at += HEADER_BYTES;
    return in->types > 0 && in->times <= TIMES_MAX;
}

static int64_t block_bytes(const struct tzif *in, int time_bytes)
{
    return in->times * (time_bytes + 1) + in->types * 6 + in->chars + in->leap * (time_bytes + 4) +
           in->isstd + in->isutc;
}

static bool read_table(struct zone *zone, const struct tzif *in)
{
    const unsigned char *times = in->at, *kinds = times + in->times * 8, *types = kinds + in->times;
    zone->first_offset_s = (int32_t)big_endian(types, 4);
    for (int64_t i = 0; i < in->times; i++) {
        if (kinds[i] >= in->types) {
            return false;
        }
        int64_t from_s = big_endian(times + 8 * i, 8);
        if (from_s > -(INT64_C(1) << 40) && from_s < (INT64_C(1) << 40)) {
            add(zone, from_s * 1000, (int32_t)big_endian(types + 6 * (size_t)kinds[i], 4));
        }
    }
    return true;
}

static bool parse_tzif(struct zone *zone, const unsigned char *data, size_t bytes)
{
    struct tzif in = {.at = data, .end = data + bytes};
    if (!header(&in) || data[4] < '2' || block_bytes(&in, 4) > in.end - in.at) {
        return false;
    }
    in.at += block_bytes(&in, 4);
    if (!header(&in) || block_bytes(&in, 8) > in.end - in.at || !read_table(zone, &in)) {
        return false;
    }
    const char *footer = (const char *)in.at + block_bytes(&in, 8);
    const char *end = (const char *)in.end;
    if (footer >= end || *footer++ != '\n') {
        return false;
    }
    char text[128];
    size_t length = 0;
    while (footer < end && *footer != '\n' && length < sizeof text - 1) {
        text[length++] = *footer++;
    }
    text[length] = '\0';
    if (footer >= end || *footer != '\n') {
        return false; /* cut off */
    }
    struct rule rule;
    if (!length) {
        return true;
    }
    if (!parse_rule(text, &rule)) {
        return false;
    }
    unroll(zone, &rule);
    return true;
}

static void make_guide(struct zone *zone)
{
    size_t begun = 0;
    for (int64_t slot = 0; slot < GUIDE_SLOTS; slot++) {
        int64_t from_ms = GUIDE_FROM_MS + (slot << GUIDE_SHIFT);
        while (begun < zone->count && zone->transitions[begun].from_ms <= from_ms) {
            begun++;
        }
        zone->guide[slot] = (uint16_t)begun;
    }
}

static struct status *load(struct zone *zone, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return status_new(STATUS_CONFIG,
                          "time zone '%s': cannot read %s: %s; use an IANA name such as "
                          "Europe/London, and install the package tzdata",
                          zone->name, path, strerror(errno));
    }
    unsigned char *data = malloc(FILE_BYTES_MAX);
    size_t bytes = data ? fread(data, 1, FILE_BYTES_MAX, file) : 0;
    fclose(file);
    bool ok = data && bytes < FILE_BYTES_MAX && parse_tzif(zone, data, bytes);
    free(data);
    if (!ok) {
        return status_new(STATUS_CONFIG,
                          "time zone '%s': %s is no time zone file of version 2 or later",
                          zone->name, path);
    }
    make_guide(zone);
    return NULL;
}

static bool is_safe_name(const char *name)
{
    if (!name[0] || name[0] == '/' || strlen(name) >= NAME_BYTES_MAX || strstr(name, "..")) {
        return false;
    }
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/+-") ==
           strlen(name);
}

static bool fixed_offset(struct zone *zone, const char *name)
{
    const char *digits = "0123456789";
    if ((name[0] != '+' && name[0] != '-') || strlen(name) != 6 || name[3] != ':' ||
        strspn(name + 1, digits) != 2 || strspn(name + 4, digits) != 2) {
        return false;
    }
    int32_t hours = (name[1] - '0') * 10 + name[2] - '0';
    int32_t minutes = (name[4] - '0') * 10 + name[5] - '0';
    zone->first_offset_s = (hours * 3600 + minutes * 60) * (name[0] == '-' ? -1 : 1);
    return hours <= 18 && minutes < 60;
}

struct status *zone_open(const char *name, struct zone **out)
{
    struct zone *zone = calloc(1, sizeof *zone);
    if (!zone) {
        return status_new(STATUS_NO_MEMORY, "out of memory for a time zone");
    }
    (void)snprintf(zone->name, sizeof zone->name, "%s", name);
    struct status *st = NULL;
    if (strcmp(name, "UTC") != 0 && !fixed_offset(zone, name)) {
        const char *folder = getenv("TZDIR");
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
        st =
            is_safe_name(name)
                ? load(zone, path)
                : status_new(STATUS_CONFIG,
                             "time zone '%s': expected an IANA name such as Europe/London, UTC, or "
                             "an offset such as +02:00",
                             name);
    }
    if (st) {
        zone_close(zone);
        return st;
    }
    *out = zone;
    return NULL;
}

void zone_close(struct zone *zone)
{
    if (zone) {
        free(zone->transitions);
        free(zone);
    }
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

int32_t zone_offset_s(const struct zone *zone, int64_t utc_ms)
{
    if (zone->cycle_from_ms && utc_ms >= zone->cycle_from_ms + CYCLE_MS) {
        utc_ms = zone->cycle_from_ms + (utc_ms - zone->cycle_from_ms) % CYCLE_MS;
    }
    size_t begun = 0;
    if (utc_ms >= GUIDE_FROM_MS) {
        int64_t slot = (utc_ms - GUIDE_FROM_MS) >> GUIDE_SHIFT;
        begun = zone->guide[slot < GUIDE_SLOTS ? slot : GUIDE_SLOTS - 1];
    }
    while (begun < zone->count && zone->transitions[begun].from_ms <= utc_ms) {
        begun++;
    }
    return begun ? zone->transitions[begun - 1].offset_s : zone->first_offset_s;
}

int64_t zone_to_local(const struct zone *zone, int64_t utc_ms)
{
    return utc_ms + (int64_t)zone_offset_s(zone, utc_ms) * 1000;
}

/* The offsets of a day before and a day after are the only candidates. Twice: the earlier instant,
 * which is the larger offset. Skipped: the offset of before, which moves the time forward by the
 * gap. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_ms)
{
    int64_t before = (int64_t)zone_offset_s(zone, local_ms - 86400000) * 1000;
    int64_t after = (int64_t)zone_offset_s(zone, local_ms + 86400000) * 1000;
    int64_t early = local_ms - (before > after ? before : after);
    int64_t late = local_ms - (before > after ? after : before);
    if (zone_to_local(zone, early) == local_ms) {
        return early;
    }
    if (zone_to_local(zone, late) == local_ms) {
        return late;
    }
    return local_ms - before;
}
