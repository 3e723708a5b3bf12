#include "model/features.h"

#include "config/base/rng.h"
#include "model/net.h"
#include "tests/model/shop.h"

#include <criterion/criterion.h>
#include <math.h>

static struct shop shop;

static void make(int t, uint32_t i, float level, float *x)
{
    struct window window = shop_window(&shop, t, 0, TILE_SERIES);
    struct feature_source source = {.window = &window,
                                    .i = i,
                                    .level = level,
                                    .slow = level,
                                    .usual = 10,
                                    .spread = 3,
                                    .factor = 1.2f,
                                    .shop = {.week = 0.1f, .fortnight = -0.2f}};
    features_make(&source, x);
}

Test(features, are_finite_and_small_whatever_the_window_holds)
{
    const float odd[] = {0, 1e30f, NAN, INFINITY, 65535};
    shop_make(&shop, 1);
    for (int k = 0; k < 5; k++) {
        shop.units[3][100] = odd[k];
        shop.flags[3][99] = (uint8_t)(k * 7);
        for (int level = 0; level < 5; level++) {
            float x[NET_INPUTS];
            make(100, 3, odd[level], x);
            for (int f = 0; f < NET_INPUTS; f++) {
                cr_assert(isfinite(x[f]) && fabsf(x[f]) <= 4, "input %d is %g", f, (double)x[f]);
            }
        }
    }
}

Test(features, do_not_see_what_was_censored)
{
    float a[NET_INPUTS], b[NET_INPUTS];
    shop_make(&shop, 1);
    shop.flags[5][90] = WINDOW_OUT_OF_STOCK;
    make(100, 5, 2, a);
    shop.units[5][90] = 700;
    make(100, 5, 2, b);
    cr_assert_arr_eq(a, b, sizeof a);
    shop.flags[5][90] = 0;
    make(100, 5, 2, b);
    cr_assert_neq(memcmp(a, b, sizeof a), 0);
}

Test(features, the_shop_can_be_hidden)
{
    float x[NET_INPUTS], y[NET_INPUTS];
    shop_make(&shop, 1);
    make(100, 5, 2, x);
    memcpy(y, x, sizeof x);
    features_hide_shop(y);
    int changed = 0;
    for (int f = 0; f < NET_INPUTS; f++) {
        changed += x[f] != y[f];
        cr_assert(x[f] == y[f] || y[f] == 0);
    }
    cr_assert_eq(changed, 2);
}

Test(features, plans_of_the_bucket_can_be_hidden)
{
    static float known[TILE_SERIES * (1 + WINDOW_AHEAD) * WINDOW_KNOWN];
    float x[NET_INPUTS], y[NET_INPUTS], none[NET_INPUTS];
    shop_make(&shop, 1);
    make(100, 5, 2, none);
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        known[k] = NAN;
    }
    known[5 * (1 + WINDOW_AHEAD) * WINDOW_KNOWN + WINDOW_PROMO] = 1;
    known[5 * (1 + WINDOW_AHEAD) * WINDOW_KNOWN + WINDOW_PRICE] = 5;
    struct window window = shop_window(&shop, 100, 0, TILE_SERIES);
    window.known = known;
    struct feature_source source = {.window = &window,
                                    .i = 5,
                                    .level = 2,
                                    .slow = 2,
                                    .usual = 10,
                                    .spread = 3,
                                    .factor = 1.2f,
                                    .shop = {.week = 0.1f, .fortnight = -0.2f}};
    features_make(&source, x);
    int changed = 0;
    for (int f = 0; f < NET_INPUTS; f++) {
        changed += x[f] != none[f];
    }
    cr_assert_eq(changed, 3); /* promotion, price, and that they are known */
    memcpy(y, x, sizeof x);
    features_hide_known(y);
    cr_assert_arr_eq(y, none, sizeof y);
}
