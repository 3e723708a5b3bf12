#include "model/experts.h"

#include "tests/model/base.h"
#include "tests/model/shop.h"

#include <criterion/criterion.h>
#include <math.h>

static struct shop shop;
static struct tile tile;
static struct forecaster *fc;
static struct window window;
static struct empirical_history history;
static struct expert_lanes lanes;

static void weigh(uint32_t count, float nb, float empirical, float gru)
{
    memset(&lanes, 0, sizeof lanes);
    lanes.count = count;
    for (uint32_t lane = 0; lane < count; lane++) {
        lanes.weight[FORECAST_NB][lane] = nb;
        lanes.weight[FORECAST_EMPIRICAL][lane] = empirical;
        lanes.weight[FORECAST_GRU][lane] = gru;
    }
}

static void init(void)
{
    struct forecaster_options options = shop_options();
    shop_make(&shop, 3);
    tile_init(&tile);
    fc = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    shop_run(&shop, fc, &tile.cols, 0, 120);
    window = shop_window(&shop, 119, 0, TILE_SERIES);
    experts_history(fc, &window, 9, &history);
    forecaster_look(fc, &tile.cols, &window, 9, 28);
}

static void fini(void)
{
    forecaster_destroy(fc);
    tile_fini(&tile);
}

TestSuite(experts, .init = init, .fini = fini);

Test(experts, agree_on_the_level_and_differ_in_shape)
{
    weigh(1, 1, 1, 1);
    experts_sums(fc, &history, 9, 2, &lanes);
    cr_assert_float_eq(lanes.mean[FORECAST_EMPIRICAL][0], lanes.mean[FORECAST_NB][0],
                       1e-3 * (double)lanes.mean[FORECAST_NB][0]);
    cr_assert_neq(memcmp(lanes.q[FORECAST_EMPIRICAL], lanes.q[FORECAST_NB], sizeof lanes.q[0]), 0);
    cr_assert_arr_eq(lanes.q[FORECAST_GRU], lanes.q[FORECAST_NB],
                     sizeof lanes.q[0]); /* no base model: it repeats nb */
}

Test(experts, what_they_say_does_not_depend_on_the_other_lanes)
{
    weigh(3, 1, 1, 1);
    experts_sums(fc, &history, 9, 0, &lanes);
    struct expert_lanes all = lanes;
    for (uint32_t s = 0; s < 3; s++) {
        weigh(1, 1, 1, 1);
        experts_sums(fc, &history, 9, s, &lanes);
        for (int e = 0; e < FORECAST_EXPERTS; e++) {
            cr_assert_eq(lanes.mean[e][0], all.mean[e][s]);
            for (int k = 0; k < FORECAST_LEVELS; k++) {
                cr_assert_eq(lanes.q[e][k][0], all.q[e][k][s]);
            }
        }
    }
}

Test(experts, without_a_weight_an_expert_is_not_asked_and_what_it_does_not_know_is_nb)
{
    weigh(1, 1, 0, 0);
    experts_sums(fc, &history, 9, 1, &lanes);
    cr_assert_eq(lanes.mean[FORECAST_EMPIRICAL][0], 0.0f);
    struct expert_shape nothing = {0};
    weigh(1, 1, 1, 0);
    experts_steps(fc, &nothing, 9, 3, &lanes);
    cr_assert_arr_eq(lanes.q[FORECAST_EMPIRICAL], lanes.q[FORECAST_NB], sizeof lanes.q[0]);
}

Test(experts, steps_follow_the_phase)
{
    struct expert_shape shape;
    experts_shape(&history, &shape);
    cr_assert(shape.known);
    weigh(6, 1, 1, 1);
    experts_steps(fc, &shape, 9, 1, &lanes);
    for (int e = 0; e < FORECAST_EXPERTS; e++) { /* 119 % 7 is 0: five ahead is the busy phase */
        cr_assert_gt(lanes.mean[e][4], 1.4f * lanes.mean[e][3]);
    }
}

Test(experts, mixture_is_stretched_about_its_median_counted_and_ascending)
{
    float stretch[POOL_SIDES * EXPERT_LANES], mean[EXPERT_LANES], q[FORECAST_LEVELS * EXPERT_LANES];
    weigh(2, 0.5f, 0.25f, 0.25f);
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            lanes.q[e][k][0] = lanes.q[e][k][1] = (float)(10 * k + 4 * e);
        }
        lanes.mean[e][0] = (float)(e + 1);
    }
    for (int lane = 0; lane < EXPERT_LANES; lane++) {
        stretch[POOL_BELOW * EXPERT_LANES + lane] = 1;
        stretch[POOL_ABOVE * EXPERT_LANES + lane] = lane == 1 ? 2 : 1;
    }
    experts_mix(&lanes, stretch, mean, q);
    cr_assert_eq(mean[0], 0.5f + 0.5f + 0.75f);
    for (int k = 0; k < FORECAST_LEVELS; k++) { /* 3 is the mean of 0, 4, 8 by weight */
        float plain = (float)(10 * k + 3), median = (float)(10 * LEVEL_P50 + 3);
        cr_assert_eq(q[k * EXPERT_LANES], plain);
        cr_assert_eq(q[k * EXPERT_LANES + 1],
                     k > LEVEL_P50 ? median + 2 * (plain - median) : plain);
        cr_assert_eq(q[k * EXPERT_LANES + 2], 0.0f);
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            lanes.q[e][k][0] = k % 2 ? 2.6f : -1;
        }
    }
    experts_mix(&lanes, stretch, mean, q);
    cr_assert_eq(q[0], 0.0f);
    cr_assert_eq(q[LEVEL_P10 * EXPERT_LANES], 2.0f);
    cr_assert_eq(q[LEVEL_P90 * EXPERT_LANES], 3.0f);
    cr_assert_eq(q[LEVEL_P95 * EXPERT_LANES], 3.0f);
}

Test(experts, classes_are_those_of_syntetos_and_boylan)
{
    struct shop *made = &shop;
    for (int t = 0; t < SHOP_BUCKETS; t++) {
        made->units[0][t] = 5;
        made->units[1][t] = t % 2 ? 1 : 60;
        made->units[2][t] = t % 4 ? 0 : 3;
        made->units[3][t] = t % 4 ? 0 : t % 8 ? 1 : 60;
        made->units[4][t] = 0;
    }
    window = shop_window(made, 200, 0, TILE_SERIES);
    cr_assert_eq(experts_class(&window, 0), FORECAST_SMOOTH);
    cr_assert_eq(experts_class(&window, 1), FORECAST_ERRATIC);
    cr_assert_eq(experts_class(&window, 2), FORECAST_INTERMITTENT);
    cr_assert_eq(experts_class(&window, 3), FORECAST_LUMPY);
    cr_assert_eq(experts_class(&window, 4), FORECAST_LUMPY);
}
