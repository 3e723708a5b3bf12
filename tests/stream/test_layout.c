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
    tile->cols.row[9].first = 1234;
    tile->cols.row[9].price = 5005;
    layout_put_row(layouts, tile, 9, &row);
    struct tile *twin = tile_create(plan, 0);
    struct cursor in = cursor_of(buf_view(&row));
    cr_assert(layout_get_row(layouts, twin, 200, &in) && cursor_done(&in));
    cr_expect(twin->cols.row[200].first == 1234 && twin->cols.row[200].price == 5005);
    cr_expect(twin->cols.row[199].first == 0 && twin->cols.row[201].first == 0);
    cr_expect(twin->cols.row[200].trigger == 0, "of the tile, not of the row");
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
        tile->cols.row[i].trigger = 100U + (uint32_t)i;
        tile->cols.row[i].first = 7;
    }
    layout_put_planes(layouts, tile, &planes);
    struct tile *twin = tile_create(plan, 0);
    struct cursor in = cursor_of(buf_view(&planes));
    cr_expect(layout_holds(layouts, in, "trigger") && !layout_holds(layouts, in, "trigge"));
    struct cursor empty = {0};
    cr_expect_not(layout_holds(layouts, empty, "trigger"));
    cr_assert(layout_get_planes(layouts, twin, 3, &in) && cursor_done(&in));
    cr_expect(twin->cols.row[2].trigger == 102 && twin->cols.row[3].trigger == 0);
    cr_expect(twin->cols.row[2].first == 0, "of the row, not of the tile");
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
    cr_expect(tile->cols.row[5].first == 77);
    cr_expect(tile->cols.row[5].last == 0 && tile->cols.row[5].price == 0 &&
              tile->cols.row[0].last == 0);
    buf_fini(&record);
}

/* The layout of the first version: buckets, money and levels in 64 bits, one plane each. */
Test(layout, narrower_columns_take_what_wider_ones_held)
{
    static const struct {
        int64_t written, price;
        int32_t bucket;
    } CASES[] = {{77, 77, 77},
                 {268435455, 268435455, 268435455},
                 {12345678901, 12345678900, INT32_MAX},
                 {0, 0, 0},
                 {-9, 0, -9}};
    struct buf rows = {0};
    describe(&rows, COLUMN_HOT, COLUMN_I64, 1, "first");
    describe(&rows, COLUMN_HOT, COLUMN_I64, 1, "price");
    describe(&rows, COLUMN_HOT, COLUMN_F64, 1, "linecheck.activity");
    describe(&rows, COLUMN_COLD, COLUMN_I64, 1, "trigger");
    describe(&rows, COLUMN_COLD, COLUMN_I64, 1, "emitted");
    uint32_t hash = know(5, &rows);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct buf row = {0}, planes = {0};
        double activity = 2.25;
        buf_put(&row, &hash, sizeof hash);
        buf_put(&row, &CASES[i].written, 8);
        buf_put(&row, &CASES[i].written, 8);
        buf_put(&row, &activity, 8);
        struct cursor in = cursor_of(buf_view(&row));
        cr_assert(layout_get_row(layouts, tile, 1, &in) && cursor_done(&in));
        cr_expect(tile->cols.row[1].first == CASES[i].bucket);
        cr_expect(column_d32(tile->cols.row[1].price) == CASES[i].price);
        cr_expect(tile->linecheck.row[1].activity == 2.25F);
        buf_put(&planes, &hash, sizeof hash);
        for (int k = 0; k < 4; k++) { /* two series: the second counts */
            buf_put(&planes, &CASES[k % 2 ? i : 0].written, 8);
        }
        in = cursor_of(buf_view(&planes));
        cr_assert(layout_get_planes(layouts, tile, 2, &in) && cursor_done(&in));
        cr_expect(column_d32(tile->cols.row[1].trigger) == CASES[i].price);
        cr_expect(tile->cols.row[1].emitted == CASES[i].bucket);
        cr_expect(tile->cols.row[0].emitted == 77);
        buf_fini(&row);
        buf_fini(&planes);
    }
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
