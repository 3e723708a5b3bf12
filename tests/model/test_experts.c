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
static const float ALL[FORECAST_EXPERTS] = {1, 1, 1}, NB_ALONE[FORECAST_EXPERTS] = {1, 0, 0};

static void init(void)
{
    struct forecaster_options options = shop_options();
    shop_make(&shop, 3);
    tile_init(&tile);
    fc = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    shop_run(&shop, fc, &tile.cols, 0, 120);
    window = shop_window(&shop, 119, 0, TILE_SERIES);
    experts_history(&window, 9, &history);
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
    struct expert_row row;
    experts_ask(fc, &history, 9, 2, ALL, &row);
    cr_assert_float_eq(row.mean[FORECAST_EMPIRICAL], row.mean[FORECAST_NB],
                       1e-3 * (double)row.mean[FORECAST_NB]);
    cr_assert_neq(memcmp(row.q[FORECAST_EMPIRICAL], row.q[FORECAST_NB], sizeof row.q[0]), 0);
    cr_assert_arr_eq(row.q[FORECAST_GRU], row.q[FORECAST_NB],
                     sizeof row.q[0]); /* no base model: it repeats nb */
}

Test(experts, without_a_weight_an_expert_repeats_nb)
{
    struct expert_row row;
    experts_ask(fc, &history, 9, 1, NB_ALONE, &row);
    cr_assert_arr_eq(row.q[FORECAST_EMPIRICAL], row.q[FORECAST_NB], sizeof row.q[0]);
    struct expert_shape nothing = {0};
    experts_ask_step(fc, &nothing, 9, 3, ALL, &row);
    cr_assert_arr_eq(row.q[FORECAST_EMPIRICAL], row.q[FORECAST_NB], sizeof row.q[0]);
}

Test(experts, steps_follow_the_phase)
{
    struct expert_shape shape;
    struct expert_row busy, quiet;
    experts_shape(&history, &shape);
    cr_assert(shape.known);
    experts_ask_step(fc, &shape, 9, 5, ALL, &busy); /* 119 % 7 is 0: five ahead is the busy phase */
    experts_ask_step(fc, &shape, 9, 4, ALL, &quiet);
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        cr_assert_gt(busy.mean[e], 1.4f * quiet.mean[e]);
    }
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
