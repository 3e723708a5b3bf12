#include "stream/map_compile.h"

/* CONDITION = clause { " and " clause }; clause = operand operator value; operand = path | $field.
 * Values may stand in double quotes. */

static const struct {
    const char *text;
    enum map_operator op;
    bool has_value;
} OPERATORS[] = {
    {" starts with ", MAP_STARTS, true},
    {" ends with ", MAP_ENDS, true},
    {" matches ", MAP_MATCHES, true},
    {" is missing", MAP_MISSING, false},
    {" is not ", MAP_IS_NOT, true},
    {" is ", MAP_IS, true},
    {" exists", MAP_EXISTS, false},
    {" differs from ", MAP_DIFFERS, true},
    {" <= ", MAP_AT_MOST, true},
    {" >= ", MAP_AT_LEAST, true},
    {" < ", MAP_LESS, true},
    {" > ", MAP_MORE, true},
};
enum { OPERATOR_COUNT = sizeof OPERATORS / sizeof OPERATORS[0] };

static struct slice between(const char *from, const char *to)
{
    while (from < to && *from == ' ') {
        from++;
    }
    while (to > from && to[-1] == ' ') {
        to--;
    }
    return (struct slice){from, (size_t)(to - from)};
}

/* First place of `what` outside double quotes, or NULL. */
static const char *find(const char *at, const char *end, const char *what)
{
    size_t bytes = strlen(what);
    bool quoted = false;
    for (; at < end; at++) {
        if (!quoted && (size_t)(end - at) >= bytes && memcmp(at, what, bytes) == 0) {
            return at;
        }
        quoted = quoted != (*at == '"');
    }
    return NULL;
}

int compile_field(const struct compiler *compiler, struct slice name)
{
    for (int i = 0; i < MAP_FIELD_COUNT; i++) {
        if (MAP_FIELDS[i].in[compiler->name] && slice_is(name, MAP_FIELDS[i].name)) {
            return i;
        }
    }
    return -1;
}

static bool is_number(enum map_operator op)
{
    return op == MAP_LESS || op == MAP_AT_MOST || op == MAP_MORE || op == MAP_AT_LEAST;
}

static void compile_operand(struct compiler *compiler, const struct yaml_node *node,
                            struct slice text, struct map_clause *out)
{
    if (!text.bytes || text.data[0] != '$') {
        (void)compile_path(compiler, node, text, &out->path);
        return;
    }
    int field = compile_field(compiler, (struct slice){text.data + 1, text.bytes - 1});
    if (field < 0 || !compiler->section->has[field]) {
        compile_error(compiler, node, "'%.*s': this section has no rule for such a field",
                      (int)text.bytes, text.data);
        return;
    }
    out->is_field = true;
    out->field = (enum map_field)field;
    bool text_field = MAP_FIELDS[field].type == MAP_TEXT;
    if (out->op == MAP_DIFFERS ||
        (out->op != MAP_EXISTS && out->op != MAP_MISSING && is_number(out->op) == text_field)) {
        compile_error(compiler, node, "'%.*s' is a %s: this comparison does not fit",
                      (int)text.bytes, text.data, text_field ? "text" : "number");
    }
}

static void compile_value(struct compiler *compiler, const struct yaml_node *node,
                          struct slice text, struct map_clause *out)
{
    if (text.bytes >= 2 && text.data[0] == '"' && text.data[text.bytes - 1] == '"') {
        text = (struct slice){text.data + 1, text.bytes - 2};
    }
    out->text = text;
    if (out->op == MAP_DIFFERS) {
        (void)compile_path(compiler, node, text, &out->other);
    } else if (is_number(out->op)) {
        struct datum d = {.kind = DATUM_TEXT, .text = text};
        if (map_number_exact(&d, &out->number) != DATUM_NUMBER_OK) {
            compile_error(compiler, node, "'%.*s' is no number", (int)text.bytes, text.data);
        }
    } else if (out->op == MAP_MATCHES) {
        struct map_pattern *pattern = compile_alloc(compiler, sizeof *pattern);
        const char *problem;
        if (!map_pattern_parse(text, pattern, &problem)) {
            compile_error(compiler, node, "pattern '%.*s': %s", (int)text.bytes, text.data,
                          problem);
        }
        out->pattern = pattern;
    }
}

static void compile_clause(struct compiler *compiler, const struct yaml_node *node,
                           const char *from, const char *to, struct map_clause *out)
{
    const char *best = NULL;
    size_t which = 0;
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        const char *place = find(from, to, OPERATORS[i].text);
        if (place && (!best || place < best)) {
            best = place;
            which = i;
        }
    }
    if (!best) {
        compile_error(compiler, node,
                      "'%.*s' is no condition: expected `path is X`, `is not`, `starts with`, "
                      "`ends with`, `matches`, `exists`, `is missing`, `differs from`, < <= > >=",
                      (int)(to - from), from);
        return;
    }
    out->op = OPERATORS[which].op;
    compile_operand(compiler, node, between(from, best), out);
    struct slice value = between(best + strlen(OPERATORS[which].text), to);
    if (OPERATORS[which].has_value) {
        compile_value(compiler, node, value, out);
    } else if (value.bytes) {
        compile_error(compiler, node, "'%.*s' is too much here", (int)value.bytes, value.data);
    }
}

void compile_condition(struct compiler *compiler, const struct yaml_node *node,
                       struct map_condition *out)
{
    struct slice text = compile_text(compiler, node, "condition");
    const char *at = text.data, *end = text.data + text.bytes;
    *out = (struct map_condition){0};
    while (text.bytes && at < end) {
        const char *stop = find(at, end, " and ");
        if (out->count == MAP_CLAUSES_MAX) {
            compile_error(compiler, node, "more than %d parts joined by 'and'", MAP_CLAUSES_MAX);
            return;
        }
        compile_clause(compiler, node, at, stop ? stop : end, &out->clauses[out->count++]);
        at = stop ? stop + strlen(" and ") : end;
    }
}
