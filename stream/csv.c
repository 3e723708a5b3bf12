#include "stream/csv.h"

#include "config/base/buf.h"
#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "schemas/utf8.h"
#include "stream/csv_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Two steps: cut the stream into rows (only quotes and line ends matter), then a row into fields. A
 * sorted table keeps the rows' texts and cuts them into fields when their turn comes. */

enum { READ_BYTES = 256 << 10 };

struct kept_row {
    size_t at; /* in csv->kept */
    uint32_t bytes, key_at, key_bytes; /* key: in csv->keys */
    uint64_t line;
};

struct csv {
    struct csv_file *file;
    char *path;
    struct buf in; /* bytes read, from in_at on not yet used */
    size_t in_at;
    bool eof;
    uint64_t line, next_line;
    struct slice row;
    struct slice *columns, *fields; /* [column_count] */
    size_t column_count, capacity;
    struct buf header, plain; /* plain: fields whose quotes were taken off */
    bool sorted;
    struct buf kept, keys;
    struct kept_row *rows;
    size_t row_count, row_next;
};

struct status *csv_error(const struct csv *csv, const char *format, ...)
{
    char message[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return status_new(STATUS_CORRUPT, "%s:%llu: %s", csv->path, (unsigned long long)csv->line,
                      message);
}

/* More bytes behind those not used yet. */
static struct status *read_more(struct csv *csv)
{
    if (csv->in_at) {
        memmove(csv->in.data, csv->in.data + csv->in_at, csv->in.bytes - csv->in_at);
        csv->in.bytes -= csv->in_at;
        csv->in_at = 0;
    }
    size_t bytes;
    buf_room(&csv->in, READ_BYTES);
    TRY(csv_file_read(csv->file, csv->in.data + csv->in.bytes, READ_BYTES, &bytes));
    csv->in.bytes += bytes;
    csv->eof = bytes == 0;
    return NULL;
}

/* Place of the line end of the row that begins at in_at, or of the end of data; lines inside quotes
 * are counted. */
static bool find_end(const struct csv *csv, size_t *scanned, bool *quoted, uint64_t *lines)
{
    const char *data = csv->in.data;
    for (; *scanned < csv->in.bytes; (*scanned)++) {
        char byte = data[*scanned];
        if (byte == '"') {
            *quoted = !*quoted;
        } else if (byte == '\n') {
            if (!*quoted) {
                return true;
            }
            (*lines)++;
        }
    }
    return false;
}

/* The next row's text in csv->row, without its line end; false: the end of the file. */
static struct status *cut_row(struct csv *csv, bool *found)
{
    for (;;) {
        size_t scanned = csv->in_at;
        bool quoted = false, ended = false;
        uint64_t lines = 0;
        while (!(ended = find_end(csv, &scanned, &quoted, &lines)) && !csv->eof) {
            size_t done = scanned - csv->in_at;
            if (done > CSV_ROW_BYTES_MAX) {
                csv->line = csv->next_line;
                return csv_error(csv, "a row of more than %d bytes: is a quote missing?",
                                 CSV_ROW_BYTES_MAX);
            }
            TRY(read_more(csv));
            scanned = csv->in_at + done;
        }
        csv->line = csv->next_line;
        csv->next_line += lines + 1;
        if (!ended && quoted) {
            return csv_error(csv, "a quote is not closed before the end of the file");
        }
        size_t start = csv->in_at, end = scanned;
        csv->in_at = scanned + ended;
        end -= end > start && csv->in.data[end - 1] == '\r';
        csv->row = (struct slice){csv->in.data + start, end - start};
        *found = ended || end > start;
        if (!*found || end > start) {
            return NULL;
        }
    }
}

static void add_field(struct csv *csv, size_t count, struct slice field)
{
    csv->fields = grow(csv->fields, &csv->capacity, count + 1, sizeof *csv->fields);
    csv->fields[count] = field;
}

/* A field in quotes, from behind its opening one; returns the place behind the closing one. Room in
 * `plain` was made before. */
static struct status *cut_quoted(struct csv *csv, const char **at, const char *end,
                                 struct slice *field)
{
    char *start = csv->plain.data + csv->plain.bytes;
    const char *from = *at;
    for (;;) {
        const char *quote = from < end ? memchr(from, '"', (size_t)(end - from)) : NULL;
        if (!quote) {
            return csv_error(csv, "a quote is not closed");
        }
        buf_put(&csv->plain, from, (size_t)(quote - from));
        from = quote + 1;
        if (from == end || *from != '"') {
            break;
        }
        buf_byte(&csv->plain, '"');
        from++;
    }
    if (from < end && *from != ',') {
        return csv_error(csv, "text behind a closing quote");
    }
    *field = (struct slice){start, (size_t)(csv->plain.data + csv->plain.bytes - start)};
    *at = from;
    return NULL;
}

static struct status *cut_fields(struct csv *csv, size_t *count)
{
    const char *at = csv->row.data, *end = at + csv->row.bytes;
    buf_reset(&csv->plain);
    buf_room(&csv->plain, csv->row.bytes + 1);
    *count = 0;
    for (;;) {
        struct slice field = {NULL, 0};
        if (at < end && *at == '"') {
            at++;
            TRY(cut_quoted(csv, &at, end, &field));
        } else {
            const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
            const char *stop = comma ? comma : end;
            field = (struct slice){at, (size_t)(stop - at)};
            at = stop;
        }
        if (*count == CSV_COLUMNS_MAX) {
            return csv_error(csv, "more than %d fields", CSV_COLUMNS_MAX);
        }
        add_field(csv, (*count)++, field);
        if (at == end) {
            return NULL;
        }
        at++; /* the comma */
    }
}

static struct status *check_utf8(const struct csv *csv)
{
    size_t good = utf8_valid(csv->row.data, csv->row.bytes);
    if (good < csv->row.bytes) {
        return csv_error(csv,
                         "byte %zu of the row is not UTF-8: convert the file, for instance with "
                         "iconv -f latin1 -t utf8",
                         good + 1);
    }
    return NULL;
}

static struct status *read_header(struct csv *csv)
{
    bool found;
    size_t count;
    TRY(read_more(csv));
    if (csv->in.bytes >= 3 && memcmp(csv->in.data, "\xef\xbb\xbf", 3) == 0) {
        csv->in_at = 3;
    }
    TRY(cut_row(csv, &found));
    if (!found) {
        csv->line = 1;
        return csv_error(csv, "expected a header with the names of columns, found nothing");
    }
    TRY(check_utf8(csv));
    TRY(cut_fields(csv, &count));
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (slice_equal(csv->fields[i], csv->fields[j])) {
                return csv_error(csv, "the column '%.*s' is there twice", (int)csv->fields[i].bytes,
                                 csv->fields[i].data);
            }
        }
    }
    csv->columns = calloc(count, sizeof *csv->columns);
    ASSERT(csv->columns && "out of memory for the columns of a table");
    buf_room(&csv->header, csv->row.bytes + 1); /* so that it does not move */
    for (size_t i = 0; i < count; i++) {
        csv->columns[i] =
            (struct slice){csv->header.data + csv->header.bytes, csv->fields[i].bytes};
        buf_slice(&csv->header, csv->fields[i]);
    }
    csv->column_count = count;
    return NULL;
}

struct status *csv_open(const char *path, struct csv **out)
{
    struct csv_file *file;
    TRY(csv_file_open(path, &file));
    struct csv *csv = calloc(1, sizeof *csv);
    char *copy = strdup(path);
    ASSERT(csv && copy && "out of memory for a table");
    csv->file = file;
    csv->path = copy;
    csv->next_line = 1;
    struct status *st = read_header(csv);
    if (st) {
        csv_close(csv);
        return st;
    }
    *out = csv;
    return NULL;
}

void csv_close(struct csv *csv)
{
    if (csv) {
        csv_file_close(csv->file);
        buf_fini(&csv->in);
        buf_fini(&csv->header);
        buf_fini(&csv->plain);
        buf_fini(&csv->kept);
        buf_fini(&csv->keys);
        free(csv->columns);
        free(csv->fields);
        free(csv->rows);
        free(csv->path);
        free(csv);
    }
}

const struct slice *csv_columns(const struct csv *csv, size_t *count)
{
    *count = csv->column_count;
    return csv->columns;
}

int csv_column(const struct csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->column_count; i++) {
        if (slice_is(csv->columns[i], name)) {
            return (int)i;
        }
    }
    return -1;
}

static struct status *next_from_file(struct csv *csv, bool *found)
{
    size_t count;
    TRY(cut_row(csv, found));
    if (!*found) {
        return NULL;
    }
    TRY(check_utf8(csv));
    TRY(cut_fields(csv, &count));
    if (count != csv->column_count) {
        return csv_error(csv, "expected %zu fields as in the header, found %zu", csv->column_count,
                         count);
    }
    return NULL;
}

struct status *csv_next(struct csv *csv, const struct slice **fields)
{
    bool found = true;
    if (csv->sorted) {
        size_t count;
        found = csv->row_next < csv->row_count;
        if (found) {
            const struct kept_row *row = &csv->rows[csv->row_next++];
            csv->row = (struct slice){csv->kept.data + row->at, row->bytes};
            csv->line = row->line;
            TRY(cut_fields(csv, &count));
            ASSERT(count == csv->column_count);
        }
    } else {
        TRY(next_from_file(csv, &found));
    }
    *fields = found ? csv->fields : NULL;
    return NULL;
}

static int by_key(const void *a, const void *b, void *context)
{
    const struct kept_row *left = a, *right = b;
    const struct csv *csv = context;
    size_t least = left->key_bytes < right->key_bytes ? left->key_bytes : right->key_bytes;
    int order =
        least ? memcmp(csv->keys.data + left->key_at, csv->keys.data + right->key_at, least) : 0;
    if (order == 0 && left->key_bytes != right->key_bytes) {
        order = left->key_bytes < right->key_bytes ? -1 : 1;
    }
    return order ? order : (left->line > right->line) - (left->line < right->line);
}

static void keep_row(struct csv *csv, size_t *capacity, struct slice key)
{
    csv->rows = grow(csv->rows, capacity, csv->row_count + 1, sizeof *csv->rows);
    csv->rows[csv->row_count++] =
        (struct kept_row){csv->kept.bytes, (uint32_t)csv->row.bytes, (uint32_t)csv->keys.bytes,
                          (uint32_t)key.bytes, csv->line};
    buf_slice(&csv->keys, key);
    buf_slice(&csv->kept, csv->row);
}

struct status *csv_sort(struct csv *csv, size_t column)
{
    ASSERT(column < csv->column_count && !csv->sorted);
    size_t capacity = 0;
    for (;;) {
        bool found;
        TRY(next_from_file(csv, &found));
        if (!found) {
            break;
        }
        if (csv->keys.bytes > UINT32_MAX - CSV_ROW_BYTES_MAX) {
            return csv_error(csv, "the table is too large to be sorted in memory: sort the file");
        }
        keep_row(csv, &capacity, csv->fields[column]);
    }
    if (csv->row_count) {
        qsort_r(csv->rows, csv->row_count, sizeof *csv->rows, by_key, csv);
    }
    csv->sorted = true;
    return NULL;
}

struct slice csv_row_text(const struct csv *csv)
{
    return csv->row;
}

uint64_t csv_line(const struct csv *csv)
{
    return csv->line;
}

const char *csv_path(const struct csv *csv)
{
    return csv->path;
}

/* A sorted table was read before its first row came out: then rows count. */
void csv_progress(const struct csv *csv, uint64_t *done, uint64_t *total)
{
    csv_file_progress(csv->file, done, total);
    if (csv->sorted && csv->row_count) {
        *done = *total * csv->row_next / csv->row_count;
    }
}

bool csv_number(struct slice field, double *out)
{
    char copy[64], *end;
    if (!field.bytes || field.bytes >= sizeof copy) {
        return false;
    }
    memcpy(copy, field.data, field.bytes);
    copy[field.bytes] = '\0';
    *out = strtod(copy, &end);
    return !*end && isfinite(*out);
}
