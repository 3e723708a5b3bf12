#include "stream/tile.h"

#include "config/base/ensure.h"

#include <stdlib.h>
#include <string.h>

enum { TILE_ALIGNMENT = 64 };

static const struct column ROWS[] = {
    {"first", COLUMN_I64, COLUMN_HOT, 1, offsetof(struct stream_cols, first)},
    {"last", COLUMN_I64, COLUMN_HOT, 1, offsetof(struct stream_cols, last)},
    {"price", COLUMN_I64, COLUMN_HOT, 1, offsetof(struct stream_cols, price)},
    {"emitted", COLUMN_I64, COLUMN_COLD, 1, offsetof(struct stream_cols, emitted)},
    {"emitted_mean", COLUMN_F32, COLUMN_COLD, 1, offsetof(struct stream_cols, emitted_mean)},
    {"emitted_high", COLUMN_F32, COLUMN_COLD, 1, offsetof(struct stream_cols, emitted_high)},
    {"trigger", COLUMN_I64, COLUMN_COLD, 1, offsetof(struct stream_cols, trigger)},
};
const struct column_table stream_column_table = {"stream", ROWS, sizeof ROWS / sizeof ROWS[0]};

static const struct column_table NO_COLUMNS = {"none", NULL, 0};

static size_t padded(size_t bytes)
{
    return (bytes + TILE_ALIGNMENT - 1) & ~(size_t)(TILE_ALIGNMENT - 1);
}

void tile_tables(struct tile *tile, struct tile_table out[TILE_TABLES])
{
    out[0] = (struct tile_table){&stream_column_table, &tile->cols};
    out[1] = (struct tile_table){&forecaster_column_table, &tile->forecast};
    out[2] = (struct tile_table){&tails_column_table, &tile->tails};
    out[3] = (struct tile_table){&linecheck_column_table, &tile->linecheck};
    out[4] = (struct tile_table){tile->gru ? &gru_column_table : &NO_COLUMNS, &tile->forecast};
}

static size_t ring_bytes(const struct plan *plan)
{
    return padded((size_t)plan->slots * PLAN_TILE_SERIES * sizeof(uint16_t)) +
           padded((size_t)plan->slots * PLAN_TILE_SERIES);
}

size_t tile_bytes(const struct plan *plan)
{
    struct tile tile = {.gru = plan->settings_ref->forecast.base_ref != NULL};
    struct tile_table tables[TILE_TABLES];
    tile_tables(&tile, tables);
    size_t bytes = ring_bytes(plan);
    for (int i = 0; i < TILE_TABLES; i++) {
        bytes += column_table_bytes(tables[i].table, PLAN_TILE_SERIES);
    }
    return bytes;
}

void tile_destroy(struct tile *tile)
{
    if (tile) {
        free(tile->block);
        free(tile->slot_bucket);
        free(tile);
    }
}

struct tile *tile_create(const struct plan *plan, int64_t closed)
{
    struct tile *tile = calloc(1, sizeof *tile);
    if (!tile) {
        return NULL;
    }
    tile->gru = plan->settings_ref->forecast.base_ref != NULL;
    size_t bytes = tile_bytes(plan);
    tile->block = aligned_alloc(TILE_ALIGNMENT, bytes);
    tile->slot_bucket = malloc(plan->slots * sizeof *tile->slot_bucket);
    if (!tile->block || !tile->slot_bucket) {
        tile_destroy(tile);
        return NULL;
    }
    memset(tile->block, 0, bytes);
    for (uint32_t slot = 0; slot < plan->slots; slot++) {
        tile->slot_bucket[slot] = INT64_MIN;
    }
    tile->closed = closed;
    unsigned char *at = tile->block;
    tile->units = (uint16_t *)(void *)at;
    at += padded((size_t)plan->slots * PLAN_TILE_SERIES * sizeof(uint16_t));
    tile->flags = at;
    at += padded((size_t)plan->slots * PLAN_TILE_SERIES);
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    for (int i = 0; i < TILE_TABLES; i++) {
        at += column_bind(tables[i].table, PLAN_TILE_SERIES, at, tables[i].cols);
    }
    ASSERT(at == tile->block + bytes);
    return tile;
}

void tile_clear_series(const struct plan *plan, struct tile *tile, uint32_t row)
{
    for (uint32_t slot = 0; slot < plan->slots; slot++) {
        tile->units[slot * PLAN_TILE_SERIES + row] = 0;
        tile->flags[slot * PLAN_TILE_SERIES + row] = 0;
    }
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    for (int t = 0; t < TILE_TABLES; t++) {
        for (size_t r = 0; r < tables[t].table->count; r++) {
            const struct column *column = &tables[t].table->rows[r];
            unsigned char *plane;
            memcpy(&plane, (unsigned char *)tables[t].cols + column->pointer_offset, sizeof plane);
            size_t bytes = column_type_bytes(column->type);
            for (uint32_t k = 0; k < column->width; k++) {
                memset(plane + (k * (size_t)PLAN_TILE_SERIES + row) * bytes, 0, bytes);
            }
        }
    }
}

void tile_clear_slot(const struct plan *plan, struct tile *tile, uint32_t slot)
{
    ASSERT(slot < plan->slots);
    memset(tile->units + (size_t)slot * PLAN_TILE_SERIES, 0, PLAN_TILE_SERIES * sizeof(uint16_t));
    memset(tile->flags + (size_t)slot * PLAN_TILE_SERIES, 0, PLAN_TILE_SERIES);
}
