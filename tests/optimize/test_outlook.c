#include "optimize/outlook.h"

#include "tests/optimize/curve_fixture.h"
#include "tests/ref/ref_stock.h"

#include <criterion/criterion.h>
#include <math.h>

struct world {
    struct position position;
    struct demand_curve curve;
    struct lead lead;
    struct outlook outlook;
};

static void build(struct world *world, const struct ref_stock_game *game, double mean_lead)
{
    position_init(&world->position);
    world->position.stock = game->stock;
    if (game->supply) {
        position_supply(&world->position, (struct supply){.quantity = game->supply,
                                                          .ordered = 90,
                                                          .expected = 100 + game->supply_in,
                                                          .reference = 1,
                                                          .kind = SUPPLY_ON_ORDER});
    }
    world->curve = curve_poisson(game->rate);
    lead_init(&world->lead, mean_lead, 0);
    outlook_init(&world->outlook, &(struct outlook_terms){.position = &world->position,
                                                          .curve = &world->curve,
                                                          .lead = &world->lead,
                                                          .supplier_lead = &world->lead,
                                                          .review = (double)game->review,
                                                          .today = 100,
                                                          .lost_sales = game->lost_sales});
}

/* The projection against days played one by one: 7 levels of demand stand for all, so a few points
 * of chance and of loss are its own. */
Test(outlook, agrees_with_simulated_days)
{
    static const int64_t five[1] = {5}, two_three[2] = {2, 3};
    const struct ref_stock_game games[] = {
        {.rate = 4,
         .stock = 22,
         .lead = five,
         .leads = 1,
         .review = 7,
         .quantity = 30,
         .lost_sales = true},
        {.rate = 4,
         .stock = 12,
         .lead = five,
         .leads = 1,
         .review = 7,
         .quantity = 30,
         .lost_sales = true},
        {.rate = 4,
         .stock = 12,
         .lead = five,
         .leads = 1,
         .review = 7,
         .quantity = 30,
         .lost_sales = false},
        {.rate = 4,
         .stock = 5,
         .supply = 20,
         .supply_in = 2,
         .lead = five,
         .leads = 1,
         .review = 7,
         .quantity = 20,
         .lost_sales = true},
        {.rate = 0.3,
         .stock = 2,
         .lead = five,
         .leads = 1,
         .review = 7,
         .quantity = 2,
         .lost_sales = true},
        {.rate = 8,
         .stock = 25,
         .lead = two_three,
         .leads = 2,
         .review = 3,
         .quantity = 20,
         .lost_sales = true},
        {.rate = 4,
         .stock = 60,
         .lead = five,
         .leads = 1,
         .review = 7,
         .quantity = 0,
         .lost_sales = true},
    };
    for (size_t i = 0; i < sizeof games / sizeof games[0]; i++) {
        const struct ref_stock_game *game = games + i;
        struct world world;
        build(&world, game, game->leads == 1 ? 5 : 2.5);
        struct ref_stock_result truth = ref_stock_play(game, 20000, i);
        double mean = game->rate * (double)(game->lead[0] + game->review),
               quantity = (double)game->quantity;
        cr_assert_float_eq(outlook_with(&world.outlook, quantity).stockout, truth.stockout, 0.08,
                           "game %zu: stock-out %g, not %g", i,
                           outlook_with(&world.outlook, quantity).stockout, truth.stockout);
        cr_assert_float_eq(outlook_with(&world.outlook, quantity).lost, truth.lost,
                           0.03 * mean + 0.1, "game %zu: lost %g, not %g", i,
                           outlook_with(&world.outlook, quantity).lost, truth.lost);
        cr_assert_float_eq(outlook_with(&world.outlook, quantity).left, truth.left,
                           0.02 * mean + 0.6, "game %zu: left %g, not %g", i,
                           outlook_with(&world.outlook, quantity).left, truth.left);
    }
}

Test(outlook, need_keeps_the_service_of_the_simulation)
{
    static const int64_t five[1] = {5};
    for (int64_t stock = 0; stock <= 40; stock += 8) {
        struct ref_stock_game game = {
            .rate = 4, .stock = stock, .lead = five, .leads = 1, .review = 7, .lost_sales = true};
        struct world world;
        build(&world, &game, 5);
        game.quantity = (int64_t)ceil(outlook_need(&world.outlook, 0.95));
        cr_assert(game.quantity > 0);
        struct ref_stock_result truth = ref_stock_play(&game, 20000, 5);
        cr_assert_float_eq(truth.after, 0.05, 0.025, "stock %ld: %g short after the arrival",
                           (long)stock, truth.after);
    }
}

Test(outlook, more_stock_never_hurts)
{
    static const int64_t five[1] = {5};
    double need = 1e9;
    for (int64_t stock = -10; stock < 80; stock++) {
        struct ref_stock_game game = {
            .rate = 4, .stock = stock, .lead = five, .leads = 1, .review = 7, .lost_sales = true};
        struct world world;
        build(&world, &game, 5);
        double now = outlook_need(&world.outlook, 0.9);
        cr_assert(now <= need + 0.5);
        need = now;
        double lost = INFINITY, left = -1, chance = 1.0001;
        for (double quantity = 0; quantity < 60; quantity += 5) {
            cr_assert(outlook_with(&world.outlook, quantity).lost <= lost + 1e-9);
            cr_assert(outlook_with(&world.outlook, quantity).left >= left - 1e-9);
            cr_assert(outlook_with(&world.outlook, quantity).stockout <= chance);
            lost = outlook_with(&world.outlook, quantity).lost;
            left = outlook_with(&world.outlook, quantity).left;
            chance = outlook_with(&world.outlook, quantity).stockout;
        }
    }
}

Test(outlook, arrivals_of_late_supplies)
{
    struct lead lead;
    lead_init(&lead, 10, 0);
    struct supply supply = {.quantity = 1, .ordered = 95, .expected = 105, .kind = SUPPLY_ON_ORDER};
    cr_assert_eq(outlook_arrival(&supply, &lead, 100), 5);
    cr_assert_eq(outlook_arrival(&supply, &lead, 105), 0);
    cr_assert_eq(outlook_arrival(&supply, &lead, 106), 3); /* a quarter of the lead time more */
    supply.ordered = 98; /* promised early; the lead time says 108 */
    cr_assert_eq(outlook_arrival(&supply, &lead, 106), 2);
}

Test(outlook, excess_is_what_the_target_does_not_want)
{
    static const int64_t five[1] = {5};
    struct ref_stock_game game = {
        .rate = 4, .stock = 20, .lead = five, .leads = 1, .review = 7, .lost_sales = true};
    struct world world;
    build(&world, &game, 5);
    cr_assert_eq(outlook_excess(&world.outlook, 0, 40, 4), 0);
    double some = outlook_excess(&world.outlook, 100, 40, 4);
    /* About 100 - 28 - 40 = 32 units too many for the larger of 7 and 3.5 + 4 slots. */
    cr_assert_float_eq(some, 32 * 7.5, 60, "%g", some);
    cr_assert(outlook_excess(&world.outlook, 200, 40, 4) > 4 * some);
    cr_assert(isfinite(outlook_excess(&world.outlook, 200, 40, 0)));
}
