/* Tables: .csv, .csv.xz, .csv.zst with a header, as RFC 4180 has them (quotes, doubled quotes, line
 * ends inside quotes, CRLF).
 *
 *     struct csv *csv;
 *     TRY(csv_open("sales.csv.xz", &csv));
 *     int place = csv_column(csv, "quantity");           // -1: no such column
 *     for (;;) {
 *         const struct slice *fields;
 *         TRY(csv_next(csv, &fields));                   // names file:line
 *         if (!fields) { break; }                        // the end
 *         use fields[place]
 *     }
 *     csv_close(csv);
 *
 * A byte order mark is skipped, empty lines are too, every row must have as many fields as the
 * header, texts must be UTF-8. Fields live until the next call. Owner: one thread. */
#ifndef RESTOCK_CSV_H
#define RESTOCK_CSV_H

#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv;

enum { CSV_COLUMNS_MAX = 8192, CSV_ROW_BYTES_MAX = 4 << 20 };

/* Opens the file and reads its header. On error *out is untouched. */
struct status *csv_open(const char *path, struct csv **out) __attribute__((warn_unused_result));
void csv_close(struct csv *csv); /* NULL is fine */

const struct slice *csv_columns(const struct csv *csv, size_t *count);
int csv_column(const struct csv *csv, const char *name); /* -1: none */

/* The next row, csv_columns fields; *fields = NULL at the end. */
struct status *csv_next(struct csv *csv, const struct slice **fields)
    __attribute__((warn_unused_result));
/* Before the first row: read everything into memory and go on in the order of this column's texts;
 * equal ones stay as they were. */
struct status *csv_sort(struct csv *csv, size_t column) __attribute__((warn_unused_result));

/* A whole field as a finite number; false: it is none. */
bool csv_number(struct slice field, double *out);

struct slice csv_row_text(const struct csv *csv); /* of the last row, as it stands in the file */
uint64_t csv_line(const struct csv *csv); /* where the last row begins, from 1 */
const char *csv_path(const struct csv *csv);
void csv_progress(const struct csv *csv, uint64_t *done,
                  uint64_t *total); /* bytes on disk; 0: unknown */
/* "path:line: ..." about the last row. */
struct status *csv_error(const struct csv *csv, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

#endif
