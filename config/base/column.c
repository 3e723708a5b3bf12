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
        return 4;
    case COLUMN_I64:
    case COLUMN_F64:
        return 8;
    }
    return 0;
}

static size_t padded(const struct column *column, size_t series)
{
    size_t bytes = column_type_bytes(column->type) * column->width * series;
    return (bytes + COLUMN_ALIGNMENT - 1) & ~(size_t)(COLUMN_ALIGNMENT - 1);
}

size_t column_table_bytes(const struct column_table *table, size_t series)
{
    size_t bytes = 0;
    for (size_t i = 0; i < table->count; i++) {
        bytes += padded(&table->rows[i], series);
    }
    return bytes;
}

size_t column_bind(const struct column_table *table, size_t series, unsigned char *block,
                   void *cols)
{
    ASSERT(((uintptr_t)block & (COLUMN_ALIGNMENT - 1)) == 0);
    size_t at = 0;
    for (size_t i = 0; i < table->count; i++) {
        unsigned char *column = block + at;
        memcpy((unsigned char *)cols + table->rows[i].pointer_offset, &column, sizeof column);
        at += padded(&table->rows[i], series);
    }
    return at;
}
