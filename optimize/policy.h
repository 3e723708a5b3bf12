/* What to order for one series: policies over the demand curve, constraints in integers, and the
 * numbers that say why.
 *
 *     struct item_facts facts = item_facts_from(&options);      // defaults, then what the item
 * says facts.pack = 12; struct policy_input in = {.position = &pos, .curve = &curve, .facts =
 * &facts, .options = &policy_options, .today = day, .today_day = day, .slot_days = 1}; struct
 * decision decision; policy_decide(&in, &decision);
 *
 * Slots: days, or weeks where the bucket is a week (slot_days 7). `today` is the first slot not
 * closed yet; an order placed in it with lead time L can be sold in slot today + L. Pure, no
 * allocation, a few microseconds. Quantities are base units, money minor units.
 */
#ifndef RESTOCK_POLICY_H
#define RESTOCK_POLICY_H

#include "optimize/demand.h"
#include "optimize/item.h"
#include "optimize/outlook.h"
#include "optimize/position.h"
#include "optimize/rules.h"
#include "optimize/supplier.h"

#include <stdbool.h>
#include <stdint.h>

enum policy_kind {
    POLICY_AUTO,
    POLICY_BASE_STOCK,
    POLICY_S_S,
    POLICY_PIL,
    POLICY_NEWSVENDOR,
    POLICY_LEARNED, /* pil with a learned target */
    POLICY_COUNT
};

enum policy_limit { /* what bound the quantity, the last one that did */
                    LIMIT_NONE,
                    LIMIT_PACK, /* rounded to whole packs */
                    LIMIT_MINIMUM, /* raised to the supplier's minimum */
                    LIMIT_MAXIMUM, /* cut to the maximum order */
                    LIMIT_SHELF_LIFE, /* cut to what sells before it spoils */
                    LIMIT_NOT_WORTH, /* the minimum would cost more than it saves: nothing is
                                        ordered */
                    LIMIT_RULE, /* a business rule set it */
                    LIMIT_CALENDAR, /* the supplier takes no order today: order_by is later */
                    LIMIT_COUNT
};

/* replenish.* that shape a decision; part of struct proposal_options (optimize/proposal.h), whose
 * table holds the rows. */
struct policy_options {
    int policy; /* enum policy_kind */
    double service_target; /* 0: from the costs of the item where it has them, else 0.95 */
    double stockout_threshold; /* of the chance of a stock-out: live alerts, revisions */
    double max_cover_days; /* no order covers more than this */
};

struct policy_input {
    const struct position *position;
    const struct demand_curve *curve;
    const struct item_facts *facts; /* complete: item_facts_fill was called */
    const struct policy_options *options;
    const struct rule_effect *effect; /* of business rules; NULL: none */
    const struct supplier_calendar *calendar; /* NULL: every day */
    int64_t today; /* slot number */
    int64_t today_day; /* local day number of its start */
    double slot_days; /* 1 or 7 */
    double lift; /* units by which a learned target exceeds that of pil (optimize/target.h); 0:
                    none. Other policies know none */
};

static inline struct supplier_clock policy_clock(const struct policy_input *in)
{
    return (struct supplier_clock){in->today, in->today_day, in->slot_days};
}

struct decision {
    enum policy_kind policy; /* the one used, never POLICY_AUTO */
    enum policy_limit limit;
    int64_t quantity; /* to order, after constraints; 0: nothing */
    int64_t need; /* before constraints; <= 0: nothing is needed */
    int64_t baseline; /* what the habit of the trade orders: mean + z x sd, same constraints */
    int64_t target; /* order-up-to level */
    int64_t reorder_level; /* order when the position is at or below */
    int64_t stock, incoming, reserved; /* as of the decision */
    int64_t safety_stock; /* target beyond the mean demand of lead time + review */
    int64_t order_by; /* slot: last one in which the supplier takes orders and the order still holds
                         the target */
    int64_t arrival[3]; /* slot: 10 %, 50 %, 90 % */
    int64_t demand[3]; /* of lead time + review: 10 %, 50 %, 90 % */
    int64_t horizon; /* slot: end of lead time + review, up to which the chances below count */
    double service_target; /* in use, 0 .. 1 */
    double stockout_without, stockout_with; /* P(stock-out before the horizon) */
    double lost_without, lost_with; /* expected units not there */
    double cost_without, cost_with; /* expected, minor units: holding + shortage + order */
    double overstock_with; /* expected units left at the horizon */
    struct rule_hits rules; /* that changed the order */
    double cover_days; /* days of mean demand in the position */
};

/* What a decision is made from, before any constraint. */
struct policy_look {
    struct outlook outlook;
    struct lead lead; /* of an order placed now */
    double service, need, review; /* need as pil has it; slots */
};

/* False: the policy is not that of the projected level, or costs do not say what to aim at, so
 * that there is nothing to learn; *out is undefined then. */
bool policy_look(const struct policy_input *in, struct policy_look *out);

void policy_decide(const struct policy_input *in, struct decision *out);
/* The stock on hand is so high that policy_decide would surely order nothing (need <= 0), told
 * at a fraction of the cost. False says nothing. */
bool policy_needs_nothing(const struct policy_input *in);
/* Smallest orderable quantity >= need (0 for need <= 0) under pack, minimum, maximum, shelf life
 * (units that sell in time; < 0: no limit). Names the constraint that bound last. The result is 0,
 * or a multiple of pack, >= minimum and <= maximum. */
int64_t policy_round(int64_t need, const struct item_facts *facts, int64_t shelf_units,
                     enum policy_limit *limit);
/* Critical ratio: shortage / (shortage + holding over a review period), or the item's or the
 * options' target; moved by facts->service_shift. (Goods that spoil before the next chance are
 * ordered at a ratio of their own, which no answer moves.) */
double policy_service(const struct item_facts *facts, const struct policy_options *options);
const char *policy_name(enum policy_kind policy);
const char *policy_limit_name(enum policy_limit limit);

#endif
