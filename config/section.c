/* Free sections: the file's tree with the overrides put in, made once when loading.
 *
 *   suppliers: {acme: {closed: []}}  +  --set suppliers.acme.weekdays=[mon]
 *                                    =  {acme: {closed: [], weekdays: [mon]}}
 *   kafka: {session: {timeout.ms: 1}} + RESTOCK__KAFKA__BOOTSTRAP_SERVERS=x   (dotted)
 *                                    =  {session.timeout.ms: 1, bootstrap.servers: x}
 *
 * Nodes of the file are never changed: a mapping on the way to an override is copied. */
#include "config/base/ensure.h"
#include "config/config_parts.h"

#include <string.h>

enum { LEAVES_MAX = 4000 };

static const char DOTTED[] = "kafka";

bool section_is_dotted(const char *path)
{
    return strcmp(path, DOTTED) == 0 || config_is_below(path, DOTTED);
}

const struct config_section *section_of(const struct config *config, const char *path)
{
    for (size_t i = 0; i < config->section_count; i++) {
        const struct config_section *section = &config->sections[i];
        if (strcmp(path, section->path) == 0 || config_is_below(path, section->path)) {
            return section;
        }
    }
    return NULL;
}

static void *zeros(struct config *config, size_t count, size_t bytes)
{
    void *at = arena_zero(config->arena, count * bytes);
    ASSERT(at && "a bounded section fits the arena of the configuration");
    return at;
}

static const struct yaml_node *key_node(struct config *config, const char *name, size_t bytes,
                                        const struct yaml_node *at)
{
    struct yaml_node *key = zeros(config, 1, sizeof *key);
    *key = (struct yaml_node){
        .kind = YAML_SCALAR, .line = at->line, .column = at->column, .file_ref = at->file_ref};
    key->text = arena_copy(config->arena, name, bytes);
    ASSERT(key->text && "a bounded section fits the arena of the configuration");
    return key;
}

/* --- overrides into a tree --- */

/* A copy of `mapping` (NULL or no mapping: a new one) in which `path` is `value`. */
static const struct yaml_node *placed(struct config *config, const struct yaml_node *mapping,
                                      const char *path, const struct yaml_node *value)
{
    size_t count = mapping && mapping->kind == YAML_MAPPING ? mapping->count : 0, at = count;
    size_t bytes = strcspn(path, ".");
    for (size_t i = 0; i < count; i++) { /* the longest name that fits: keys may hold dots */
        const char *key = mapping->keys[i]->text;
        if ((strcmp(key, path) == 0 || config_is_below(path, key)) &&
            (at == count || strlen(key) > bytes)) {
            at = i;
            bytes = strlen(key);
        }
    }
    const struct yaml_node **keys = zeros(config, count + 1, sizeof *keys);
    const struct yaml_node **items = zeros(config, count + 1, sizeof *items);
    struct yaml_node *copy = zeros(config, 1, sizeof *copy);
    if (count) {
        memcpy(keys, mapping->keys, count * sizeof *keys);
        memcpy(items, mapping->items, count * sizeof *items);
    }
    keys[at] = at < count ? keys[at] : key_node(config, path, bytes, value);
    items[at] = path[bytes] ? placed(config, at < count ? items[at] : NULL, path + bytes + 1, value)
                            : value;
    *copy = (struct yaml_node){.kind = YAML_MAPPING,
                               .text = "",
                               .line = mapping ? mapping->line : 0,
                               .column = mapping ? mapping->column : 0,
                               .file_ref = mapping ? mapping->file_ref : value->file_ref,
                               .count = at < count ? count : count + 1,
                               .keys = keys,
                               .items = items};
    return copy;
}

/* --- bounds --- */

/* Names that are too long, wherever they stand, and sections that no person wrote. */
static bool measured(struct loading *loading, const struct yaml_node *node, size_t path_bytes,
                     size_t *left)
{
    if (node->kind == YAML_SCALAR) {
        return true;
    }
    for (size_t i = 0; i < node->count; i++) {
        size_t bytes = path_bytes;
        if (node->kind == YAML_MAPPING) {
            bytes += strlen(node->keys[i]->text) + 1;
            if (bytes >= CONFIG_PATH_MAX) {
                config_problem(loading, yaml_error(node->keys[i],
                                                   "a name of more than %d characters, groups "
                                                   "included",
                                                   CONFIG_PATH_MAX - 1));
                return false;
            }
        }
        if (!(*left)--) {
            *left = 0;
            config_problem(loading,
                           yaml_error(node, "more than %d values in this section", LEAVES_MAX));
            return false;
        }
        if (!measured(loading, node->items[i], bytes, left)) {
            return false;
        }
    }
    return true;
}

/* What of the override's path comes after the section's: "" for all of it; NULL: elsewhere. */
static const char *below_section(const struct override *override,
                                 const struct config_section *section)
{
    size_t bytes = strlen(section->path);
    return strcmp(override->path, section->path) == 0       ? override->path + bytes
           : config_is_below(override->path, section->path) ? override->path + bytes + 1
                                                            : NULL;
}

/* --- dotted sections --- */

struct flat {
    struct loading *loading;
    const struct yaml_node **keys, **items;
    size_t count;
    bool replace; /* else a name given before is a problem */
};

static void put(struct flat *flat, const char *name, const struct yaml_node *at,
                const struct yaml_node *item)
{
    struct config *config = flat->loading->config;
    size_t i = 0;
    while (i < flat->count && strcmp(flat->keys[i]->text, name) != 0) {
        i++;
    }
    if (i < flat->count && !flat->replace) {
        config_problem(flat->loading, yaml_error(at, "%s.%s is given twice; first at %u:%u", DOTTED,
                                                 name, flat->keys[i]->line, flat->keys[i]->column));
        return;
    }
    if (i == flat->count) {
        ASSERT(flat->count < LEAVES_MAX + CONFIG_OVERRIDES_MAX);
        flat->count++;
    }
    flat->keys[i] = key_node(config, name, strlen(name), at);
    flat->items[i] = item;
}

static void flatten(struct flat *flat, const struct yaml_node *mapping, const char *parent)
{
    for (size_t i = 0; i < mapping->count; i++) {
        char name[CONFIG_PATH_MAX];
        int bytes = snprintf(name, sizeof name, "%s%s%s", parent, *parent ? "." : "",
                             mapping->keys[i]->text);
        ASSERT(bytes < (int)sizeof name && "measured before");
        if (mapping->items[i]->kind == YAML_MAPPING) {
            flatten(flat, mapping->items[i], name);
        } else {
            put(flat, name, mapping->keys[i], mapping->items[i]);
        }
    }
}

static const struct yaml_node *merged_dotted(struct loading *loading,
                                             const struct config_section *section,
                                             const struct yaml_node *node)
{
    struct config *config = loading->config;
    struct flat flat = {.loading = loading};
    flat.keys = zeros(config, LEAVES_MAX + CONFIG_OVERRIDES_MAX, sizeof *flat.keys);
    flat.items = zeros(config, LEAVES_MAX + CONFIG_OVERRIDES_MAX, sizeof *flat.items);
    if (node && node->kind == YAML_MAPPING) {
        flatten(&flat, node, "");
    }
    flat.replace = true;
    for (size_t i = 0; i < config->override_count; i++) {
        const struct override *override = &config->overrides[i];
        const char *rest = below_section(override, section);
        if (!rest) {
            continue;
        }
        if (!*rest) {
            flat.count = 0;
            node = override->node;
        }
        if (override->node->kind == YAML_MAPPING) {
            flatten(&flat, override->node, rest);
        } else if (*rest) {
            put(&flat, rest, override->node, override->node);
        }
    }
    if (!flat.count) {
        return node; /* nothing, or no mapping: whoever asks refuses it with its place */
    }
    struct yaml_node *copy = zeros(config, 1, sizeof *copy);
    *copy = (struct yaml_node){.kind = YAML_MAPPING,
                               .text = "",
                               .line = node ? node->line : 0,
                               .column = node ? node->column : 0,
                               .file_ref = node ? node->file_ref : flat.keys[0]->file_ref,
                               .count = flat.count,
                               .keys = flat.keys,
                               .items = flat.items};
    return copy;
}

static const struct yaml_node *merged(struct loading *loading, const struct config_section *section)
{
    struct config *config = loading->config;
    const struct yaml_node *other = NULL;
    const struct yaml_node *node =
        config->file ? config_find(yaml_root(config->file), section->path, &other) : NULL;
    if (other) {
        config_problem(loading, yaml_error(other, "%s is given twice; first at %u:%u",
                                           section->path, node->line, node->column));
    }
    size_t left = LEAVES_MAX;
    bool fits = !node || measured(loading, node, strlen(section->path), &left);
    for (size_t i = 0; fits && i < config->override_count; i++) {
        const struct override *override = &config->overrides[i];
        fits = !below_section(override, section) ||
               measured(loading, override->node, strlen(override->path), &left);
    }
    if (!fits) {
        return NULL;
    }
    if (section_is_dotted(section->path)) {
        return merged_dotted(loading, section, node);
    }
    for (size_t i = 0; i < config->override_count; i++) {
        const struct override *override = &config->overrides[i];
        const char *rest = below_section(override, section);
        if (rest) {
            node = *rest ? placed(config, node, rest, override->node) : override->node;
        }
    }
    return node;
}

void section_merge(struct loading *loading)
{
    struct config *config = loading->config;
    ASSERT(config->section_count <= CONFIG_SECTIONS_MAX);
    for (size_t i = 0; i < config->section_count; i++) {
        config->roots[i] = merged(loading, &config->sections[i]);
    }
}

const struct yaml_node *config_node(const struct config *config, const char *path)
{
    const struct config_section *section = section_of(config, path);
    if (!section) {
        return config->file ? config_find(yaml_root(config->file), path, NULL) : NULL;
    }
    const struct yaml_node *root = config->roots[section - config->sections];
    size_t bytes = strlen(section->path);
    return path[bytes] ? config_find(root, path + bytes + 1, NULL) : root;
}
