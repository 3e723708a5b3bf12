#include "stream/settings.h"

#include "anomaly/silence.h"
#include "config/base/log.h"
#include "config/value.h"
#include "model/gemm.h"
#include "stream/base_file.h"
#include "stream/detector_file.h"
#include "stream/target_net.h"

#include <stdlib.h>
#include <string.h>

#define FIELD(name) .offset = offsetof(struct stream_options, name)

static const struct option_choice FORMATS[] = {{"json", WIRE_JSON},
                                               {"confluent", WIRE_CONFLUENT},
                                               {"single-object", WIRE_SINGLE_OBJECT},
                                               {"raw", WIRE_RAW},
                                               {NULL, 0}};
static const struct option_choice MODES[] = {
    {"live", TIME_LIVE}, {"replay", TIME_REPLAY}, {NULL, 0}};
static const struct option_choice DELIVERIES[] = {
    {"exactly_once", DELIVERY_EXACTLY_ONCE}, {"at_least_once", DELIVERY_AT_LEAST_ONCE}, {NULL, 0}};
static const struct option_choice EMITS[] = {
    {"changed", EMIT_CHANGED}, {"always", EMIT_ALWAYS}, {"never", EMIT_NEVER}, {NULL, 0}};
static const struct option_choice COUNTS[] = {{"available", 1}, {"on_hand", 0}, {NULL, 0}};
static const struct option_choice LEVELS[] = {{"debug", LOG_LEVEL_DEBUG},
                                              {"info", LOG_LEVEL_INFO},
                                              {"warn", LOG_LEVEL_WARN},
                                              {"error", LOG_LEVEL_ERROR},
                                              {NULL, 0}};
static const struct option_choice LOG_FORMATS[] = {
    {"auto", LOG_FORMAT_AUTO}, {"text", LOG_FORMAT_TEXT}, {"json", LOG_FORMAT_JSON}, {NULL, 0}};

#define TOPIC_ROW(key, index, preset, text)                                                        \
    {                                                                                              \
        .path = "topics." key, .type = OPTION_TEXT, FIELD(topics[index]), .default_text = preset,  \
        .help = text                                                                               \
    }
#define INPUT_ROWS(key, index)                                                                     \
    {.path = "inputs." key ".format",                                                              \
     .type = OPTION_ENUM,                                                                          \
     FIELD(inputs[index].format),                                                                  \
     .default_text = "json",                                                                       \
     .choices = FORMATS,                                                                           \
     .help = "framing of messages on the topic `" key "`"},                                        \
        {.path = "inputs." key ".map",                                                             \
         .type = OPTION_TEXT,                                                                      \
         FIELD(inputs[index].map),                                                                 \
         .default_text = "",                                                                       \
         .help = "mapping file from the shop's own record; empty: the canonical record"},          \
    {                                                                                              \
        .path = "inputs." key ".schema", .type = OPTION_TEXT, FIELD(inputs[index].schema),         \
        .default_text = "",                                                                        \
        .help = "Avro schema file (.avsc) of the messages; needed for raw and single-object"       \
    }

static const struct option ROWS[] = {
    {.path = "application",
     .type = OPTION_TEXT,
     FIELD(application),
     .default_text = "restock",
     .help = "prefix of consumer groups and transactional ids",
     .flags = OPTION_SHAPES_STATE},
    {.path = "instance",
     .type = OPTION_TEXT,
     FIELD(instance),
     .default_text = "auto",
     .help = "names this process among those of one application; auto: host name and the lowest "
             "slot free in state_folder"},
    {.path = "state_folder",
     .type = OPTION_TEXT,
     FIELD(state_folder),
     .default_text = "",
     .help = "folder for instance locks; empty: $STATE_DIRECTORY, else $XDG_STATE_HOME/restock, "
             "else /tmp/restock-<user>"},
    TOPIC_ROW("orders", TOPIC_ORDERS, "orders", "order lines come in here"),
    TOPIC_ROW("stock", TOPIC_STOCK, "stock", "stock movements come in here; may be absent"),
    TOPIC_ROW("items", TOPIC_ITEMS, "items", "item facts come in here (compacted); may be absent"),
    TOPIC_ROW("feedback", TOPIC_FEEDBACK, "feedback",
              "decisions on proposals and alerts come in here; may be absent"),
    TOPIC_ROW("lines", TOPIC_LINES, "restock.lines", "internal: one ordered log per SKU"),
    TOPIC_ROW("state", TOPIC_STATE, "restock.state", "internal: state of the shards (compacted)"),
    TOPIC_ROW("forecasts", TOPIC_FORECASTS, "forecasts", "forecast events go out here"),
    TOPIC_ROW("alerts", TOPIC_ALERTS, "alerts", "alert events go out here"),
    TOPIC_ROW("replenishments", TOPIC_REPLENISHMENTS, "replenishments",
              "replenishment proposals go out here"),
    TOPIC_ROW("dead_letters", TOPIC_DEAD_LETTERS, "restock.dead-letters",
              "messages that could not be used go out here, byte for byte"),
    INPUT_ROWS("orders", INPUT_ORDERS),
    INPUT_ROWS("stock", INPUT_STOCK),
    INPUT_ROWS("items", INPUT_ITEMS),
    INPUT_ROWS("feedback", INPUT_FEEDBACK),
    {.path = "output.format",
     .type = OPTION_ENUM,
     FIELD(output_format),
     .default_text = "json",
     .choices = FORMATS,
     .help = "framing of forecasts, alerts and replenishments"},
    {.path = "registry.url",
     .type = OPTION_TEXT,
     FIELD(registry_url),
     .default_text = "",
     .help = "schema registry, for the format confluent"},
    {.path = "registry.user",
     .type = OPTION_TEXT,
     FIELD(registry_user),
     .default_text = "",
     .help = "user name for basic authentication at the registry"},
    {.path = "registry.password",
     .type = OPTION_TEXT,
     FIELD(registry_password),
     .default_text = "",
     .help = "password at the registry: file:PATH or env:NAME",
     .flags = OPTION_SECRET},
    {.path = "registry.ca",
     .type = OPTION_TEXT,
     FIELD(registry_ca),
     .default_text = "",
     .help = "file with the certificate authority of the registry; empty: the system's"},
    {.path = "workers",
     .type = OPTION_INT,
     FIELD(workers),
     .default_text = "2",
     .min = 1,
     .max = 64,
     .help = "threads per role (ingest, plan) in this process"},
    {.path = "delivery",
     .type = OPTION_ENUM,
     FIELD(delivery),
     .default_text = "exactly_once",
     .choices = DELIVERIES,
     .help = "at_least_once is for brokers without transactions: outputs may come twice"},
    {.path = "commit_interval",
     .type = OPTION_DURATION,
     FIELD(commit_interval_ms),
     .default_text = "200ms",
     .min = 1,
     .max = 10000,
     .help = "longest wait before a transaction commits; a drained log commits sooner"},
    {.path = "commit_min_interval",
     .type = OPTION_DURATION,
     FIELD(commit_min_interval_ms),
     .default_text = "10ms",
     .max = 10000,
     .min = 0,
     .help = "shortest time between two commits of a worker"},
    {.path = "outbox.max_bytes",
     .type = OPTION_BYTES,
     FIELD(outbox_max_bytes),
     .default_text = "16MiB",
     .min = 65536,
     .max = 1 << 30,
     .help = "a transaction ends when it holds so much"},
    {.path = "lines.partitions",
     .type = OPTION_INT,
     FIELD(lines_partitions),
     .default_text = "8",
     .min = 1,
     .max = 1024,
     .help = "partitions of `lines` and `state` that `topics apply` creates; fixed from then on"},
    {.path = "until_end.timeout",
     .type = OPTION_DURATION,
     FIELD(until_end_timeout_ms),
     .default_text = "60s",
     .min = 1000,
     .max = 86400000,
     .help = "run --until-end gives up after so long without progress"},
    {.path = "shutdown_timeout",
     .type = OPTION_DURATION,
     FIELD(shutdown_timeout_ms),
     .default_text = "8s",
     .min = 500,
     .max = 600000,
     .help = "longest time for finishing the last transaction at the end"},
    {.path = "warm",
     .type = OPTION_DURATION,
     FIELD(warm_ms),
     .default_text = "60s",
     .max = 3600000,
     .help = "how long the state of a shard that went to another worker is kept in memory in case "
             "it comes back"},
    {.path = "time.mode",
     .type = OPTION_ENUM,
     FIELD(time_mode),
     .default_text = "live",
     .choices = MODES,
     .help = "replay: for filled topics; the wall clock never moves a watermark"},
    {.path = "time.bucket",
     .type = OPTION_DURATION,
     FIELD(bucket_ms),
     .default_text = "1d",
     .help = "slot of event time that closes: 15min, 30min, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d or 1w; "
             "below a day the last two weeks are kept in such buckets, sums and orders use days",
     .flags = OPTION_SHAPES_STATE},
    {.path = "time.zone",
     .type = OPTION_TEXT,
     FIELD(zone),
     .default_text = "UTC",
     .help = "zone of days and of time stamps without one, such as Europe/London",
     .flags = OPTION_SHAPES_STATE},
    {.path = "time.allowed_lateness",
     .type = OPTION_DURATION,
     FIELD(lateness_ms),
     .default_text = "1h",
     .max = 30 * 86400000.0,
     .help = "how far behind the newest of its source a line may come and still be on time"},
    {.path = "time.idle_timeout",
     .type = OPTION_DURATION,
     FIELD(idle_timeout_ms),
     .default_text = "30s",
     .min = 100,
     .max = 30 * 86400000.0,
     .help = "a source whose end is confirmed for so long holds nobody any more"},
    {.path = "time.max_lead",
     .type = OPTION_DURATION,
     FIELD(max_lead_ms),
     .default_text = "0ms",
     .max = 60 * 86400000.0,
     .help = "how far one source may be read ahead of the slowest; 0: 4 buckets, at least "
             "time.future_bound",
     .flags = OPTION_SHAPES_STATE},
    {.path = "time.future_bound",
     .type = OPTION_DURATION,
     FIELD(future_bound_ms),
     .default_text = "1d",
     .max = 60 * 86400000.0,
     .help = "a stamp so far beyond the wall clock is refused"},
    {.path = "time.tick_interval",
     .type = OPTION_DURATION,
     FIELD(tick_interval_ms),
     .default_text = "1s",
     .min = 10,
     .max = 3600000,
     .help = "longest time between two ticks of a source that moves"},
    {.path = "time.idle_tick_interval",
     .type = OPTION_DURATION,
     FIELD(idle_tick_interval_ms),
     .default_text = "1min",
     .min = 10,
     .max = 3600000,
     .help = "time between two ticks of an idle source"},
    {.path = "plan.window",
     .type = OPTION_INT,
     FIELD(window),
     .default_text = "84",
     .min = 28,
     .max = 400,
     .help = "closed buckets kept per series; days where the bucket is shorter",
     .flags = OPTION_SHAPES_STATE},
    {.path = "dedup.horizon",
     .type = OPTION_DURATION,
     FIELD(dedup_horizon_ms),
     .default_text = "7d",
     .min = 3600000,
     .max = 60 * 86400000.0,
     .help = "a line is recognised as a repetition for so long"},
    {.path = "cancel.horizon",
     .type = OPTION_DURATION,
     FIELD(cancel_horizon_ms),
     .default_text = "30d",
     .min = 3600000,
     .max = 80 * 86400000.0,
     .help = "a cancellation finds a sale at most so far back"},
    {.path = "plan.retire",
     .type = OPTION_DURATION,
     FIELD(retire_after_ms),
     .default_text = "400d",
     .min = 86400000,
     .max = 3650 * 86400000.0,
     .help = "a series without sales and stock for so long is forgotten"},
    {.path = "plan.max_quantity",
     .type = OPTION_INT,
     FIELD(max_quantity),
     .default_text = "1000000",
     .min = 1,
     .max = 1e15,
     .help = "a larger quantity in one line is refused as impossible"},
    {.path = "stock.count",
     .type = OPTION_ENUM,
     FIELD(stock_count_available),
     .default_text = "available",
     .choices = COUNTS,
     .help = "what a COUNT says: available (open orders already taken off) or on_hand"},
    {.path = "forecasts.emit",
     .type = OPTION_ENUM,
     FIELD(emit),
     .default_text = "changed",
     .choices = EMITS,
     .help = "when a forecast is written: changed (materially), always (at each close), never"},
    {.path = "forecasts.refresh",
     .type = OPTION_INT,
     FIELD(refresh),
     .default_text = "7",
     .min = 1,
     .max = 365,
     .help = "with emit: changed, a forecast is repeated after so many buckets; days where the "
             "bucket is shorter"},
    {.path = "forecasts.change",
     .type = OPTION_DOUBLE,
     FIELD(change),
     .default_text = "0.1",
     .min = 0.001,
     .max = 10,
     .help = "relative change of mean or 0.9 quantile that counts as material"},
    {.path = "forecasts.explain",
     .type = OPTION_BOOL,
     FIELD(explain),
     .default_text = "off",
     .help = "on: each forecast says how far each group of inputs moved the means of its sums "
             "(field `explanation`); buckets of a day or longer; about 0.1 ms of work per "
             "forecast written, twice that for each group of plans"},
    {.path = "pipeline.forecast",
     .type = OPTION_BOOL,
     FIELD(pipeline_forecast),
     .default_text = "on",
     .help = "off: rings, stock, duplicates, closes and state only (for measuring)"},
    {.path = "http.listen",
     .type = OPTION_TEXT,
     FIELD(http_listen),
     .default_text = "127.0.0.1:8080",
     .help = "address of the live page, metrics and health; empty: none"},
    {.path = "log.level",
     .type = OPTION_ENUM,
     FIELD(log_level),
     .default_text = "info",
     .choices = LEVELS,
     .help = "least level that is logged",
     .flags = OPTION_RELOAD},
    {.path = "log.format",
     .type = OPTION_ENUM,
     FIELD(log_format),
     .default_text = "auto",
     .choices = LOG_FORMATS,
     .help = "auto: text on a terminal, JSON otherwise",
     .flags = OPTION_RELOAD},
};

const struct option_table stream_option_table = {"Flow", ROWS, sizeof ROWS / sizeof ROWS[0],
                                                 sizeof(struct stream_options)};

static const struct option_table *const TABLES[] = {
    &stream_option_table, &forecaster_option_table, &learner_option_table,
    &alert_option_table,  &proposal_option_table,   &item_option_table};
enum { TABLE_COUNT = sizeof TABLES / sizeof TABLES[0] };

static const struct config_section SECTIONS[] = {
    {"kafka", "passed through to librdkafka, dotted names; options that would break a guarantee "
              "are refused"},
    {"calendar", "holidays: name -> CSV file with a column `date`, or a country (cn, de, es, fr, "
                 "gb, it, nl, us), or none; without it the country of time.zone"},
    {"suppliers",
     "supplier -> {weekdays: [mon, ...] on which it takes orders, delivers: [tue, ...] on which "
     "goods arrive, closed: [2025-12-24, 2025-12-27..2026-01-02], calendar: file or country of "
     "days on which it is closed}"},
    {"rules", "business rules, a list of {name, patterns sku, category, location, supplier, class, "
              "days from and until, one of forbid, cap, floor, multiply, override, freeze}: they "
              "have the last word on every order"},
};

const struct option_table *const *settings_tables(size_t *count)
{
    *count = TABLE_COUNT;
    return TABLES;
}

const struct config_section *settings_sections(size_t *count)
{
    *count = sizeof SECTIONS / sizeof SECTIONS[0];
    return SECTIONS;
}

static const int64_t DAY_MS = 86400000;

static int64_t in_buckets(int64_t ms, int64_t bucket_ms)
{
    return (ms + bucket_ms - 1) / bucket_ms;
}

int64_t settings_max_lead_ms(const struct settings *settings)
{
    const struct stream_options *stream = &settings->stream;
    int64_t lead = stream->max_lead_ms;
    if (!lead) {
        lead = 4 * stream->bucket_ms;
        lead = lead > stream->future_bound_ms || stream->bucket_ms >= DAY_MS
                   ? lead
                   : stream->future_bound_ms;
    }
    int64_t least = stream->lateness_ms + 1;
    return lead > least ? lead : least;
}

int64_t settings_open_buckets(const struct settings *settings)
{
    return in_buckets(settings->stream.lateness_ms + settings_max_lead_ms(settings),
                      settings->stream.bucket_ms) +
           1;
}

/* As many as a run with such buckets would have, so that a shard with shorter ones holds the same
 * days. */
int64_t settings_open_days(const struct settings *settings)
{
    int64_t day_ms = settings->days.length_ms, lead_ms = settings_max_lead_ms(settings);
    if (!settings->stream.max_lead_ms && lead_ms < 4 * day_ms) {
        lead_ms = 4 * day_ms;
    }
    return in_buckets(settings->stream.lateness_ms + lead_ms, day_ms) + 1;
}

/* What no single option's limits say. */
static struct status *check(const struct settings *settings)
{
    const struct stream_options *stream = &settings->stream;
    if (!stream->application[0]) {
        return status_new(STATUS_CONFIG, "application: must not be empty");
    }
    if (stream->output_format == WIRE_CONFLUENT && !stream->registry_url[0]) {
        return status_new(STATUS_CONFIG, "output.format: confluent needs registry.url");
    }
    if (stream->commit_min_interval_ms > stream->commit_interval_ms) {
        return status_new(STATUS_CONFIG, "commit_min_interval: must not exceed commit_interval");
    }
    if (stream->future_bound_ms > settings_max_lead_ms(settings)) {
        return status_new(STATUS_CONFIG, "time.future_bound: must not exceed time.max_lead");
    }
    if (stream->explain && stream->bucket_ms < DAY_MS) {
        return status_new(STATUS_CONFIG, "forecasts.explain: only days and longer buckets are "
                                         "explained: leave it off, and ask restock explain series");
    }
    return forecaster_check(&settings->forecast, (uint32_t)stream->window);
}

/* The network that the shards begin with, and whether it may learn. */
static struct status *load_base(struct settings *settings)
{
    struct forecaster_options *forecast = &settings->forecast;
    const char *base = forecast->base;
    uint32_t bucket_s = (uint32_t)(settings->days.length_ms / 1000); /* what it steps by */
    bool none = !base[0] || strcmp(base, BASE_NONE) == 0, blank = strcmp(base, BASE_BLANK) == 0;
    bool online = forecast->learn == FORECAST_LEARN_ONLINE;
    if (online && none) {
        return status_new(STATUS_CONFIG,
                          "model.learn: online needs weights to begin with: set model.base to "
                          "`shipped`, to a file of restock pretrain, or to `blank` to learn from "
                          "nothing (months of a shop with many series, before it helps)");
    }
    if (blank && !online) {
        return status_new(STATUS_CONFIG, "model.base: a blank network says nothing new unless it "
                                         "learns: set model.learn to online");
    }
    if (none) {
        return NULL;
    }
    if (blank) {
        TRY(gemm_init());
        settings->base = base_model_blank(bucket_s);
        if (!settings->base) {
            return status_new(STATUS_NO_MEMORY, "out of memory for a network");
        }
    } else {
        TRY(strcmp(base, BASE_SHIPPED) == 0
                ? base_file_shipped(bucket_s, &settings->base)
                : base_file_load(config_relative(settings->config, base), bucket_s,
                                 &settings->base));
    }
    forecast->base_ref = settings->base;
    return NULL;
}

struct status *settings_load(const char *path, const char *const *sets, size_t set_count,
                             struct settings *out)
{
    struct settings settings = {0};
    struct config_binding bindings[TABLE_COUNT] = {{&stream_option_table, &settings.stream},
                                                   {&forecaster_option_table, &settings.forecast},
                                                   {&learner_option_table, &settings.learner},
                                                   {&alert_option_table, &settings.alert},
                                                   {&proposal_option_table, &settings.proposal},
                                                   {&item_option_table, &settings.item}};
    size_t section_count;
    const struct config_section *sections = settings_sections(&section_count);
    TRY(config_load(path, sets, set_count, bindings, TABLE_COUNT, sections, section_count,
                    &settings.config));
    struct status *st = zone_open(settings.stream.zone, &settings.zone);
    st = st ? status_wrap(st, "time.zone") : check(&settings);
    if (!st) {
        st = status_wrap(bucket_init(&settings.buckets, settings.stream.bucket_ms, settings.zone),
                         "time.bucket");
    }
    if (!st) {
        int64_t day_ms = settings.stream.bucket_ms < DAY_MS ? DAY_MS : settings.stream.bucket_ms;
        st = bucket_init(&settings.days, day_ms, settings.zone);
    }
    st = st ? st : calendars_load(settings.config, settings.stream.zone, &settings.holidays);
    st = st ? st : suppliers_load(settings.config, &settings.suppliers);
    st = st ? st : rules_config_load(settings.config, &settings.rules);
    st = st ? st : load_base(&settings);
    if (!st) {
        st = silence_check(settings.alert.silence);
    }
    if (!st) {
        st = detector_file_load(settings.config, settings.alert.detector, settings.days.length_ms,
                                &settings.detector);
        settings.alert.detector_ref = settings.detector;
    }
    st = st ? st
            : target_net_for(settings.config, &settings.proposal, settings.days.length_ms,
                             &settings.target);
    settings.proposal.net_ref = settings.target;
    if (st) {
        settings_fini(&settings);
        return st;
    }
    settings.state_hash = config_state_hash(bindings, TABLE_COUNT);
    *out = settings;
    return NULL;
}

struct status *settings_registry(const struct settings *settings, struct registry **out)
{
    const struct stream_options *stream = &settings->stream;
    *out = NULL;
    if (!stream->registry_url[0]) {
        return NULL;
    }
    const char *password;
    TRY(config_secret(settings->config, stream->registry_password, &password));
    struct registry_options options = {.url = stream->registry_url,
                                       .user = stream->registry_user,
                                       .password = password,
                                       .ca_file = stream->registry_ca};
    return registry_create(&options, out);
}

static void add_path(struct buf *out, const char *path)
{
    buf_print(out, "%s%s", out->bytes ? " " : "", path);
}

static void table_changes(const struct option_table *table, const void *before, const void *after,
                          struct buf *reloaded, struct buf *restart)
{
    for (size_t r = 0; r < table->count; r++) {
        const struct option *option = &table->rows[r];
        if (!value_same(option, before, after)) {
            add_path(option->flags & OPTION_RELOAD ? reloaded : restart, option->path);
        }
    }
}

void settings_changes(const struct settings *before, const struct settings *after,
                      struct buf *reloaded, struct buf *restart)
{
    const struct {
        const struct option_table *table;
        const void *before, *after;
    } tables[TABLE_COUNT] = {{&stream_option_table, &before->stream, &after->stream},
                             {&forecaster_option_table, &before->forecast, &after->forecast},
                             {&learner_option_table, &before->learner, &after->learner},
                             {&alert_option_table, &before->alert, &after->alert},
                             {&proposal_option_table, &before->proposal, &after->proposal},
                             {&item_option_table, &before->item, &after->item}};
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        table_changes(tables[t].table, tables[t].before, tables[t].after, reloaded, restart);
    }
    for (size_t i = 0; i < sizeof SECTIONS / sizeof SECTIONS[0]; i++) {
        if (!yaml_same(config_node(before->config, SECTIONS[i].path),
                       config_node(after->config, SECTIONS[i].path))) {
            add_path(restart, SECTIONS[i].path);
        }
    }
}

void settings_print(const struct settings *settings, FILE *out)
{
    struct settings copy = *settings; /* bindings are to be written to, though nobody writes here */
    struct config_binding bindings[TABLE_COUNT] = {
        {&stream_option_table, &copy.stream},     {&forecaster_option_table, &copy.forecast},
        {&learner_option_table, &copy.learner},   {&alert_option_table, &copy.alert},
        {&proposal_option_table, &copy.proposal}, {&item_option_table, &copy.item}};
    size_t section_count;
    const struct config_section *sections = settings_sections(&section_count);
    config_dump(out, settings->config, bindings, TABLE_COUNT, sections, section_count);
}

void settings_fini(struct settings *settings)
{
    zone_close(settings->zone);
    holiday_fini(&settings->holidays);
    suppliers_destroy(settings->suppliers);
    rules_config_fini(&settings->rules);
    base_model_free(settings->base);
    weigh_free(settings->detector);
    free(settings->target);
    config_destroy(settings->config);
    *settings = (struct settings){0};
}
