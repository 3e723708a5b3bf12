#include "optimize/why.h"

#include <inttypes.h>
#include <math.h>

static const char *const MONTHS[12] = {"January",   "February", "March",    "April",
                                       "May",       "June",     "July",     "August",
                                       "September", "October",  "November", "December"};

struct date {
    int64_t year;
    int month, day; /* month from 0 */
};

/* Gregorian date of a day number (Hinnant's days-to-civil). */
static struct date date_of(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t in_era = shifted - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t march = (5 * in_year + 2) / 153;
    int month = (int)(march < 10 ? march + 2 : march - 10);
    return (struct date){.year = year + era * 400 + (month <= 1),
                         .month = month,
                         .day = (int)(in_year - (153 * march + 2) / 5 + 1)};
}

void why_date(struct buf *out, int64_t slot, const struct why_calendar *calendar)
{
    int64_t day = calendar->today_day +
                  (int64_t)floor((double)(slot - calendar->today) * calendar->slot_days);
    struct date date = date_of(day), today = date_of(calendar->today_day);
    buf_print(out, "%d %s", date.day, MONTHS[date.month]);
    if (date.year != today.year) {
        buf_print(out, " %" PRId64, date.year);
    }
}

/* Whole percents, but never "0 %" for what may happen nor "100 %" for what may not. */
static void percent(struct buf *out, double chance)
{
    if (chance > 0 && chance < 0.005) {
        buf_text(out, "< 1 %");
    } else if (chance < 1 && chance > 0.995) {
        buf_text(out, "> 99 %");
    } else {
        buf_print(out, "%.0f %%", 100 * chance);
    }
}

static void units(struct buf *out, double count)
{
    if (count > 0 && count < 9.95) {
        buf_print(out, "%.1f", count);
    } else {
        buf_print(out, "%.0f", count);
    }
}

static void limit_clause(struct buf *out, const struct decision *decision)
{
    switch (decision->limit) {
    case LIMIT_PACK:
        buf_print(out, " (need %" PRId64 ", whole packs)", decision->need);
        break;
    case LIMIT_MINIMUM:
        buf_print(out, " (need %" PRId64 ", the supplier's minimum)", decision->need);
        break;
    case LIMIT_MAXIMUM:
        buf_print(out, " (need %" PRId64 ", the largest order allowed)", decision->need);
        break;
    case LIMIT_SHELF_LIFE:
        buf_print(out, " (need %" PRId64 ", cut to what sells before it spoils)", decision->need);
        break;
    case LIMIT_NOT_WORTH:
        buf_print(out, " (need %" PRId64 ", but the smallest order costs more than it saves)",
                  decision->need);
        break;
    case LIMIT_RULE:
        buf_print(out, " (need %" PRId64 ", set by a business rule)", decision->need);
        break;
    case LIMIT_CALENDAR:
    case LIMIT_NONE:
    case LIMIT_COUNT:
        break;
    }
}

void why_order(struct buf *out, const struct decision *decision,
               const struct why_calendar *calendar)
{
    if (decision->quantity > 0) {
        buf_print(out, "order %" PRId64, decision->quantity);
        limit_clause(out, decision);
        buf_text(out, " by ");
        why_date(out, decision->order_by, calendar);
        buf_text(out, ", arrives about ");
        why_date(out, decision->arrival[1], calendar);
    } else {
        buf_text(out, "order nothing");
        limit_clause(out, decision);
    }
    buf_print(out,
              ": stock %" PRId64 " and %" PRId64 " on the way against %" PRId64 " to %" PRId64
              " (median %" PRId64 ") asked for until ",
              decision->stock, decision->incoming, decision->demand[0], decision->demand[2],
              decision->demand[1]);
    why_date(out, decision->horizon, calendar);
    buf_text(out, decision->quantity > 0 ? "; without this order: " : "; ");
    percent(out, decision->stockout_without);
    buf_text(out, " stock-out by ");
    why_date(out, decision->horizon, calendar);
    buf_text(out, ", ");
    units(out, decision->lost_without);
    buf_text(out, " lost units");
    if (decision->quantity > 0) {
        buf_text(out, "; with it ");
        percent(out, decision->stockout_with);
        buf_text(out, ", ");
        units(out, decision->lost_with);
    }
}

void why_stockout(struct buf *out, const struct stockout_risk *risk, int64_t stock,
                  const struct why_calendar *calendar)
{
    buf_print(out, "stock %" PRId64 " will not last: ", stock);
    percent(out, risk->probability);
    buf_text(out, risk->supply_open ? " stock-out before the next receipt about "
                                    : " stock-out before an order of today arrives about ");
    why_date(out, risk->receipt[1], calendar);
    if (risk->stockout[1] != INT64_MAX) {
        buf_text(out, stock > 0 ? ", expected out on " : ", out since ");
        why_date(out, stock > 0 ? risk->stockout[1] : calendar->today, calendar);
    }
    buf_text(out, ", ");
    units(out, risk->lost_units);
    buf_text(out, " lost units");
}
