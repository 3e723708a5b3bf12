/* What the files of the loader share: config.c (names and values), override.c (environment and
 * --set), section.c (free sections), secret.c (texts made on request). Not for other folders. */
#ifndef RESTOCK_CONFIG_PARTS_H
#define RESTOCK_CONFIG_PARTS_H

#include "config/base/arena.h"
#include "config/config.h"

#include <pthread.h>

enum {
    CONFIG_OVERRIDES_MAX = 512,
    CONFIG_PATH_MAX = 256, /* bytes of a dotted path, NUL included */
    CONFIG_CANDIDATES_MAX = 512,
    CONFIG_SECTIONS_MAX = 16,
    CONFIG_PROBLEMS_MAX = 50 /* nobody reads more, and joining them is quadratic */
};

struct override {
    const char *path;
    const struct yaml_node *node; /* line 0: its giver stands in file_ref */
};

struct config {
    struct arena *arena;
    pthread_mutex_t lock; /* of arena, once loaded: workers ask for secrets */
    const char *path;
    struct yaml *file;
    struct yaml *parsed[CONFIG_OVERRIDES_MAX];
    struct override overrides[CONFIG_OVERRIDES_MAX]; /* rising priority */
    size_t override_count;
    const struct config_section *sections;
    size_t section_count;
    const struct yaml_node *roots[CONFIG_SECTIONS_MAX]; /* of the sections, merged */
};

struct loading {
    struct config *config;
    const struct config_binding *bindings;
    size_t binding_count;
    struct status *problems;
    size_t problem_count;
    const char *candidates[CONFIG_CANDIDATES_MAX]; /* all option paths */
    size_t candidate_count;
};

/* Takes st (NULL is fine). */
void config_problem(struct loading *loading, struct status *st);
/* "there is no such option", with the nearest name. */
void config_unknown(struct loading *loading, const struct yaml_node *at, const char *path);
bool config_is_option(const struct loading *loading, const char *path);
/* "a.b.c" is below "a.b" and "a". */
bool config_is_below(const char *path, const char *parent);
/* Node at a dotted path; a key may itself hold dots. `other`, if given, becomes a second node with
 * the same path, or NULL. */
const struct yaml_node *config_find(const struct yaml_node *mapping, const char *path,
                                    const struct yaml_node **other);

void override_environment(struct loading *loading);
void override_sets(struct loading *loading, const char *const *sets, size_t count);

const struct config_section *section_of(const struct config *config, const char *path);
/* Below this one, all names are dotted: nested mappings are flattened. */
bool section_is_dotted(const char *path);
/* Fill config->roots. */
void section_merge(struct loading *loading);

#endif
