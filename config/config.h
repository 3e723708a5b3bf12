/* The configuration of one process: a YAML file, overridden by the environment
 * (RESTOCK__SECTION__KEY), overridden by --set.
 *
 *     struct alert_options alerts;
 *     struct config_binding bindings[] = {{&alert_option_table, &alerts}, ...};
 *     struct config *config;
 *     TRY(config_load("restock.yaml", sets, set_count, bindings, binding_count, free_sections,
 * &config));
 *     ... alerts is filled, defaults included ...
 *     config_destroy(config);          // texts in `alerts` die with it
 *
 * All errors are found in one pass and come as one status, a line each: file:line:column (or the
 * variable, or the --set), option, what is wrong, nearest valid name. At most 50 lines. An option
 * given twice, as `a.b: 1` beside `a: {b: 1}`, is an error.
 *
 * RESTOCK__TIME__BUCKET is time.bucket: two underscores are a dot, upper and lower case are one.
 * Below `kafka`, whose names hold no underscores, a single one is a dot as well:
 * RESTOCK__KAFKA__BOOTSTRAP_SERVERS is kafka.bootstrap.servers. Elsewhere it stays. Values of
 * variables and of --set are YAML: what YAML would read otherwise (`#`, `: `, a leading `*`) must
 * be quoted.
 *
 * Thread: loading is single-threaded; afterwards any thread may read, and ask for secrets and
 * places.
 */
#ifndef RESTOCK_CONFIG_H
#define RESTOCK_CONFIG_H

#include "config/base/status.h"
#include "config/option.h"
#include "config/yaml.h"

#include <stdio.h>

struct config;

struct config_binding {
    const struct option_table *table;
    void *target; /* struct_bytes of it are overwritten; untouched on error */
};

/* A section that is no fixed list of options (kafka, calendar, rules, inputs.orders.map ...): the
 * loader accepts anything below it. */
struct config_section {
    const char *path;
    const char *help;
};

/* path NULL: defaults, environment and sets only. sets: "time.bucket=1h". On error *out is
 * untouched. */
struct status *config_load(const char *path, const char *const *sets, size_t set_count,
                           const struct config_binding *bindings, size_t binding_count,
                           const struct config_section *sections, size_t section_count,
                           struct config **out) __attribute__((warn_unused_result));
void config_destroy(struct config *config);

/* Node of a free section (or NULL): merged from file, environment and sets. "kafka" is a mapping of
 * dotted names, however they were grouped in the file. */
const struct yaml_node *config_node(const struct config *config, const char *path);
const char *config_path(const struct config *config); /* of the file, "" without one: relative paths
                                                         in it start at its folder */
/* `file` relative to the folder of the configuration file; the result lives as long as config. */
const char *config_relative(const struct config *config, const char *file);
/* "file:line:column: " of a node, for messages. */
const char *config_place(const struct config *config, const struct yaml_node *node);
/* Hash of all options with OPTION_SHAPES_STATE, in table order. */
uint64_t config_state_hash(const struct config_binding *bindings, size_t binding_count);
/* file:PATH and env:NAME are replaced by what they name; anything else is taken as it is. The
 * result lives as long as config. */
struct status *config_secret(const struct config *config, const char *text, const char **out)
    __attribute__((warn_unused_result));
/* Reference documentation (Markdown), and a complete commented YAML file with all defaults. */
void config_reference(FILE *out, const struct option_table *const *tables, size_t table_count,
                      const struct config_section *sections, size_t section_count);
void config_template(FILE *out, const struct option_table *const *tables, size_t table_count,
                     const struct config_section *sections, size_t section_count);
/* The values in force, one `path: value` a line; secrets and free keys that look like secrets are
 * shown as ***. */
void config_dump(FILE *out, const struct config *config, const struct config_binding *bindings,
                 size_t binding_count, const struct config_section *sections, size_t section_count);

#endif
