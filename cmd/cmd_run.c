#include "cmd/command.h"
#include "cmd/serve.h"
#include "config/base/log.h"

#include <string.h>

struct run_args {
    const char *config, *roles;
    struct arg_list sets;
    bool until_end;
};

static const struct arg ROWS[] = {
    {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct run_args, config)},
    {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated",
     offsetof(struct run_args, sets)},
    {"roles", ARG_TEXT, "ingest,plan", "which parts run in this process (both)",
     offsetof(struct run_args, roles)},
    {"until-end", ARG_FLAG, NULL, "stop at the end of the inputs seen at start",
     offsetof(struct run_args, until_end)},
};
static const struct arg_spec SPEC = {
    "run", "--config FILE [options]",
    "attach to the order bus and serve.\n"
    "SIGTERM finishes the transaction and ends; the last line of stdout is a JSON report.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

static struct status *parse_roles(const char *text, bool roles[2])
{
    roles[WORKER_INGEST] = roles[WORKER_PLAN] = !text;
    while (text && *text) {
        size_t bytes = strcspn(text, ",");
        if (bytes == 6 && strncmp(text, "ingest", 6) == 0) {
            roles[WORKER_INGEST] = true;
        } else if (bytes == 4 && strncmp(text, "plan", 4) == 0) {
            roles[WORKER_PLAN] = true;
        } else {
            return status_new(
                STATUS_USAGE,
                "run: --roles: expected ingest, plan or both with a comma, found '%.*s'",
                (int)bytes, text);
        }
        text += bytes + (text[bytes] == ',');
    }
    return roles[WORKER_INGEST] || roles[WORKER_PLAN]
               ? NULL
               : status_new(STATUS_USAGE, "run: --roles names nothing");
}

static struct status *run_with(const struct settings *settings, const struct run_args *args)
{
    struct serve_options options = {.settings = settings,
                                    .runtime = {.until_end = args->until_end},
                                    .config = args->config,
                                    .sets = &args->sets};
    TRY(parse_roles(args->roles, options.runtime.roles));
    LOG_INFO("run", "started", log_text("application", settings->stream.application),
             log_i64("workers", settings->stream.workers));
    return serve(&options);
}

static struct status *run(int argc, char **argv)
{
    struct run_args args = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    struct settings settings;
    TRY(settings_load(args.config, args.sets.values, args.sets.count, &settings));
    log_set((enum log_level)settings.stream.log_level, (enum log_format)settings.stream.log_format);
    struct status *st = run_with(&settings, &args);
    if (status_code(st) != STATUS_TIMEOUT) {
        settings_fini(&settings); /* after a time-out threads may still look at it */
    }
    return st;
}

const struct command command_run = {&SPEC, run};
