/* One order of `restock plan`: the terms of a policy file, in whatever money and slots it uses, put
 * to the policies of this folder.
 *
 * Pure. Slots are the buckets of the panel (days or weeks). */
#ifndef RESTOCK_PLAN_CORE_H
#define RESTOCK_PLAN_CORE_H

#include "optimize/policy.h"
#include "optimize/target.h"

struct plan_terms { /* one row of the policy file; times in slots, money in any unit */
    double lead_time, lead_time_sd, review;
    double holding_cost; /* per unit left at the end of a slot */
    double shortage_cost; /* per unit not there */
    double order_cost; /* per order */
    int64_t pack, minimum_order;
    bool lost_sales;
    const struct rule_effect *effect; /* of business rules; NULL: none. Owned by the caller */
    const struct level_net *net; /* a learned target (optimize/target.h); NULL: the exact policy.
                                    Owned by the caller */
};

/* NULL, or what is wrong with the terms. */
const char *plan_core_check(const struct plan_terms *terms);

/* Decide for slot `today`. service_shift moves the critical ratio shortage / (shortage + holding x
 * review), in units of its own log odds (0: as it is). cost_with and cost_without come out in
 * thousandths of shortage_cost. A rule that freezes or forbids orders nothing; `rules` of the
 * decision names what changed it. */
void plan_core_decide(const struct plan_terms *terms, const struct position *position,
                      const struct demand_curve *curve, int64_t today, double service_shift,
                      struct decision *out);

#endif
