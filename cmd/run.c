#include "cmd/command.h"
#include "cmd/report.h"
#include "config/base/log.h"
#include "stream/runtime.h"

#include <string.h>
#include <time.h>

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

enum { NAP_MS = 20 };

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

static void serve(struct runtime *runtime)
{
    while (!atomic_load(&command_stop) && runtime_running(runtime)) {
        struct timespec nap = {.tv_nsec = NAP_MS * 1000000};
        nanosleep(&nap, NULL);
    }
}

static struct status *run_with(const struct settings *settings, const struct run_args *args)
{
    struct runtime_options options = {.until_end = args->until_end};
    TRY(parse_roles(args->roles, options.roles));
    struct runtime *runtime;
    TRY(runtime_start(settings, &options, &runtime));
    LOG_INFO("run", "started", log_text("application", settings->stream.application),
             log_i64("workers", settings->stream.workers));
    serve(runtime);
    static struct runtime_view view; /* large */
    struct status *st = runtime_stop(runtime, &view);
    struct backtest_report report = {.read = view.read,
                                     .applied = view.applied,
                                     .duplicate = view.duplicate,
                                     .late = view.late,
                                     .filtered = view.filtered,
                                     .dead_letter = view.dead_letter,
                                     .forecasts = view.forecasts,
                                     .alerts = view.alerts,
                                     .replenishments = view.replenishments,
                                     .active_seconds = view.active_seconds};
    report_print(&report, stdout);
    return st;
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
