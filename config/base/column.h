/* Columns: the one description of what a tile holds. A module exports a table of its columns; the
 * shard carves all tables into one aligned block per tile, binds the module's pointers, writes the
 * columns to state records, restores them, and inspect names them.
 *
 *     struct nb_cols { float *level; uint32_t *gap; };
 *     static const struct column ROWS[] = {
 *         {"nb.level", COLUMN_F32, COLUMN_COLD, 1, offsetof(struct nb_cols, level)},
 *         {"nb.gap", COLUMN_U32, COLUMN_COLD, 1, offsetof(struct nb_cols, gap)},
 *     };
 *     const struct column_table nb_column_table = {"nb", ROWS, 2};
 *
 * A column of width w in a tile of N series is [w, N], plane after plane: element k of series i is
 * at [k * N + i].
 *
 * What one event changes together stands together: a table whose first row has type COLUMN_RECORD
 * describes the fields of a struct, of which there is one per series, side by side, so that an
 * event touches one cache line instead of one per column:
 *
 *     struct check_row { float mean; uint16_t seen; };
 *     struct check_cols { struct check_row *row; };
 *     {"check", COLUMN_RECORD, COLUMN_DERIVED, sizeof(struct check_row),
 *      offsetof(struct check_cols, row)},
 *     {"check.mean", COLUMN_F32, COLUMN_HOT, 1, offsetof(struct check_row, mean)}, ...
 *
 * New series start with all columns zero: choose encodings in which zero means
 * "nothing known yet".
 */
#ifndef RESTOCK_COLUMN_H
#define RESTOCK_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are part of state records: append only. */
enum column_type {
    COLUMN_U8,
    COLUMN_U16,
    COLUMN_U32,
    COLUMN_I64,
    COLUMN_F32,
    COLUMN_F64,
    COLUMN_I32,
    COLUMN_D32, /* see column_d32_of */
    COLUMN_RECORD /* never saved: the struct of the fields in the rows that follow */
};

enum column_life {
    COLUMN_HOT, /* changes with events: saved per series touched */
    COLUMN_COLD, /* changes at a close only: saved per tile */
    COLUMN_RING, /* width = slots; the slot that closed is saved per tile */
    COLUMN_DERIVED /* never saved; rebuilt after restore */
};

struct column {
    const char *name;
    enum column_type type;
    enum column_life life;
    uint16_t width;
    size_t pointer_offset; /* of the pointer in the module's struct of columns; of a field: in its
                              record */
};

struct column_table {
    const char *module;
    const struct column *rows;
    size_t count;
};

size_t column_type_bytes(enum column_type type);
/* Bytes of all columns of a table for a tile of `series`, each column padded to 64 bytes. */
size_t column_table_bytes(const struct column_table *table, size_t series);
/* Point the struct's pointers into block (64-byte aligned); returns the bytes taken, as
 * column_table_bytes. */
size_t column_bind(const struct column_table *table, size_t series, unsigned char *block,
                   void *cols);

/* Where element k of series 0 stands, and how many bytes further the next series is. cols: bound.
 * Not for the row of type COLUMN_RECORD. */
struct column_place {
    unsigned char *at;
    size_t stride;
};
struct column_place column_place(const struct column_table *table, size_t row, const void *cols,
                                 size_t series, uint32_t k);

/* May a value of one type be read as another? Then column_convert does it: integers are cut at the
 * limits of their type, floats rounded. */
bool column_convertible(enum column_type from, enum column_type to);
void column_convert(enum column_type from, const void *in, enum column_type to, void *out);

/* Whole numbers >= 0 in 32 bits, for money and stock levels: 28 bits times a power of ten. Exact up
 * to 268,435,455, beyond that the first 8 digits (rounded down). Small numbers are coded as
 * themselves. */
enum { COLUMN_D32_BITS = 28 };

static inline uint32_t column_d32_of(int64_t value)
{
    uint32_t tens = 0;
    for (; value >> COLUMN_D32_BITS > 0; value /= 10) {
        tens++;
    }
    return value > 0 ? (uint32_t)value | tens << COLUMN_D32_BITS : 0;
}

static inline int64_t column_d32(uint32_t code)
{
    int64_t value = code & ((UINT32_C(1) << COLUMN_D32_BITS) - 1);
    for (uint32_t tens = code >> COLUMN_D32_BITS; tens; tens--) {
        value = value > INT64_MAX / 10 ? INT64_MAX / 10 : value;
        value *= 10;
    }
    return value;
}

#endif
