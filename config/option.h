/* Options are rows of tables that stand beside the module that uses them; this is the only
 * description of an option. The loader (config/config.h), environment overrides, --set, the
 * generated reference and config/restock.yaml all read it.
 *
 *     struct alert_options { double budget_per_day; int64_t hold_ms; };
 *     static const struct option ROWS[] = {
 *         {.path = "alerts.budget_per_day", .type = OPTION_DOUBLE, .offset = offsetof(struct
 * alert_options, budget_per_day), .default_text = "10", .min = 0, .max = 1e6, .help = "false alarms
 * a day that people can live with"},
 *         {.path = "alerts.hold", .type = OPTION_DURATION, .offset = offsetof(struct alert_options,
 * hold_ms), .default_text = "1d", .help = "shortest time that an alert stays open", .flags =
 * OPTION_RELOAD},
 *     };
 *     const struct option_table alert_option_table = {"alerts", ROWS, sizeof ROWS / sizeof ROWS[0],
 * sizeof(struct alert_options)};
 */
#ifndef RESTOCK_OPTION_H
#define RESTOCK_OPTION_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_BOOL, /* bool; true|false|on|off|yes|no */
    OPTION_INT, /* int64_t */
    OPTION_DOUBLE, /* double */
    OPTION_DURATION, /* int64_t milliseconds; 200ms 30s 15min 1h 1d 1w */
    OPTION_BYTES, /* int64_t; 512KiB 16MiB 1GiB or a plain number */
    OPTION_ENUM, /* int; one of choices */
    OPTION_TEXT, /* const char *, owned by the configuration; "" where not set */
    OPTION_DURATIONS, /* struct option_list: numbers, e.g. sums: [7, 14, 28] are OPTION_INTS */
    OPTION_INTS,
};

enum { OPTION_LIST_MAX = 16 };

struct option_list {
    size_t count;
    int64_t values[OPTION_LIST_MAX];
};

enum option_flags {
    OPTION_RELOAD = 1, /* SIGHUP may change it */
    OPTION_SECRET = 2, /* file: or env:; never printed */
    OPTION_SHAPES_STATE =
        4, /* part of the configuration hash in a shard's header: changing it needs new state */
};

struct option_choice {
    const char *name;
    int value;
};

struct option {
    const char *path; /* dotted, from the root of the file */
    enum option_type type;
    size_t offset; /* of the field in the table's struct */
    const char *default_text; /* as it would stand in the file */
    double min, max; /* inclusive; both 0: no limits */
    const struct option_choice *choices; /* OPTION_ENUM, ends with {NULL, 0} */
    const char *help; /* one line */
    unsigned flags;
};

struct option_table {
    const char *title; /* heading in the reference */
    const struct option *rows;
    size_t count;
    size_t struct_bytes;
};

#endif
