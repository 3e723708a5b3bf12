#include "optimize/lost_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(lost_table, holds_every_state_that_is_reached_once)
{
    struct pmf demand = {0};
    pmf_given(&demand, 0, (double[]){0.5, 0.25, 0.25}, 3);
    struct lost_sales terms = {&demand, 2, 1, 9};
    struct lost_policy policy = {.kind = LOST_BASE_STOCK, .level = 3};
    size_t count;
    struct lost_row *rows = lost_table(&terms, &policy, 100, &count);
    cr_assert_not_null(rows);
    cr_assert(rows[0].state[0] == 0 && rows[0].state[1] == 0 && rows[0].order == 3);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(rows[i].order, lost_sales_order(&terms, &policy, rows[i].state));
        for (size_t k = 0; k < i; k++) {
            cr_assert(rows[k].state[0] != rows[i].state[0] || rows[k].state[1] != rows[i].state[1]);
        }
        for (int64_t d = 0; d <= 2; d++) { /* closed */
            int64_t left = rows[i].state[0] - d;
            int64_t x = (left > 0 ? left : 0) + rows[i].state[1], q = rows[i].order;
            bool found = false;
            for (size_t k = 0; k < count; k++) {
                found |= rows[k].state[0] == x && rows[k].state[1] == q;
            }
            cr_assert(found, "%ld %ld", (long)x, (long)q);
        }
    }
    free(rows);
    cr_assert_null(lost_table(&terms, &policy, 2, &count), "more states than allowed");
    pmf_fini(&demand);
}
