/* A configuration of all types, and files for it. */
#ifndef RESTOCK_TESTS_CONFIG_SETUP_H
#define RESTOCK_TESTS_CONFIG_SETUP_H

#include "config/config.h"

#include <stdbool.h>

enum color { RED = 3, GREEN = 5 };

struct all_options {
    bool on;
    int64_t count, free_count, wait_ms, size;
    double rate;
    int color;
    const char *text, *secret;
    struct option_list sums, waits;
};

struct more_options {
    int64_t bucket_ms;
    const char *zone;
};

extern const struct option_table all_table, more_table;
extern const struct config_section setup_sections[3]; /* kafka, suppliers, inputs.map */

struct setup {
    struct all_options all;
    struct more_options more;
    struct config_binding bindings[2];
    struct config *config;
    char path[64];
};

/* text NULL: no file. Result of config_load; setup_fini in any case. */
struct status *setup_load(struct setup *setup, const char *text, const char *const *sets,
                          size_t set_count);
/* Must succeed. */
void setup_ok(struct setup *setup, const char *text, const char *set);
/* Must fail; each of the NULL-terminated expectations is part of the message, "FILE" standing for
 * the file's path. */
void setup_refused(const char *text, const char *set, const char *const *expected);
void setup_fini(struct setup *setup);
/* Text of a node of a free section, or "(none)". */
const char *setup_free(const struct setup *setup, const char *section, const char *key);

#endif
