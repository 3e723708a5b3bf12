/* Every value has a list of givers in rising priority: file, environment, --set. Each giver is a
 * YAML node, so that one path of code checks and converts all of them, and an error names its
 * giver.
 *
 *   file          time: {bucket: 1d}          path time.bucket, node at 3:17
 *   environment   RESTOCK__TIME__BUCKET=1h    the same path, node "RESTOCK__TIME__BUCKET"
 *   --set         time.bucket=1w              the same path, node "--set time.bucket"
 */
#include "config/config.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "config/config_parts.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 16 * 1024, ARENA_LIMIT = 256 << 20 };

/* --- what is known
 * ---------------------------------------------------------------------------------------------- */

bool config_is_below(const char *path, const char *parent)
{
    size_t length = strlen(parent);
    return strncmp(path, parent, length) == 0 && path[length] == '.';
}

bool config_is_option(const struct loading *loading, const char *path)
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
        if (config_is_below(loading->candidates[i], path)) {
            return true;
        }
    }
    for (size_t i = 0; i < loading->config->section_count; i++) {
        if (config_is_below(loading->config->sections[i].path, path)) {
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
            ASSERT(loading->candidate_count < CONFIG_CANDIDATES_MAX);
            loading->candidates[loading->candidate_count++] = table->rows[r].path;
        }
    }
}

void config_problem(struct loading *loading, struct status *st)
{
    if (st && ++loading->problem_count > CONFIG_PROBLEMS_MAX) {
        status_free(st);
        return;
    }
    loading->problems = status_join(loading->problems, st);
}

/* An option whose last part is the whole of `path`, and no other's: `bucket` is time.bucket. */
static const char *elsewhere(const struct loading *loading, const char *path)
{
    const char *found = NULL, *last = strrchr(path, '.') ? strrchr(path, '.') + 1 : path;
    for (size_t i = 0; i < loading->candidate_count; i++) {
        const char *dot = strrchr(loading->candidates[i], '.');
        if (dot && strcmp(dot + 1, last) == 0) {
            if (found) {
                return NULL;
            }
            found = loading->candidates[i];
        }
    }
    return found;
}

/* The name of a group that resembles `path`, as it stands before a dot of an option. */
static const char *nearest_group(struct loading *loading, const char *path)
{
    const char *groups[CONFIG_CANDIDATES_MAX];
    char(*names)[CONFIG_PATH_MAX] = NULL;
    size_t count = 0;
    names = arena_alloc(loading->config->arena, sizeof *names * CONFIG_CANDIDATES_MAX);
    ASSERT(names);
    for (size_t i = 0; i < loading->candidate_count; i++) {
        const char *dot = strrchr(loading->candidates[i], '.');
        if (dot && dot - loading->candidates[i] < CONFIG_PATH_MAX) {
            (void)snprintf(names[count], sizeof names[count], "%.*s",
                           (int)(dot - loading->candidates[i]), loading->candidates[i]);
            groups[count] = names[count];
            count++;
        }
    }
    return yaml_nearest(path, groups, count);
}

void config_unknown(struct loading *loading, const struct yaml_node *at, const char *path)
{
    const char *names[CONFIG_CANDIDATES_MAX + CONFIG_SECTIONS_MAX];
    size_t count = 0;
    if (loading->problem_count >= CONFIG_PROBLEMS_MAX) {
        loading->problem_count++; /* counted, not explained */
        return;
    }
    for (size_t i = 0; i < loading->candidate_count; i++) {
        names[count++] = loading->candidates[i];
    }
    for (size_t i = 0; i < loading->config->section_count; i++) {
        names[count++] = loading->config->sections[i].path;
    }
    const char *nearest = yaml_nearest(path, names, count);
    nearest = nearest ? nearest : elsewhere(loading, path);
    nearest = nearest ? nearest : nearest_group(loading, path);
    config_problem(
        loading,
        nearest ? yaml_error(at, "%.200s: there is no such option; did you mean %s?", path, nearest)
                : yaml_error(at,
                             "%.200s: there is no such option (restock check-config --reference "
                             "lists all)",
                             path));
}

/* --- names of the file
 * -------------------------------------------------------------------------------------------------------
 */

/* Names in the file that lead nowhere. */
static void check_names(struct loading *loading, const struct yaml_node *mapping,
                        const char *parent)
{
    for (size_t i = 0; mapping && mapping->kind == YAML_MAPPING && i < mapping->count; i++) {
        char path[CONFIG_PATH_MAX];
        const struct yaml_node *value = mapping->items[i];
        (void)snprintf(path, sizeof path, "%s%s%s", parent, *parent ? "." : "",
                       mapping->keys[i]->text);
        if (section_of(loading->config, path) || config_is_option(loading, path)) {
            continue;
        }
        if (!is_group(loading, path)) {
            config_unknown(loading, mapping->keys[i], path);
        } else if (value->kind == YAML_MAPPING) {
            check_names(loading, value, path);
        } else if (!yaml_is_null(value)) {
            config_problem(
                loading, yaml_error(value, "%s: expected a group of options, found a value", path));
        }
    }
}

/* --- values
 * -------------------------------------------------------------------------------------------------------
 */

const struct yaml_node *config_find(const struct yaml_node *mapping, const char *path,
                                    const struct yaml_node **other)
{
    const struct yaml_node *first = NULL;
    for (size_t i = 0; mapping && mapping->kind == YAML_MAPPING && i < mapping->count; i++) {
        const char *key = mapping->keys[i]->text;
        const struct yaml_node *found = NULL;
        if (strcmp(key, path) == 0) {
            found = mapping->items[i];
        } else if (config_is_below(path, key)) {
            found = config_find(mapping->items[i], path + strlen(key) + 1, other);
        }
        if (found && first) {
            *other = found;
            return first;
        }
        first = found ? found : first;
        if (first && !other) {
            return first;
        }
    }
    return first;
}

/* What the last giver says; `time.bucket` beside `time: {bucket: }` is a problem. */
static const struct yaml_node *given(struct loading *loading, const char *path)
{
    struct config *config = loading->config;
    const struct yaml_node *other = NULL;
    const struct yaml_node *node =
        config->file ? config_find(yaml_root(config->file), path, &other) : NULL;
    if (other) {
        config_problem(loading, yaml_error(other, "%s is given twice; first at %u:%u", path,
                                           node->line, node->column));
    }
    for (size_t i = config->override_count; i-- > 0;) {
        if (strcmp(config->overrides[i].path, path) == 0) {
            return config->overrides[i].node;
        }
    }
    return node;
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
        const struct yaml_node *node = given(loading, option->path);
        if (node) {
            config_problem(loading, value_set(option, node, loading->config->arena, target));
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
    struct arena *arena = loading->config->arena;
    unsigned char **copies = arena_zero(arena, loading->binding_count * sizeof *copies);
    ASSERT(copies);
    for (size_t b = 0; b < loading->binding_count; b++) {
        copies[b] = arena_zero(arena, loading->bindings[b].table->struct_bytes);
        ASSERT(copies[b]);
    }
    fill_all(loading, copies);
    if (loading->problem_count > CONFIG_PROBLEMS_MAX) {
        loading->problems = status_join(loading->problems,
                                        status_new(STATUS_CONFIG, "and %zu more problems",
                                                   loading->problem_count - CONFIG_PROBLEMS_MAX));
    }
    if (loading->problems) {
        return loading->problems;
    }
    for (size_t b = 0; b < loading->binding_count; b++) {
        memcpy(loading->bindings[b].target, copies[b], loading->bindings[b].table->struct_bytes);
    }
    return NULL;
}

/* A file that cannot be read is a problem among others: what overrides say is checked as well. */
static void read_file(struct loading *loading, const char *path)
{
    struct config *config = loading->config;
    struct status *st = path ? yaml_load(path, &config->file) : NULL;
    const struct yaml_node *root = config->file ? yaml_root(config->file) : NULL;
    if (root && root->kind != YAML_MAPPING && !yaml_is_null(root)) {
        st = yaml_error(root, "expected groups of options");
    }
    config_problem(loading, st);
    check_names(loading, root, "");
}

struct status *config_load(const char *path, const char *const *sets, size_t set_count,
                           const struct config_binding *bindings, size_t binding_count,
                           const struct config_section *sections, size_t section_count,
                           struct config **out)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config) {
        return status_new(STATUS_NO_MEMORY, "out of memory for the configuration");
    }
    pthread_mutex_init(&config->lock, NULL);
    config->arena = arena_create(ARENA_BLOCK, ARENA_LIMIT);
    config->path =
        config->arena ? arena_copy(config->arena, path ? path : "", path ? strlen(path) : 0) : NULL;
    if (!config->path) {
        config_destroy(config);
        return status_new(STATUS_NO_MEMORY, "out of memory for the configuration");
    }
    config->sections = sections;
    config->section_count = section_count;
    struct loading loading = {
        .config = config, .bindings = bindings, .binding_count = binding_count};
    list_candidates(&loading);
    read_file(&loading, path);
    override_environment(&loading);
    override_sets(&loading, sets, set_count);
    section_merge(&loading);
    struct status *st = load_values(&loading);
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
    pthread_mutex_destroy(&config->lock);
    free(config);
}

const char *config_path(const struct config *config)
{
    return config->path;
}

uint64_t config_state_hash(const struct config_binding *bindings, size_t binding_count)
{
    uint64_t hash = 0;
    for (size_t b = 0; b < binding_count; b++) {
        for (size_t r = 0; r < bindings[b].table->count; r++) {
            const struct option *option = &bindings[b].table->rows[r];
            if (option->flags & OPTION_SHAPES_STATE) {
                char value[8192]; /* longer texts count by their beginning */
                value_print(option, bindings[b].target, value, sizeof value);
                hash = hash_64(option->path, strlen(option->path), hash);
                hash = hash_64(value, strlen(value), hash);
            }
        }
    }
    return hash;
}
