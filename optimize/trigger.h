/* Live stock-out alerts: a level computed at a close, compared per event, and the evaluation when
 * it is crossed.
 *
 *     int64_t level = trigger_level(&in);                                     // at each close of
 * the series if (pos->stock <= level) { trigger_assess(&in, &risk); ... }            // per event:
 * one comparison
 */
#ifndef RESTOCK_TRIGGER_H
#define RESTOCK_TRIGGER_H

#include "optimize/policy.h"

struct stockout_risk {
    double probability; /* P(demand before the next possible receipt > stock) */
    double lost_units; /* expected, until then */
    double money; /* expected, minor units: lost units x shortage cost */
    int64_t receipt[3]; /* slot of the next possible receipt: 10 %, 50 %, 90 % */
    int64_t stockout[3]; /* slot of the stock-out if nothing arrives: 10 %, 50 %, 90 % (INT64_MAX:
                            beyond the forecast) */
    int64_t order_by; /* last slot in which an order would arrive before the median stock-out; may
                         be past */
    bool supply_open; /* the next receipt is one on its way, not one still to be ordered */
};

enum {
    TRIGGER_NEVER = -1
}; /* a level that no stock reaches, for series that do not sell: stock <= -1 only */

/* Largest stock x with P(demand before the next possible receipt > x) >=
 * options->stockout_threshold; at least 0 for a series that sells (an order that takes the last
 * unit always triggers), TRIGGER_NEVER for one that does not. */
int64_t trigger_level(const struct policy_input *in);
/* For the stock that in->position has now. */
void trigger_assess(const struct policy_input *in, struct stockout_risk *out);

#endif
