/* Civil time arithmetic and ISO 8601 text; declared in zone.h. Day counts follow Howard Hinnant's
 * days_from_civil (2013): years begin in March, 400 years are one era. */
#include "config/base/zone.h"

static const int64_t DAY_MS = 86400000;

int64_t civil_days(int32_t year, int32_t month, int32_t day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (int64_t)(month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t civil_ms(const struct civil *civil)
{
    return civil_days(civil->year, civil->month, civil->day) * DAY_MS +
           (int64_t)civil->hour * 3600000 + (int64_t)civil->minute * 60000 +
           (int64_t)civil->second * 1000 + civil->millisecond;
}

struct civil civil_of(int64_t ms)
{
    int64_t day = ms / DAY_MS, rest = ms % DAY_MS;
    if (rest < 0) {
        rest += DAY_MS;
        day--;
    }
    int64_t z = day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct civil civil = {.day = (int32_t)(of_year - (153 * month + 2) / 5 + 1),
                          .month = (int32_t)(month < 10 ? month + 3 : month - 9),
                          .hour = (int32_t)(rest / 3600000),
                          .minute = (int32_t)(rest / 60000 % 60),
                          .second = (int32_t)(rest / 1000 % 60),
                          .millisecond = (int32_t)(rest % 1000)};
    civil.year = (int32_t)(year + era * 400 + (civil.month <= 2));
    return civil;
}

bool civil_valid(const struct civil *civil)
{
    static const int32_t DAYS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (civil->month < 1 || civil->month > 12 || civil->day < 1 ||
        civil->day > DAYS[civil->month - 1]) {
        return false;
    }
    bool leap = civil->year % 4 == 0 && (civil->year % 100 != 0 || civil->year % 400 == 0);
    if (civil->month == 2 && civil->day == 29 && !leap) {
        return false;
    }
    return civil->hour >= 0 && civil->hour < 24 && civil->minute >= 0 && civil->minute < 60 &&
           civil->second >= 0 && civil->second < 60 && civil->millisecond >= 0 &&
           civil->millisecond < 1000;
}

struct text {
    const char *at, *end;
};

static bool digits(struct text *in, int count, int32_t *out)
{
    if (in->end - in->at < count) {
        return false;
    }
    int32_t value = 0;
    for (int i = 0; i < count; i++, in->at++) {
        if (*in->at < '0' || *in->at > '9') {
            return false;
        }
        value = value * 10 + (*in->at - '0');
    }
    *out = value;
    return true;
}

static bool accept(struct text *in, char c)
{
    if (in->at < in->end && *in->at == c) {
        in->at++;
        return true;
    }
    return false;
}

/* Milliseconds from a fraction of any length; what is finer is cut off. */
static bool fraction(struct text *in, int32_t *millisecond)
{
    int32_t scale = 100, value = 0;
    const char *start = in->at;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        value += (*in->at - '0') * scale;
        scale /= 10;
    }
    *millisecond = value;
    return in->at > start && in->at - start <= 9;
}

static bool offset(struct text *in, bool *has_offset, int64_t *offset_ms)
{
    *has_offset = false;
    *offset_ms = 0;
    if (in->at == in->end) {
        return true;
    }
    *has_offset = true;
    if (accept(in, 'Z')) {
        return true;
    }
    bool east = *in->at == '+';
    if (!accept(in, '+') && !accept(in, '-')) {
        return false;
    }
    int32_t hours, minutes = 0;
    if (!digits(in, 2, &hours)) {
        return false;
    }
    if (in->at < in->end) {
        (void)accept(in, ':');
        if (!digits(in, 2, &minutes)) {
            return false;
        }
    }
    *offset_ms = ((int64_t)hours * 60 + minutes) * 60000 * (east ? 1 : -1);
    return hours <= 18 && minutes < 60;
}

bool civil_parse(struct slice text, int64_t *ms, bool *has_offset)
{
    struct text in = {text.data, text.data + text.bytes};
    struct civil civil = {0};
    if (!text.data || !digits(&in, 4, &civil.year) || !accept(&in, '-') ||
        !digits(&in, 2, &civil.month) || !accept(&in, '-') || !digits(&in, 2, &civil.day)) {
        return false;
    }
    int64_t offset_ms = 0;
    *has_offset = false;
    if (in.at < in.end) {
        if ((!accept(&in, 'T') && !accept(&in, ' ')) || !digits(&in, 2, &civil.hour) ||
            !accept(&in, ':') || !digits(&in, 2, &civil.minute)) {
            return false;
        }
        if (accept(&in, ':') && (!digits(&in, 2, &civil.second) ||
                                 (accept(&in, '.') && !fraction(&in, &civil.millisecond)))) {
            return false;
        }
        if (!offset(&in, has_offset, &offset_ms)) {
            return false;
        }
    }
    if (in.at != in.end || !civil_valid(&civil)) {
        return false;
    }
    *ms = civil_ms(&civil) - offset_ms;
    return true;
}
