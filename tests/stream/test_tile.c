#include "stream/tile.h"

#include <criterion/criterion.h>

static struct settings settings;
static struct plan *plan;

static void set_up(void)
{
    cr_assert(!settings_load(NULL, NULL, 0, &settings));
    cr_assert(!plan_create(&settings, 1, NULL, &plan));
}

static void tear_down(void)
{
    plan_destroy(plan);
    settings_fini(&settings);
}

TestSuite(tile, .init = set_up, .fini = tear_down);

Test(tile, starts_empty_and_aligned)
{
    struct tile *tile = tile_create(plan, 42);
    cr_assert(tile);
    cr_expect(tile->closed == 42 && tile->series == 0);
    cr_expect((uintptr_t)tile->cells % 64 == 0 && (uintptr_t)tile->cols.row % 64 == 0);
    for (size_t i = 0; i < tile_bytes(plan); i++) {
        cr_assert(tile->block[i] == 0);
    }
    tile_destroy(tile);
    tile_destroy(NULL);
}

Test(tile, no_two_columns_share_a_byte)
{
    struct tile *tile = tile_create(plan, 0);
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    memset(tile->cells, 1, (size_t)plan->slots * PLAN_TILE_SERIES * sizeof *tile->cells);
    for (int t = 0; t < TILE_TABLES; t++) {
        for (size_t r = 0; r < tables[t].table->count; r++) {
            const struct column *column = &tables[t].table->rows[r];
            for (uint32_t k = 0; column->type != COLUMN_RECORD && k < column->width; k++) {
                struct column_place place =
                    column_place(tables[t].table, r, tables[t].cols, PLAN_TILE_SERIES, k);
                for (uint32_t i = 0; i < PLAN_TILE_SERIES; i++) {
                    unsigned char *at = place.at + i * place.stride;
                    cr_assert(at >= tile->block && at < tile->block + tile_bytes(plan));
                    for (size_t byte = 0; byte < column_type_bytes(column->type); byte++) {
                        cr_assert(at[byte] == 0, "%s", column->name);
                        at[byte] = 1;
                    }
                }
            }
        }
    }
    tile_destroy(tile);
}

Test(tile, clearing_a_series_leaves_its_neighbours)
{
    struct tile *tile = tile_create(plan, 0);
    memset(tile->block, 0x55, tile_bytes(plan));
    tile_clear_series(plan, tile, 7);
    for (uint32_t slot = 0; slot < plan->slots; slot++) {
        size_t at = (size_t)slot * PLAN_TILE_SERIES + 7;
        cr_assert(tile->cells[at] == 0 && tile->cells[at - 1] == 0x5555 &&
                  tile->cells[at + 1] == 0x5555);
    }
    cr_expect(tile->cols.row[7].price == 0 && tile->cols.row[6].price && tile->cols.row[8].price);
    for (uint32_t row = 0; row < PLAN_TILE_SERIES; row++) {
        tile_clear_series(plan, tile, row);
    }
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    for (int t = 0; t < TILE_TABLES; t++) { /* every element of every column was reached */
        for (size_t r = 0; r < tables[t].table->count; r++) {
            const struct column *column = &tables[t].table->rows[r];
            for (uint32_t k = 0; column->type != COLUMN_RECORD && k < column->width; k++) {
                struct column_place place =
                    column_place(tables[t].table, r, tables[t].cols, PLAN_TILE_SERIES, k);
                for (uint32_t i = 0; i < PLAN_TILE_SERIES; i++) {
                    for (size_t byte = 0; byte < column_type_bytes(column->type); byte++) {
                        cr_assert(place.at[i * place.stride + byte] == 0, "%s", column->name);
                    }
                }
            }
        }
    }
    tile_destroy(tile);
}

Test(tile, clearing_a_slot_leaves_the_others)
{
    struct tile *tile = tile_create(plan, 0);
    memset(tile->block, 0x55, tile_bytes(plan));
    tile_clear_slot(plan, tile, 3);
    for (uint32_t row = 0; row < PLAN_TILE_SERIES; row++) {
        cr_assert(tile->cells[3 * PLAN_TILE_SERIES + row] == 0);
        cr_assert(tile->cells[2 * PLAN_TILE_SERIES + row] &&
                  tile->cells[4 * PLAN_TILE_SERIES + row]);
    }
    cr_expect(tile->cols.row[0].first != 0);
    tile_destroy(tile);
}

Test(tile, buckets_go_round_the_slots_also_before_the_epoch)
{
    int64_t slots = plan->slots;
    cr_expect(tile_slot(plan, 0) == 0 && tile_slot(plan, slots) == 0);
    cr_expect(tile_slot(plan, slots - 1) == (uint32_t)slots - 1);
    cr_expect(tile_slot(plan, -1) == (uint32_t)slots - 1 && tile_slot(plan, -slots) == 0);
}
