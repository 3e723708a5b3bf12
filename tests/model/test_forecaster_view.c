#include "model/forecaster_parts.h"
#include "tests/model/shop.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { ROW = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };

static struct shop shop;
static struct tile tile;
static struct forecaster *fc;
static float known[TILE_SERIES * ROW];

static float promoted(int t)
{
    return t % 10 < 3;
}

/* Closes begin .. end - 1 of a shop that sells twice as much on promotion, with plans known. */
static struct window run_promoted(int begin, int end)
{
    struct window window = {0};
    for (int t = begin; t < end; t++) {
        for (uint32_t k = 0; k < TILE_SERIES * ROW; k++) {
            uint32_t slot = k % WINDOW_KNOWN, ahead = k % ROW / WINDOW_KNOWN;
            known[k] = slot == WINDOW_PROMO ? promoted(t + (int)ahead) : NAN;
        }
        window = shop_window(&shop, t, 0, TILE_SERIES);
        window.known = known;
        forecaster_begin_close(fc, t, t % 7, 7, shop.total[t]);
        forecaster_learn(fc, &tile.cols, &window);
    }
    return window;
}

static void init(void)
{
    struct forecaster_options options = shop_options();
    shop_make(&shop, 3);
    for (int i = 0; i < TILE_SERIES; i++) {
        for (int t = 0; t < SHOP_BUCKETS; t++) {
            shop.units[i][t] *= promoted(t) > 0 ? 2 : 1;
        }
    }
    shop_total(&shop);
    tile_init(&tile);
    fc = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
}

static void fini(void)
{
    forecaster_destroy(fc);
    tile_fini(&tile);
}

TestSuite(forecaster_view, .init = init, .fini = fini);

Test(forecaster_view, a_planned_promotion_is_foreseen)
{
    struct window window = run_promoted(0, 300); /* bucket 300 is on promotion, 303 is not */
    cr_assert(fc->effects.effect[WINDOW_PROMO] > 0.35f && fc->effects.effect[WINDOW_PROMO] < 0.9f,
              "%g", (double)fc->effects.effect[WINDOW_PROMO]);
    forecaster_look(fc, &tile.cols, &window, 9, 14);
    float with = fc->prospect.factor[8] * fc->level[9];
    window.known = NULL;
    forecaster_look(fc, &tile.cols, &window, 9, 14);
    cr_assert_gt(with, 0);
    cr_assert_eq(fc->prospect.factor[7], fc->prospect.plain[7] * fc->year[7]);
    float sum = 0;
    for (int s = 1; s <= 7; s++) {
        sum += fc->prospect.factor[s];
    }
    cr_assert_float_eq(fc->ahead[1], sum, 1e-4);
}

Test(forecaster_view, the_level_is_that_of_days_without_promotion)
{
    struct window window = run_promoted(0, 300);
    float level = 0, mean = 0;
    for (int i = 0; i < TILE_SERIES; i++) {
        level += fc->level[i] / TILE_SERIES;
        mean += 0.3f * (float)(i + 1) * 8 / 7 / TILE_SERIES;
    }
    cr_assert(level > 0.8f * mean && level < 1.2f * mean, "%g, expected %g", (double)level,
              (double)mean);
    float promotion = forecaster_now(fc, &tile.cols, &window, 9); /* bucket 299 */
    cr_assert(promotion > 0.3f && promotion < 1.6f);
    forecaster_read_factors(fc, &tile.cols, &window);
    cr_assert_eq(fc->factor[9], promotion);
}

Test(forecaster_view, nothing_known_learns_no_effect)
{
    shop_run(&shop, fc, &tile.cols, 0, 100);
    for (int k = 0; k < WINDOW_KNOWN; k++) {
        cr_assert_eq(fc->effects.effect[k], 0.0f);
    }
    cr_assert_eq(fc->known_tally.weight, 0);
    cr_assert_eq(tile.cols.usual_price[3], 0.0f);
}
