#include "stream/map.h"

#include "config/base/ensure.h"
#include "stream/map_compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK_BYTES = 16 << 10, ARENA_LIMIT_BYTES = 16 << 20 };

const struct map_field_row MAP_FIELDS[MAP_FIELD_COUNT] = {
    [MAP_SKU] = {"sku", MAP_TEXT, {true, true}, {true, true}},
    [MAP_LOCATION] = {"location", MAP_TEXT, {true, true}, {false, false}},
    [MAP_ORDER_ID] = {"order_id", MAP_TEXT, {true, false}, {false, false}},
    [MAP_CUSTOMER] = {"customer", MAP_TEXT, {true, false}, {false, false}},
    [MAP_GROUP] = {"group", MAP_TEXT, {true, false}, {false, false}},
    [MAP_CURRENCY] = {"currency", MAP_TEXT, {true, false}, {false, false}},
    [MAP_CHANNEL] = {"channel", MAP_TEXT, {true, false}, {false, false}},
    [MAP_REFERENCE] = {"reference", MAP_TEXT, {false, true}, {false, false}},
    [MAP_KIND] = {"kind", MAP_TEXT, {true, true}, {false, false}},
    [MAP_QUANTITY] = {"quantity", MAP_INTEGER, {true, true}, {true, true}},
    [MAP_UNIT_PRICE] = {"unit_price", MAP_MONEY, {true, false}, {false, false}},
    [MAP_PROMOTION] = {"promotion", MAP_BOOLEAN, {true, false}, {false, false}},
    [MAP_EVENT_TIME] = {"event_time", MAP_TIME, {true, true}, {true, true}},
    [MAP_EXPECTED] = {"expected", MAP_TIME, {false, true}, {false, false}},
};

static const char *const SECTION_NAMES[MAP_SECTIONS] = {"orders", "stock"};

void compile_error(struct compiler *compiler, const struct yaml_node *node, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    compiler->errors = status_join(compiler->errors, yaml_error(node, "%s", message));
}

bool compile_keys(struct compiler *compiler, const struct yaml_node *node, const char *what,
                  const char *const *keys, size_t count)
{
    if (node->kind != YAML_MAPPING) {
        compile_error(compiler, node, "%s: expected names with values", what);
        return false;
    }
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text;
        size_t k = 0;
        while (k < count && strcmp(key, keys[k]) != 0) {
            k++;
        }
        if (k == count) {
            const char *near = yaml_nearest(key, keys, count);
            compile_error(compiler, node->keys[i], "%s: unknown name '%s'%s%s%s", what, key,
                          near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
        }
    }
    return true;
}

struct slice compile_text(struct compiler *compiler, const struct yaml_node *node, const char *what)
{
    if (node->kind != YAML_SCALAR) {
        compile_error(compiler, node, "%s: expected a text", what);
        return (struct slice){"", 0};
    }
    return slice_of(node->text);
}

void *compile_alloc(struct compiler *compiler, size_t bytes)
{
    void *memory = arena_zero(compiler->map->arena, bytes ? bytes : 1);
    ASSERT(memory && "the YAML loader bounds what a map can hold");
    return memory;
}

static void compile_fields(struct compiler *compiler, const struct yaml_node *node)
{
    const char *names[MAP_FIELD_COUNT];
    size_t count = 0;
    struct map_section *section = compiler->section;
    for (int i = 0; i < MAP_FIELD_COUNT; i++) {
        if (MAP_FIELDS[i].in[compiler->name]) {
            names[count++] = MAP_FIELDS[i].name;
        }
    }
    if (!compile_keys(compiler, node, "fields", names, count)) {
        return;
    }
    for (size_t k = 0; k < node->count; k++) {
        int field = compile_field(compiler, slice_of(node->keys[k]->text));
        if (field >= 0 && (field != MAP_KIND || node->items[k]->kind != YAML_SEQUENCE)) {
            section->has[field] = true;
            compile_rule(compiler, node->items[k], MAP_FIELDS[field].type, false,
                         &section->fields[field]);
        }
    }
    for (int i = 0; i < MAP_FIELD_COUNT; i++) {
        if (MAP_FIELDS[i].needed[compiler->name] && !section->has[i]) {
            compile_error(compiler, node, "%s: the field '%s' is needed",
                          SECTION_NAMES[compiler->name], MAP_FIELDS[i].name);
        }
    }
}

static int kind_number(enum map_section_name name, struct slice text)
{
    static const char *const KINDS[MAP_SECTIONS][6] = {
        {"ORDER", "CANCEL", "RETURN", NULL},
        {"COUNT", "RECEIPT", "ADJUSTMENT", "RESERVATION", "ON_ORDER", NULL}};
    for (int i = 0; KINDS[name][i]; i++) {
        if (slice_is(text, KINDS[name][i])) {
            return i;
        }
    }
    return -1;
}

/* kind: a list of {when, is}; conditions may use all other fields. */
static void compile_kinds(struct compiler *compiler, const struct yaml_node *list)
{
    static const char *const KEYS[] = {"when", "is"};
    struct map_section *section = compiler->section;
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *node = list->items[i];
        if (!compile_keys(compiler, node, "kind", KEYS, 2)) {
            continue;
        }
        const struct yaml_node *is = yaml_get(node, "is"), *when = yaml_get(node, "when");
        int kind = is ? kind_number(compiler->name, compile_text(compiler, is, "is")) : -1;
        if (kind < 0 || section->kind_count == MAP_KINDS_MAX) {
            compile_error(
                compiler, is ? is : node,
                kind < 0 ? "kind: 'is' must be one of %s" : "kind: too many rules after %s",
                compiler->name == MAP_ORDERS ? "ORDER, CANCEL, RETURN"
                                             : "COUNT, RECEIPT, ADJUSTMENT, RESERVATION, ON_ORDER");
            continue;
        }
        struct map_kind_rule *rule = &section->kinds[section->kind_count++];
        rule->kind = kind;
        if (when) {
            compile_condition(compiler, when, &rule->when);
        }
    }
}

static void compile_keeps(struct compiler *compiler, const struct yaml_node *node)
{
    struct map_section *section = compiler->section;
    if (node->kind != YAML_MAPPING || node->count > MAP_FILTERS_MAX) {
        compile_error(compiler, node, "keep: expected at most %d names with conditions",
                      MAP_FILTERS_MAX);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        section->keep_names[i] = node->keys[i]->text;
        compile_condition(compiler, node->items[i], &section->keeps[i]);
    }
    section->keep_count = (uint32_t)node->count;
}

static void compile_prints(struct compiler *compiler, const struct yaml_node *list)
{
    struct map_section *section = compiler->section;
    if (list->kind != YAML_SEQUENCE || list->count == 0 || list->count > MAP_FINGERPRINT_MAX) {
        compile_error(compiler, list, "fingerprint: expected a list of 1 to %d paths and $fields",
                      MAP_FINGERPRINT_MAX);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *node = list->items[i];
        struct map_print_part *part = &section->prints[i];
        if (node->kind == YAML_SCALAR && node->text[0] == '$') {
            int field = compile_field(compiler, slice_of(node->text + 1));
            if (field < 0 || !section->has[field]) {
                compile_error(compiler, node, "'%s': this section has no rule for such a field",
                              node->text);
                continue;
            }
            part->is_field = true;
            part->field = (enum map_field)field;
            part->per_line = section->fields[field].per_line;
        } else {
            compile_rule(compiler, node, MAP_TEXT, true, &part->rule);
            part->per_line = part->rule.per_line;
        }
    }
    section->print_count = (uint32_t)list->count;
}

static void compile_split(struct compiler *compiler, const struct yaml_node *node)
{
    static const char *const KEYS[] = {"from", "by"};
    if (!compile_keys(compiler, node, "split", KEYS, 2)) {
        return;
    }
    const struct yaml_node *from = yaml_get(node, "from"), *by = yaml_get(node, "by");
    if (!from) {
        compile_error(compiler, node, "split: 'from' names the text whose parts are the lines");
        return;
    }
    (void)compile_path(compiler, from, compile_text(compiler, from, "from"),
                       &compiler->section->split);
    struct slice text = by ? compile_text(compiler, by, "by") : (struct slice){"", 0};
    if (text.bytes > 1) {
        compile_error(compiler, by,
                      "by: expected one character (without 'by' every character is a part)");
    }
    compiler->section->split_by = text.bytes ? text.data[0] : '\0';
}

/* `each` without its [*]: the path of the list itself. */
static void compile_each(struct compiler *compiler, const struct yaml_node *node)
{
    struct slice text = compile_text(compiler, node, "each");
    if (text.bytes < 4 || memcmp(text.data + text.bytes - 3, "[*]", 3) != 0) {
        compile_error(compiler, node, "each: expected the path of a list, like lines[*]");
        return;
    }
    (void)compile_path(compiler, node, (struct slice){text.data, text.bytes - 3},
                       &compiler->section->each);
    compiler->each = text;
}

static void compile_section(struct compiler *compiler, const struct yaml_node *node)
{
    static const char *const KEYS[] = {"each", "split", "fields", "keep", "fingerprint"};
    struct map_section *section = compiler->section;
    section->present = true;
    compiler->each = (struct slice){NULL, 0};
    if (!compile_keys(compiler, node, SECTION_NAMES[compiler->name], KEYS, 5)) {
        return;
    }
    const struct yaml_node *each = yaml_get(node, "each"), *split = yaml_get(node, "split");
    const struct yaml_node *fields = yaml_get(node, "fields"), *keep = yaml_get(node, "keep");
    const struct yaml_node *print = yaml_get(node, "fingerprint");
    if (each) {
        compile_each(compiler, each);
    }
    if (split) {
        compile_split(compiler, split);
    }
    if (!fields) {
        compile_error(compiler, node, "%s: 'fields' is needed", SECTION_NAMES[compiler->name]);
        return;
    }
    compile_fields(compiler, fields);
    const struct yaml_node *kind = yaml_get(fields, "kind");
    if (kind && kind->kind == YAML_SEQUENCE) {
        compile_kinds(compiler, kind);
    }
    if (keep) {
        compile_keeps(compiler, keep);
    }
    if (print) {
        compile_prints(compiler, print);
    }
}

static void add_columns(struct compiler *compiler, const struct yaml_node *node)
{
    struct slice text = compile_text(compiler, node, "message");
    const char *at = text.data, *end = text.data + text.bytes;
    while (at < end) {
        const char *stop = memchr(at, '|', (size_t)(end - at));
        const char *to = stop ? stop : end;
        struct slice name = {at, (size_t)(to - at)};
        while (name.bytes && name.data[0] == ' ') {
            name.data++;
            name.bytes--;
        }
        while (name.bytes && name.data[name.bytes - 1] == ' ') {
            name.bytes--;
        }
        if (compiler->map->column_count == MAP_COLUMNS_MAX || !name.bytes) {
            compile_error(compiler, node, "message: expected at most %d names of columns",
                          MAP_COLUMNS_MAX);
            return;
        }
        compiler->map->columns[compiler->map->column_count++] = name;
        at = stop ? stop + 1 : end;
    }
}

static void compile_table(struct compiler *compiler, const struct yaml_node *node)
{
    static const char *const KEYS[] = {"message", "lines", "sort"};
    if (!compile_keys(compiler, node, "table", KEYS, 3)) {
        return;
    }
    const struct yaml_node *message = yaml_get(node, "message"), *lines = yaml_get(node, "lines");
    const struct yaml_node *sort = yaml_get(node, "sort");
    if ((message != NULL) != (lines != NULL) || (message && message->kind != YAML_SEQUENCE)) {
        compile_error(compiler, node,
                      "table: 'message' (a list of columns) and 'lines' (the name "
                      "of the list that the other columns go into) belong together");
        return;
    }
    for (size_t i = 0; message && i < message->count; i++) {
        add_columns(compiler, message->items[i]);
    }
    compiler->map->table_lines = lines ? compile_text(compiler, lines, "lines") : (struct slice){0};
    compiler->map->table_sort = sort ? compile_text(compiler, sort, "sort") : (struct slice){0};
}

static void compile_zone(struct compiler *compiler, const struct yaml_node *node)
{
    struct slice text = compile_text(compiler, node, "zone");
    struct status *st = zone_open(text.data, &compiler->map->zone);
    if (st) {
        compile_error(compiler, node, "zone: %s", status_message(st));
        status_free(st);
        return;
    }
    compiler->map->zone_ref = compiler->map->zone;
}

static void compile_map(struct compiler *compiler, const struct yaml_node *root)
{
    static const char *const KEYS[] = {"name", "zone", "table", "orders", "stock"};
    if (!compile_keys(compiler, root, "map", KEYS, 5)) {
        return;
    }
    const struct yaml_node *name = yaml_get(root, "name"), *zone = yaml_get(root, "zone");
    const struct yaml_node *table = yaml_get(root, "table");
    compiler->map->name = name ? compile_text(compiler, name, "name").data : "map";
    if (zone) {
        compile_zone(compiler, zone);
    } else if (!compiler->map->zone_ref) {
        compile_error(compiler, root, "the map names no zone, and the configuration has none");
    }
    if (table) {
        compile_table(compiler, table);
    }
    bool any = false;
    for (int i = 0; i < MAP_SECTIONS; i++) {
        const struct yaml_node *section = yaml_get(root, SECTION_NAMES[i]);
        compiler->name = (enum map_section_name)i;
        compiler->section = &compiler->map->sections[i];
        if (section) {
            any = true;
            compile_section(compiler, section);
        }
    }
    if (!any) {
        compile_error(compiler, root, "a map has a section 'orders' or 'stock', or both");
    }
}

/* Takes yaml. */
static struct status *compile(const char *name, struct yaml *yaml, const struct zone *zone,
                              struct map **out)
{
    struct map *map = calloc(1, sizeof *map);
    struct arena *arena = arena_create(ARENA_BLOCK_BYTES, ARENA_LIMIT_BYTES);
    ASSERT(map && arena && "out of memory for a map");
    map->arena = arena;
    map->yaml = yaml;
    map->zone_ref = zone;
    struct compiler compiler = {.map = map};
    const struct yaml_node *root = yaml_root(yaml);
    if (root) {
        compile_map(&compiler, root);
    } else {
        compiler.errors = status_new(STATUS_CONFIG, "%s: the map is empty", name);
    }
    if (compiler.errors) {
        map_destroy(map);
        return compiler.errors;
    }
    *out = map;
    return NULL;
}

struct status *map_load(const char *path, const struct zone *zone, struct map **out)
{
    struct yaml *yaml;
    TRY(yaml_load(path, &yaml));
    return compile(path, yaml, zone, out);
}

struct status *map_parse(const char *name, struct slice text, const struct zone *zone,
                         struct map **out)
{
    struct yaml *yaml;
    TRY(yaml_parse(name, text.data, text.bytes, &yaml));
    return compile(name, yaml, zone, out);
}

const struct zone *map_zone(const struct map *map)
{
    return map->zone_ref;
}

void map_destroy(struct map *map)
{
    if (map) {
        zone_close(map->zone);
        yaml_destroy(map->yaml);
        arena_destroy(map->arena);
        free(map);
    }
}

const char *map_name(const struct map *map)
{
    return map->name;
}

bool map_makes(const struct map *map, enum line_kind kind)
{
    return (kind == LINE_ORDER && map->sections[MAP_ORDERS].present) ||
           (kind == LINE_STOCK && map->sections[MAP_STOCK].present);
}

size_t map_filter_count(const struct map *map)
{
    return map->sections[MAP_ORDERS].keep_count;
}

const char *map_filter_name(const struct map *map, size_t filter)
{
    ASSERT(filter < map_filter_count(map));
    return map->sections[MAP_ORDERS].keep_names[filter];
}

bool map_table_column(const struct map *map, struct slice column)
{
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (slice_equal(map->columns[i], column)) {
            return true;
        }
    }
    return false;
}

struct slice map_table_lines(const struct map *map)
{
    return map->table_lines;
}

struct slice map_table_sort(const struct map *map)
{
    return map->table_sort;
}
