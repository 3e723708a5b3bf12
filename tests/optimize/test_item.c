#include "optimize/item.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct item_options OPTIONS = {.lead_time_days = 10,
                                            .lead_time_sd_days = 4,
                                            .review_days = 7,
                                            .holding_cost_rate = 0.25,
                                            .unit_cost = 100,
                                            .price = 250,
                                            .shortage_cost = -1,
                                            .pack = 6,
                                            .minimum_order = 12,
                                            .supplier = "",
                                            .currency = "EUR",
                                            .lost_sales = true};

Test(item, what_is_said_stays)
{
    struct item_facts facts = item_facts_from(&OPTIONS);
    facts.pack = 24;
    facts.lead_time_days = 3;
    facts.lead_time_sd_days = 1;
    item_facts_fill(&facts, &OPTIONS);
    cr_assert_eq(facts.pack, 24);
    cr_assert_eq(facts.lead_time_days, 3);
    cr_assert_eq(facts.lead_time_sd_days, 1);
    cr_assert_eq(facts.unit_cost, 100);
    cr_assert_eq(facts.shortage_cost, -1);
}

Test(item, what_is_not_said_comes_from_the_defaults)
{
    struct item_facts facts = {-1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1, -1, -1, true, 0, 0};
    item_facts_fill(&facts, &OPTIONS);
    cr_assert_eq(facts.lead_time_days, 10);
    cr_assert_eq(facts.review_days, 7);
    cr_assert_eq(facts.minimum_order, 12);
    cr_assert_eq(facts.pack, 6);
    facts.lead_time_days = 5;
    facts.lead_time_sd_days = -1; /* only the mean is said: the spread keeps its proportion */
    item_facts_fill(&facts, &OPTIONS);
    cr_assert_float_eq(facts.lead_time_sd_days, 2, 1e-12);
}

Test(item, impossible_values_become_possible_ones)
{
    struct item_facts facts = item_facts_from(&OPTIONS);
    facts.lead_time_days = NAN;
    facts.review_days = 0;
    facts.holding_cost_rate = INFINITY;
    facts.service_target = 3;
    facts.pack = 0;
    facts.unit_cost = INT64_MAX;
    item_facts_fill(&facts, &OPTIONS);
    cr_assert_eq(facts.lead_time_days, 10);
    cr_assert(facts.review_days > 0);
    cr_assert_eq(facts.holding_cost_rate, 0.25);
    cr_assert(facts.service_target < 1);
    cr_assert_eq(facts.pack, 1);
    cr_assert(facts.unit_cost < INT64_MAX / 1000);
}

Test(item, the_table_is_complete)
{
    cr_assert_eq(item_option_table.count, 15);
    cr_assert_eq(item_option_table.struct_bytes, sizeof(struct item_options));
    for (size_t i = 0; i < item_option_table.count; i++) {
        cr_assert_eq(strncmp(item_option_table.rows[i].path, "defaults.", 9), 0);
        cr_assert(item_option_table.rows[i].offset < sizeof(struct item_options));
    }
}
