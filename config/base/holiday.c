#include "config/base/holiday.h"

#include "config/base/grow.h"

#include <stdlib.h>
#include <string.h>

/* Index of the first one that is not before `day`. */
static size_t place(const struct holidays *holidays, int64_t day)
{
    size_t low = 0, high = holidays ? holidays->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (holidays->days[middle] < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void holiday_add(struct holidays *holidays, int64_t day)
{
    size_t at = place(holidays, day);
    if (at < holidays->count && holidays->days[at] == day) {
        return;
    }
    holidays->days =
        grow(holidays->days, &holidays->capacity, holidays->count + 1, sizeof *holidays->days);
    memmove(holidays->days + at + 1, holidays->days + at,
            (holidays->count - at) * sizeof *holidays->days);
    holidays->days[at] = day;
    holidays->count++;
}

void holiday_add_all(struct holidays *holidays, const struct holidays *more)
{
    for (size_t i = 0; i < more->count; i++) {
        holiday_add(holidays, more->days[i]);
    }
}

void holiday_fini(struct holidays *holidays)
{
    free(holidays->days);
    *holidays = (struct holidays){0};
}

bool holiday_is(const struct holidays *holidays, int64_t day)
{
    size_t at = place(holidays, day);
    return holidays && at < holidays->count && holidays->days[at] == day;
}

static int32_t distance(int64_t days)
{
    return days < HOLIDAY_FAR ? (int32_t)days : HOLIDAY_FAR;
}

int32_t holiday_until(const struct holidays *holidays, int64_t day)
{
    size_t at = place(holidays, day);
    return holidays && at < holidays->count ? distance(holidays->days[at] - day) : HOLIDAY_FAR;
}

int32_t holiday_since(const struct holidays *holidays, int64_t day)
{
    if (holiday_is(holidays, day)) {
        return 0;
    }
    size_t at = place(holidays, day);
    return at > 0 ? distance(day - holidays->days[at - 1]) : HOLIDAY_FAR;
}
