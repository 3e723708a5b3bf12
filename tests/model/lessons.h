/* A made-up shop whose closes are recorded as the learner needs them: rows, tape, statistics. */
#ifndef RESTOCK_TESTS_MODEL_LESSONS_H
#define RESTOCK_TESTS_MODEL_LESSONS_H

#include "config/base/ensure.h"
#include "model/forecaster_parts.h"
#include "model/learner.h"
#include "tests/model/base.h"
#include "tests/model/shop.h"

struct lessons {
    struct shop shop;
    struct tile tile;
    struct forecaster *fc;
    struct tape *tape_ref; /* owner: the learner or the test */
    int bucket;
};

/* One close of all series; `tape` gets it. */
static inline void lessons_close(struct lessons *all, int t, struct tape *tape)
{
    struct window window = shop_window(&all->shop, t, 0, TILE_SERIES);
    forecaster_begin_close(all->fc, t, t % 7, 7, all->shop.total[t]);
    forecaster_record(all->fc, tape);
    forecaster_learn(all->fc, &all->tile.cols, &window);
    all->bucket = t;
    all->tape_ref = tape;
}

static inline void lessons_init(struct lessons *all, const struct base_model *base, uint64_t seed)
{
    struct forecaster_options options = shop_options();
    options.base_ref = base;
    shop_make(&all->shop, seed);
    tile_init(&all->tile);
    if (base) {
        tile_add_gru(&all->tile);
    }
    all->fc = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    ASSERT(all->fc);
}

static inline void lessons_fini(struct lessons *all)
{
    forecaster_destroy(all->fc);
    tile_fini(&all->tile);
}

static inline struct lesson_view lessons_view(const struct lessons *all)
{
    struct lesson_view view;
    const struct negbin_table *negbin;
    forecaster_lesson_view(all->fc, all->tape_ref, &view, &negbin);
    return view;
}

/* Row of series i as of the last close; points into the shop's window. */
static inline struct lesson_row lessons_row(struct lessons *all, uint32_t i)
{
    (void)shop_window(&all->shop, all->bucket, 0, TILE_SERIES);
    return (struct lesson_row){.units = all->shop.window_units + (size_t)i * SHOP_WIDTH,
                               .flags = all->shop.window_flags + (size_t)i * SHOP_WIDTH,
                               .width = SHOP_WIDTH,
                               .age = all->shop.age[i],
                               .level = all->tile.cols.level[i],
                               .slow = all->tile.cols.slow[i],
                               .variance = all->tile.cols.variance[i],
                               .observed = all->tile.cols.observed[i]};
}

/* The source of a learner: `series` of them, the tile again and again. */
static inline bool lessons_source_row(void *context, uint32_t series, struct lesson_row *row)
{
    struct lessons *all = context;
    *row = lessons_row(all, series % TILE_SERIES);
    return row->age > 0;
}

static inline float lessons_source_loss(void *context, uint32_t series)
{
    struct lessons *all = context;
    return forecaster_gru_loss(&all->tile.cols, TILE_SERIES, series % TILE_SERIES);
}

#endif
