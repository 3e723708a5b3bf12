#include "tests/optimize/decide_fixture.h"

void decide_case_init(struct decide_case *test, double rate, int64_t stock)
{
    position_init(&test->position);
    position_count(&test->position, &(struct position_rules){.horizon_ms = 1}, 0, stock);
    test->curve = curve_poisson(rate);
    test->facts = (struct item_facts){
        .lead_time_days = 5, .review_days = 7, .shortage_cost = -1, .pack = 1, .lost_sales = true};
    test->options = (struct policy_options){.stockout_threshold = 0.5, .max_cover_days = 365};
    test->in = (struct policy_input){.position = &test->position,
                                     .curve = &test->curve,
                                     .facts = &test->facts,
                                     .options = &test->options,
                                     .today = 14977,
                                     .today_day = 14977,
                                     .slot_days = 1};
}

void decide_case_supply(struct decide_case *test, int64_t quantity, int64_t days)
{
    position_supply(&test->position, (struct supply){.quantity = quantity,
                                                     .ordered = test->in.today + days - 5,
                                                     .expected = test->in.today + days,
                                                     .reference = (uint64_t)(100 + days),
                                                     .kind = SUPPLY_ON_ORDER});
}

struct decision decide_case_run(const struct decide_case *test)
{
    struct decision decision;
    policy_decide(&test->in, &decision);
    return decision;
}
