#include "cmd/command.h"
#include "stream/settings.h"

struct check_args {
    const char *config;
    struct arg_list sets;
    bool reference, template, show;
};

static const struct arg ROWS[] = {
    {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct check_args, config)},
    {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated",
     offsetof(struct check_args, sets)},
    {"show", ARG_FLAG, NULL, "print the values in force, secrets hidden",
     offsetof(struct check_args, show)},
    {"reference", ARG_FLAG, NULL, "print the reference of all options (Markdown) and end",
     offsetof(struct check_args, reference)},
    {"template", ARG_FLAG, NULL, "print a complete commented configuration file and end",
     offsetof(struct check_args, template)},
};
static const struct arg_spec SPEC = {
    "check-config", "[--config FILE] [options]",
    "validate a configuration.\nAll mistakes are found at once and named by file, line and column.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

static struct status *run(int argc, char **argv)
{
    struct check_args args = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    size_t table_count, section_count;
    const struct option_table *const *tables = settings_tables(&table_count);
    const struct config_section *sections = settings_sections(&section_count);
    if (args.reference) {
        config_reference(stdout, tables, table_count, sections, section_count);
        return NULL;
    }
    if (args.template) {
        config_template(stdout, tables, table_count, sections, section_count);
        return NULL;
    }
    struct settings settings;
    TRY(settings_load(args.config, args.sets.values, args.sets.count, &settings));
    if (args.show) {
        settings_print(&settings, stdout);
    } else {
        printf("%s: ok\n", args.config ? args.config : "defaults");
    }
    settings_fini(&settings);
    return NULL;
}

const struct command command_check_config = {&SPEC, run};
