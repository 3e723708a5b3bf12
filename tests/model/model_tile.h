/* A tile of forecaster columns for tests. */
#ifndef RESTOCK_TESTS_MODEL_TILE_H
#define RESTOCK_TESTS_MODEL_TILE_H

#include "model/forecaster.h"

#include <stdlib.h>
#include <string.h>

enum { TILE_SERIES = 16 };

struct tile {
    struct forecaster_cols cols;
    unsigned char *block;
    unsigned char *gru; /* NULL: no base model */
    size_t bytes;
};

static inline void tile_init(struct tile *tile)
{
    *tile = (struct tile){0};
    tile->bytes = column_table_bytes(&forecaster_column_table, TILE_SERIES);
    tile->block = aligned_alloc(64, tile->bytes);
    if (!tile->block) {
        abort();
    }
    memset(tile->block, 0, tile->bytes);
    column_bind(&forecaster_column_table, TILE_SERIES, tile->block, &tile->cols);
}

static inline void tile_add_gru(struct tile *tile)
{
    size_t bytes = column_table_bytes(&gru_column_table, TILE_SERIES);
    tile->gru = aligned_alloc(64, bytes);
    if (!tile->gru) {
        abort();
    }
    memset(tile->gru, 0, bytes);
    column_bind(&gru_column_table, TILE_SERIES, tile->gru, &tile->cols);
}

static inline void tile_fini(struct tile *tile)
{
    free(tile->gru);
    free(tile->block);
}

#endif
