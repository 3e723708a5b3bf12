#include "cmd/command.h"
#include "cmd/progress.h"
#include "stream/backtest.h"
#include "stream/base_file.h"
#include "stream/explain_text.h"
#include "stream/state_shard.h"

#include <stdlib.h>
#include <string.h>

struct explain_args {
    const char *config, *panel, *known, *origin, *base_model;
    struct arg_list sets;
    bool json;
};

static const struct arg ROWS[] = {
    {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct explain_args, config)},
    {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated",
     offsetof(struct explain_args, sets)},
    {"panel", ARG_TEXT, "FILE", "no Kafka: forecast this panel (series,time,value[,in_stock])",
     offsetof(struct explain_args, panel)},
    {"known", ARG_TEXT, "COLUMN,...", "--panel: columns known ahead, as in restock backtest",
     offsetof(struct explain_args, known)},
    {"origin", ARG_TEXT, "DATE", "--panel: the last bucket that is read (the panel's last)",
     offsetof(struct explain_args, origin)},
    {"base-model", ARG_TEXT, "M|shipped|none", "base model, as in restock backtest (model.base)",
     offsetof(struct explain_args, base_model)},
    {"json", ARG_FLAG, NULL, "one JSON object instead of a table",
     offsetof(struct explain_args, json)},
};
static const struct arg_spec SPEC = {
    "explain", "series SKU@LOCATION [--config FILE | --panel FILE] [options]",
    "say which inputs moved a forecast, and how far.\n"
    "The baseline is what would be forecast of a series of this size of which nothing else is "
    "known; each group of\n"
    "inputs has the part by which it moved the mean (Shapley values, exact); baseline and parts "
    "add up to the forecast.\n"
    "Below them, how the mixture weighed its experts. The series is read from the state topic, or "
    "from a panel.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

struct asked {
    const struct explain_args *args;
    const struct settings *settings;
    struct slice sku, location;
};

static struct status *report(const struct asked *asked, struct shard *shard, double unit)
{
    struct explanation why;
    struct explain_subject subject = {asked->sku, asked->location, .unit = unit};
    int64_t origin;
    TRY(shard_explain(shard, asked->sku, asked->location, &why, &origin));
    const struct buckets *days = &asked->settings->days;
    char date[16];
    subject.origin_ms = bucket_start(days, origin);
    struct civil civil = civil_of(zone_to_local(days->zone_ref, subject.origin_ms));
    (void)snprintf(date, sizeof date, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
    subject.origin = slice_of(date);
    struct buf out = {0};
    if (asked->args->json) {
        explain_json(&out, &subject, &why);
    } else {
        explain_text(&out, &subject, &why);
    }
    fwrite(out.data, 1, out.bytes, stdout);
    buf_fini(&out);
    return NULL;
}

static struct status *from_topic(const struct asked *asked)
{
    struct state_shard state;
    TRY(state_shard_open(asked->settings, asked->sku, &state));
    struct status *st = report(asked, state.shard, 1);
    state_shard_close(&state);
    return st;
}

static struct status *from_end(void *context, const struct backtest_end *end)
{
    const struct asked *asked = context;
    int32_t shard = hash_partition(asked->sku.data, asked->sku.bytes, end->count);
    return report(asked, end->shards[shard], end->unit);
}

static bool on_progress(void *context, double share)
{
    progress_show(context, share);
    return !atomic_load(&command_stop);
}

static struct status *from_panel(struct asked *asked)
{
    struct progress progress;
    struct backtest_report ignored;
    struct backtest_options options = {.settings = asked->settings,
                                       .panel = asked->args->panel,
                                       .known = asked->args->known,
                                       .shards = 1,
                                       .origins = &asked->args->origin,
                                       .origin_count = asked->args->origin ? 1 : 0,
                                       .stop_at_origin = true,
                                       .finish = from_end,
                                       .finish_context = asked,
                                       .progress = on_progress,
                                       .progress_context = &progress};
    progress_begin(&progress, "explain");
    struct status *st = backtest_run(&options, &ignored);
    progress_end(&progress);
    return st;
}

static struct status *load_settings(const struct explain_args *args, struct settings *settings)
{
    struct arg_list sets = args->sets;
    char base[1024];
    if (args->base_model) {
        if (!base_file_set(args->base_model, base, sizeof base) || sets.count == ARG_LIST_MAX) {
            return status_new(STATUS_USAGE,
                              "explain: --base-model: the path is too long, or too many --set");
        }
        sets.values[sets.count++] = base;
    }
    return settings_load(args->config, sets.values, sets.count, settings);
}

static struct status *check(const struct explain_args *args, const struct arg_list *words)
{
    if (words->count != 2 || strcmp(words->values[0], "series") != 0) {
        return status_new(STATUS_USAGE, "explain: expected series SKU@LOCATION");
    }
    if (!args->panel && (args->known || args->origin)) {
        return status_new(STATUS_USAGE, "explain: --known and --origin go with --panel");
    }
    return NULL;
}

static struct status *run(int argc, char **argv)
{
    struct explain_args args = {0};
    struct arg_list words = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, &words));
    TRY(check(&args, &words));
    struct settings settings;
    TRY(load_settings(&args, &settings));
    struct asked asked = {.args = &args, .settings = &settings};
    state_shard_name(words.values[1], &asked.sku, &asked.location);
    struct status *st = args.panel ? from_panel(&asked) : from_topic(&asked);
    settings_fini(&settings);
    return st;
}

const struct command command_explain = {&SPEC, run};
