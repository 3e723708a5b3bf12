/* Transfers of `restock plan`: series named sku@location are the places of one item, and what one
 * has too much of goes to another before anything is bought (optimize/transfer.h).
 *
 * Thread: one. */
#ifndef RESTOCK_TRANSFER_PLAN_H
#define RESTOCK_TRANSFER_PLAN_H

#include "stream/order_file.h"

#include <stdio.h>

struct transfer_plan_terms {
    int64_t lead_time; /* slots from one place to another */
    double unit_cost, lane_cost; /* money of the policy file */
    int64_t today; /* slot */
    double service_shift; /* as plan_core_decide */
};

/* Moves stock between the rows and writes a line `sku,from,to,quantity,arrives_in,loss,gain,left`
 * for each movement (a heading first). curves [rows]. Returns the number of movements. Items with
 * more than TRANSFER_PLACES_MOST places: the first ones. */
uint64_t transfer_plan_run(struct order_rows *rows, const struct demand_curve *curves,
                           const struct transfer_plan_terms *terms, FILE *out);

#endif
