#include "stream/map_time.h"

#include "stream/map_number.h"

#include <strings.h>

static const char NO_TIME[] = "no time, or no such day";
/* Years 1900 to 9999: anything else is a unit mistaken. */
static const int64_t LEAST_MS = -2208988800000, MOST_MS = 253402300799999;
static const char LETTERS[] = "YmdHMSfybpIz%";

bool map_time_parse(struct slice text, struct map_time *out, const char **problem)
{
    static const struct {
        const char *name;
        enum map_time_kind kind;
    } NAMES[] = {{"auto", MAP_TIME_AUTO},
                 {"iso", MAP_TIME_ISO},
                 {"epoch_s", MAP_TIME_EPOCH_S},
                 {"epoch_ms", MAP_TIME_EPOCH_MS},
                 {"epoch_us", MAP_TIME_EPOCH_US}};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (slice_is(text, NAMES[i].name)) {
            *out = (struct map_time){NAMES[i].kind, {NULL, 0}};
            return true;
        }
    }
    bool day = false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] != '%') {
            continue;
        }
        if (++i == text.bytes || !memchr(LETTERS, text.data[i], sizeof LETTERS - 1)) {
            *problem = "unknown letter behind %; known are %Y %m %d %H %M %S %f %y %b %p %I %z %%";
            return false;
        }
        day = day || text.data[i] == 'd';
    }
    if (!day) {
        *problem = "expected iso, epoch_s, epoch_ms, epoch_us, or a format like \"%d/%m/%Y %H:%M\"";
        return false;
    }
    *out = (struct map_time){MAP_TIME_FORMAT, text};
    return true;
}

struct scan {
    const char *at, *end;
    struct civil civil;
    bool ok, has_offset, has_noon, afternoon;
    int32_t offset_s;
};

static int32_t scan_digits(struct scan *scan, int least, int most)
{
    int32_t value = 0;
    int count = 0;
    for (; count < most && scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; count++) {
        value = value * 10 + (*scan->at++ - '0');
    }
    scan->ok = scan->ok && count >= least;
    return value;
}

static void scan_fraction(struct scan *scan)
{
    int32_t value = 0, count = 0;
    for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++, count++) {
        value = count < 3 ? value * 10 + (*scan->at - '0') : value;
    }
    for (int32_t i = count; i < 3; i++) {
        value *= 10;
    }
    scan->ok = scan->ok && count >= 1 && count <= 9;
    scan->civil.millisecond = value;
}

static void scan_month(struct scan *scan)
{
    static const char NAMES[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12 && scan->end - scan->at >= 3; i++) {
        if (strncasecmp(scan->at, NAMES + i * 3, 3) == 0) {
            scan->civil.month = i + 1;
            scan->at += 3;
            return;
        }
    }
    scan->ok = false;
}

static void scan_noon(struct scan *scan)
{
    if (scan->end - scan->at < 2 || (scan->at[1] | 32) != 'm' ||
        ((scan->at[0] | 32) != 'a' && (scan->at[0] | 32) != 'p')) {
        scan->ok = false;
        return;
    }
    scan->has_noon = true;
    scan->afternoon = (scan->at[0] | 32) == 'p';
    scan->at += 2;
}

static void scan_offset(struct scan *scan)
{
    scan->has_offset = true;
    if (scan->at < scan->end && (*scan->at | 32) == 'z') {
        scan->at++;
        return;
    }
    if (scan->at == scan->end || (*scan->at != '+' && *scan->at != '-')) {
        scan->ok = false;
        return;
    }
    int sign = *scan->at++ == '-' ? -1 : 1;
    int32_t hours = scan_digits(scan, 2, 2);
    scan->at += scan->at < scan->end && *scan->at == ':';
    int32_t minutes = scan_digits(scan, 2, 2);
    scan->ok = scan->ok && hours <= 14 && minutes < 60;
    scan->offset_s = sign * (hours * 3600 + minutes * 60);
}

static void scan_letter(struct scan *scan, char letter)
{
    struct civil *civil = &scan->civil;
    switch (letter) {
    case 'Y':
        civil->year = scan_digits(scan, 4, 4);
        break;
    case 'y':
        civil->year = scan_digits(scan, 2, 2);
        civil->year += civil->year < 70 ? 2000 : 1900;
        break;
    case 'm':
        civil->month = scan_digits(scan, 1, 2);
        break;
    case 'b':
        scan_month(scan);
        break;
    case 'd':
        civil->day = scan_digits(scan, 1, 2);
        break;
    case 'H':
    case 'I':
        civil->hour = scan_digits(scan, 1, 2);
        break;
    case 'M':
        civil->minute = scan_digits(scan, 2, 2);
        break;
    case 'S':
        civil->second = scan_digits(scan, 2, 2);
        break;
    case 'f':
        scan_fraction(scan);
        break;
    case 'p':
        scan_noon(scan);
        break;
    case 'z':
        scan_offset(scan);
        break;
    default: /* '%': map_time_parse lets nothing else pass */
        scan->ok = scan->ok && scan->at < scan->end && *scan->at++ == '%';
        break;
    }
}

static bool scan_format(struct slice format, struct scan *scan)
{
    for (size_t i = 0; i < format.bytes && scan->ok; i++) {
        char byte = format.data[i];
        if (byte == '%') {
            scan_letter(scan, format.data[++i]);
        } else if (byte == ' ') {
            while (scan->at < scan->end && *scan->at == ' ') {
                scan->at++;
            }
        } else {
            scan->ok = scan->at < scan->end && *scan->at++ == byte;
        }
    }
    if (scan->has_noon) {
        scan->ok = scan->ok && scan->civil.hour >= 1 && scan->civil.hour <= 12;
        scan->civil.hour = scan->civil.hour % 12 + (scan->afternoon ? 12 : 0);
    }
    return scan->ok && scan->at == scan->end && civil_valid(&scan->civil);
}

/* UTC or local milliseconds of a text. */
static bool read_text(const struct map_time *time, struct slice text, int64_t *ms, bool *is_utc)
{
    if (time->kind != MAP_TIME_FORMAT) {
        return civil_parse(text, ms, is_utc);
    }
    struct scan scan = {.at = text.data,
                        .end = text.data + text.bytes,
                        .civil = {.year = 1970, .month = 1, .day = 1},
                        .ok = true};
    if (!scan_format(time->format, &scan)) {
        return false;
    }
    *ms = civil_ms(&scan.civil) - scan.offset_s * INT64_C(1000);
    *is_utc = scan.has_offset;
    return true;
}

/* Avro's own times need no format. */
static bool read_logical(const struct datum *d, int64_t *ms, bool *is_utc)
{
    switch ((enum datum_logical)d->logical) {
    case DATUM_DATE:
        *is_utc = false;
        return !__builtin_mul_overflow(d->i64, INT64_C(86400000), ms);
    case DATUM_TIMESTAMP_MILLIS:
    case DATUM_LOCAL_TIMESTAMP_MILLIS:
        *is_utc = d->logical == DATUM_TIMESTAMP_MILLIS;
        *ms = d->i64;
        return true;
    case DATUM_TIMESTAMP_MICROS:
    case DATUM_LOCAL_TIMESTAMP_MICROS:
        *is_utc = d->logical == DATUM_TIMESTAMP_MICROS;
        *ms = d->i64 / 1000 - (d->i64 % 1000 < 0);
        return true;
    case DATUM_PLAIN:
    case DATUM_TIME_MILLIS:
    case DATUM_TIME_MICROS:
    case DATUM_UUID:
    case DATUM_DURATION:
    case DATUM_ENUM:
    case DATUM_FLOAT:
        break;
    }
    return false;
}

static bool read_number(const struct map_time *time, const struct datum *d, int64_t *ms)
{
    if (time->kind == MAP_TIME_EPOCH_S) {
        return map_number_scaled(d, 3, 1, true, ms) == DATUM_NUMBER_OK;
    }
    if (map_number_scaled(d, 0, 1, true, ms) != DATUM_NUMBER_OK) {
        return false;
    }
    if (time->kind == MAP_TIME_EPOCH_US) {
        *ms = *ms / 1000 - (*ms % 1000 < 0);
    }
    return true;
}

bool map_time_read(const struct map_time *time, const struct datum *d, const struct zone *zone,
                   int64_t shift_ms, int64_t *out, const char **problem)
{
    int64_t ms = 0;
    bool is_utc = true, ok = false;
    bool number = time->kind >= MAP_TIME_EPOCH_S && time->kind <= MAP_TIME_EPOCH_US;
    if (d->kind == DATUM_INT && d->logical != DATUM_PLAIN) {
        ok = read_logical(d, &ms, &is_utc);
    } else if (d->kind == DATUM_TEXT && !number) {
        ok = read_text(time, d->text, &ms, &is_utc);
    } else if (number || time->kind == MAP_TIME_AUTO) {
        ok = read_number(time, d, &ms);
    }
    if (!ok || ms < LEAST_MS || ms > MOST_MS) {
        *problem = ok ? "time out of range (years 1900 to 9999)" : NO_TIME;
        return false;
    }
    ms += shift_ms;
    *out = is_utc ? ms : zone_to_utc(zone, ms);
    return true;
}
