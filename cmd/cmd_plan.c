#include "cmd/command.h"
#include "cmd/progress.h"
#include "stream/order_plan.h"
#include "stream/settings.h"
#include "stream/target_net.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct plan_args {
    const char *panel, *stock, *policy, *orders, *config, *base_model, *transfers;
    const char *transfer_cost, *transfer_lane_cost;
    int64_t transfer_lead;
    struct arg_list sets;
};

#define ROW(name, kind, value, help, field)                                                        \
    {                                                                                              \
        name, kind, value, help, offsetof(struct plan_args, field)                                 \
    }
static const struct arg ROWS[] = {
    ROW("panel", ARG_TEXT, "SALES.csv", "sales so far, days or weeks: series,time,value,in_stock",
        panel),
    ROW("stock", ARG_TEXT, "STOCK.csv",
        "stock now and open orders: series,kind,quantity,ordered,expected", stock),
    ROW("policy", ARG_TEXT, "POLICY.csv",
        "series,lead_time,lead_time_sd,review,holding_cost,shortage_cost,order_cost,pack,minimum_"
        "order,lost_sales; times in buckets",
        policy),
    ROW("orders", ARG_TEXT, "OUT.csv", "written: series,quantity and the numbers that say why",
        orders),
    ROW("transfers", ARG_TEXT, "OUT.csv",
        "written: movements between places of one item (series sku@location), before anything is "
        "bought",
        transfers),
    ROW("transfer-lead", ARG_INT, "BUCKETS", "until a movement arrives (0: at once)",
        transfer_lead),
    ROW("transfer-cost", ARG_TEXT, "MONEY", "of moving one unit (0)", transfer_cost),
    ROW("transfer-lane-cost", ARG_TEXT, "MONEY", "of one movement (0)", transfer_lane_cost),
    ROW("config", ARG_TEXT, "FILE", "configuration file", config),
    ROW("set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated", sets),
    ROW("base-model", ARG_TEXT, "M|none",
        "base model; plan uses the statistical experts alone: none", base_model),
};
static const struct arg_spec SPEC = {
    "plan", "--panel SALES.csv --stock STOCK.csv --policy POLICY.csv --orders OUT.csv [options]",
    "decide one order per series from files.\n"
    "The same forecaster and policies as `run`, without Kafka. Now is the start of the bucket "
    "after\n"
    "the panel's last one. The section rules of the configuration has the last word. Tables may be "
    ".csv, .csv.xz or .csv.zst.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

static bool on_progress(void *context, double share)
{
    progress_show(context, share);
    return !atomic_load(&command_stop);
}

static struct status *check(const struct plan_args *args)
{
    if (!args->panel || !args->stock || !args->policy || !args->orders) {
        return status_new(STATUS_USAGE,
                          "plan: --panel, --stock, --policy and --orders must all be given");
    }
    if (args->base_model && strcmp(args->base_model, "none") != 0) {
        return status_new(
            STATUS_USAGE,
            "plan: --base-model %s: orders from files use the statistical experts alone; use none",
            args->base_model);
    }
    return NULL;
}

/* A number of money of at least 0; 0 where nothing is said. */
static struct status *money(const char *option, const char *text, double *out)
{
    char *end = NULL;
    *out = text ? strtod(text, &end) : 0;
    if (text && (!text[0] || *end || !(*out >= 0) || *out > 1e12)) {
        return status_new(STATUS_USAGE, "plan: --%s %s: expected a number of at least 0", option,
                          text);
    }
    return NULL;
}

/* Files of orders state their costs; on three panels of days the learned target made them smaller
 * or left them as they were. Who wants the exact policy says pil. */
static struct status *learned_by_default(struct settings *settings)
{
    if (settings->target || settings->proposal.policy.policy != POLICY_AUTO) {
        return NULL;
    }
    return target_net_load(settings->config, settings->proposal.target, &settings->target);
}

static struct status *run(int argc, char **argv)
{
    struct plan_args args = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    TRY(check(&args));
    double unit_cost, lane_cost;
    TRY(money("transfer-cost", args.transfer_cost, &unit_cost));
    TRY(money("transfer-lane-cost", args.transfer_lane_cost, &lane_cost));
    if (args.transfer_lead > 3650) {
        return status_new(STATUS_USAGE, "plan: --transfer-lead: at most 3650 buckets");
    }
    struct settings settings;
    TRY(settings_load(args.config, args.sets.values, args.sets.count, &settings));
    struct status *st = learned_by_default(&settings);
    if (st) {
        settings_fini(&settings);
        return st;
    }
    struct progress progress;
    struct order_plan_job job = {.panel = args.panel,
                                 .stock = args.stock,
                                 .policy = args.policy,
                                 .orders = args.orders,
                                 .transfers = args.transfers,
                                 .transfer_lead = args.transfer_lead,
                                 .transfer_unit_cost = unit_cost,
                                 .transfer_lane_cost = lane_cost,
                                 .zone = settings.zone,
                                 .forecast = &settings.forecast,
                                 .net = settings.target,
                                 .net_asked = settings.proposal.policy.policy == POLICY_LEARNED,
                                 .rules = &settings.rules,
                                 .watch = {on_progress, &progress}};
    struct order_plan_report report;
    progress_begin(&progress, "plan");
    st = order_plan_run(&job, &report);
    progress_end(&progress);
    if (!st) {
        (void)printf("{\"series\":%" PRIu64 ",\"ordered\":%" PRIu64 ",\"units\":%" PRId64
                     ",\"without_sales\":%" PRIu64 ",\"transfers\":%" PRIu64 "}\n",
                     report.series, report.ordered, report.units, report.without_sales,
                     report.transfers);
    }
    settings_fini(&settings);
    return st;
}

const struct command command_plan = {&SPEC, run};
