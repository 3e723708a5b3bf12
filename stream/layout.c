#include "stream/layout.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LAYOUT_VERSION = 1,
    LAYOUT_COLUMNS_MAX = 256,
    LAYOUTS_MAX = 64,
    NAME_MAX_BYTES = 63,
    WIDTH_MAX = 4096
};

struct layout_column {
    enum column_life life;
    enum column_type type;
    uint32_t width;
    char name[NAME_MAX_BYTES + 1];
    /* the program's own column of that name; width 0: there is none whose type can take it */
    uint32_t own_table, own_row, own_width;
    enum column_type own_type;
};

struct layout {
    uint32_t hash;
    uint32_t count;
    struct layout_column *columns;
};

/* Neighbouring hot fields of one record, which are written at once: there is a row record for every
 * series that a transaction touched. */
struct hot_run {
    uint32_t column; /* of the own layout: the first */
    uint32_t elements; /* of a plane column, each of `bytes`; else 1 */
    size_t bytes;
};

enum { HOT_RUNS_MAX = 64 };

struct layouts {
    struct hot_run runs[HOT_RUNS_MAX];
    uint32_t run_count;
    struct layout known[LAYOUTS_MAX]; /* [0] is the program's own */
    uint32_t count;
    bool own_saved;
    struct buf own_bytes;
    struct tile prototype; /* for the tables; no block */
};

static bool is_saved(enum column_life life)
{
    return life == COLUMN_HOT || life == COLUMN_COLD;
}

static void describe(struct layouts *layouts)
{
    struct tile_table tables[TILE_TABLES];
    tile_tables(&layouts->prototype, tables);
    uint32_t count = 0;
    struct buf rows = {0};
    for (int t = 0; t < TILE_TABLES; t++) {
        for (size_t r = 0; r < tables[t].table->count; r++) {
            const struct column *column = &tables[t].table->rows[r];
            if (is_saved(column->life)) {
                ASSERT(strlen(column->name) <= NAME_MAX_BYTES);
                count++;
                buf_varint(&rows, column->life);
                buf_varint(&rows, column->type);
                buf_varint(&rows, column->width);
                buf_varint(&rows, (int64_t)strlen(column->name));
                buf_text(&rows, column->name);
            }
        }
    }
    buf_varint(&layouts->own_bytes, LAYOUT_VERSION);
    buf_varint(&layouts->own_bytes, count);
    buf_slice(&layouts->own_bytes, buf_view(&rows));
    buf_fini(&rows);
}

static void find_own(struct layouts *layouts, struct layout_column *column)
{
    struct tile_table tables[TILE_TABLES];
    tile_tables(&layouts->prototype, tables);
    for (uint32_t t = 0; t < TILE_TABLES; t++) {
        for (uint32_t r = 0; r < tables[t].table->count; r++) {
            const struct column *own = &tables[t].table->rows[r];
            if (strcmp(own->name, column->name) == 0 && is_saved(own->life) &&
                column_convertible(column->type, own->type)) {
                column->own_table = t;
                column->own_row = r;
                column->own_width = own->width;
                column->own_type = own->type;
            }
        }
    }
}

static uint32_t hash_of(struct slice bytes)
{
    return (uint32_t)hash_64(bytes.data, bytes.bytes, 0);
}

static bool parse(struct layouts *layouts, struct slice bytes, struct layout *out)
{
    struct cursor in = cursor_of(bytes);
    (void)cursor_between(&in, LAYOUT_VERSION, LAYOUT_VERSION);
    uint32_t count = (uint32_t)cursor_between(&in, 1, LAYOUT_COLUMNS_MAX);
    struct layout_column *columns = calloc(count ? count : 1, sizeof *columns);
    ASSERT(columns && "out of memory for a layout");
    for (uint32_t i = 0; i < count && in.ok; i++) {
        columns[i].life = (enum column_life)cursor_between(&in, COLUMN_HOT, COLUMN_COLD);
        columns[i].type = (enum column_type)cursor_between(&in, COLUMN_U8, COLUMN_D32);
        columns[i].width = (uint32_t)cursor_between(&in, 1, WIDTH_MAX);
        struct slice name = cursor_slice(&in);
        if (in.ok && name.bytes && name.bytes <= NAME_MAX_BYTES) {
            memcpy(columns[i].name, name.data, name.bytes);
            find_own(layouts, &columns[i]);
        } else {
            in.ok = false;
        }
    }
    if (!cursor_done(&in)) {
        free(columns);
        return false;
    }
    *out = (struct layout){hash_of(bytes), count, columns};
    return true;
}

static bool follows(const struct layouts *layouts, const struct hot_run *run,
                    const struct layout_column *column)
{
    struct tile_table tables[TILE_TABLES];
    struct tile prototype = layouts->prototype;
    tile_tables(&prototype, tables);
    const struct layout_column *first = &layouts->known[0].columns[run->column];
    const struct column_table *table = tables[column->own_table].table;
    return first->own_table == column->own_table && table->rows[0].type == COLUMN_RECORD &&
           table->rows[first->own_row].pointer_offset + run->bytes ==
               table->rows[column->own_row].pointer_offset;
}

static bool is_record(const struct layouts *layouts, const struct layout_column *column)
{
    struct tile_table tables[TILE_TABLES];
    struct tile prototype = layouts->prototype;
    tile_tables(&prototype, tables);
    return tables[column->own_table].table->rows[0].type == COLUMN_RECORD;
}

static void find_runs(struct layouts *layouts)
{
    const struct layout *own = &layouts->known[0];
    for (uint32_t i = 0; i < own->count; i++) {
        const struct layout_column *column = &own->columns[i];
        bool record = is_record(layouts, column);
        size_t bytes = column_type_bytes(column->type) * (record ? column->width : 1);
        struct hot_run *last = layouts->run_count ? &layouts->runs[layouts->run_count - 1] : NULL;
        if (column->life != COLUMN_HOT) {
            continue;
        }
        if (last && follows(layouts, last, column)) {
            last->bytes += bytes;
        } else {
            ASSERT(layouts->run_count < HOT_RUNS_MAX);
            layouts->runs[layouts->run_count++] =
                (struct hot_run){i, record ? 1 : column->width, bytes};
        }
    }
}

struct layouts *layouts_create(const struct plan *plan)
{
    /* Rings are not in records described here: they have a record per slot. */
    struct layouts *layouts = calloc(1, sizeof *layouts);
    if (layouts) {
        layouts->prototype = tile_prototype(plan);
        describe(layouts);
        ASSERT(parse(layouts, buf_view(&layouts->own_bytes), &layouts->known[0]));
        layouts->count = 1;
        find_runs(layouts);
    }
    return layouts;
}

void layouts_destroy(struct layouts *layouts)
{
    if (!layouts) {
        return;
    }
    for (uint32_t i = 0; i < layouts->count; i++) {
        free(layouts->known[i].columns);
    }
    buf_fini(&layouts->own_bytes);
    free(layouts);
}

bool layouts_restore(struct layouts *layouts, struct slice key, struct slice value)
{
    (void)key;
    if (hash_of(value) == layouts->known[0].hash) {
        layouts->own_saved = true;
        return true;
    }
    struct layout layout;
    if (layouts->count == LAYOUTS_MAX || !parse(layouts, value, &layout)) {
        return false;
    }
    layouts->known[layouts->count++] = layout;
    return true;
}

void layouts_seal(struct layouts *layouts, struct outbox *outbox, int32_t partition)
{
    if (layouts->own_saved) {
        return;
    }
    char key[16];
    int bytes = snprintf(key, sizeof key, "l%08x", (unsigned)layouts->known[0].hash);
    outbox_add(outbox, TOPIC_STATE, partition, (struct slice){key, (size_t)bytes},
               buf_view(&layouts->own_bytes));
    layouts->own_saved = true;
}

static const struct layout *layout_named(const struct layouts *layouts, uint32_t hash)
{
    for (uint32_t i = 0; i < layouts->count; i++) {
        if (layouts->known[i].hash == hash) {
            return &layouts->known[i];
        }
    }
    return NULL;
}

static struct column_place place_of(struct tile_table tables[TILE_TABLES],
                                    const struct layout_column *column, uint32_t element)
{
    const struct tile_table *table = &tables[column->own_table];
    return column_place(table->table, column->own_row, table->cols, PLAN_TILE_SERIES, element);
}

/* One value of a record into its column, if the program still has it. */
static void take(struct tile_table tables[TILE_TABLES], const struct layout_column *column,
                 uint32_t element, uint32_t row, const char *value)
{
    if (element < column->own_width) {
        struct column_place place = place_of(tables, column, element);
        column_convert(column->type, value, column->own_type, place.at + row * place.stride);
    }
}

static void put_hash(const struct layouts *layouts, struct buf *out)
{
    buf_put(out, &layouts->known[0].hash, sizeof layouts->known[0].hash);
}

void layout_put_row(const struct layouts *layouts, struct tile *tile, uint32_t row, struct buf *out)
{
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    put_hash(layouts, out);
    for (uint32_t i = 0; i < layouts->run_count; i++) {
        const struct hot_run *run = &layouts->runs[i];
        const struct layout_column *column = &layouts->known[0].columns[run->column];
        for (uint32_t k = 0; k < run->elements; k++) {
            struct column_place place = place_of(tables, column, k);
            buf_put(out, place.at + row * place.stride, run->bytes);
        }
    }
}

bool layout_get_row(const struct layouts *layouts, struct tile *tile, uint32_t row,
                    struct cursor *in)
{
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    uint32_t hash;
    cursor_raw(in, &hash, sizeof hash);
    const struct layout *layout = layout_named(layouts, hash);
    for (uint32_t i = 0; layout && i < layout->count; i++) {
        const struct layout_column *column = &layout->columns[i];
        size_t bytes = column_type_bytes(column->type);
        for (uint32_t k = 0; column->life == COLUMN_HOT && k < column->width; k++) {
            struct slice value = cursor_bytes(in, bytes);
            if (in->ok) {
                take(tables, column, k, row, value.data);
            }
        }
    }
    return layout && in->ok;
}

void layout_put_planes(const struct layouts *layouts, struct tile *tile, struct buf *out)
{
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    put_hash(layouts, out);
    for (uint32_t i = 0; i < layouts->known[0].count; i++) {
        const struct layout_column *column = &layouts->known[0].columns[i];
        size_t bytes = column_type_bytes(column->type);
        for (uint32_t k = 0; column->life == COLUMN_COLD && k < column->width; k++) {
            struct column_place place = place_of(tables, column, k);
            if (place.stride == bytes) {
                buf_put(out, place.at, tile->series * bytes);
                continue;
            }
            for (uint32_t n = 0; n < tile->series; n++) {
                buf_put(out, place.at + n * place.stride, bytes);
            }
        }
    }
}

bool layout_holds(const struct layouts *layouts, struct cursor in, const char *name)
{
    uint32_t hash;
    cursor_raw(&in, &hash, sizeof hash);
    const struct layout *layout = in.ok ? layout_named(layouts, hash) : NULL;
    for (uint32_t i = 0; layout && i < layout->count; i++) {
        if (strcmp(layout->columns[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool layout_get_planes(const struct layouts *layouts, struct tile *tile, uint32_t series,
                       struct cursor *in)
{
    struct tile_table tables[TILE_TABLES];
    tile_tables(tile, tables);
    uint32_t hash;
    cursor_raw(in, &hash, sizeof hash);
    const struct layout *layout = layout_named(layouts, hash);
    for (uint32_t i = 0; layout && i < layout->count; i++) {
        const struct layout_column *column = &layout->columns[i];
        size_t bytes = column_type_bytes(column->type);
        for (uint32_t k = 0; column->life == COLUMN_COLD && k < column->width; k++) {
            struct slice values = cursor_bytes(in, series * bytes);
            for (uint32_t n = 0; in->ok && n < series; n++) {
                take(tables, column, k, n, values.data + n * bytes);
            }
        }
    }
    return layout && in->ok;
}
