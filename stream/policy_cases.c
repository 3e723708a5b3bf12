#include "stream/policy_cases.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"
#include "schemas/json.h"
#include "stream/csv_file.h"
#include "stream/policy_solve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 16 << 20, CHUNK = 64 << 10 };

struct walk {
    struct buf path; /* "/a/b[3]" */
    struct buf out;
    struct status *st; /* the first refusal */
    uint64_t solved;
};

static struct status *read_all(const char *path, struct buf *text)
{
    struct csv_file *file;
    TRY(csv_file_open(path, &file));
    struct status *st = NULL;
    for (size_t bytes = 1; bytes > 0 && !st;) {
        buf_room(text, CHUNK);
        st = csv_file_read(file, text->data + text->bytes, CHUNK, &bytes);
        text->bytes += st ? 0 : bytes;
        if (!st && text->bytes > FILE_MOST) {
            st = status_new(STATUS_USAGE, "read %s: more than 16 MiB of problems; cut it", path);
        }
    }
    csv_file_close(file);
    return st;
}

static void solve(struct walk *walk, const struct datum *problem)
{
    struct policy_ask ask = {.problem = problem};
    struct buf answer = {0};
    const struct datum *labels = policy_ask_field(&ask, "as");
    buf_byte(&walk->out, '{');
    for (uint32_t i = 0; labels && labels->kind == DATUM_RECORD && i < labels->count; i++) {
        datum_print_text(&walk->out, labels->children[i].name);
        buf_byte(&walk->out, ':');
        datum_print(&walk->out, &labels->children[i]);
        buf_byte(&walk->out, ',');
    }
    policy_solve(&ask, &answer);
    if (policy_ask_fault(&ask)) {
        walk->st =
            status_new(STATUS_USAGE, "%.*s: %s", (int)walk->path.bytes, walk->path.data, ask.fault);
    }
    buf_slice(&walk->out, buf_view(&answer));
    buf_byte(&walk->out, '}');
    buf_fini(&answer);
    walk->solved++;
}

/* Depth is bounded by the decoder (JSON_DEPTH_MAX). */
static void visit(struct walk *walk, const struct datum *datum) // NOLINT(misc-no-recursion)
{
    bool record = datum->kind == DATUM_RECORD;
    if (record && datum_child(datum, slice_of("solve"), NULL)) {
        solve(walk, datum);
        return;
    }
    if (!record && datum->kind != DATUM_ARRAY) {
        datum_print(&walk->out, datum);
        return;
    }
    size_t here = walk->path.bytes;
    buf_byte(&walk->out, record ? '{' : '[');
    for (uint32_t i = 0; i < datum->count && !walk->st; i++) {
        const struct datum *child = &datum->children[i];
        buf_text(&walk->out, i ? "," : "");
        walk->path.bytes = here;
        if (record) {
            datum_print_text(&walk->out, child->name);
            buf_byte(&walk->out, ':');
            buf_byte(&walk->path, '/');
            buf_slice(&walk->path, child->name);
        } else {
            buf_print(&walk->path, "[%u]", i);
        }
        visit(walk, child);
    }
    walk->path.bytes = here;
    buf_byte(&walk->out, record ? '}' : ']');
}

static struct status *write_out(const char *path, const struct buf *out)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        return status_new(STATUS_IO, "write answers to %s: %s", path, strerror(errno));
    }
    bool good = fwrite(out->data, 1, out->bytes, file) == out->bytes && fputc('\n', file) != EOF;
    good = fclose(file) == 0 && good;
    if (!good) {
        (void)remove(path);
        return status_new(STATUS_IO, "write answers to %s: %s", path, strerror(errno));
    }
    return NULL;
}

static struct status *answer(const char *cases, struct slice text, struct arena *arena,
                             struct walk *walk)
{
    struct datum *root;
    struct decode_error error;
    if (!json_decode(arena, text, &root, &error)) {
        return status_new(STATUS_USAGE, "read %s: byte %zu: %s: %s", cases, error.offset,
                          error.field, error.reason);
    }
    buf_reset(&walk->path);
    visit(walk, root);
    struct status *st = walk->st;
    walk->st = NULL;
    return status_wrap(st, "%s", cases);
}

struct status *policy_cases_run(const char *cases, const char *out,
                                struct policy_cases_report *report)
{
    *report = (struct policy_cases_report){0};
    struct buf text = {0};
    struct walk walk = {0};
    struct arena *arena = arena_create((size_t)1 << 20, (size_t)1 << 30);
    ASSERT(arena && "out of memory for a file of problems");
    struct status *st = read_all(cases, &text);
    if (!st) {
        st = answer(cases, buf_view(&text), arena, &walk);
    }
    if (!st) {
        st = write_out(out, &walk.out);
    }
    report->solved = st ? 0 : walk.solved;
    buf_fini(&text);
    buf_fini(&walk.out);
    buf_fini(&walk.path);
    arena_destroy(arena);
    return st;
}
