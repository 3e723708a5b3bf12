/* Shared by the files that compile a map; nobody else includes it. */
#ifndef RESTOCK_MAP_COMPILE_H
#define RESTOCK_MAP_COMPILE_H

#include "config/yaml.h"
#include "stream/map_parts.h"

struct compiler {
    struct map *map;
    struct status *errors; /* all of them, a line each */
    enum map_section_name name; /* section being compiled */
    struct map_section *section;
    struct slice each; /* text of the section's `each`, "lines[*]"; empty: none */
};

/* Note a mistake at a node and go on. */
void compile_error(struct compiler *compiler, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Every key of the mapping must be one of keys[count]. False (and an error) if the node is no
 * mapping. */
bool compile_keys(struct compiler *compiler, const struct yaml_node *node, const char *what,
                  const char *const *keys, size_t count);
/* Text of a scalar; an error and an empty text otherwise. */
struct slice compile_text(struct compiler *compiler, const struct yaml_node *node,
                          const char *what);
void *compile_alloc(struct compiler *compiler, size_t bytes); /* zeroed, in the map's arena */

/* map_compile_path.c */
bool compile_path(struct compiler *compiler, const struct yaml_node *node, struct slice text,
                  struct map_path *out);
bool path_per_line(const struct map_path *path);

/* map_compile_rule.c: a scalar is a path, a mapping is a rule in full. print: a part of the
 * fingerprint. */
void compile_rule(struct compiler *compiler, const struct yaml_node *node, enum map_type type,
                  bool print, struct map_rule *out);
/* map_compile_condition.c */
void compile_condition(struct compiler *compiler, const struct yaml_node *node,
                       struct map_condition *out);
int compile_field(const struct compiler *compiler,
                  struct slice name); /* -1: no field of the section */

#endif
