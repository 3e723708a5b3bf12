/* A small made-up shop for tests of the forecaster: TILE_SERIES series of counts with a weekly
 * season, driven close by close. */
#ifndef RESTOCK_TESTS_MODEL_SHOP_H
#define RESTOCK_TESTS_MODEL_SHOP_H

#include "config/base/rng.h"
#include "model/forecaster.h"
#include "tests/model/model_tile.h"

enum { SHOP_WIDTH = 84, SHOP_BUCKETS = 400 };

struct shop {
    float units[TILE_SERIES][SHOP_BUCKETS];
    uint8_t flags[TILE_SERIES][SHOP_BUCKETS];
    uint32_t first[TILE_SERIES]; /* bucket of the first sale */
    double total[SHOP_BUCKETS];
    float window_units[TILE_SERIES * SHOP_WIDTH];
    uint8_t window_flags[TILE_SERIES * SHOP_WIDTH];
    uint32_t age[TILE_SERIES];
};

static inline void shop_total(struct shop *shop)
{
    for (int t = 0; t < SHOP_BUCKETS; t++) {
        shop->total[t] = 0;
        for (int i = 0; i < TILE_SERIES; i++) {
            shop->total[t] += (double)shop->units[i][t];
        }
    }
}

/* Means of 0.3, 0.6 .. 4.8 a bucket, twice as much on phase 5, overdispersed. */
static inline void shop_make(struct shop *shop, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed);
    memset(shop, 0, sizeof *shop);
    for (int i = 0; i < TILE_SERIES; i++) {
        for (int t = 0; t < SHOP_BUCKETS; t++) {
            double mean = 0.3 * (i + 1) * (t % 7 == 5 ? 2 : 1);
            shop->units[i][t] = (float)rng_negbin(&rng, mean, 3 * mean);
        }
    }
    shop_total(shop);
}

/* The window after the close of bucket t, of series begin .. begin + count - 1. */
static inline struct window shop_window(struct shop *shop, int t, uint32_t begin, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = shop->first[begin + i];
        shop->age[i] = (uint32_t)t >= first ? (uint32_t)t - first + 1 : 0;
        for (int w = 0; w < SHOP_WIDTH; w++) {
            int at = t - (SHOP_WIDTH - 1) + w;
            bool there = at >= (int)first;
            shop->window_units[i * SHOP_WIDTH + (uint32_t)w] =
                there ? shop->units[begin + i][at] : 0;
            shop->window_flags[i * SHOP_WIDTH + (uint32_t)w] =
                there ? shop->flags[begin + i][at] : WINDOW_ABSENT;
        }
    }
    return (struct window){.series = count,
                           .width = SHOP_WIDTH,
                           .bucket = t,
                           .phase = t % 7,
                           .season = 7,
                           .units = shop->window_units,
                           .flags = shop->window_flags,
                           .age = shop->age};
}

static inline struct forecaster_options shop_options(void)
{
    return (struct forecaster_options){.horizon = 28,
                                       .sums = {.count = 3, .values = {7, 14, 28}},
                                       .rate = 0.04,
                                       .winsor = 10,
                                       .conformal = true};
}

/* Closes begin .. end - 1 of the whole tile. */
static inline void shop_run(struct shop *shop, struct forecaster *fc, struct forecaster_cols *cols,
                            int begin, int end)
{
    for (int t = begin; t < end; t++) {
        struct window window = shop_window(shop, t, 0, TILE_SERIES);
        forecaster_begin_close(fc, t, t % 7, 7, shop->total[t]);
        forecaster_learn(fc, cols, &window);
    }
}

#endif
