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
 * at [k * N + i]. New series start with all columns zero: choose encodings in which zero means
 * "nothing known yet".
 */
#ifndef RESTOCK_COLUMN_H
#define RESTOCK_COLUMN_H

#include <stddef.h>
#include <stdint.h>

enum column_type { COLUMN_U8, COLUMN_U16, COLUMN_U32, COLUMN_I64, COLUMN_F32, COLUMN_F64 };

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
    size_t pointer_offset; /* of the pointer in the module's struct of columns */
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

#endif
