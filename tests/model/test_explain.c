#include "model/explain.h"

#include "model/features.h"
#include "model/forecaster_parts.h"
#include "tests/model/base.h"
#include "tests/model/shop.h"

#include <criterion/criterion.h>
#include <math.h>

enum { ROW = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };

static struct shop shop;
static struct tile tile;
static struct base_model *base;
static struct forecaster *fc;
static struct forecast_block block;
static uint8_t want[TILE_SERIES];
static float known[TILE_SERIES * ROW];

static void make(bool network)
{
    struct forecaster_options options = shop_options();
    options.learn = FORECAST_LEARN_FROZEN;
    tile_init(&tile);
    if (network) {
        base = base_make(0.5);
        options.base_ref = base;
        tile_add_gru(&tile);
    }
    fc = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    cr_assert_not_null(fc);
    memset(want, FORECAST_ALL, sizeof want);
}

static void init(void)
{
    shop_make(&shop, 1);
}

static void fini(void)
{
    forecaster_destroy(fc);
    tile_fini(&tile);
    base_model_free(base);
}

TestSuite(explain, .init = init, .fini = fini);

static bool promoted(int t)
{
    return t % 11 < 2;
}

/* Prices fall by a fifth on promotion; one day in thirty is a holiday. */
static void plan_of(int t, float *slot)
{
    slot[WINDOW_PRICE] = promoted(t) ? 8 : 10;
    slot[WINDOW_PROMO] = promoted(t);
    slot[WINDOW_HOLIDAY] = t % 30 == 0;
    slot[WINDOW_EVENT] = slot[WINDOW_SNAP] = NAN;
}

static struct window window_at(int t, bool plans)
{
    struct window window = shop_window(&shop, t, 0, TILE_SERIES);
    for (int k = 0; plans && k < TILE_SERIES * (1 + WINDOW_AHEAD); k++) {
        plan_of(t + k % (1 + WINDOW_AHEAD), known + (size_t)k * WINDOW_KNOWN);
    }
    window.known = plans ? known : NULL;
    return window;
}

static void play(int begin, int end, bool plans)
{
    for (int t = begin; t < end; t++) {
        struct window window = window_at(t, plans);
        forecaster_begin_close(fc, t, t % 7, 7, shop.total[t]);
        forecaster_learn(fc, &tile.cols, &window);
    }
}

static float parts(const struct explanation *why, uint32_t s)
{
    float sum = 0;
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        sum += why->part[s][g];
    }
    return sum;
}

/* Forecasts after bucket t, and what explanations say of them. */
static void check_all(int t, bool plans)
{
    struct window window = window_at(t, plans);
    forecaster_predict(fc, &tile.cols, &window, want, &block);
    for (uint32_t i = 0; i < TILE_SERIES; i++) {
        struct explanation why;
        cr_assert(forecaster_explain(fc, &tile.cols, &window, i, &why));
        cr_assert_eq(why.rows, block.sums);
        for (uint32_t s = 0; s < why.rows; s++) {
            float mean = block.sum_mean[i * block.sums + s], weight = 0, mixed = 0;
            cr_expect_float_eq(why.mean[s], mean, 1e-4f * mean + 1e-6f);
            cr_expect_float_eq(parts(&why, s), mean - why.baseline[s],
                               1e-4f * (mean + why.baseline[s]), "series %u row %u", i, s);
            for (int e = 0; e < FORECAST_EXPERTS; e++) {
                weight += why.weight[s][e];
                mixed += why.weight[s][e] > 0 ? why.weight[s][e] * why.expert[s][e] : 0;
            }
            cr_expect_float_eq(weight, 1, 1e-5);
            cr_expect_leq(mixed, mean * 1.0001f, "row %u", s); /* a longer sum is no smaller */
        }
        cr_expect_arr_eq(why.weight[0], block.weights + i * FORECAST_EXPERTS, sizeof why.weight[0]);
    }
}

Test(explain, parts_add_up_with_and_without_network_and_plans)
{
    make(true);
    for (int i = 0; i < 3; i++) { /* stock-outs of late */
        shop.flags[i][398] = shop.flags[i][397] = WINDOW_OUT_OF_STOCK;
    }
    play(0, 399, true);
    for (int step = 1; step <= PROSPECT_MOST; step++) { /* as if there were a year before */
        fc->year[step] = 1.2f;
    }
    check_all(398, true);
    struct window window = window_at(398, true);
    struct explanation why;
    cr_assert(forecaster_explain(fc, &tile.cols, &window, 0, &why));
    cr_expect_eq(why.spoke, (1u << EXPLAIN_GROUPS) - 1, "%x", why.spoke);
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        cr_expect_neq(why.part[2][g], 0, "%s", explain_group_name((enum explain_group)g));
    }
    cr_assert(forecaster_explain(fc, &tile.cols, &window, 9, &why));
    cr_expect_eq(why.part[2][EXPLAIN_STOCK], 0); /* it was always in stock */
    window = window_at(398, false);
    cr_assert(forecaster_explain(fc, &tile.cols, &window, 9, &why));
    cr_expect(!(why.spoke >> EXPLAIN_PRICE & 1) && !(why.spoke >> EXPLAIN_CALENDAR & 1));
    check_all(398, false);
}

/* Two groups of a product: each part is the mean of its two gains. */
Test(explain, parts_of_the_statistical_expert_are_those_of_a_product)
{
    make(false);
    fc->options.learn = FORECAST_LEARN_OFF;
    play(0, 200, false);
    struct window window = window_at(199, false); /* phase 3 */
    for (uint32_t i = 0; i < TILE_SERIES; i++) {
        struct explanation why;
        forecaster_predict(fc, &tile.cols, &window, want, &block);
        float lift = bulk_factor(&fc->bulk), level = lift * fc->level[i], slow = lift * fc->slow[i];
        cr_assert(forecaster_explain(fc, &tile.cols, &window, i, &why));
        cr_expect_eq(why.spoke, 1u << EXPLAIN_RECENT | 1u << EXPLAIN_SEASON);
        float factor = why.mean[0] / level; /* of the next bucket */
        cr_expect_float_eq(why.baseline[0], slow, 1e-4f * slow);
        cr_expect_float_eq(why.baseline[1], 7 * slow, 1e-3f * slow);
        cr_expect_float_eq(why.part[0][EXPLAIN_RECENT], (level - slow) * (1 + factor) / 2,
                           0.02f * level);
        cr_expect_float_eq(why.part[0][EXPLAIN_SEASON], (level + slow) * (factor - 1) / 2,
                           0.02f * level);
    }
}

Test(explain, a_planned_promotion_is_named)
{
    for (int t = 0; t < SHOP_BUCKETS; t++) {
        for (int i = 0; i < TILE_SERIES && promoted(t); i++) {
            shop.units[i][t] *= 3;
        }
    }
    shop_total(&shop);
    make(false);
    play(0, 330, true); /* 330 % 11 == 0: promoted tomorrow */
    struct window window = window_at(329, true);
    struct explanation why;
    cr_assert(forecaster_explain(fc, &tile.cols, &window, 15, &why));
    float plans = why.part[0][EXPLAIN_PROMOTION] + why.part[0][EXPLAIN_PRICE];
    cr_expect_gt(plans, 0.35f * why.mean[0], "%g of %g", (double)plans, (double)why.mean[0]);
    cr_expect_gt(why.part[0][EXPLAIN_PROMOTION], 0.1f * why.mean[0]);
    window = window_at(323, true); /* not tomorrow */
    fc->bucket = 323;
    cr_assert(forecaster_explain(fc, &tile.cols, &window, 15, &why));
    cr_expect_lt(why.part[0][EXPLAIN_PROMOTION], 0.01f * why.mean[0]);
}

Test(explain, changes_nothing_and_explains_no_series_that_never_sold)
{
    shop.first[3] = SHOP_BUCKETS;
    make(true);
    play(0, 100, true);
    struct window window = window_at(99, true);
    struct buf before = {0}, after = {0};
    forecaster_predict(fc, &tile.cols, &window, want, &block);
    size_t cells = TILE_SERIES * block.sums * FORECAST_LEVELS;
    float *said = calloc(cells, sizeof *said);
    memcpy(said, block.sum_q, cells * sizeof *said);
    unsigned char *columns = malloc(tile.bytes);
    memcpy(columns, tile.block, tile.bytes);
    forecaster_save(fc, &before);
    struct explanation why;
    for (uint32_t i = 0; i < TILE_SERIES; i++) {
        cr_expect_eq(forecaster_explain(fc, &tile.cols, &window, i, &why), i != 3);
        cr_expect(i != 3 || (why.rows == 0 && why.spoke == 0));
    }
    cr_expect_arr_eq(block.sum_q, said, cells * sizeof *said);
    forecaster_predict(fc, &tile.cols, &window, want, &block);
    cr_expect_arr_eq(block.sum_q, said, cells * sizeof *said);
    cr_expect_arr_eq(columns, tile.block, tile.bytes);
    forecaster_save(fc, &after);
    cr_expect(slice_equal(buf_view(&before), buf_view(&after)));
    buf_fini(&before);
    buf_fini(&after);
    free(columns);
    free(said);
}

/* What features.c does not fill tells of nothing: else it belongs into its table of groups. */
Test(explain, inputs_without_a_group_are_empty)
{
    make(false);
    for (int t = 0; t < SHOP_BUCKETS; t += 7) {
        struct window window = window_at(t, true);
        for (uint32_t i = 0; i < TILE_SERIES; i++) {
            float x[NET_INPUTS], y[NET_INPUTS];
            struct feature_source source = {.window = &window,
                                            .i = i,
                                            .level = 2,
                                            .slow = 2,
                                            .spread = 2,
                                            .factor = 1,
                                            .usual = 10,
                                            .shop = {0.1f, 0.2f}};
            features_make(&source, x);
            for (int k = NET_KNOWN + WINDOW_KNOWN + 2; k < NET_INPUTS; k++) {
                cr_assert_eq(x[k], 0);
            }
            memcpy(y, x, sizeof y);
            features_suppose(&source, 1u << FEATURE_SHOP | 1u << FEATURE_STOCK, y);
            cr_assert(y[14] == 0 && y[15] == 0 && y[12] == 0 && y[0] == x[0]);
            features_suppose(&source, 0, x);
            cr_assert_neq(x[14], 0);
        }
    }
}
