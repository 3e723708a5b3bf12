/* Every value has a list of givers in rising priority: file, environment, --set. Each giver is a
 * YAML node, so that one path of code checks and converts all of them, and an error names its
 * giver.
 *
 *   file          time: {bucket: 1d}          path time.bucket, node at 3:17
 *   environment   RESTOCK__TIME__BUCKET=1h    the same path, node "RESTOCK__TIME__BUCKET"
 *   --set         time.bucket=1w              the same path, node "--set time.bucket"
 */
#include "config/config.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    OVERRIDES_MAX = 512,
    PATH_BYTES_MAX = 256,
    ARENA_BLOCK = 16 * 1024,
    ARENA_LIMIT = 32 << 20,
    SECRET_BYTES_MAX = 64 * 1024,
    CANDIDATES_MAX = 512
};

static const char ENV_PREFIX[] = "RESTOCK__";

struct override {
    const char *path;
    const struct yaml_node *node;
};

struct config {
    struct arena *arena;
    const char *path;
    struct yaml *file;
    struct yaml *parsed[OVERRIDES_MAX];
    struct override overrides[OVERRIDES_MAX]; /* rising priority */
    size_t override_count;
    const struct config_section *sections;
    size_t section_count;
};

struct loading {
    struct config *config;
    const struct config_binding *bindings;
    size_t binding_count;
    struct status *problems;
    const char *candidates[CANDIDATES_MAX]; /* all option paths and sections */
    size_t candidate_count;
};

extern char **environ;

/* --- what is known
 * ---------------------------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *parent)
{
    size_t length = strlen(parent);
    return strncmp(path, parent, length) == 0 && path[length] == '.';
}

static const struct config_section *section_of(const struct config *config, const char *path)
{
    for (size_t i = 0; i < config->section_count; i++) {
        if (strcmp(path, config->sections[i].path) == 0 ||
            is_below(path, config->sections[i].path)) {
            return &config->sections[i];
        }
    }
    return NULL;
}

static bool is_option(const struct loading *loading, const char *path)
{
    for (size_t i = 0; i < loading->candidate_count; i++) {
        if (strcmp(loading->candidates[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_group(const struct loading *loading, const char *path)
{
    for (size_t i = 0; i < loading->candidate_count; i++) {
        if (is_below(loading->candidates[i], path)) {
            return true;
        }
    }
    return false;
}

static void list_candidates(struct loading *loading)
{
    for (size_t b = 0; b < loading->binding_count; b++) {
        const struct option_table *table = loading->bindings[b].table;
        for (size_t r = 0; r < table->count; r++) {
            ASSERT(loading->candidate_count < CANDIDATES_MAX);
            loading->candidates[loading->candidate_count++] = table->rows[r].path;
        }
    }
}

static void unknown(struct loading *loading, const struct yaml_node *at, const char *path)
{
    const char *names[CANDIDATES_MAX + 16];
    size_t count = 0;
    for (size_t i = 0; i < loading->candidate_count; i++) {
        names[count++] = loading->candidates[i];
    }
    for (size_t i = 0; i < loading->config->section_count && i < 16; i++) {
        names[count++] = loading->config->sections[i].path;
    }
    const char *nearest = yaml_nearest(path, names, count);
    struct status *st =
        nearest
            ? yaml_error(at, "%s: there is no such option; did you mean %s?", path, nearest)
            : yaml_error(at,
                         "%s: there is no such option (restock check-config --reference lists all)",
                         path);
    loading->problems = status_join(loading->problems, st);
}

/* --- givers
 * -------------------------------------------------------------------------------------------------------
 */

static char *joined(struct config *config, const char *parent, const char *key)
{
    char path[2 * PATH_BYTES_MAX];
    int bytes = snprintf(path, sizeof path, "%s%s%s", parent, *parent ? "." : "", key);
    char *copy =
        arena_copy(config->arena, path, bytes < (int)sizeof path ? (size_t)bytes : sizeof path - 1);
    ASSERT(copy && "paths of a bounded file fit their arena");
    return copy;
}

/* Names in the file that lead nowhere. */
static void check_names(struct loading *loading, const struct yaml_node *mapping,
                        const char *parent)
{
    for (size_t i = 0; mapping && i < mapping->count; i++) {
        const char *path = joined(loading->config, parent, mapping->keys[i]->text);
        const struct yaml_node *value = mapping->items[i];
        if (section_of(loading->config, path) || is_option(loading, path)) {
            continue;
        }
        if (!is_group(loading, path)) {
            unknown(loading, mapping->keys[i], path);
        } else if (value->kind == YAML_MAPPING) {
            check_names(loading, value, path);
        } else if (!yaml_is_null(value)) {
            loading->problems = status_join(
                loading->problems,
                yaml_error(value, "%s: expected a group of options, found a value", path));
        }
    }
}

static void add_override(struct loading *loading, const char *giver, const char *path,
                         const char *text)
{
    struct config *config = loading->config;
    if (config->override_count == OVERRIDES_MAX) {
        loading->problems =
            status_join(loading->problems, status_new(STATUS_CONFIG, "%s: more than %d overrides",
                                                      giver, OVERRIDES_MAX));
        return;
    }
    struct yaml *parsed;
    struct status *st = yaml_parse(giver, text, strlen(text), &parsed);
    if (st) {
        loading->problems = status_join(loading->problems, st);
        return;
    }
    struct yaml_node *node = arena_zero(config->arena, sizeof *node);
    ASSERT(node);
    if (yaml_root(parsed)) {
        *node = *yaml_root(parsed);
    } else {
        *node = (struct yaml_node){
            .kind = YAML_SCALAR, .text = "", .file_ref = joined(config, "", giver)};
    }
    node->line = 0; /* the giver is place enough */
    if (!section_of(config, path) && !is_option(loading, path)) {
        unknown(loading, node, path);
    }
    config->parsed[config->override_count] = parsed;
    config->overrides[config->override_count++] = (struct override){path, node};
}

/* RESTOCK__KAFKA__BOOTSTRAP_SERVERS: two underscores are a dot; below a free section a single one
 * is a dot too. */
static char *environment_path(struct config *config, const char *name, size_t bytes)
{
    char path[PATH_BYTES_MAX];
    size_t at = 0;
    for (size_t i = 0; i < bytes && at < sizeof path - 1; i++) {
        if (name[i] == '_' && i + 1 < bytes && name[i + 1] == '_') {
            path[at++] = '.';
            i++;
        } else {
            path[at++] = (char)tolower((unsigned char)name[i]);
        }
    }
    path[at] = '\0';
    const struct config_section *section = section_of(config, path);
    for (size_t i = section ? strlen(section->path) : at; i < at; i++) {
        path[i] = path[i] == '_' ? '.' : path[i];
    }
    return joined(config, "", path);
}

static void read_environment(struct loading *loading)
{
    size_t prefix = sizeof ENV_PREFIX - 1;
    for (char **at = environ; at && *at; at++) {
        const char *equals = strchr(*at, '=');
        if (strncasecmp(*at, ENV_PREFIX, prefix) == 0 && equals) {
            char *name = arena_copy(loading->config->arena, *at, (size_t)(equals - *at));
            ASSERT(name);
            const char *path =
                environment_path(loading->config, *at + prefix, (size_t)(equals - *at) - prefix);
            add_override(loading, name, path, equals + 1);
        }
    }
}

static void read_sets(struct loading *loading, const char *const *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(sets[i], '=');
        if (!equals || equals == sets[i]) {
            loading->problems =
                status_join(loading->problems,
                            status_new(STATUS_USAGE, "--set %s: expected KEY=VALUE", sets[i]));
            continue;
        }
        char *path = arena_copy(loading->config->arena, sets[i], (size_t)(equals - sets[i]));
        ASSERT(path);
        char giver[PATH_BYTES_MAX];
        (void)snprintf(giver, sizeof giver, "--set %s", path);
        add_override(loading, giver, path, equals + 1);
    }
}

/* --- values
 * -------------------------------------------------------------------------------------------------------
 */

/* Node at a dotted path; a key may itself hold dots ("time.bucket: 1h" at the top works too). */
static const struct yaml_node *node_at(const struct yaml_node *mapping, const char *path)
{
    if (!mapping || mapping->kind != YAML_MAPPING) {
        return NULL;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        const char *key = mapping->keys[i]->text;
        if (strcmp(key, path) == 0) {
            return mapping->items[i];
        }
        if (is_below(path, key)) {
            const struct yaml_node *found = node_at(mapping->items[i], path + strlen(key) + 1);
            if (found) {
                return found;
            }
        }
    }
    return NULL;
}

static const struct yaml_node *given(const struct config *config, const char *path)
{
    for (size_t i = config->override_count; i-- > 0;) {
        if (strcmp(config->overrides[i].path, path) == 0) {
            return config->overrides[i].node;
        }
    }
    return config->file ? node_at(yaml_root(config->file), path) : NULL;
}

static void set_default(struct loading *loading, const struct option *option, void *target)
{
    struct yaml *parsed;
    struct status *st =
        yaml_parse("default", option->default_text, strlen(option->default_text), &parsed);
    if (!st) {
        static const struct yaml_node EMPTY = {
            .kind = YAML_SCALAR, .file_ref = "default", .text = ""};
        const struct yaml_node *root = yaml_root(parsed) ? yaml_root(parsed) : &EMPTY;
        st = value_set(option, root, loading->config->arena, target);
        yaml_destroy(parsed);
    }
    ASSERT(!st && "a default must be valid");
}

static void fill(struct loading *loading, const struct option_table *table, unsigned char *target)
{
    for (size_t r = 0; r < table->count; r++) {
        const struct option *option = &table->rows[r];
        set_default(loading, option, target);
        const struct yaml_node *node = given(loading->config, option->path);
        if (node) {
            loading->problems = status_join(
                loading->problems, value_set(option, node, loading->config->arena, target));
        }
    }
}

static void fill_all(struct loading *loading, unsigned char *const *targets)
{
    for (size_t b = 0; b < loading->binding_count; b++) {
        fill(loading, loading->bindings[b].table, targets[b]);
    }
}

/* All targets or none: values go into copies first. */
static struct status *load_values(struct loading *loading)
{
    unsigned char **copies =
        arena_zero(loading->config->arena, loading->binding_count * sizeof(unsigned char *));
    for (size_t b = 0; copies && b < loading->binding_count; b++) {
        copies[b] = arena_zero(loading->config->arena, loading->bindings[b].table->struct_bytes);
        ASSERT(copies[b]);
    }
    ASSERT(copies);
    fill_all(loading, copies);
    if (loading->problems) {
        return loading->problems;
    }
    for (size_t b = 0; b < loading->binding_count; b++) {
        memcpy(loading->bindings[b].target, copies[b], loading->bindings[b].table->struct_bytes);
    }
    return NULL;
}

struct status *config_load(const char *path, const char *const *sets, size_t set_count,
                           const struct config_binding *bindings, size_t binding_count,
                           const struct config_section *sections, size_t section_count,
                           struct config **out)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config || !(config->arena = arena_create(ARENA_BLOCK, ARENA_LIMIT))) {
        config_destroy(config);
        return status_new(STATUS_NO_MEMORY, "out of memory for the configuration");
    }
    config->sections = sections;
    config->section_count = section_count;
    config->path = joined(config, "", path ? path : "");
    struct loading loading = {
        .config = config, .bindings = bindings, .binding_count = binding_count};
    list_candidates(&loading);
    struct status *st = path ? yaml_load(path, &config->file) : NULL;
    if (!st && config->file && yaml_root(config->file) &&
        yaml_root(config->file)->kind != YAML_MAPPING) {
        st = yaml_error(yaml_root(config->file), "expected groups of options");
    }
    if (!st) {
        check_names(&loading, config->file ? yaml_root(config->file) : NULL, "");
        read_environment(&loading);
        read_sets(&loading, sets, set_count);
        st = load_values(&loading);
    }
    if (st) {
        config_destroy(config);
        return st;
    }
    *out = config;
    return NULL;
}

void config_destroy(struct config *config)
{
    if (!config) {
        return;
    }
    for (size_t i = 0; i < config->override_count; i++) {
        yaml_destroy(config->parsed[i]);
    }
    yaml_destroy(config->file);
    arena_destroy(config->arena);
    free(config);
}

/* --- free sections
 * -------------------------------------------------------------------------------------------------
 */

struct flat {
    struct config *config;
    const struct yaml_node **keys, **items;
    size_t count, capacity;
};

static void flat_put(struct flat *flat, const char *name, const struct yaml_node *at,
                     const struct yaml_node *item)
{
    for (size_t i = 0; i < flat->count; i++) {
        if (strcmp(flat->keys[i]->text, name) == 0) {
            flat->items[i] = item;
            return;
        }
    }
    ASSERT(flat->count < flat->capacity);
    struct yaml_node *key = arena_zero(flat->config->arena, sizeof *key);
    ASSERT(key);
    *key = (struct yaml_node){.kind = YAML_SCALAR,
                              .text = name,
                              .line = at->line,
                              .column = at->column,
                              .file_ref = at->file_ref};
    flat->keys[flat->count] = key;
    flat->items[flat->count++] = item;
}

static void flatten(struct flat *flat, const struct yaml_node *mapping, const char *parent)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const char *name = joined(flat->config, parent, mapping->keys[i]->text);
        if (mapping->items[i]->kind == YAML_MAPPING) {
            flatten(flat, mapping->items[i], name);
        } else {
            flat_put(flat, name, mapping->keys[i], mapping->items[i]);
        }
    }
}

static size_t leaves(const struct yaml_node *node)
{
    size_t count = 1;
    for (size_t i = 0; node && node->kind == YAML_MAPPING && i < node->count; i++) {
        count += leaves(node->items[i]);
    }
    return count;
}

const struct yaml_node *config_node(const struct config *config, const char *path)
{
    const struct yaml_node *node = config->file ? node_at(yaml_root(config->file), path) : NULL;
    bool overridden = false;
    for (size_t i = 0; i < config->override_count; i++) {
        if (strcmp(config->overrides[i].path, path) == 0) {
            node = config->overrides[i].node;
        }
        overridden |= is_below(config->overrides[i].path, path);
    }
    if (!overridden && strcmp(path, "kafka") != 0) {
        return node;
    }
    if (node && node->kind != YAML_MAPPING) {
        return node; /* whoever asked will refuse it with its place */
    }
    /* Memory of the configuration, though it is const to the caller: a view is made once per
     * question. */
    struct flat flat = {.config = (struct config *)(uintptr_t)config,
                        .capacity = leaves(node) + config->override_count};
    flat.keys = arena_zero(config->arena, flat.capacity * sizeof(struct yaml_node *));
    flat.items = arena_zero(config->arena, flat.capacity * sizeof(struct yaml_node *));
    struct yaml_node *merged = arena_zero(config->arena, sizeof *merged);
    ASSERT(flat.keys && flat.items && merged);
    if (node) {
        flatten(&flat, node, "");
    }
    for (size_t i = 0; i < config->override_count; i++) {
        if (is_below(config->overrides[i].path, path)) {
            flat_put(&flat, config->overrides[i].path + strlen(path) + 1, config->overrides[i].node,
                     config->overrides[i].node);
        }
    }
    *merged = (struct yaml_node){.kind = YAML_MAPPING,
                                 .text = "",
                                 .file_ref = config->path,
                                 .count = flat.count,
                                 .keys = flat.keys,
                                 .items = flat.items};
    return flat.count ? merged : NULL;
}

const char *config_path(const struct config *config)
{
    return config->path;
}

const char *config_relative(const struct config *config, const char *file)
{
    const char *slash = strrchr(config->path, '/');
    if (!file[0] || file[0] == '/' || !slash) {
        return file;
    }
    char *whole = arena_alloc(config->arena, (size_t)(slash - config->path) + strlen(file) + 2);
    ASSERT(whole && "file names fit the arena of the configuration");
    (void)snprintf(whole, (size_t)(slash - config->path) + strlen(file) + 2, "%.*s/%s",
                   (int)(slash - config->path), config->path, file);
    return whole;
}

const char *config_place(const struct config *config, const struct yaml_node *node)
{
    char place[PATH_BYTES_MAX * 2];
    int bytes = node->line ? snprintf(place, sizeof place, "%s:%u:%u: ", node->file_ref, node->line,
                                      node->column)
                           : snprintf(place, sizeof place, "%s: ", node->file_ref);
    const char *copy = arena_copy(config->arena, place,
                                  bytes < (int)sizeof place ? (size_t)bytes : sizeof place - 1);
    ASSERT(copy);
    return copy;
}

/* --- the rest
 * ------------------------------------------------------------------------------------------------------
 */

uint64_t config_state_hash(const struct config_binding *bindings, size_t binding_count)
{
    uint64_t hash = 0;
    for (size_t b = 0; b < binding_count; b++) {
        for (size_t r = 0; r < bindings[b].table->count; r++) {
            const struct option *option = &bindings[b].table->rows[r];
            if (option->flags & OPTION_SHAPES_STATE) {
                char value[512];
                value_print(option, bindings[b].target, value, sizeof value);
                hash = hash_64(option->path, strlen(option->path), hash);
                hash = hash_64(value, strlen(value), hash);
            }
        }
    }
    return hash;
}

static struct status *secret_file(const struct config *config, const char *path, const char **out)
{
    FILE *file = fopen(config_relative(config, path), "rb");
    if (!file) {
        return status_new(STATUS_CONFIG, "cannot read the secret file %s: %s", path,
                          strerror(errno));
    }
    char *text = arena_alloc(config->arena, SECRET_BYTES_MAX + 1);
    size_t bytes = text ? fread(text, 1, SECRET_BYTES_MAX + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    if (!text || failed || bytes > SECRET_BYTES_MAX) {
        return status_new(STATUS_CONFIG, "the secret file %s cannot be read or exceeds %d bytes",
                          path, SECRET_BYTES_MAX);
    }
    while (bytes && (text[bytes - 1] == '\n' || text[bytes - 1] == '\r')) {
        bytes--;
    }
    text[bytes] = '\0';
    *out = text;
    return NULL;
}

struct status *config_secret(const struct config *config, const char *text, const char **out)
{
    if (strncmp(text, "file:", 5) == 0) {
        return secret_file(config, text + 5, out);
    }
    if (strncmp(text, "env:", 4) == 0) {
        const char *value = getenv(text + 4);
        if (!value) {
            return status_new(STATUS_CONFIG,
                              "the environment variable %s, which holds a secret, is not set",
                              text + 4);
        }
        *out = value;
        return NULL;
    }
    *out = text;
    return NULL;
}
