#include "cmd/command.h"
#include "cmd/progress.h"
#include "stream/sender.h"
#include "stream/simulate_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct simulate_args {
    const char *out, *config, *start;
    struct arg_list sets;
    int64_t products, locations, days, seed, orders, anomalies, rate;
};

#define ROW(name, kind, value, help, field)                                                        \
    {                                                                                              \
        name, kind, value, help, offsetof(struct simulate_args, field)                             \
    }
static const struct arg ROWS[] = {
    ROW("out", ARG_TEXT, "DIR",
        "write files: orders.jsonl, stock.jsonl, items.jsonl, labels.csv, truth.csv", out),
    ROW("config", ARG_TEXT, "FILE", "or send to the input topics of this configuration", config),
    ROW("set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated", sets),
    ROW("products", ARG_INT, "N", "products (500)", products),
    ROW("locations", ARG_INT, "N", "locations (1)", locations),
    ROW("days", ARG_INT, "N", "days to simulate (365)", days),
    ROW("start", ARG_TEXT, "DATE", "first day, UTC (2024-01-01)", start),
    ROW("orders-per-day", ARG_INT, "N", "orders of the whole shop on an average day (1000)",
        orders),
    ROW("anomalies", ARG_INT, "N", "incidents per 10,000 product-days (10)", anomalies),
    ROW("seed", ARG_INT, "N", "the same seed gives the same bytes (1)", seed),
    ROW("rate", ARG_INT, "N", "messages a second (0: as fast as possible)", rate),
};
static const struct arg_spec SPEC = {
    "simulate", "(--out DIR | --config FILE) [options]",
    "a realistic shop with known truth, to files or topics.\n"
    "Orders, stock movements and items as canonical JSON; anomalies are labelled.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

struct target {
    FILE *files[TOPIC_COUNT], *labels, *truth;
    struct sender *sender;
    struct settings settings;
    int64_t sent, rate;
    struct timespec began;
};

static struct status *open_file(const char *folder, const char *name, const char *header,
                                FILE **out)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    *out = fopen(path, "w");
    if (!*out) {
        return status_new(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    }
    fputs(header, *out);
    return NULL;
}

static struct status *open_files(const char *folder, struct target *target)
{
    if (mkdir(folder, 0777) && errno != EEXIST) {
        return status_new(STATUS_IO, "cannot make the folder %s: %s", folder, strerror(errno));
    }
    TRY(open_file(folder, "orders.jsonl", "", &target->files[TOPIC_ORDERS]));
    TRY(open_file(folder, "stock.jsonl", "", &target->files[TOPIC_STOCK]));
    TRY(open_file(folder, "items.jsonl", "", &target->files[TOPIC_ITEMS]));
    TRY(open_file(folder, "labels.csv", "kind,sku,location,onset,end,size\n", &target->labels));
    return open_file(folder, "truth.csv", "series,time,value,in_stock\n", &target->truth);
}

/* Keeps the rate by sleeping off what it is ahead. */
static void pace(struct target *target)
{
    target->sent++;
    if (!target->rate) {
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double due = (double)target->sent / (double)target->rate;
    double passed = (double)(now.tv_sec - target->began.tv_sec) +
                    1e-9 * (double)(now.tv_nsec - target->began.tv_nsec);
    if (due > passed) {
        double wait = due - passed;
        struct timespec sleep = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
        nanosleep(&sleep, NULL);
    }
}

static void put_truth(const struct simulate *sim, const struct simulate_args *args, int64_t day_ms,
                      FILE *out)
{
    struct civil civil = civil_of(day_ms);
    for (int64_t p = 0; p < args->products; p++) {
        for (int64_t l = 0; l < args->locations; l++) {
            bool in_stock;
            int64_t asked = simulate_demand(sim, p, l, &in_stock);
            fprintf(out, "SKU-%06" PRId64 "@%s,%04d-%02d-%02d,%" PRId64 ",%d\n", p + 1,
                    simulate_location(sim, l), civil.year, civil.month, civil.day, asked, in_stock);
        }
    }
}

static struct status *put(struct target *target, const struct simulate_event *event,
                          struct buf *key, struct buf *value)
{
    buf_reset(key);
    buf_reset(value);
    enum topic topic = simulate_json(event, key, value);
    pace(target);
    if (target->sender) {
        return sender_put(target->sender, target->settings.stream.topics[topic], -1, buf_view(key),
                          buf_view(value));
    }
    buf_byte(value, '\n');
    fwrite(value->data, 1, value->bytes, target->files[topic]);
    return NULL;
}

static struct status *drive(struct simulate *sim, const struct simulate_args *args,
                            struct target *target)
{
    struct buf key = {0}, value = {0};
    struct simulate_event event;
    struct progress progress;
    struct status *st = NULL;
    int64_t days = 0;
    progress_begin(&progress, "simulate");
    while (!st && !atomic_load(&command_stop) && simulate_next(sim, &event)) {
        if (event.kind == SIMULATE_LABEL) {
            buf_reset(&value);
            simulate_label_csv(&event.label, &value);
            fwrite(value.data, 1, target->labels ? value.bytes : 0,
                   target->labels ? target->labels : stderr);
        } else if (event.kind == SIMULATE_DAY) {
            progress_show(&progress, (double)++days / (double)args->days);
            if (target->truth) {
                put_truth(sim, args, event.time_ms, target->truth);
            }
        } else {
            st = put(target, &event, &key, &value);
        }
    }
    progress_end(&progress);
    buf_fini(&key);
    buf_fini(&value);
    return st;
}

static struct status *close_target(struct target *target)
{
    struct status *st = target->sender ? sender_flush(target->sender, 60000) : NULL;
    FILE *const files[] = {target->files[TOPIC_ORDERS], target->files[TOPIC_STOCK],
                           target->files[TOPIC_ITEMS], target->labels, target->truth};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i] && (ferror(files[i]) | fclose(files[i]))) {
            st = status_join(st, status_new(STATUS_IO, "cannot write all: %s", strerror(errno)));
        }
    }
    sender_close(target->sender);
    if (target->settings.config) {
        settings_fini(&target->settings);
    }
    return st;
}

static struct status *open_target(const struct simulate_args *args, struct target *target)
{
    target->rate = args->rate;
    clock_gettime(CLOCK_MONOTONIC, &target->began);
    if (args->out) {
        return open_files(args->out, target);
    }
    TRY(settings_load(args->config, args->sets.values, args->sets.count, &target->settings));
    return sender_open(&target->settings, &target->sender);
}

static struct status *run(int argc, char **argv)
{
    struct simulate_args args = {.products = 500,
                                 .locations = 1,
                                 .days = 365,
                                 .start = "2024-01-01",
                                 .orders = 1000,
                                 .anomalies = 10,
                                 .seed = 1};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    struct simulate_options options = {.products = args.products,
                                       .locations = args.locations,
                                       .days = args.days,
                                       .seed = (uint64_t)args.seed,
                                       .orders_per_day = (double)args.orders,
                                       .anomalies = (double)args.anomalies};
    bool has_offset;
    if ((args.out != NULL) == (args.config != NULL)) {
        return status_new(STATUS_USAGE, "simulate: give either --out DIR or --config FILE");
    }
    if (!civil_parse(slice_of(args.start), &options.start_ms, &has_offset)) {
        return status_new(STATUS_USAGE, "simulate: --start %s: expected YYYY-MM-DD", args.start);
    }
    struct simulate *sim;
    TRY(simulate_create(&options, &sim));
    struct target target = {0};
    struct status *st = open_target(&args, &target);
    st = st ? st : drive(sim, &args, &target);
    int64_t sent = target.sent;
    st = status_join(st, close_target(&target));
    simulate_destroy(sim);
    if (!st) {
        printf("{\"messages\":%" PRId64 "}\n", sent);
    }
    return st;
}

const struct command command_simulate = {&SPEC, run};
