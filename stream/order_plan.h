/* `restock plan`: one order per series from three files, with the forecaster and the policies of
 * the live product. The order file has series,quantity and the numbers that say why. Business rules
 * apply as live: sku and location are what stands before and after the last @ of the series,
 * supplier and category columns of the policy file, the class that of the forecast. */
#ifndef RESTOCK_ORDER_PLAN_H
#define RESTOCK_ORDER_PLAN_H

#include "optimize/rules.h"
#include "optimize/target.h"
#include "stream/panel_forecast.h"

struct order_plan_job {
    const char *panel, *stock, *policy, *orders; /* paths */
    const char *transfers; /* path; NULL: nothing moves between places */
    int64_t transfer_lead; /* slots */
    double transfer_unit_cost, transfer_lane_cost; /* money of the policy file */
    const struct zone *zone;
    const struct forecaster_options *forecast;
    const struct level_net *net; /* a learned target, for buckets of days; NULL: exact */
    bool net_asked; /* by name: longer buckets are refused, not decided exactly */
    const struct rules *rules; /* business rules, the last word on every order; NULL: none */
    struct panel_watch watch;
};

struct order_plan_report {
    uint64_t transfers; /* movements */
    uint64_t series, ordered,
        without_sales; /* series; those with an order; those that the panel does not know */
    int64_t units;
};

/* Writes job->orders anew (a half-written file is removed). Nothing is written when an input is
 * wrong. */
struct status *order_plan_run(const struct order_plan_job *job, struct order_plan_report *report)
    __attribute__((warn_unused_result));

#endif
