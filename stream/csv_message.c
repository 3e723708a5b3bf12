#include "stream/csv_message.h"

#include "config/base/arena.h"
#include "config/base/buf.h"
#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "stream/csv.h"

#include <stdlib.h>

enum { ARENA_BLOCK_BYTES = 256 << 10, ARENA_LIMIT_BYTES = 1 << 30, ARENA_FULL_BYTES = 256 << 20 };

struct csv_messages {
    struct csv *csv;
    struct arena *arena;
    const struct slice *columns, *fields; /* fields NULL: nothing read ahead */
    size_t column_count, line_columns;
    bool *in_message; /* [column_count] */
    struct slice lines; /* name of the list; data NULL: a row is a message */
    struct buf original;
    struct datum *rows; /* [row_capacity] records of the message being built */
    size_t row_capacity;
    uint64_t line;
    bool ended;
};

struct status *csv_messages_open(const char *path, const struct map *map, struct csv_messages **out)
{
    struct csv *csv;
    TRY(csv_open(path, &csv));
    struct slice sort = map ? map_table_sort(map) : (struct slice){NULL, 0};
    if (sort.data) {
        int column = csv_column(csv, sort.data);
        struct status *st = column < 0 ? csv_error(csv,
                                                   "expected the column '%s', by which the map "
                                                   "sorts the table",
                                                   sort.data)
                                       : csv_sort(csv, (size_t)column);
        if (st) {
            csv_close(csv);
            return st;
        }
    }
    struct csv_messages *messages = calloc(1, sizeof *messages);
    ASSERT(messages && "out of memory for a table");
    messages->csv = csv;
    messages->arena = arena_create(ARENA_BLOCK_BYTES, ARENA_LIMIT_BYTES);
    messages->columns = csv_columns(csv, &messages->column_count);
    messages->in_message = calloc(messages->column_count, sizeof *messages->in_message);
    ASSERT(messages->arena && messages->in_message && "out of memory for a table");
    messages->lines = map ? map_table_lines(map) : (struct slice){NULL, 0};
    for (size_t i = 0; i < messages->column_count; i++) {
        messages->in_message[i] =
            !messages->lines.data || map_table_column(map, messages->columns[i]);
        messages->line_columns += !messages->in_message[i];
    }
    *out = messages;
    return NULL;
}

void csv_messages_close(struct csv_messages *messages)
{
    if (messages) {
        csv_close(messages->csv);
        arena_destroy(messages->arena);
        buf_fini(&messages->original);
        free(messages->in_message);
        free(messages->rows);
        free(messages);
    }
}

/* Record of the row's message columns or of the others, copied; `more` children are left free
 * behind them. */
static struct datum *copy_columns(struct csv_messages *messages, bool in_message, size_t more)
{
    size_t count = 0;
    struct datum *children =
        arena_alloc(messages->arena, (messages->column_count + more) * sizeof *children);
    ASSERT(children && "a row is bounded, and so are the rows of a message");
    for (size_t i = 0; i < messages->column_count; i++) {
        if (messages->in_message[i] == in_message) {
            struct slice field = messages->fields[i];
            char *copy = arena_copy(messages->arena, field.data ? field.data : "", field.bytes);
            ASSERT(copy);
            children[count++] = (struct datum){
                .kind = DATUM_TEXT, .name = messages->columns[i], .text = {copy, field.bytes}};
        }
    }
    return children;
}

static bool same_message(const struct csv_messages *messages, const struct datum *children)
{
    size_t count = 0;
    for (size_t i = 0; i < messages->column_count; i++) {
        if (messages->in_message[i] && !slice_equal(children[count++].text, messages->fields[i])) {
            return false;
        }
    }
    return true;
}

static void add_row(struct csv_messages *messages, size_t count)
{
    messages->rows =
        grow(messages->rows, &messages->row_capacity, count + 1, sizeof *messages->rows);
    messages->rows[count] = (struct datum){.kind = DATUM_RECORD,
                                           .count = (uint32_t)messages->line_columns,
                                           .children = copy_columns(messages, false, 0)};
}

/* The row read ahead belongs to the message: its text too. Then the next one. */
static struct status *take_row(struct csv_messages *messages)
{
    buf_slice(&messages->original, csv_row_text(messages->csv));
    buf_byte(&messages->original, '\n');
    return csv_next(messages->csv, &messages->fields);
}

struct status *csv_messages_next(struct csv_messages *messages, const struct datum **message,
                                 struct slice *original)
{
    *message = NULL;
    if (!messages->fields && !messages->ended) {
        TRY(csv_next(messages->csv, &messages->fields));
    }
    if (!messages->fields) {
        messages->ended = true;
        return NULL;
    }
    arena_reset(messages->arena);
    buf_reset(&messages->original);
    messages->line = csv_line(messages->csv);
    struct datum *root = arena_alloc(messages->arena, sizeof *root);
    ASSERT(root);
    struct datum *children = copy_columns(messages, true, 1);
    size_t own = messages->column_count - messages->line_columns, rows = 0;
    *root = (struct datum){.kind = DATUM_RECORD, .count = (uint32_t)own, .children = children};
    if (!messages->lines.data) {
        TRY(take_row(messages));
    } else {
        do {
            add_row(messages, rows++);
            TRY(take_row(messages));
        } while (messages->fields && rows < CSV_MESSAGE_ROWS_MAX &&
                 arena_used(messages->arena) < ARENA_FULL_BYTES &&
                 same_message(messages, children));
        children[own] = (struct datum){.kind = DATUM_ARRAY,
                                       .name = messages->lines,
                                       .count = (uint32_t)rows,
                                       .children = messages->rows};
        root->count++;
    }
    messages->ended = !messages->fields;
    *message = root;
    *original = buf_view(&messages->original);
    return NULL;
}

uint64_t csv_messages_line(const struct csv_messages *messages)
{
    return messages->line;
}

void csv_messages_progress(const struct csv_messages *messages, uint64_t *done, uint64_t *total)
{
    csv_progress(messages->csv, done, total);
}
