#include "cmd/command.h"
#include "stream/kafka.h"
#include "stream/map.h"
#include "stream/topics.h"

struct check_args {
    const char *config;
    struct arg_list sets;
    bool reference, template, show, connect;
};

static const struct arg ROWS[] = {
    {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct check_args, config)},
    {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated",
     offsetof(struct check_args, sets)},
    {"connect", ARG_FLAG, NULL, "ask the broker for the topics and log in at the registry, too",
     offsetof(struct check_args, connect)},
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

/* Files that the configuration names. */
static struct status *check_maps(const struct settings *settings)
{
    struct status *st = NULL;
    for (int input = 0; input < INPUT_COUNT; input++) {
        const char *path = settings->stream.inputs[input].map;
        if (path[0]) {
            struct map *map = NULL;
            st = status_join(
                st, map_load(config_relative(settings->config, path), settings->zone, &map));
            map_destroy(map);
        }
    }
    return st;
}

static struct status *connect_registry(const struct settings *settings)
{
    struct registry *registry;
    TRY(settings_registry(settings, &registry));
    if (!registry) {
        return NULL;
    }
    struct status *st = registry_check(registry);
    registry_destroy(registry);
    return st;
}

static struct status *check_outside(const struct settings *settings)
{
    struct buf report = {0};
    struct topics_options options = {.action = TOPICS_VERIFY};
    struct status *st = topics_run(settings, &options, &report);
    fwrite(report.data, 1, report.bytes, stdout);
    buf_fini(&report);
    return status_join(st, connect_registry(settings));
}

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
    struct status *st = status_join(kafka_check(&settings), check_maps(&settings));
    struct buf contradictions = {0};
    (void)rules_contradictions(&settings.rules, &contradictions);
    fwrite(contradictions.data, 1, contradictions.bytes, stderr);
    buf_fini(&contradictions);
    if (!st && args.connect) {
        st = check_outside(&settings);
    }
    if (st) {
        settings_fini(&settings);
        return st;
    }
    if (args.show) {
        settings_print(&settings, stdout);
    } else {
        printf("%s: ok\n", args.config ? args.config : "defaults");
    }
    settings_fini(&settings);
    return NULL;
}

const struct command command_check_config = {&SPEC, run};
