#include "model/bulk.h"

#include <criterion/criterion.h>
#include <math.h>

static void closes(struct bulk *bulk, int count, float wild)
{
    struct bulk_tally tally = {0};
    for (int close = 0; close < count; close++) {
        for (int i = 0; i < 99; i++) {
            bulk_count(&tally, 10, 100);
        }
        bulk_count(&tally, wild, 100);
        bulk_fold(bulk, &tally);
        cr_assert(tally.sold == 0 && tally.counted == 0);
    }
}

Test(bulk, what_is_cut_off_is_found_again_in_the_mean)
{
    struct bulk bulk = {0};
    cr_assert_eq(bulk_factor(&bulk), 1.0f);
    closes(&bulk, 400, 200);
    cr_assert_float_eq(bulk_factor(&bulk), 1190.0 / 1090, 0.005);
    closes(&bulk, 400, 100); /* no more: forgotten within a season */
    cr_assert_float_eq(bulk_factor(&bulk), 1, 0.005);
}

Test(bulk, a_wild_order_counts_five_caps_and_no_shop_is_lifted_by_more_than_a_quarter)
{
    struct bulk once = {0}, ever = {0};
    closes(&once, 100, 10);
    closes(&once, 1, 80995);
    cr_assert_leq(bulk_factor(&once), 1.01f);
    closes(&ever, 400, 80995);
    cr_assert_eq(bulk_factor(&ever), 1.25f);
}

Test(bulk, nothing_comes_of_what_is_no_demand)
{
    struct bulk_tally tally = {0};
    const float odd[] = {0, -3, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        bulk_count(&tally, odd[i], 5);
        bulk_count(&tally, 5, odd[i]);
    }
    cr_assert(tally.sold == 0 && tally.counted == 0);
}
