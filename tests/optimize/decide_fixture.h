/* An ordinary item, for the tests of decisions: lead time 5 days, review 7, 95 % service, no costs.
 */
#ifndef RESTOCK_DECIDE_FIXTURE_H
#define RESTOCK_DECIDE_FIXTURE_H

#include "optimize/policy.h"
#include "tests/optimize/curve_fixture.h"

struct decide_case {
    struct position position;
    struct demand_curve curve;
    struct item_facts facts;
    struct policy_options options;
    struct policy_input in;
};

/* Poisson demand of `rate` a day, `stock` counted; in.today = in.today_day = 14977 (Monday, 3
 * January 2011). `test` must stay where it is. */
void decide_case_init(struct decide_case *test, double rate, int64_t stock);
void decide_case_supply(struct decide_case *test, int64_t quantity, int64_t days);
struct decision decide_case_run(const struct decide_case *test);

#endif
