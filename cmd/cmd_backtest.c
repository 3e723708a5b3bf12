#include "cmd/command.h"
#include "cmd/progress.h"
#include "cmd/report.h"
#include "stream/base_file.h"

#include <stdlib.h>
#include <string.h>

struct backtest_args {
    const char *map, *panel, *config, *origins, *sums, *forecasts, *explain, *alerts, *proposals,
        *panel_out, *base_model, *learn, *reading, *known;
    struct arg_list orders, sets;
    int64_t shards, horizon;
};

#define ROW(name, kind, value, help, field)                                                        \
    {                                                                                              \
        name, kind, value, help, offsetof(struct backtest_args, field)                             \
    }
static const struct arg ROWS[] = {
    ROW("orders", ARG_TEXTS, "FILE", "order lines (.csv, .csv.xz, .csv.zst); may be repeated",
        orders),
    ROW("map", ARG_TEXT, "MAP", "mapping of the orders", map),
    ROW("panel", ARG_TEXT, "FILE", "demand per series and bucket: series,time,value[,in_stock]",
        panel),
    ROW("config", ARG_TEXT, "FILE", "configuration file", config),
    ROW("set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated", sets),
    ROW("shards", ARG_INT, "N", "shards, as partitions of `lines` would make them (1)", shards),
    ROW("origins", ARG_TEXT, "DATE,...", "write forecasts after the close of these buckets",
        origins),
    ROW("horizon", ARG_INT, "H", "steps of a forecast (forecasts.horizon)", horizon),
    ROW("sums", ARG_TEXT, "7,14,28", "lengths of sums (forecasts.sums)", sums),
    ROW("base-model", ARG_TEXT, "M|shipped|none",
        "base model made by restock pretrain (model.base); none: the statistical experts alone",
        base_model),
    ROW("learn", ARG_TEXT, "online|frozen|off",
        "how the forecaster learns (model.learn): the network's weights too, the mixture alone, "
        "nothing but statistics",
        learn),
    ROW("reading", ARG_TEXT, "demand", "what is forecast: demand (stock-outs masked)", reading),
    ROW("known", ARG_TEXT, "COLUMN,...",
        "columns of the panel that are known ahead: price, promo, holiday, event, snap", known),
    ROW("forecasts", ARG_TEXT, "OUT.csv", "write forecasts", forecasts),
    ROW("explain", ARG_TEXT, "OUT.csv",
        "write why: how far each group of inputs moved the means of these forecasts", explain),
    ROW("alerts", ARG_TEXT, "OUT.csv", "write alerts", alerts),
    ROW("proposals", ARG_TEXT, "OUT.csv", "write replenishment proposals", proposals),
    ROW("panel-out", ARG_TEXT, "OUT.csv", "write the closed buckets", panel_out),
};
static const struct arg_spec SPEC = {
    "backtest", "(--orders FILE... --map MAP | --panel FILE) [options]",
    "replay files through the pipeline and write what it would have said.\n"
    "The last line of stdout is a JSON report.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

enum { LIST_MAX = BACKTEST_ORIGINS_MAX, SETS_MAX = ARG_LIST_MAX + 8, SET_BYTES = 1024 };

static bool on_progress(void *context, double share)
{
    progress_show(context, share);
    return !atomic_load(&command_stop);
}

/* Splits a comma list in place. */
static size_t split(char *text, const char **out, size_t most)
{
    size_t count = 0;
    for (char *part = text ? strtok(text, ",") : NULL; part && count < most;
         part = strtok(NULL, ",")) {
        out[count++] = part;
    }
    return count;
}

static struct status *one_of(const char *option, const char *given, const char *only,
                             const char *why)
{
    return !given || strcmp(given, only) == 0
               ? NULL
               : status_new(STATUS_USAGE, "backtest: --%s %s: %s; use %s", option, given, why,
                            only);
}

static struct status *check(const struct backtest_args *args)
{
    if ((args->orders.count > 0) == (args->panel != NULL)) {
        return status_new(STATUS_USAGE,
                          "backtest: give either --orders FILE... with --map MAP, or --panel FILE");
    }
    if (args->orders.count && !args->map) {
        return status_new(STATUS_USAGE,
                          "backtest: --orders needs --map, which says where each field is found");
    }
    if (args->known && !args->panel) {
        return status_new(STATUS_USAGE, "backtest: --known names columns of a --panel");
    }
    return one_of("reading", args->reading, "demand",
                  "sales are not forecast apart from demand yet");
}

static struct status *load_settings(const struct backtest_args *args, struct settings *settings)
{
    static char made[5][SET_BYTES];
    const char *sets[SETS_MAX];
    size_t count = 0;
    if (args->alerts) { /* whatever the number of products; --set has the last word */
        sets[count++] = "alerts.budget_per_10k=5";
    }
    for (size_t i = 0; i < args->sets.count; i++) {
        sets[count++] = args->sets.values[i];
    }
    if (args->horizon) {
        (void)snprintf(made[0], SET_BYTES, "forecasts.horizon=%lld", (long long)args->horizon);
        sets[count++] = made[0];
    }
    if (args->sums) {
        (void)snprintf(made[1], SET_BYTES, "forecasts.sums=[%s]", args->sums);
        sets[count++] = made[1];
    }
    if (args->learn) {
        (void)snprintf(made[3], SET_BYTES, "model.learn=%s", args->learn);
        sets[count++] = made[3];
    }
    if (args->base_model) {
        if (!base_file_set(args->base_model, made[2], SET_BYTES)) {
            return status_new(STATUS_USAGE, "backtest: --base-model: the path is too long");
        }
        sets[count++] = made[2];
    }
    return settings_load(args->config, sets, count, settings);
}

static struct status *run(int argc, char **argv)
{
    struct backtest_args args = {.shards = 1};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    TRY(check(&args));
    struct settings settings;
    TRY(load_settings(&args, &settings));
    char *origins = args.origins ? strdup(args.origins) : NULL;
    const char *list[LIST_MAX];
    struct progress progress;
    struct backtest_options options = {.settings = &settings,
                                       .orders = args.orders.values,
                                       .order_count = args.orders.count,
                                       .map = args.map,
                                       .panel = args.panel,
                                       .known = args.known,
                                       .shards = (int32_t)args.shards,
                                       .origins = list,
                                       .origin_count = split(origins, list, LIST_MAX),
                                       .forecasts = args.forecasts,
                                       .explain = args.explain,
                                       .alerts = args.alerts,
                                       .proposals = args.proposals,
                                       .panel_out = args.panel_out,
                                       .progress = on_progress,
                                       .progress_context = &progress};
    struct backtest_report report;
    progress_begin(&progress, "backtest");
    struct status *st = backtest_run(&options, &report);
    progress_end(&progress);
    if (!st && report.leaky) {
        fprintf(stderr,
                "restock: backtest: LEAKY: the base model was made from these series beyond "
                "the first origin: no figure of this run says how good it is\n");
    }
    if (!st) {
        report_print(&report, stdout);
    }
    free(origins);
    settings_fini(&settings);
    return st;
}

const struct command command_backtest = {&SPEC, run};
