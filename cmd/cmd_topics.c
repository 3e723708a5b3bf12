#include "cmd/command.h"
#include "stream/topics.h"

#include <string.h>

struct topics_args {
    const char *config;
    struct arg_list sets;
    int64_t partitions, replication;
};

static const struct arg ROWS[] = {
    {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct topics_args, config)},
    {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated",
     offsetof(struct topics_args, sets)},
    {"partitions", ARG_INT, "N", "partitions of `lines` and `state` (lines.partitions)",
     offsetof(struct topics_args, partitions)},
    {"replication", ARG_INT, "R", "copies of each partition (the broker's default)",
     offsetof(struct topics_args, replication)},
};
static const struct arg_spec SPEC = {"topics", "plan|apply|verify --config FILE [options]",
                                     "create and verify topics.\n"
                                     "plan says what apply would do; apply creates what is missing "
                                     "and reports what differs; verify fails where\n"
                                     "something is missing or differs.",
                                     ROWS, sizeof ROWS / sizeof ROWS[0]};

static struct status *action_of(const struct arg_list *words, enum topics_action *out)
{
    static const char *const NAMES[] = {"plan", "apply", "verify"};
    for (int i = 0; words->count == 1 && i < 3; i++) {
        if (strcmp(words->values[0], NAMES[i]) == 0) {
            *out = (enum topics_action)i;
            return NULL;
        }
    }
    return status_new(STATUS_USAGE, "topics: expected one of plan, apply, verify");
}

static struct status *run(int argc, char **argv)
{
    struct topics_args args = {0};
    struct arg_list words = {0};
    struct topics_options options = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, &words));
    TRY(action_of(&words, &options.action));
    options.partitions = args.partitions;
    options.replication = args.replication;
    struct settings settings;
    TRY(settings_load(args.config, args.sets.values, args.sets.count, &settings));
    struct buf report = {0};
    struct status *st = topics_run(&settings, &options, &report);
    fwrite(report.data, 1, report.bytes, stdout);
    buf_fini(&report);
    settings_fini(&settings);
    return st;
}

const struct command command_topics = {&SPEC, run};
