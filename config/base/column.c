#include "config/base/column.h"

#include "config/base/ensure.h"

#include <string.h>

enum { COLUMN_ALIGNMENT = 64 };

size_t column_type_bytes(enum column_type type)
{
    switch (type) {
    case COLUMN_U8:
        return 1;
    case COLUMN_U16:
        return 2;
    case COLUMN_U32:
    case COLUMN_F32:
    case COLUMN_I32:
    case COLUMN_D32:
        return 4;
    case COLUMN_I64:
    case COLUMN_F64:
        return 8;
    case COLUMN_RECORD:
        return 1; /* its width is its bytes */
    }
    return 0;
}

static size_t padded(const struct column *column, size_t series)
{
    size_t bytes = column_type_bytes(column->type) * column->width * series;
    return (bytes + COLUMN_ALIGNMENT - 1) & ~(size_t)(COLUMN_ALIGNMENT - 1);
}

/* Rows that have memory of their own: of records the first one alone. */
static size_t planes_of(const struct column_table *table)
{
    return table->count && table->rows[0].type == COLUMN_RECORD ? 1 : table->count;
}

size_t column_table_bytes(const struct column_table *table, size_t series)
{
    size_t bytes = 0;
    for (size_t i = 0; i < planes_of(table); i++) {
        bytes += padded(&table->rows[i], series);
    }
    return bytes;
}

size_t column_bind(const struct column_table *table, size_t series, unsigned char *block,
                   void *cols)
{
    ASSERT(((uintptr_t)block & (COLUMN_ALIGNMENT - 1)) == 0);
    size_t at = 0;
    for (size_t i = 0; i < planes_of(table); i++) {
        unsigned char *column = block + at;
        memcpy((unsigned char *)cols + table->rows[i].pointer_offset, &column, sizeof column);
        at += padded(&table->rows[i], series);
    }
    return at;
}

struct column_place column_place(const struct column_table *table, size_t row, const void *cols,
                                 size_t series, uint32_t k)
{
    const struct column *column = &table->rows[row], *first = &table->rows[0];
    ASSERT(column->type != COLUMN_RECORD && k < column->width);
    size_t bytes = column_type_bytes(column->type);
    bool field = first->type == COLUMN_RECORD;
    unsigned char *base;
    memcpy(&base,
           (const unsigned char *)cols + (field ? first->pointer_offset : column->pointer_offset),
           sizeof base);
    if (field) {
        return (struct column_place){base + column->pointer_offset + k * bytes, first->width};
    }
    return (struct column_place){base + k * series * bytes, bytes};
}

static bool is_whole(enum column_type type)
{
    return type != COLUMN_F32 && type != COLUMN_F64 && type != COLUMN_RECORD;
}

static bool is_float(enum column_type type)
{
    return type == COLUMN_F32 || type == COLUMN_F64;
}

bool column_convertible(enum column_type from, enum column_type to)
{
    return (is_whole(from) && is_whole(to)) || (is_float(from) && is_float(to));
}

static int64_t read_whole(enum column_type type, const void *in)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    int32_t i32;
    int64_t i64;
    switch (type) {
    case COLUMN_U8:
        memcpy(&u8, in, sizeof u8);
        return u8;
    case COLUMN_U16:
        memcpy(&u16, in, sizeof u16);
        return u16;
    case COLUMN_I32:
        memcpy(&i32, in, sizeof i32);
        return i32;
    case COLUMN_I64:
        memcpy(&i64, in, sizeof i64);
        return i64;
    case COLUMN_U32:
    case COLUMN_D32:
    case COLUMN_F32:
    case COLUMN_F64:
    case COLUMN_RECORD:
        break;
    }
    memcpy(&u32, in, sizeof u32);
    return type == COLUMN_D32 ? column_d32(u32) : u32;
}

static int64_t within(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void write_whole(enum column_type type, int64_t value, void *out)
{
    uint8_t u8 = (uint8_t)within(value, 0, UINT8_MAX);
    uint16_t u16 = (uint16_t)within(value, 0, UINT16_MAX);
    uint32_t u32 = (uint32_t)within(value, 0, UINT32_MAX);
    int32_t i32 = (int32_t)within(value, INT32_MIN, INT32_MAX);
    switch (type) {
    case COLUMN_U8:
        memcpy(out, &u8, sizeof u8);
        return;
    case COLUMN_U16:
        memcpy(out, &u16, sizeof u16);
        return;
    case COLUMN_I32:
        memcpy(out, &i32, sizeof i32);
        return;
    case COLUMN_I64:
        memcpy(out, &value, sizeof value);
        return;
    case COLUMN_D32:
        u32 = column_d32_of(value);
        break;
    case COLUMN_U32:
    case COLUMN_F32:
    case COLUMN_F64:
    case COLUMN_RECORD:
        break;
    }
    memcpy(out, &u32, sizeof u32);
}

void column_convert(enum column_type from, const void *in, enum column_type to, void *out)
{
    ASSERT(column_convertible(from, to));
    if (from == to) {
        memcpy(out, in, column_type_bytes(from));
    } else if (is_whole(from)) {
        write_whole(to, read_whole(from, in), out);
    } else if (from == COLUMN_F32) {
        float narrow;
        memcpy(&narrow, in, sizeof narrow);
        double wide = (double)narrow;
        memcpy(out, &wide, sizeof wide);
    } else {
        double wide;
        memcpy(&wide, in, sizeof wide);
        float narrow = (float)wide;
        memcpy(out, &narrow, sizeof narrow);
    }
}
