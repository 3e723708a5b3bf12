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
    size_t bytes;
};

static inline void tile_init(struct tile *tile)
{
    tile->bytes = column_table_bytes(&forecaster_column_table, TILE_SERIES);
    tile->block = aligned_alloc(64, tile->bytes);
    if (!tile->block) {
        abort();
    }
    memset(tile->block, 0, tile->bytes);
    column_bind(&forecaster_column_table, TILE_SERIES, tile->block, &tile->cols);
}

static inline void tile_fini(struct tile *tile)
{
    free(tile->block);
}

#endif
