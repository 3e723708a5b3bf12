/* Calendar of a supplier: on which days it takes orders, and on which its goods arrive.
 *
 *     struct supplier_calendar calendar = {.orders = 1 << 0 | 1 << 3, .closed_ref = &holidays};
 *     int64_t slot = supplier_order_slot(&calendar, today, &clock);
 *
 * An order of slot s with lead time L arrives in the first slot >= s + L in which goods are taken
 * in. Slots are days, or weeks of which one day must do. NULL instead of a calendar: every day.
 * Pure; read-only once filled. */
#ifndef RESTOCK_SUPPLIER_H
#define RESTOCK_SUPPLIER_H

#include "config/base/holiday.h"
#include "optimize/lead.h"

#include <stdint.h>

struct supplier_calendar {
    uint8_t orders, delivers; /* weekdays, bit 0 = Monday; 0 means every day */
    const struct holidays *closed_ref; /* neither takes orders nor delivers; NULL: never closed */
};

struct supplier_clock { /* how slots lie on days */
    int64_t today; /* slot */
    int64_t today_day; /* local day number of its start */
    double slot_days; /* 1 or 7 */
};

/* First slot >= `slot` in which the supplier takes orders, or its goods arrive; `slot` itself when
 * none is within a year. */
int64_t supplier_order_slot(const struct supplier_calendar *calendar, int64_t slot,
                            const struct supplier_clock *clock);
int64_t supplier_arrival_slot(const struct supplier_calendar *calendar, int64_t slot,
                              const struct supplier_clock *clock);
/* Last slot in [from, to] in which the supplier takes an order that arrives at most to - from slots
 * after one given in `from`; `from` when there is none. */
int64_t supplier_last_order_slot(const struct supplier_calendar *calendar, const struct lead *lead,
                                 int64_t from, int64_t to, const struct supplier_clock *clock);
/* Slots from today until an order arrives that is given as soon as the supplier takes one. lead: of
 * the supplier, without waiting. */
void supplier_lead(const struct supplier_calendar *calendar, const struct lead *lead,
                   const struct supplier_clock *clock, struct lead *out);
/* What an order given as soon as possible must last for, in slots >= 1: from its arrival to that of
 * the order given at the first chance `review` slots later. review (>= 1) itself without a
 * calendar. */
double supplier_review(const struct supplier_calendar *calendar, const struct lead *lead,
                       double review, const struct supplier_clock *clock);

#endif
