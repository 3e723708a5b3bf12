/* Values from the environment and from --set. Both are YAML, so that lists and quotes work and one
 * path of code checks all values. */
#include "config/base/ensure.h"
#include "config/config_parts.h"

#include <ctype.h>
#include <string.h>

static const char ENV_PREFIX[] = "RESTOCK__";

extern char **environ;

static void add(struct loading *loading, const char *giver, const char *path, const char *text)
{
    struct config *config = loading->config;
    if (config->override_count == CONFIG_OVERRIDES_MAX) {
        config_problem(loading, status_new(STATUS_CONFIG, "%s: more than %d overrides", giver,
                                           CONFIG_OVERRIDES_MAX));
        return;
    }
    struct yaml *parsed;
    struct status *st = yaml_parse(giver, text, strlen(text), &parsed);
    if (st) {
        config_problem(loading, st);
        return;
    }
    config->parsed[config->override_count] = parsed;
    struct yaml_node *node = arena_zero(config->arena, sizeof *node);
    const char *name = arena_copy(config->arena, giver, strlen(giver));
    ASSERT(node && name && "bounded overrides fit their arena");
    if (yaml_root(parsed)) {
        *node = *yaml_root(parsed);
    } else {
        *node = (struct yaml_node){.kind = YAML_SCALAR, .text = ""};
    }
    node->file_ref = name;
    node->line = 0; /* the giver is place enough */
    config->overrides[config->override_count++] = (struct override){path, node};
    if (!section_of(config, path) && !config_is_option(loading, path)) {
        config_unknown(loading, node, path);
    }
}

/* RESTOCK__KAFKA__BOOTSTRAP_SERVERS -> kafka.bootstrap.servers: two underscores are a dot; in
 * dotted sections one is a dot too, as names of librdkafka hold none. NULL: too long. */
static char *path_of(struct config *config, const char *name, size_t bytes)
{
    char path[CONFIG_PATH_MAX];
    size_t at = 0;
    if (bytes >= sizeof path) {
        return NULL;
    }
    for (size_t i = 0; i < bytes; i++) {
        if (name[i] == '_' && i + 1 < bytes && name[i + 1] == '_') {
            path[at++] = '.';
            i++;
        } else {
            path[at++] = (char)tolower((unsigned char)name[i]);
        }
    }
    path[at] = '\0';
    for (size_t i = section_is_dotted(path) ? 0 : at; i < at; i++) {
        path[i] = path[i] == '_' ? '.' : path[i];
    }
    char *copy = arena_copy(config->arena, path, at);
    ASSERT(copy && "a bounded path fits its arena");
    return copy;
}

void override_environment(struct loading *loading)
{
    size_t prefix = sizeof ENV_PREFIX - 1;
    for (char **at = environ; at && *at; at++) {
        const char *equals = strchr(*at, '=');
        if (!equals || strncasecmp(*at, ENV_PREFIX, prefix) != 0) {
            continue;
        }
        size_t bytes = (size_t)(equals - *at);
        char giver[CONFIG_PATH_MAX + sizeof ENV_PREFIX];
        (void)snprintf(giver, sizeof giver, "%.*s", (int)(bytes < 1000 ? bytes : 1000), *at);
        char *path = path_of(loading->config, *at + prefix, bytes - prefix);
        if (path) {
            add(loading, giver, path, equals + 1);
        } else {
            config_problem(loading, status_new(STATUS_CONFIG, "%s: longer than any option", giver));
        }
    }
}

void override_sets(struct loading *loading, const char *const *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(sets[i], '=');
        if (!equals || equals == sets[i] || equals - sets[i] >= CONFIG_PATH_MAX) {
            /* Not the whole of it: without a '=' it may be a secret at the wrong place. */
            config_problem(loading,
                           status_new(STATUS_USAGE, "--set %.*s: expected KEY=VALUE",
                                      equals ? (int)(equals - sets[i]) % 1000 : 20, sets[i]));
            continue;
        }
        char *path = arena_copy(loading->config->arena, sets[i], (size_t)(equals - sets[i]));
        ASSERT(path && "a bounded path fits its arena");
        char giver[CONFIG_PATH_MAX + 8];
        (void)snprintf(giver, sizeof giver, "--set %s", path);
        add(loading, giver, path, equals + 1);
    }
}
