#include "model/forecaster.h"

#include "model/forecaster_parts.h"
#include "tests/model/base.h"
#include "tests/model/shop.h"

#include <criterion/criterion.h>
#include <math.h>

static struct shop shop;
static struct tile tile;
static struct forecaster *fc;
static struct forecast_block block;
static uint8_t want[TILE_SERIES];

static void init(void)
{
    struct forecaster_options options = shop_options();
    shop_make(&shop, 1);
    tile_init(&tile);
    fc = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    cr_assert_not_null(fc);
    memset(want, FORECAST_ALL, sizeof want);
}

static void fini(void)
{
    forecaster_destroy(fc);
    tile_fini(&tile);
}

static void predict_after(int t)
{
    struct window window = shop_window(&shop, t, 0, TILE_SERIES);
    forecaster_predict(fc, &tile.cols, &window, want, &block);
}

TestSuite(forecaster, .init = init, .fini = fini);

Test(forecaster, learns_level_and_season)
{
    shop_run(&shop, fc, &tile.cols, 0, 300);
    predict_after(299); /* phase 5: the next one is 6 */
    for (uint32_t i = 4; i < TILE_SERIES; i++) {
        double mean = 0.3 * (i + 1);
        cr_assert_float_eq(block.sum_mean[i * block.sums + 1], 8 * mean, 8 * mean * 0.6,
                           "series %u", i);
        cr_assert_gt(block.step_mean[i * block.steps + 6],
                     1.5f * block.step_mean[i * block.steps + 3]);
        cr_assert_float_eq(tile.cols.next_mean[i], mean, mean * 0.6);
        cr_assert_gt(tile.cols.next_variance[i], tile.cols.next_mean[i]);
    }
    cr_assert_eq(block.sum_length[0], 1);
    cr_assert_eq(block.sum_length[3], 28);
    cr_assert_eq(forecaster_faults(fc), 0u);
}

Test(forecaster, a_level_that_doubles_is_followed_within_a_week_and_moves_nobody_else)
{
    enum { SHIFT = 252, FAST = TILE_SERIES - 1 };
    float before[TILE_SERIES], after[TILE_SERIES];
    struct tile plain;
    for (int t = 0; t < SHOP_BUCKETS; t++) { /* 20 a bucket, little noise: its week tells */
        shop.units[FAST][t] = (float)(18 + t % 5) * (t % 7 == 5 ? 2 : 1);
    }
    shop_total(&shop);
    tile_init(&plain);
    struct forecaster_options options = shop_options();
    struct forecaster *other = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    shop_run(&shop, other, &plain.cols, 0, SHIFT + 7);
    struct window window = shop_window(&shop, SHIFT + 6, 0, TILE_SERIES);
    forecaster_predict(other, &plain.cols, &window, want, &block);
    for (uint32_t i = 0; i < TILE_SERIES; i++) {
        before[i] = block.sum_mean[i * block.sums];
    }
    for (int t = SHIFT; t < SHOP_BUCKETS; t++) {
        shop.units[FAST][t] *= 2; /* the shop's total is as it was: nobody else is told */
    }
    shop_run(&shop, fc, &tile.cols, 0, SHIFT + 7);
    predict_after(SHIFT + 6);
    for (uint32_t i = 0; i < TILE_SERIES; i++) {
        after[i] = block.sum_mean[i * block.sums];
    }
    cr_expect_gt(after[FAST], 1.85f * before[FAST], "%g of %g", (double)after[FAST],
                 (double)before[FAST]);
    for (uint32_t i = 0; i < FAST; i++) {
        cr_expect_float_eq(after[i], before[i], 0.01f * before[i]);
    }
    /* Tests of shifts still see it as one. */
    cr_expect_lt(tile.cols.next_mean[FAST], 1.6f * before[FAST]);
    forecaster_destroy(other);
    tile_fini(&plain);
}

/* Its winsorised share of the level, and no more, whichever expert is asked. */
Test(forecaster, one_wild_order_moves_its_own_series_within_limits)
{
    float before[2];
    for (int wild = 0; wild < 2; wild++) {
        struct tile own;
        struct forecaster_options options = shop_options();
        struct forecaster *other = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
        tile_init(&own);
        shop.units[7][300] = wild ? 1e5f : 2; /* the total is as INGEST counts it: limited */
        shop_run(&shop, other, &own.cols, 0, 309);
        struct window window = shop_window(&shop, 308, 0, TILE_SERIES);
        forecaster_predict(other, &own.cols, &window, want, &block);
        float mean = block.sum_mean[7 * block.sums + 2];
        const float *q = block.sum_q + (7 * block.sums + 2) * FORECAST_LEVELS;
        cr_expect(!wild || (mean < 2.2f * before[0] && q[LEVEL_P90] < 3 * before[1]),
                  "%g after %g, 0.9 quantile %g after %g", (double)mean, (double)before[0],
                  (double)q[LEVEL_P90], (double)before[1]);
        before[0] = mean;
        before[1] = q[LEVEL_P90];
        forecaster_destroy(other);
        tile_fini(&own);
    }
}

Test(forecaster, quantiles_ascend_and_sums_grow_with_length)
{
    for (int t = 0; t < 200; t++) {
        shop_run(&shop, fc, &tile.cols, t, t + 1);
        predict_after(t);
        for (uint32_t i = 0; i < TILE_SERIES; i++) {
            float weights = 0;
            for (int e = 0; e < FORECAST_EXPERTS; e++) {
                weights += block.weights[i * FORECAST_EXPERTS + (uint32_t)e];
            }
            cr_assert_float_eq(weights, 1, 1e-5);
            for (uint32_t row = 0; row < block.sums; row++) {
                const float *q = block.sum_q + (i * block.sums + row) * FORECAST_LEVELS;
                for (int k = 0; k < FORECAST_LEVELS; k++) {
                    cr_assert(isfinite(q[k]) && q[k] >= (k ? q[k - 1] : 0));
                    cr_assert(!row || q[k] >= q[k - FORECAST_LEVELS]);
                }
            }
            float steps = 0;
            for (uint32_t h = 0; h < block.steps; h++) {
                const float *q = block.step_q + (i * block.steps + h) * FORECAST_LEVELS;
                for (int k = 0; k < FORECAST_LEVELS; k++) {
                    cr_assert(isfinite(q[k]) && q[k] >= (k ? q[k - 1] : 0));
                }
                steps += block.step_mean[i * block.steps + h];
            }
            cr_assert_float_eq(steps, block.sum_mean[i * block.sums + 3],
                               1e-3 * (1 + (double)steps));
        }
    }
}

Test(forecaster, covers_the_lead_time_demand_it_forecasts)
{
    int covered = 0, rows = 0;
    for (int t = 0; t < SHOP_BUCKETS - 14; t++) {
        shop_run(&shop, fc, &tile.cols, t, t + 1);
        if (t < 150) {
            continue;
        }
        predict_after(t);
        for (uint32_t i = 0; i < TILE_SERIES; i++, rows++) {
            float y = 0;
            for (int h = 1; h <= 14; h++) {
                y += shop.units[i][t + h];
            }
            covered += y <= block.sum_q[(i * block.sums + 2) * FORECAST_LEVELS + LEVEL_P90];
        }
    }
    double share = (double)covered / rows;
    cr_assert(share > 0.84 && share < 0.96, "the 0.9 quantile of 14 buckets held in %.3f", share);
}

Test(forecaster, what_is_not_wanted_or_never_sold_is_zero)
{
    shop.first[3] = 1000;
    shop_run(&shop, fc, &tile.cols, 0, 60);
    want[1] = FORECAST_NONE;
    want[2] = FORECAST_SUMS;
    predict_after(59);
    cr_assert_eq(block.sum_mean[1 * block.sums + 3], 0.0f);
    cr_assert_eq(block.sum_mean[3 * block.sums + 3], 0.0f);
    cr_assert_gt(block.sum_mean[2 * block.sums + 3], 0.0f);
    cr_assert_eq(block.step_mean[2 * block.steps], 0.0f);
    cr_assert_gt(block.step_mean[4 * block.steps], 0.0f);
}

Test(forecaster, neighbours_and_cuts_of_a_tile_change_no_bit)
{
    struct forecaster_options options = shop_options();
    struct forecaster *cut = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    struct tile a,
        b; /* series 0..4 and 5..15 of the same shop, in tiles of their own, the second one first */
    tile_init(&a);
    tile_init(&b);
    for (int t = 0; t < 150; t++) {
        shop_run(&shop, fc, &tile.cols, t, t + 1);
        forecaster_begin_close(cut, t, t % 7, 7, shop.total[t]);
        struct window window = shop_window(&shop, t, 5, TILE_SERIES - 5);
        forecaster_learn(cut, &b.cols, &window);
        forecaster_begin_close(cut, t, t % 7, 7,
                               shop.total[t]); /* as after a restore between tiles */
        window = shop_window(&shop, t, 0, 5);
        forecaster_learn(cut, &a.cols, &window);
    }
    predict_after(149);
    struct forecast_block part;
    struct window window = shop_window(&shop, 149, 5, TILE_SERIES - 5);
    forecaster_predict(cut, &b.cols, &window, want, &part);
    size_t sums = block.sums * FORECAST_LEVELS, steps = block.steps * FORECAST_LEVELS;
    cr_assert_eq(
        memcmp(part.sum_q, block.sum_q + 5 * sums, (TILE_SERIES - 5) * sums * sizeof(float)), 0);
    cr_assert_eq(
        memcmp(part.step_q, block.step_q + 5 * steps, (TILE_SERIES - 5) * steps * sizeof(float)),
        0);
    cr_assert_eq(memcmp(part.step_mean, block.step_mean + 5 * block.steps,
                        (TILE_SERIES - 5) * block.steps * sizeof(float)),
                 0);
    forecaster_destroy(cut);
    tile_fini(&a);
    tile_fini(&b);
}

Test(forecaster, censored_buckets_change_no_statistics)
{
    shop_run(&shop, fc, &tile.cols, 0, 100);
    float level[TILE_SERIES];
    memcpy(level, tile.cols.level, sizeof level);
    for (int i = 0; i < TILE_SERIES; i++) {
        shop.units[i][100] = 5000;
        shop.flags[i][100] = i % 2 ? WINDOW_OUT_OF_STOCK : WINDOW_FEED_SILENT;
    }
    shop_run(&shop, fc, &tile.cols, 100, 101);
    for (int i = 0; i < TILE_SERIES; i++) {
        cr_assert_eq(tile.cols.level[i], level[i]);
        cr_assert_eq(tile.cols.observed[i], 100);
    }
}

Test(forecaster, a_poisoned_order_moves_one_series_a_little_and_the_others_not)
{
    shop_run(&shop, fc, &tile.cols, 0, 200);
    predict_after(199);
    float before = block.sum_mean[9 * block.sums + 2];
    shop.units[9][200] = 100000;
    shop_run(&shop, fc, &tile.cols, 200, 201);
    predict_after(200);
    cr_assert_lt(block.sum_mean[9 * block.sums + 2], 3.5f * before + 10);
}

Test(forecaster, a_number_that_is_not_finite_resets_its_series_and_never_leaves)
{
    shop_run(&shop, fc, &tile.cols, 0, 80);
    shop.units[7][80] = NAN;
    shop.units[8][80] = INFINITY;
    shop_run(&shop, fc, &tile.cols, 80, 81);
    cr_assert_geq(forecaster_faults(fc), 1u);
    shop_run(&shop, fc, &tile.cols, 81, 130);
    predict_after(129);
    for (uint32_t at = 0; at < TILE_SERIES * block.sums * FORECAST_LEVELS; at++) {
        cr_assert(isfinite(block.sum_q[at]));
    }
    cr_assert_gt(block.sum_mean[6 * block.sums + 1], 0.0f);
    cr_assert_gt(tile.cols.observed[7], 10);
}

Test(forecaster, a_probe_is_scored_only_when_its_target_has_matured)
{
    shop_run(&shop, fc, &tile.cols, 0, 1);
    for (uint32_t i = 0; i < TILE_SERIES; i++) {
        cr_assert_neq(tile.cols.probe_target[i], 0);
        cr_assert_eq(tile.cols.probe_left[i], tile.cols.probe_target[i] & 63);
    }
    int64_t scores = 0;
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (uint32_t s = 0; s < fc->rows; s++) {
            scores += fc->tally[c][s].scores;
        }
    }
    cr_assert_eq(scores, 0);
}

Test(forecaster, check_names_what_is_wrong)
{
    struct forecaster_options options = shop_options();
    cr_assert_null(forecaster_check(&options, SHOP_WIDTH));
    options.sums.values[1] = 7;
    struct status *st = forecaster_check(&options, SHOP_WIDTH);
    cr_assert(status_code(st) == STATUS_CONFIG && strstr(status_message(st), "forecasts.sums"));
    status_free(st);
    options = shop_options();
    options.sums.values[2] = 64;
    st = forecaster_check(&options, SHOP_WIDTH);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
    options.sums.values[2] = 60;
    st = forecaster_check(&options, 56);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
}

Test(forecaster, names)
{
    cr_assert_str_eq(forecaster_name(FORECAST_NB), "nb");
    cr_assert_str_eq(forecaster_name(FORECAST_EMPIRICAL), "empirical");
    cr_assert_str_eq(forecaster_name(FORECAST_GRU), "gru");
    cr_assert_str_eq(forecaster_name(FORECAST_EXPERTS), "unknown");
    cr_assert_str_eq(forecaster_class_name(FORECAST_LUMPY), "lumpy");
    cr_assert_str_eq(forecaster_class_name(FORECAST_CLASSES), "unknown");
}

Test(forecaster, the_columns_stay_small)
{
    cr_assert_leq(column_table_bytes(&forecaster_column_table, 256), 256u * 118);
}

Test(forecaster, a_base_model_takes_part_and_tiles_may_still_be_cut_anywhere)
{
    struct base_model *base = base_make(0.05);
    struct forecaster_options options = shop_options();
    options.base_ref = base;
    struct forecaster *whole = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    struct forecaster *cut = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    struct tile a, b;
    tile_init(&a);
    tile_init(&b);
    tile_add_gru(&tile);
    tile_add_gru(&a);
    tile_add_gru(&b);
    for (int t = 0; t < 100; t++) {
        shop_run(&shop, whole, &tile.cols, t, t + 1);
        forecaster_begin_close(cut, t, t % 7, 7, shop.total[t]);
        struct window window = shop_window(&shop, t, 5, TILE_SERIES - 5);
        forecaster_learn(cut, &b.cols, &window);
        window = shop_window(&shop, t, 0, 5);
        forecaster_learn(cut, &a.cols, &window);
    }
    struct forecast_block part;
    struct window window = shop_window(&shop, 99, 0, TILE_SERIES);
    forecaster_predict(whole, &tile.cols, &window, want, &block);
    window = shop_window(&shop, 99, 5, TILE_SERIES - 5);
    forecaster_predict(cut, &b.cols, &window, want, &part);
    size_t sums = block.sums * FORECAST_LEVELS, steps = block.steps * FORECAST_LEVELS;
    cr_assert_eq(
        memcmp(part.sum_q, block.sum_q + 5 * sums, (TILE_SERIES - 5) * sums * sizeof(float)), 0);
    cr_assert_eq(
        memcmp(part.step_q, block.step_q + 5 * steps, (TILE_SERIES - 5) * steps * sizeof(float)),
        0);
    cr_assert_gt(block.weights[9 * FORECAST_EXPERTS + FORECAST_GRU], 0.1f);
    cr_assert_eq(forecaster_faults(whole), 0u);
    forecaster_destroy(whole);
    forecaster_destroy(cut);
    base_model_free(base);
    tile_fini(&a);
    tile_fini(&b);
}
