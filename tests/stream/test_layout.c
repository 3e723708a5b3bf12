#include "stream/layout.h"

#include "config/base/hash.h"

#include <criterion/criterion.h>

static struct settings settings;
static struct plan *plan;
static struct layouts *layouts;
static struct tile *tile;

static void set_up(void)
{
    cr_assert(!settings_load(NULL, NULL, 0, &settings));
    cr_assert(!plan_create(&settings, 1, NULL, &plan));
    layouts = layouts_create(plan);
    tile = tile_create(plan, 0);
    cr_assert(layouts && tile);
}

static void tear_down(void)
{
    tile_destroy(tile);
    layouts_destroy(layouts);
    plan_destroy(plan);
    settings_fini(&settings);
}

TestSuite(layout, .init = set_up, .fini = tear_down);

static void describe(struct buf *out, int life, int type, int width, const char *name)
{
    buf_varint(out, life);
    buf_varint(out, type);
    buf_varint(out, width);
    buf_varint(out, (int64_t)strlen(name));
    buf_text(out, name);
}

/* Makes a layout of an older program known; returns its hash. */
static uint32_t know(int columns, struct buf *rows)
{
    struct buf bytes = {0};
    buf_varint(&bytes, 1);
    buf_varint(&bytes, columns);
    buf_slice(&bytes, buf_view(rows));
    cr_assert(layouts_restore(layouts, slice_of("l00000000"), buf_view(&bytes)));
    uint32_t hash = (uint32_t)hash_64(bytes.data, bytes.bytes, 0);
    buf_fini(&bytes);
    buf_fini(rows);
    return hash;
}

Test(layout, a_row_comes_back_where_it_was_and_nowhere_else)
{
    struct buf row = {0};
    memset(tile->block, 0x41, tile_bytes(plan));
    tile->cols.first[9] = 1234;
    tile->cols.price[9] = -5;
    layout_put_row(layouts, tile, 9, &row);
    struct tile *twin = tile_create(plan, 0);
    struct cursor in = cursor_of(buf_view(&row));
    cr_assert(layout_get_row(layouts, twin, 200, &in) && cursor_done(&in));
    cr_expect(twin->cols.first[200] == 1234 && twin->cols.price[200] == -5);
    cr_expect(twin->cols.first[199] == 0 && twin->cols.first[201] == 0);
    cr_expect(twin->cols.trigger[200] == 0, "of the tile, not of the row");
    struct buf again = {0};
    layout_put_row(layouts, twin, 200, &again);
    cr_expect(slice_equal(buf_view(&row), buf_view(&again)));
    buf_fini(&row);
    buf_fini(&again);
    tile_destroy(twin);
}

Test(layout, planes_come_back)
{
    struct buf planes = {0}, again = {0};
    tile->series = 3;
    for (int i = 0; i < 3; i++) {
        tile->cols.trigger[i] = 100 + i;
        tile->cols.first[i] = 7;
    }
    layout_put_planes(layouts, tile, &planes);
    struct tile *twin = tile_create(plan, 0);
    struct cursor in = cursor_of(buf_view(&planes));
    cr_assert(layout_get_planes(layouts, twin, 3, &in) && cursor_done(&in));
    cr_expect(twin->cols.trigger[2] == 102 && twin->cols.trigger[3] == 0);
    cr_expect(twin->cols.first[2] == 0, "of the row, not of the tile");
    twin->series = 3;
    layout_put_planes(layouts, twin, &again);
    cr_expect(slice_equal(buf_view(&planes), buf_view(&again)));
    buf_fini(&planes);
    buf_fini(&again);
    tile_destroy(twin);
}

/* An older program: no `last`, a column that is gone, one of another type, one that is narrower
 * now.
 */
Test(layout, reads_what_an_older_program_wrote)
{
    struct buf rows = {0}, record = {0};
    describe(&rows, COLUMN_HOT, COLUMN_U16, 2, "gone");
    describe(&rows, COLUMN_HOT, COLUMN_I64, 3, "first");
    describe(&rows, COLUMN_COLD, COLUMN_I64, 1, "trigger");
    describe(&rows, COLUMN_HOT, COLUMN_F32, 1, "price");
    uint32_t hash = know(4, &rows);
    const uint16_t gone[2] = {1, 2};
    const int64_t first[3] = {77, 78, 79};
    const float price = 1.5F;
    buf_put(&record, &hash, sizeof hash);
    buf_put(&record, gone, sizeof gone);
    buf_put(&record, first, sizeof first);
    buf_put(&record, &price, sizeof price);
    struct cursor in = cursor_of(buf_view(&record));
    cr_assert(layout_get_row(layouts, tile, 5, &in) && cursor_done(&in));
    cr_expect(tile->cols.first[5] == 77);
    cr_expect(tile->cols.last[5] == 0 && tile->cols.price[5] == 0 && tile->cols.last[0] == 0);
    buf_fini(&record);
}

Test(layout, its_own_record_is_written_once)
{
    struct outbox *outbox = outbox_create();
    struct outbox_record record;
    layouts_seal(layouts, outbox, 0);
    layouts_seal(layouts, outbox, 0);
    cr_assert(outbox_count(outbox) == 1);
    outbox_get(outbox, 0, &record);
    cr_expect(record.key.bytes == 9 && record.key.data[0] == 'l');
    struct layouts *twin = layouts_create(plan);
    cr_assert(layouts_restore(twin, record.key, record.value));
    struct outbox *none = outbox_create();
    layouts_seal(twin, none, 0);
    cr_expect(outbox_count(none) == 0);
    layouts_destroy(twin);
    outbox_destroy(none);
    outbox_destroy(outbox);
}

Test(layout, refuses_records_and_layouts_it_cannot_trust)
{
    struct buf row = {0}, bad = {0};
    layout_put_row(layouts, tile, 0, &row);
    for (size_t bytes = 0; bytes < row.bytes; bytes++) {
        struct cursor in = cursor_of((struct slice){row.data, bytes});
        cr_assert(!layout_get_row(layouts, tile, 0, &in), "%zu bytes", bytes);
    }
    row.data[0] ^= 1;
    struct cursor in = cursor_of(buf_view(&row));
    cr_expect(!layout_get_row(layouts, tile, 0, &in), "an unknown layout");
    cr_expect(!layouts_restore(layouts, slice_of("l0"), slice_of("")));
    buf_varint(&bad, 1);
    buf_varint(&bad, 1);
    describe(&bad, COLUMN_HOT, COLUMN_I64, 1000000, "wide");
    cr_expect(!layouts_restore(layouts, slice_of("l0"), buf_view(&bad)));
    buf_reset(&bad);
    buf_varint(&bad, 1);
    buf_varint(&bad, 1000000);
    cr_expect(!layouts_restore(layouts, slice_of("l0"), buf_view(&bad)));
    buf_fini(&row);
    buf_fini(&bad);
}
