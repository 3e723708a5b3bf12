#include "stream/tile.h"

#include "config/base/ensure.h"

#include <stdlib.h>
#include <string.h>

enum { TILE_ALIGNMENT = 64 };

#define FIELD(name) offsetof(struct stream_row, name)
static const struct column ROWS[] = {
    {"stream", COLUMN_RECORD, COLUMN_DERIVED, sizeof(struct stream_row),
     offsetof(struct stream_cols, row)},
    {"first", COLUMN_I32, COLUMN_HOT, 1, FIELD(first)},
    {"last", COLUMN_I32, COLUMN_HOT, 1, FIELD(last)},
    {"price", COLUMN_D32, COLUMN_HOT, 1, FIELD(price)},
    {"stock", COLUMN_U32, COLUMN_DERIVED, 1, FIELD(stock)},
    {"emitted", COLUMN_I32, COLUMN_COLD, 1, FIELD(emitted)},
    {"emitted_mean", COLUMN_F32, COLUMN_COLD, 1, FIELD(emitted_mean)},
    {"emitted_high", COLUMN_F32, COLUMN_COLD, 1, FIELD(emitted_high)},
    {"trigger", COLUMN_D32, COLUMN_COLD, 1, FIELD(trigger)},
};
#undef FIELD
const struct column_table stream_column_table = {"stream", ROWS, sizeof ROWS / sizeof ROWS[0]};

static const struct column SHORT_ROWS[] = {
    {"short.trigger", COLUMN_I64, COLUMN_HOT, 1, offsetof(struct short_cols, trigger)},
    {"short.group", COLUMN_U8, COLUMN_COLD, 1, offsetof(struct short_cols, group)},
};
const struct column_table short_column_table = {"short", SHORT_ROWS,
                                                sizeof SHORT_ROWS / sizeof SHORT_ROWS[0]};

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
    out[5] =
        (struct tile_table){tile->shorts ? &short_column_table : &NO_COLUMNS, &tile->short_cols};
    out[6] = (struct tile_table){tile->traced ? &trace_column_table : &NO_COLUMNS, &tile->trace};
    out[7] = (struct tile_table){tile->encoded ? &autoencoder_column_table : &NO_COLUMNS,
                                 &tile->encoder};
}

static size_t ring_bytes(uint32_t slots)
{
    return padded((size_t)slots * PLAN_TILE_SERIES * sizeof(uint16_t));
}

struct tile tile_prototype(const struct plan *plan)
{
    return (struct tile){.gru = plan->settings_ref->forecast.base_ref != NULL,
                         .shorts = plan->shorts.per_day > 0,
                         .encoded = plan->settings_ref->alert.autoencoder,
                         .traced = plan->settings_ref->alert.detector_ref != NULL};
}

size_t tile_bytes(const struct plan *plan)
{
    struct tile tile = tile_prototype(plan);
    struct tile_table tables[TILE_TABLES];
    tile_tables(&tile, tables);
    size_t bytes = ring_bytes(plan->slots) + ring_bytes(plan->shorts.slots) +
                   padded((size_t)plan->shorts.slots * PLAN_TILE_SERIES);
    for (int i = 0; i < TILE_TABLES; i++) {
        bytes += column_table_bytes(tables[i].table, PLAN_TILE_SERIES);
    }
    return bytes;
}

void tile_destroy(struct tile *tile)
{
    if (tile) {
        free(tile->own_block ? tile->block : NULL);
        free(tile->slot_bucket);
        free(tile->short_bucket);
        free(tile->short_dirty);
        free(tile);
    }
}

static int64_t *no_buckets(uint32_t slots)
{
    int64_t *bucket = malloc((slots ? slots : 1) * sizeof *bucket);
    for (uint32_t slot = 0; bucket && slot < slots; slot++) {
        bucket[slot] = INT64_MIN;
    }
    return bucket;
}

static unsigned char *bind_ring(unsigned char *at, uint32_t slots, uint16_t **cells)
{
    *cells = (uint16_t *)(void *)at;
    return at + ring_bytes(slots);
}

struct tile *tile_create_in(const struct plan *plan, int64_t closed, struct pages *pages)
{
    size_t size = padded(sizeof(struct tile));
    struct tile *tile = aligned_alloc(TILE_ALIGNMENT, size);
    if (!tile) {
        return NULL;
    }
    *tile = tile_prototype(plan);
    size_t bytes = tile_bytes(plan);
    tile->own_block = !pages;
    tile->block = pages ? pages_take(pages) : aligned_alloc(TILE_ALIGNMENT, bytes);
    tile->slot_bucket = no_buckets(plan->slots);
    if (tile->shorts) {
        tile->short_bucket = no_buckets(plan->shorts.slots);
        tile->short_dirty = calloc(plan->shorts.slots / 64 + 1, sizeof *tile->short_dirty);
    }
    if (!tile->block || !tile->slot_bucket ||
        (tile->shorts && (!tile->short_bucket || !tile->short_dirty))) {
        tile_destroy(tile);
        return NULL;
    }
    memset(tile->block, 0, bytes);
    tile->closed = tile->short_closed = closed;
    unsigned char *at = bind_ring(tile->block, plan->slots, &tile->cells);
    at = bind_ring(at, plan->shorts.slots, &tile->short_units);
    tile->short_flags = at;
    at += padded((size_t)plan->shorts.slots * PLAN_TILE_SERIES);
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    for (int i = 0; i < TILE_TABLES; i++) {
        at += column_bind(tables[i].table, PLAN_TILE_SERIES, at, tables[i].cols);
    }
    ASSERT(at == tile->block + bytes);
    return tile;
}

struct tile *tile_create(const struct plan *plan, int64_t closed)
{
    return tile_create_in(plan, closed, NULL);
}

void tile_clear_series(const struct plan *plan, struct tile *tile, uint32_t row)
{
    for (uint32_t slot = 0; slot < plan->slots; slot++) {
        tile->cells[slot * PLAN_TILE_SERIES + row] = 0;
    }
    for (uint32_t slot = 0; slot < plan->shorts.slots; slot++) {
        tile->short_units[slot * PLAN_TILE_SERIES + row] = 0;
        tile->short_flags[slot * PLAN_TILE_SERIES + row] = 0;
    }
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    for (int t = 0; t < TILE_TABLES; t++) {
        for (size_t r = 0; r < tables[t].table->count; r++) {
            const struct column *column = &tables[t].table->rows[r];
            for (uint32_t k = 0; column->type != COLUMN_RECORD && k < column->width; k++) {
                struct column_place place =
                    column_place(tables[t].table, r, tables[t].cols, PLAN_TILE_SERIES, k);
                memset(place.at + row * place.stride, 0, column_type_bytes(column->type));
            }
        }
    }
}

void tile_clear_slot(const struct plan *plan, struct tile *tile, uint32_t slot)
{
    ASSERT(slot < plan->slots);
    memset(tile->cells + (size_t)slot * PLAN_TILE_SERIES, 0, PLAN_TILE_SERIES * sizeof(uint16_t));
}
