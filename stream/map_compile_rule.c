#include "stream/map_compile.h"

#include <stdlib.h>

static const char *const RULE_KEYS[] = {
    "from",         "const",  "default",      "optional", "trim",  "case",
    "strip_prefix", "values", "strip_suffix", "time",     "step",  "scale",
    "decimals",     "round",  "negate",       "absolute", "number"};

static bool flag(struct compiler *compiler, const struct yaml_node *rule, const char *key)
{
    const struct yaml_node *node = yaml_get(rule, key);
    if (!node) {
        return false;
    }
    struct slice text = compile_text(compiler, node, key);
    bool yes = slice_is(text, "true") || slice_is(text, "yes") || slice_is(text, "on");
    if (!yes && !slice_is(text, "false") && !slice_is(text, "no") && !slice_is(text, "off")) {
        compile_error(compiler, node, "%s: expected true or false", key);
    }
    return yes;
}

static struct slice text_option(struct compiler *compiler, const struct yaml_node *rule,
                                const char *key)
{
    const struct yaml_node *node = yaml_get(rule, key);
    return node ? compile_text(compiler, node, key) : (struct slice){NULL, 0};
}

static int64_t integer_option(struct compiler *compiler, const struct yaml_node *rule,
                              const char *key, int64_t otherwise, int64_t most)
{
    const struct yaml_node *node = yaml_get(rule, key);
    int64_t value = otherwise;
    if (node &&
        (datum_scaled_text(compile_text(compiler, node, key), 0, &value) != DATUM_NUMBER_OK ||
         value < 0 || value > most)) {
        compile_error(compiler, node, "%s: expected a whole number from 0 to %lld", key,
                      (long long)most);
        return otherwise;
    }
    return value;
}

/* "1h", "15min", "1d", "30s", "250ms" */
static int64_t duration_option(struct compiler *compiler, const struct yaml_node *rule,
                               const char *key)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } UNITS[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    const struct yaml_node *node = yaml_get(rule, key);
    if (!node) {
        return 0;
    }
    struct slice text = compile_text(compiler, node, key);
    size_t digits = 0;
    int64_t value = 0;
    for (;
         digits < text.bytes && digits < 9 && text.data[digits] >= '0' && text.data[digits] <= '9';
         digits++) {
        value = value * 10 + (text.data[digits] - '0');
    }
    for (size_t i = 0; digits && i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (slice_is((struct slice){text.data + digits, text.bytes - digits}, UNITS[i].unit)) {
            return value * UNITS[i].ms;
        }
    }
    compile_error(compiler, node, "%s: expected a duration like 1h, 15min, 1d", key);
    return 0;
}

static const struct datum *constant(struct compiler *compiler, const struct yaml_node *rule,
                                    const char *key)
{
    const struct yaml_node *node = yaml_get(rule, key);
    if (!node) {
        return NULL;
    }
    struct datum *d = compile_alloc(compiler, sizeof *d);
    d->kind = DATUM_TEXT;
    d->text = compile_text(compiler, node, key);
    return d;
}

static void compile_case(struct compiler *compiler, const struct yaml_node *rule,
                         struct map_rule *out)
{
    struct slice text = text_option(compiler, rule, "case");
    if (slice_is(text, "upper")) {
        out->letters = MAP_CASE_UPPER;
    } else if (slice_is(text, "lower")) {
        out->letters = MAP_CASE_LOWER;
    } else if (text.data && !slice_is(text, "keep")) {
        compile_error(compiler, yaml_get(rule, "case"), "case: expected upper, lower or keep");
    }
}

static void compile_choices(struct compiler *compiler, const struct yaml_node *rule,
                            struct map_rule *out)
{
    const struct yaml_node *node = yaml_get(rule, "values");
    if (!node) {
        return;
    }
    if (node->kind != YAML_MAPPING || node->count == 0) {
        compile_error(compiler, node, "values: expected a table like {SALE: ORDER, VOID: CANCEL}");
        return;
    }
    struct map_choice *choices = compile_alloc(compiler, node->count * sizeof *choices);
    for (size_t i = 0; i < node->count; i++) {
        choices[i] = (struct map_choice){compile_text(compiler, node->keys[i], "values"),
                                         compile_text(compiler, node->items[i], "values")};
    }
    out->choices = choices;
    out->choice_count = (uint32_t)node->count;
}

/* Options that make no sense for the type are mistakes of the map's author, and said. */
static void check_options(struct compiler *compiler, const struct yaml_node *node,
                          enum map_type type, bool print)
{
    static const struct {
        const char *key;
        unsigned types; /* bits of enum map_type */
        bool print; /* in fingerprints */
    } ROWS[] = {{"case", 1 << MAP_TEXT, true},
                {"strip_prefix", 1 << MAP_TEXT | 1 << MAP_INTEGER | 1 << MAP_MONEY, true},
                {"strip_suffix", 1 << MAP_TEXT | 1 << MAP_INTEGER | 1 << MAP_MONEY, true},
                {"values", 1 << MAP_TEXT | 1 << MAP_BOOLEAN | 1 << MAP_INTEGER, false},
                {"time", 1 << MAP_TIME, false},
                {"step", 1 << MAP_TIME, false},
                {"scale", 1 << MAP_INTEGER, false},
                {"round", 1 << MAP_INTEGER, false},
                {"negate", 1 << MAP_INTEGER, false},
                {"absolute", 1 << MAP_INTEGER, false},
                {"decimals", 1 << MAP_MONEY, false},
                {"number", 0, true},
                {"const", 31, false},
                {"default", 31, false},
                {"optional", 31, false}};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct yaml_node *found = yaml_get(node, ROWS[i].key);
        if (found && (print ? !ROWS[i].print : !(ROWS[i].types >> type & 1))) {
            compile_error(compiler, found, "'%s' has no meaning for this field", ROWS[i].key);
        }
    }
}

static void compile_time(struct compiler *compiler, const struct yaml_node *node,
                         struct map_rule *out)
{
    const struct yaml_node *format = yaml_get(node, "time");
    const char *problem;
    if (format && !map_time_parse(compile_text(compiler, format, "time"), &out->time, &problem)) {
        compile_error(compiler, format, "time: %s", problem);
    }
    out->step_ms = duration_option(compiler, node, "step");
    if (out->step_ms && !compiler->section->split.count) {
        compile_error(compiler, yaml_get(node, "step"),
                      "step: stands only where the section has `split`");
    }
}

static void compile_full(struct compiler *compiler, const struct yaml_node *node,
                         enum map_type type, bool print, struct map_rule *out)
{
    if (!compile_keys(compiler, node, "rule", RULE_KEYS, sizeof RULE_KEYS / sizeof RULE_KEYS[0])) {
        return;
    }
    check_options(compiler, node, type, print);
    const struct yaml_node *from = yaml_get(node, "from");
    out->constant = constant(compiler, node, "const");
    out->fallback = constant(compiler, node, "default");
    if ((from != NULL) == (out->constant != NULL)) {
        compile_error(compiler, node, "expected either 'from' (a path) or 'const' (a value)");
    } else if (from) {
        (void)compile_path(compiler, from, compile_text(compiler, from, "from"), &out->path);
    }
    out->optional = flag(compiler, node, "optional");
    out->trim = flag(compiler, node, "trim");
    out->round = flag(compiler, node, "round");
    out->negate = flag(compiler, node, "negate");
    out->absolute = flag(compiler, node, "absolute");
    out->exact = flag(compiler, node, "number");
    out->strip_prefix = text_option(compiler, node, "strip_prefix");
    out->strip_suffix = text_option(compiler, node, "strip_suffix");
    out->scale = integer_option(compiler, node, "scale", 1, 1000000);
    out->decimals = (int)integer_option(compiler, node, "decimals", 2, 6);
    compile_case(compiler, node, out);
    compile_choices(compiler, node, out);
    compile_time(compiler, node, out);
}

void compile_rule(struct compiler *compiler, const struct yaml_node *node, enum map_type type,
                  bool print, struct map_rule *out)
{
    *out = (struct map_rule){
        .type = type, .scale = 1, .decimals = 2, .zone_ref = compiler->map->zone_ref};
    if (node->kind == YAML_SCALAR) {
        (void)compile_path(compiler, node, compile_text(compiler, node, "path"), &out->path);
    } else {
        compile_full(compiler, node, type, print, out);
    }
    out->per_line = path_per_line(&out->path) || out->step_ms != 0;
}
