/* The document of libyaml is checked and copied into one arena, so that it can be freed at once and
 * nodes are plain data.
 *
 * A first pass over the events of libyaml holds the bounds against the input, before libyaml builds
 * anything of it. Aliases are resolved by copying the node again (a text is shared); a node that
 * contains itself is refused, and what aliases multiply is counted against the same bound as real
 * nodes, so that nested aliases cannot explode in whoever walks the tree. */
#include "config/yaml.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

enum {
    YAML_BYTES_MAX = 4 << 20,
    YAML_DEPTH_MAX = 64,
    YAML_NODES_MAX = 200000,
    YAML_ANCHORS_MAX = 1000, /* libyaml compares each with all others */
    YAML_PROBLEMS_MAX = 50, /* nobody reads more, and joining them is quadratic */
    ARENA_BLOCK = 64 * 1024,
    ARENA_LIMIT = 128 << 20
};

struct yaml {
    struct arena *arena;
    const char *file;
    const struct yaml_node *root;
};

struct copy {
    yaml_document_t *document;
    struct arena *arena;
    const char *file;
    unsigned char *open; /* nodes on the path to the root: an alias to one is a cycle */
    const char **texts; /* of scalars copied before */
    size_t visited, problem_count;
    struct status *problems;
};

static struct status *problem(const char *file, size_t line, size_t column, const char *text)
{
    return status_new(STATUS_CONFIG, "%s:%zu:%zu: %s", file, line, column, text);
}

/* Takes st. */
static void complain(struct copy *copy, struct status *st)
{
    if (++copy->problem_count > YAML_PROBLEMS_MAX) {
        status_free(st);
        return;
    }
    copy->problems = status_join(copy->problems, st);
}

static void note(struct copy *copy, const yaml_node_t *node, const char *text)
{
    complain(copy,
             problem(copy->file, node->start_mark.line + 1, node->start_mark.column + 1, text));
}

static const struct yaml_node *copy_node(struct copy *copy, int number, int depth);

static void *room(struct copy *copy, size_t bytes)
{
    void *at = arena_alloc(copy->arena, bytes ? bytes : 1);
    ASSERT(at && "a bounded document fits its arena");
    return at;
}

static void copy_scalar(struct copy *copy, const yaml_node_t *from, struct yaml_node *to,
                        int number)
{
    to->kind = YAML_SCALAR;
    to->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (copy->texts[number]) {
        to->text = copy->texts[number];
        return;
    }
    to->text =
        arena_copy(copy->arena, (const char *)from->data.scalar.value, from->data.scalar.length);
    ASSERT(to->text && "a bounded document fits its arena");
    copy->texts[number] = to->text;
    if (strlen(to->text) != from->data.scalar.length) {
        note(copy, from, "a NUL character is not allowed");
    }
}

static void copy_sequence(struct copy *copy, const yaml_node_t *from, struct yaml_node *to,
                          int depth)
{
    size_t count = (size_t)(from->data.sequence.items.top - from->data.sequence.items.start);
    const struct yaml_node **items = room(copy, count * sizeof(struct yaml_node *));
    to->kind = YAML_SEQUENCE;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item =
            copy_node(copy, from->data.sequence.items.start[i], depth + 1);
        if (item) {
            items[to->count++] = item;
        }
    }
    to->items = items;
}

static int by_text(const void *a, const void *b)
{
    const struct yaml_node *one = *(const struct yaml_node *const *)a;
    const struct yaml_node *two = *(const struct yaml_node *const *)b;
    int order = strcmp(one->text, two->text);
    if (order) {
        return order;
    }
    return one->line != two->line ? (one->line < two->line ? -1 : 1)
                                  : (one->column > two->column) - (one->column < two->column);
}

static void refuse_duplicates(struct copy *copy, const struct yaml_node *mapping)
{
    if (mapping->count < 2) {
        return;
    }
    const struct yaml_node **sorted = room(copy, mapping->count * sizeof(struct yaml_node *));
    memcpy(sorted, mapping->keys, mapping->count * sizeof(struct yaml_node *));
    qsort(sorted, mapping->count, sizeof(struct yaml_node *), by_text);
    for (size_t i = 1; i < mapping->count; i++) {
        if (strcmp(sorted[i]->text, sorted[i - 1]->text) == 0) {
            complain(copy,
                     yaml_error(sorted[i], "'%.200s' stands here again; the first one is at %u:%u",
                                sorted[i]->text, sorted[i - 1]->line, sorted[i - 1]->column));
        }
    }
}

static void copy_mapping(struct copy *copy, const yaml_node_t *from, struct yaml_node *to,
                         int depth)
{
    size_t count = (size_t)(from->data.mapping.pairs.top - from->data.mapping.pairs.start);
    const struct yaml_node **keys = room(copy, count * sizeof(struct yaml_node *));
    const struct yaml_node **items = room(copy, count * sizeof(struct yaml_node *));
    to->kind = YAML_MAPPING;
    for (size_t i = 0; i < count; i++) {
        const yaml_node_pair_t *pair = &from->data.mapping.pairs.start[i];
        const struct yaml_node *key = copy_node(copy, pair->key, depth + 1);
        const struct yaml_node *item = copy_node(copy, pair->value, depth + 1);
        if (key && key->kind != YAML_SCALAR) {
            complain(copy, yaml_error(key, "a key must be plain text"));
        } else if (key && item) {
            keys[to->count] = key;
            items[to->count++] = item;
        }
    }
    to->keys = keys;
    to->items = items;
    refuse_duplicates(copy, to);
}

static const struct yaml_node *copy_node(struct copy *copy, int number, int depth)
{
    const yaml_node_t *from = yaml_document_get_node(copy->document, number);
    if (!from) {
        return NULL;
    }
    if (copy->visited == YAML_NODES_MAX) {
        note(copy, from, "the document is too large, or its aliases multiply");
    }
    if (depth > YAML_DEPTH_MAX) {
        note(copy, from, "nested too deeply");
    }
    if (copy->open[number]) {
        note(copy, from, "an alias inside of what it names");
    }
    if (++copy->visited > YAML_NODES_MAX || depth > YAML_DEPTH_MAX || copy->open[number]) {
        return NULL;
    }
    struct yaml_node *to = room(copy, sizeof *to);
    *to = (struct yaml_node){.line = (uint32_t)from->start_mark.line + 1,
                             .column = (uint32_t)from->start_mark.column + 1,
                             .file_ref = copy->file,
                             .text = ""};
    copy->open[number] = 1;
    switch (from->type) {
    case YAML_SCALAR_NODE:
        copy_scalar(copy, from, to, number);
        break;
    case YAML_SEQUENCE_NODE:
        copy_sequence(copy, from, to, depth);
        break;
    case YAML_MAPPING_NODE:
        copy_mapping(copy, from, to, depth);
        break;
    case YAML_NO_NODE:
        break;
    }
    copy->open[number] = 0;
    return to;
}

static struct status *copy_document(yaml_document_t *document, struct yaml *yaml)
{
    size_t nodes = (size_t)(document->nodes.top - document->nodes.start);
    if (!nodes) {
        return NULL;
    }
    struct copy copy = {.document = document, .arena = yaml->arena, .file = yaml->file};
    copy.open = calloc(nodes + 1, 1);
    copy.texts = calloc(nodes + 1, sizeof *copy.texts);
    if (!copy.open || !copy.texts) {
        copy.problems = status_new(STATUS_NO_MEMORY, "out of memory for %s", yaml->file);
    } else {
        yaml->root = copy_node(&copy, 1, 0);
    }
    free(copy.open);
    free(copy.texts);
    if (copy.problem_count > YAML_PROBLEMS_MAX) {
        copy.problems = status_join(copy.problems,
                                    status_new(STATUS_CONFIG, "%s: and %zu more problems",
                                               yaml->file, copy.problem_count - YAML_PROBLEMS_MAX));
    }
    return copy.problems;
}

/* --- libyaml
 * -------------------------------------------------------------------------------------------------------
 */

struct input {
    const char *file;
    const unsigned char *data;
    size_t bytes;
};

/* What libyaml did not like. Of unreadable characters it tells the offset only. */
static struct status *refused(const yaml_parser_t *parser, const struct input *in)
{
    const char *text = parser->problem ? parser->problem : "not readable";
    size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;
    if (parser->error == YAML_MEMORY_ERROR) {
        return status_new(STATUS_NO_MEMORY, "out of memory for %s", in->file);
    }
    if (parser->error == YAML_READER_ERROR) {
        line = column = 1;
        for (size_t i = 0; i < parser->problem_offset && i < in->bytes; i++, column++) {
            if (in->data[i] == '\n') {
                line++;
                column = 0;
            }
        }
    }
    return problem(in->file, line, column, text);
}

struct tally {
    size_t nodes, anchors, documents;
    int depth;
};

/* Why this event is one too many, or NULL. */
static const char *tally(struct tally *tally, const yaml_event_t *event)
{
    const unsigned char *anchor = NULL;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tally->nodes++;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tally->nodes++;
        tally->depth++;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tally->nodes++;
        tally->depth++;
        break;
    case YAML_ALIAS_EVENT:
        tally->nodes++;
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        tally->depth--;
        break;
    case YAML_DOCUMENT_START_EVENT:
        tally->documents++;
        break;
    case YAML_DOCUMENT_END_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_NO_EVENT:
        break;
    }
    tally->anchors += anchor != NULL;
    return tally->documents > 1 ? "a second document begins here; put everything into one"
           : tally->nodes > YAML_NODES_MAX     ? "the document is too large"
           : tally->depth > YAML_DEPTH_MAX     ? "nested too deeply"
           : tally->anchors > YAML_ANCHORS_MAX ? "too many anchors"
                                               : NULL;
}

static struct status *check_events(yaml_parser_t *parser, const struct input *in)
{
    struct tally sums = {0};
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            return refused(parser, in);
        }
        const char *why = tally(&sums, &event);
        struct status *st =
            why ? problem(in->file, event.start_mark.line + 1, event.start_mark.column + 1, why)
                : NULL;
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        TRY(st);
    }
    return NULL;
}

static struct status *build(yaml_parser_t *parser, const struct input *in, struct yaml *yaml)
{
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document)) {
        return refused(parser, in);
    }
    struct status *st = copy_document(&document, yaml);
    yaml_document_delete(&document);
    return st;
}

/* One pass of libyaml over the input; yaml NULL: only the bounds. */
static struct status *pass(const struct input *in, struct yaml *yaml)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return status_new(STATUS_NO_MEMORY, "out of memory for %s", in->file);
    }
    yaml_parser_set_input_string(&parser, in->data, in->bytes);
    struct status *st = yaml ? build(&parser, in, yaml) : check_events(&parser, in);
    yaml_parser_delete(&parser);
    return st;
}

struct status *yaml_parse(const char *name, const char *data, size_t bytes, struct yaml **out)
{
    if (bytes > YAML_BYTES_MAX) {
        return status_new(STATUS_CONFIG, "%s: larger than %d bytes", name, YAML_BYTES_MAX);
    }
    struct input in = {name, (const unsigned char *)(data ? data : ""), bytes};
    TRY(pass(&in, NULL));
    struct yaml *yaml = calloc(1, sizeof *yaml);
    if (!yaml || !(yaml->arena = arena_create(ARENA_BLOCK, ARENA_LIMIT)) ||
        !(yaml->file = arena_copy(yaml->arena, name, strlen(name)))) {
        yaml_destroy(yaml);
        return status_new(STATUS_NO_MEMORY, "out of memory for %s", name);
    }
    struct status *st = pass(&in, yaml);
    if (st) {
        yaml_destroy(yaml);
        return st;
    }
    *out = yaml;
    return NULL;
}

struct status *yaml_load(const char *path, struct yaml **out)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return status_new(STATUS_CONFIG, "cannot read %s: %s", path, strerror(errno));
    }
    char *data = malloc(YAML_BYTES_MAX + 1);
    size_t bytes = data ? fread(data, 1, YAML_BYTES_MAX + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    struct status *st = !data    ? status_new(STATUS_NO_MEMORY, "out of memory for %s", path)
                        : failed ? status_new(STATUS_CONFIG, "cannot read %s: it is no file", path)
                                 : yaml_parse(path, data, bytes, out);
    free(data);
    return st;
}

void yaml_destroy(struct yaml *yaml)
{
    if (yaml) {
        arena_destroy(yaml->arena);
        free(yaml);
    }
}

const struct yaml_node *yaml_root(const struct yaml *yaml)
{
    return yaml->root;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != YAML_MAPPING) {
        return NULL;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->keys[i]->text, key) == 0) {
            return mapping->items[i];
        }
    }
    return NULL;
}

bool yaml_same(const struct yaml_node *one, const struct yaml_node *other)
{
    if (!one || !other) {
        return one == other;
    }
    if (one->kind != other->kind || one->count != other->count ||
        (one->kind == YAML_SCALAR && strcmp(one->text, other->text) != 0)) {
        return false;
    }
    for (size_t i = 0; i < one->count; i++) {
        if ((one->kind == YAML_MAPPING && !yaml_same(one->keys[i], other->keys[i])) ||
            !yaml_same(one->items[i], other->items[i])) {
            return false;
        }
    }
    return true;
}

bool yaml_is_null(const struct yaml_node *node)
{
    return !node ||
           (node->kind == YAML_SCALAR && !node->quoted &&
            (!node->text[0] || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0));
}

struct status *yaml_error(const struct yaml_node *node, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return node->line ? status_new(STATUS_CONFIG, "%s:%u:%u: %s", node->file_ref, node->line,
                                   node->column, text)
                      : status_new(STATUS_CONFIG, "%s: %s", node->file_ref, text);
}

/* Edits between two names, where two neighbours that changed places are one (Damerau 1964, optimal
 * string alignment). Names longer than the rows are no candidates. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 80 };
    size_t rows[3][LONGEST + 1], length = strlen(b);
    if (length > LONGEST || strlen(a) > LONGEST) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t least = last[j] < row[j - 1] ? last[j] : row[j - 1];
            size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least + 1 < change ? least + 1 : change;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
    }
    return rows[strlen(a) % 3][length];
}

const char *yaml_nearest(const char *name, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t least = strlen(name) / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(name, candidates[i]);
        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    return best;
}
