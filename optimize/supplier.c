#include "optimize/supplier.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { CALENDAR_DAYS = 366, THURSDAY = 3 };

static bool restricts(const struct supplier_calendar *calendar)
{
    return calendar && (calendar->orders || calendar->delivers ||
                        (calendar->closed_ref && calendar->closed_ref->count));
}

static bool open_on(const struct supplier_calendar *calendar, uint8_t weekdays, int64_t day)
{
    int64_t weekday = (day + THURSDAY) % 7; /* 1970-01-01 was a Thursday */
    weekday += weekday < 0 ? 7 : 0;
    return (!weekdays || weekdays & (1u << weekday)) && !holiday_is(calendar->closed_ref, day);
}

static int64_t first_slot(const struct supplier_calendar *calendar, uint8_t weekdays, int64_t slot,
                          const struct supplier_clock *clock)
{
    int64_t first =
        clock->today_day + (int64_t)floor((double)(slot - clock->today) * clock->slot_days);
    for (int64_t day = 0; day < CALENDAR_DAYS; day++) {
        if (open_on(calendar, weekdays, first + day)) {
            return slot + (int64_t)floor((double)day / clock->slot_days);
        }
    }
    return slot;
}

int64_t supplier_order_slot(const struct supplier_calendar *calendar, int64_t slot,
                            const struct supplier_clock *clock)
{
    return restricts(calendar) ? first_slot(calendar, calendar->orders, slot, clock) : slot;
}

int64_t supplier_arrival_slot(const struct supplier_calendar *calendar, int64_t slot,
                              const struct supplier_clock *clock)
{
    return restricts(calendar) ? first_slot(calendar, calendar->delivers, slot, clock) : slot;
}

int64_t supplier_last_order_slot(const struct supplier_calendar *calendar, const struct lead *lead,
                                 int64_t from, int64_t to, const struct supplier_clock *clock)
{
    int64_t median = lead_quantile(lead, 0.5);
    int64_t latest = supplier_arrival_slot(calendar, from + median, clock) + (to - from);
    for (int64_t slot = to; slot > from; slot--) {
        if (supplier_order_slot(calendar, slot, clock) == slot &&
            supplier_arrival_slot(calendar, slot + median, clock) <= latest) {
            return slot;
        }
    }
    return from;
}

void supplier_lead(const struct supplier_calendar *calendar, const struct lead *lead,
                   const struct supplier_clock *clock, struct lead *out)
{
    int64_t order = supplier_order_slot(calendar, clock->today, clock);
    out->count = 0;
    for (uint32_t i = 0; i < lead->count; i++) {
        int64_t arrival = supplier_arrival_slot(calendar, order + lead->slots[i], clock);
        lead_add(out, arrival - clock->today, lead->weight[i]);
    }
}

double supplier_review(const struct supplier_calendar *calendar, const struct lead *lead,
                       double review, const struct supplier_clock *clock)
{
    if (!restricts(calendar)) {
        return review;
    }
    int64_t median = lead_quantile(lead, 0.5);
    int64_t order = supplier_order_slot(calendar, clock->today, clock);
    int64_t next = supplier_order_slot(calendar, order + (int64_t)ceil(review - 1e-9), clock);
    int64_t lasts = supplier_arrival_slot(calendar, next + median, clock) -
                    supplier_arrival_slot(calendar, order + median, clock);
    return fmax((double)lasts, 1);
}
