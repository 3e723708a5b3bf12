/* What a decision must know of an item, and what holds where the item does not say it (options
 * defaults.*). */
#ifndef RESTOCK_ITEM_H
#define RESTOCK_ITEM_H

#include "config/option.h"

#include <stdbool.h>
#include <stdint.h>

/* Facts of an item: a negative number means "not said". Money in minor units. */
struct item_facts {
    double lead_time_days, lead_time_sd_days, review_days;
    double holding_cost_rate; /* of the unit cost, per year */
    double shelf_life_days; /* 0: does not spoil */
    double service_target; /* chance of no stock-out in a cycle; 0: from the costs */
    int64_t unit_cost, price;
    int64_t shortage_cost; /* per unit asked for and not there; -1: price - unit cost */
    int64_t order_cost; /* per order */
    int64_t minimum_order, pack, maximum_order /* 0: none */;
    bool lost_sales; /* what is not there is lost, not back-ordered */
    double service_shift; /* of the log odds of the service, learned from answers; 0: none */
    double stated_lead_days; /* what lead_time_days was before it was learned; 0: it was not */
};

/* defaults.*: what an item does not say. */
struct item_options {
    double lead_time_days, lead_time_sd_days, review_days, holding_cost_rate, shelf_life_days;
    int64_t unit_cost, price, shortage_cost, order_cost, minimum_order, pack, maximum_order;
    const char *supplier, *currency;
    bool lost_sales;
};

extern const struct option_table item_option_table;

struct item_facts item_facts_from(const struct item_options *options);
/* Replace everything not said (negative, non-finite) by the defaults, and impossible values by the
 * nearest possible ones. */
void item_facts_fill(struct item_facts *facts, const struct item_options *options);

#endif
