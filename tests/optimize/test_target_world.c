#include "optimize/target_world.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static int64_t decide(const struct target_shop *shop)
{
    struct demand_curve curve;
    struct policy_input in;
    struct decision decision;
    target_shop_ask(shop, &curve, &in);
    policy_decide(&in, &decision);
    return decision.quantity;
}

Test(target_world, stock_is_kept_and_demand_is_what_was_forecast)
{
    struct rng rng;
    rng_init(&rng, 11);
    double asked = 0, expected = 0;
    for (int i = 0; i < 300; i++) {
        struct target_shop shop;
        target_shop_draw(&shop, &rng);
        cr_assert(shop.period >= 1 && shop.period <= TARGET_REVIEW_MOST);
        cr_assert(shop.gain >= 0 && shop.gain <= 1 && shop.typical > 0);
        for (int review = 0; review < 10; review++) {
            struct demand_curve curve;
            struct policy_input in;
            struct target_season season;
            target_shop_ask(&shop, &curve, &in);
            double mean = demand_mean(&curve, shop.period);
            int64_t before = shop.position.stock + position_incoming(&shop.position);
            int64_t order = decide(&shop);
            target_shop_pass(&shop, order, &season);
            int64_t after = shop.position.stock + position_incoming(&shop.position);
            cr_assert(season.slots == shop.period && season.sold <= season.asked);
            cr_assert(shop.position.stock >= 0 && shop.position.supplies <= POSITION_SUPPLIES);
            cr_assert(after == before + order - (int64_t)season.sold ||
                      shop.position.supplies == POSITION_SUPPLIES);
            asked += season.asked / shop.curve.mean[0] / shop.period;
            expected += mean / shop.curve.mean[0] / shop.period;
        }
    }
    cr_assert_float_eq(asked, expected, 0.05 * expected, "%g for %g", asked, expected);
}

/* Totals over lead time and review have the spread that the forecast of the day says: the share of
 * them above its 0.9 quantile. */
Test(target_world, forecasts_are_right_about_themselves)
{
    struct rng rng;
    rng_init(&rng, 12);
    int above[2] = {0}, count = 0;
    for (int i = 0; i < 1500; i++) {
        struct target_shop shop;
        target_shop_draw(&shop, &rng);
        if (shop.curve.mean[0] < 2) {
            continue; /* too few units for a quantile to be met */
        }
        for (int warm = 0; warm < 6; warm++) {
            struct target_season season;
            target_shop_pass(&shop, 0, &season);
        }
        struct demand_curve curve;
        struct policy_input in;
        struct demand total;
        int reviews = (int)ceil((shop.facts.lead_time_days + shop.period) / shop.period);
        target_shop_ask(&shop, &curve, &in);
        demand_at(&curve, (double)(reviews * (int)shop.period), &total);
        double sum = 0;
        for (int r = 0; r < reviews; r++) {
            struct target_season season;
            target_shop_pass(&shop, 0, &season);
            sum += season.asked;
        }
        count++;
        above[0] += sum > demand_quantile(&total, 0.5);
        above[1] += sum > demand_quantile(&total, 0.9);
    }
    cr_expect(count > 500);
    cr_expect_float_eq((double)above[0] / count, 0.5, 0.07, "%g", (double)above[0] / count);
    cr_expect_float_eq((double)above[1] / count, 0.1, 0.05, "%g", (double)above[1] / count);
}

Test(target_world, luck_does_not_depend_on_orders)
{
    struct rng rng;
    rng_init(&rng, 13);
    struct target_shop a, b;
    target_shop_draw(&a, &rng);
    b = a;
    for (int review = 0; review < 20; review++) {
        struct target_season one, other;
        target_shop_pass(&a, 0, &one);
        target_shop_pass(&b, review % 2 ? 50 : 0, &other);
        cr_assert(one.asked == other.asked);
    }
}
