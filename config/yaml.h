/* A YAML document as a tree with positions, from libyaml's document API. Duplicate keys,
 * anchors/aliases used as bombs, depth and size beyond bounds are errors. JSON is a subset, so a
 * .json file works too. Thread: a document belongs to one thread, read-only after loading. */
#ifndef RESTOCK_YAML_H
#define RESTOCK_YAML_H

#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    uint32_t line, column; /* from 1 */
    const char *file_ref; /* owner: the document */
    bool quoted; /* scalar: was in quotes, so it is text even if it looks like a number or null */
    const char *text; /* scalar: NUL-terminated */
    size_t count; /* sequence, mapping: children */
    const struct yaml_node *const *items; /* values */
    const struct yaml_node *const *keys; /* mapping: scalar nodes, file order */
};

struct yaml;

/* `name` stands in error messages. All problems come as one status. On error *out is untouched. */
struct status *yaml_parse(const char *name, const char *data, size_t bytes, struct yaml **out)
    __attribute__((warn_unused_result));
struct status *yaml_load(const char *path, struct yaml **out) __attribute__((warn_unused_result));
void yaml_destroy(struct yaml *yaml);
const struct yaml_node *yaml_root(const struct yaml *yaml); /* NULL for an empty document */

const struct yaml_node *yaml_get(const struct yaml_node *mapping,
                                 const char *key); /* NULL: absent, or not a mapping */
/* Same shape and texts, keys in the same order; two NULLs are equal. */
bool yaml_same(const struct yaml_node *one, const struct yaml_node *other);
bool yaml_is_null(const struct yaml_node *node); /* NULL, empty, ~ or null, unquoted */
/* STATUS_CONFIG "file:line:column: message" */
struct status *yaml_error(const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));
/* The candidate with the least edit distance (at most a third of the length), or NULL. */
const char *yaml_nearest(const char *name, const char *const *candidates, size_t count);

#endif
