/* A policy for lost sales as a table: every state that it can reach from an empty shop, with its
 * order. What a network says so becomes plain numbers that anyone can read, check and simulate.
 *
 * Pure; allocates. */
#ifndef RESTOCK_LOST_TABLE_H
#define RESTOCK_LOST_TABLE_H

#include "optimize/lost_sales.h"

#include <stddef.h>

struct lost_row {
    int64_t state[LOST_LEAD_MOST]; /* [lead] */
    int64_t order;
};

/* Rows [*count] in the order in which they are met; the caller frees them. NULL: more than `most`
 * states. */
struct lost_row *lost_table(const struct lost_sales *terms, const struct lost_policy *policy,
                            size_t most, size_t *count);

#endif
