#include "optimize/lot_size.h"

#include <criterion/criterion.h>
#include <math.h>

static void near(double found, double expected, double slack)
{
    cr_assert(fabs(found - expected) <= slack * (1 + fabs(expected)), "found %.12g, expected %.12g",
              found, expected);
}

static const struct lot_terms SHOP = {.rate = 1300, .order_cost = 8, .holding = 0.225};

/* Snyder and Shen, examples 3.1, 3.8 and 9.1. */
Test(lot_size, textbook)
{
    near(lot_size(&SHOP).quantity, 304.0467800264368, 1e-12);
    near(lot_size(&SHOP).cost, 68.41052550594827, 1e-12);
    struct lot back = lot_back_orders(&SHOP, 5);
    near(back.quantity, 310.8125551589646, 1e-12);
    near(back.back_share, 0.043062200956938, 1e-12);
    near(back.cost, 66.92136355097325, 1e-12);
    struct lot down = lot_disrupted(&SHOP, 5, 1.5, 14);
    near(down.quantity, 772.8110631910017, 1e-6);
    near(down.cost, 173.9500025731971, 1e-9);
}

/* Example 3.5: 0.75 each, 0.72 from 400, 0.68 from 800, 30 % a year. */
Test(lot_size, discounts)
{
    static const double FROM[] = {0, 400, 800}, PRICE[] = {0.75, 0.72, 0.68};
    struct price_steps steps = {.from = FROM, .price = PRICE, .count = 3, .holding_rate = 0.3};
    struct lot all = lot_all_units(&SHOP, &steps);
    near(all.quantity, 800, 0);
    cr_assert_eq(all.region, 2);
    near(all.cost, 978.6, 1e-12);
    struct lot part = lot_incremental(&SHOP, &steps);
    near(part.quantity, 304.04678003, 1e-9);
    cr_assert_eq(part.region, 0);
    near(part.cost, 1043.41052551, 1e-9);
}

Test(lot_size, nothing_on_a_grid_is_cheaper_with_incremental_prices)
{
    static const double FROM[] = {0, 50, 600}, PRICE[] = {3, 2, 1};
    struct price_steps steps = {.from = FROM, .price = PRICE, .count = 3, .holding_rate = 0.2};
    struct lot found = lot_incremental(&SHOP, &steps);
    for (int i = 1; i < 3000; i++) {
        double q = i, paid = 0;
        for (int k = 0; k < 3; k++) {
            double upto = k < 2 ? fmin(q, FROM[k + 1]) : q;
            paid += upto > FROM[k] ? (upto - FROM[k]) * PRICE[k] : 0;
        }
        double cost = (8 + paid) * 1300 / q + 0.2 * paid / q * q / 2;
        cr_assert(cost >= found.cost - 1e-9, "%d units cost %g, less than %g", i, cost, found.cost);
    }
}

Test(lot_size, reliable_supply_needs_the_plain_lot)
{
    near(lot_disrupted(&SHOP, 5, 1e-9, 14).quantity, lot_size(&SHOP).quantity, 1e-5);
}
