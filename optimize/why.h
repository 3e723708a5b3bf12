/* One plain sentence for a decision and for a stock-out risk, in integers and dates that a buyer
 * can check. */
#ifndef RESTOCK_WHY_H
#define RESTOCK_WHY_H

#include "optimize/trigger.h"

/* first_day: local day number of slot 0 of the numbering that the decision uses is not known here,
 * so the day of `today` anchors it. */
struct why_calendar {
    int64_t today; /* slot */
    int64_t today_day; /* local day number (days since 1970-01-01) of its start */
    double slot_days;
};

/* "order 48 by 3 May, arrives about 13 May: stock 12 + 0 on the way against 31 to 74 (median 51)
 * expected until 20 May; without this order: 34 % stock-out by 20 May, 41 lost units; with it 2 %"
 */
void why_order(struct buf *out, const struct decision *decision,
               const struct why_calendar *calendar);
/* "stock 3 will not last: 87 % stock-out before the next receipt about 13 May, expected out on 9
 * May, 14 lost units" */
void why_stockout(struct buf *out, const struct stockout_risk *risk, int64_t stock,
                  const struct why_calendar *calendar);
/* "12 May" (a year is added when it is not that of today). */
void why_date(struct buf *out, int64_t slot, const struct why_calendar *calendar);

#endif
