/* Lost sales with a lead time: what is not there is not owed. No simple policy is optimal; three
 * come near, and all three say why they order:
 *
 *   base stock       order up to S of on hand + on order
 *   capped           the same, at most `cap` at a time (Xin 2021, Operations Research 69(1))
 *   projected level  order what lifts the stock expected just before the order arrives to U (van
 *                    Jaarsveld and Arts 2024, "Projected inventory-level policies for lost sales
 *                    inventory systems", Operations Research)
 *
 * and a learned one (optimize/lost_learn.h) orders up to a level that a network gives for each
 * state.
 *
 *     struct lost_sales terms = {.demand = &demand, .lead = 4, .holding = 1, .penalty = 9};
 *     struct lost_policy best = lost_sales_best(&terms, LOST_PROJECTED);
 *     int64_t order = lost_sales_order(&terms, &best, state);   // state [lead]: on hand, then
 * orders
 *
 * Each period: order (arrives `lead` periods later), demand, then holding on what is left and
 * penalty on what was lost. Costs per period, from one long path on which every demand occurs as
 * often as its chance says, with the expected cost of each state (standard error ~0.1 % at 400,000
 * periods); the same path for every candidate, so that the comparison is sharper than the figure.
 * Pure, seeded; allocates a table of states met and frees it.
 */
#ifndef RESTOCK_LOST_SALES_H
#define RESTOCK_LOST_SALES_H

#include "optimize/pmf.h"

enum { LOST_LEAD_MOST = 12, LOST_POINTS_MOST = 2048 };

enum lost_kind { LOST_BASE_STOCK, LOST_CAPPED, LOST_PROJECTED, LOST_LEARNED };

struct lost_net; /* optimize/lost_learn.h */

struct lost_sales {
    const struct pmf *demand; /* of one period, >= 0, at most LOST_POINTS_MOST points */
    unsigned lead; /* 1 .. LOST_LEAD_MOST periods */
    double holding, penalty; /* > 0 */
};

struct lost_policy {
    enum lost_kind kind;
    double level; /* whole but for the projected level */
    int64_t cap; /* LOST_CAPPED */
    const struct lost_net *net; /* LOST_LEARNED; the caller's */
    double cost; /* per period */
};

/* NULL, or what is wrong with the terms. */
const char *lost_sales_check(const struct lost_sales *terms);
/* Expected stock just before the order of today arrives. state[0]: on hand, today's receipt
 * included; state[i]: arrives in i periods. */
double lost_sales_projected(const struct lost_sales *terms, const int64_t *state);
int64_t lost_sales_order(const struct lost_sales *terms, const struct lost_policy *policy,
                         const int64_t *state);
/* Cost per period of a policy over about `periods` periods. */
double lost_sales_cost(const struct lost_sales *terms, const struct lost_policy *policy,
                       uint32_t periods);
/* The policy of this kind, not LOST_LEARNED, with the best parameters. */
struct lost_policy lost_sales_best(const struct lost_sales *terms, enum lost_kind kind);

#endif
