/* Values of options: text to number, duration, size, choice; and back. Used by the loader and the
 * reference. */
#ifndef RESTOCK_VALUE_H
#define RESTOCK_VALUE_H

#include "config/base/arena.h"
#include "config/option.h"
#include "config/yaml.h"

#include <stdbool.h>

/* Write the node's value into the field of `target`. Texts are copied into arena. The error names
 * the place and what was expected; the field is untouched then. */
struct status *value_set(const struct option *option, const struct yaml_node *node,
                         struct arena *arena, void *target) __attribute__((warn_unused_result));
/* "duration, 1 ms to 10 s": what is allowed, for messages and the reference. */
void value_expectation(const struct option *option, char *out, size_t bytes);
const char *value_type_name(enum option_type type);
/* The value in force, as it would stand in a file. Texts are quoted where YAML needs it. */
void value_print(const struct option *option, const void *target, char *out, size_t bytes);
/* Whether two structs hold the same value of this option. */
bool value_same(const struct option *option, const void *one, const void *other);
/* A text as it stands in a YAML file, quoted and escaped where needed; a long one is cut. At least
 * 8 bytes. */
void value_print_text(const char *text, char *out, size_t bytes);

#endif
