#include "model/probe.h"

#include "model/bfloat.h"
#include "model/pool.h"
#include "tests/model/model_tile.h"

#include <criterion/criterion.h>
#include <math.h>

Test(probe, bfloat16_is_exact_for_small_counts_and_close_else)
{
    for (int count = 0; count <= 256; count++) {
        cr_assert_eq(bfloat_unpack(bfloat_pack((float)count)), (float)count);
    }
    for (float x = 1e-3f; x < 1e12f; x *= 1.37f) {
        cr_assert_float_eq(bfloat_unpack(bfloat_pack(x)), x, (double)x / 255);
    }
}

Test(probe, what_is_put_aside_comes_back_when_it_has_matured)
{
    struct tile tile;
    tile_init(&tile);
    tile_add_gru(&tile);
    float q[FORECAST_EXPERTS * FORECAST_LEVELS], back[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS];
    for (int k = 0; k < FORECAST_EXPERTS * FORECAST_LEVELS; k++) {
        q[k] = (float)k;
    }
    struct probe_target target = {.length = 3, .demand_class = FORECAST_LUMPY};
    for (int slot = 0; slot < FORECASTER_PROBES; slot++) {
        cr_assert_eq(probe_free(&tile.cols, TILE_SERIES, 5), slot);
        probe_put(&tile.cols, TILE_SERIES, 5, slot, target, q);
    }
    cr_assert_eq(probe_free(&tile.cols, TILE_SERIES, 5), PROBE_NONE);
    cr_assert_eq(probe_free(&tile.cols, TILE_SERIES, 4), 0);
    for (int close = 0; close < 3; close++) {
        cr_assert_eq(probe_due(&tile.cols, TILE_SERIES, 5, 0), PROBE_NONE);
        probe_tick(&tile.cols, TILE_SERIES, TILE_SERIES);
    }
    int slot = probe_due(&tile.cols, TILE_SERIES, 5, 0);
    cr_assert_eq(slot, 0);
    cr_assert_eq(probe_due(&tile.cols, TILE_SERIES, 5, slot + 1), 1);
    struct probe_target found = probe_take(&tile.cols, TILE_SERIES, 5, slot, back);
    cr_assert(found.length == 3 && found.demand_class == FORECAST_LUMPY);
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        for (int k = 0; k < FORECASTER_PROBE_LEVELS; k++) {
            cr_assert_eq(back[e * FORECASTER_PROBE_LEVELS + k],
                         q[e * FORECAST_LEVELS + pool_levels[k]]);
        }
    }
    cr_assert_eq(probe_free(&tile.cols, TILE_SERIES, 5), 0);
    tile_fini(&tile);
}

Test(probe, the_longest_target_fits)
{
    struct tile tile;
    tile_init(&tile);
    float q[FORECAST_EXPERTS * FORECAST_LEVELS] = {0},
                               back[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS];
    struct probe_target target = {.length = PROBE_LENGTH_MAX, .demand_class = FORECAST_CLASSES - 1};
    probe_put(&tile.cols, TILE_SERIES, 0, 1, target, q);
    struct probe_target found = probe_take(&tile.cols, TILE_SERIES, 0, 1, back);
    cr_assert(found.length == PROBE_LENGTH_MAX && found.demand_class == FORECAST_CLASSES - 1);
    tile_fini(&tile);
}

Test(probe, without_a_network_the_third_expert_repeats_nb)
{
    float q[FORECAST_EXPERTS * FORECAST_LEVELS], back[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS];
    for (int k = 0; k < FORECAST_EXPERTS * FORECAST_LEVELS; k++) {
        q[k] = (float)k;
    }
    for (int network = 0; network < 2; network++) {
        struct tile tile;
        tile_init(&tile);
        if (network) {
            tile_add_gru(&tile);
        }
        for (int slot = 0; slot < FORECASTER_PROBES; slot++) {
            struct probe_target target = {.length = 1 + (uint8_t)slot};
            probe_put(&tile.cols, TILE_SERIES, 15, slot, target, q);
        }
        for (int slot = 0; slot < FORECASTER_PROBES; slot++) {
            (void)probe_take(&tile.cols, TILE_SERIES, 15, slot, back);
            for (int k = 0; k < FORECASTER_PROBE_LEVELS; k++) {
                float nb = back[FORECAST_NB * FORECASTER_PROBE_LEVELS + k];
                float gru = back[FORECAST_GRU * FORECASTER_PROBE_LEVELS + k];
                cr_expect_eq(nb, q[pool_levels[k]]);
                cr_expect_eq(gru,
                             network ? q[FORECAST_GRU * FORECAST_LEVELS + pool_levels[k]] : nb);
                cr_expect_eq(back[FORECAST_EMPIRICAL * FORECASTER_PROBE_LEVELS + k],
                             q[FORECAST_EMPIRICAL * FORECAST_LEVELS + pool_levels[k]]);
            }
        }
        tile_fini(&tile);
    }
}

Test(probe, a_network_that_comes_later_begins_as_if_it_had_repeated_nb)
{
    struct tile tile;
    tile_init(&tile);
    float q[FORECAST_EXPERTS * FORECAST_LEVELS] = {0},
                               back[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS];
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        q[k] = (float)k + 1;
        q[FORECAST_LEVELS + k] = 99;
    }
    probe_put(&tile.cols, TILE_SERIES, 3, 1, (struct probe_target){.length = 2}, q);
    tile.cols.loss[FORECAST_NB * TILE_SERIES + 3] = 5;
    tile.cols.loss[(FORECAST_STATISTICAL + FORECAST_NB) * TILE_SERIES + 3] = 7;
    cr_expect_eq(forecaster_gru_loss(&tile.cols, TILE_SERIES, 3), 0);
    tile_add_gru(&tile);
    forecaster_adopt_network(&tile.cols, TILE_SERIES);
    cr_expect(tile.cols.gru_loss[3] == 5 && tile.cols.gru_loss[TILE_SERIES + 3] == 7);
    cr_expect_eq(forecaster_gru_loss(&tile.cols, TILE_SERIES, 3), 0);
    (void)probe_take(&tile.cols, TILE_SERIES, 3, 1, back);
    for (int k = 0; k < FORECASTER_PROBE_LEVELS; k++) {
        cr_expect_eq(back[FORECAST_GRU * FORECASTER_PROBE_LEVELS + k], q[pool_levels[k]]);
    }
    tile_fini(&tile);
}
