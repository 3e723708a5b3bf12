#include "cmd/command.h"

#include "cmd/pretrain_detector.h"
#include "cmd/pretrain_target.h"
#include "cmd/progress.h"
#include "config/base/buf.h"
#include "config/base/hash.h"
#include "config/base/window.h"
#include "model/base_model.h"
#include "model/gemm.h"
#include "model/pretrain.h"
#include "stream/base_leak.h"
#include "stream/panel.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pretrain_args {
    struct arg_list panels, until, known, sources, orders;
    const char *exclude, *out, *map;
    bool detector, target;
    int64_t seed, steps, rounds, epochs, shops;
};

#define ROW(name, kind, value, help, field)                                                        \
    {                                                                                              \
        name, kind, value, help, offsetof(struct pretrain_args, field)                             \
    }
static const struct arg ROWS[] = {
    ROW("panel", ARG_TEXTS, "FILE",
        "demand per series and day: series,time,value[,in_stock]; may be repeated", panels),
    ROW("until", ARG_TEXTS, "DATE",
        "last day that may be known; once for all panels, or once for each in their order", until),
    ROW("known", ARG_TEXTS, "COLUMN,...|none",
        "columns known ahead; once for all panels, or once for each in their order", known),
    ROW("source", ARG_TEXTS, "TEXT",
        "name and licence of each panel's data, for the manifest, in their order", sources),
    ROW("exclude-series", ARG_TEXT, "FILE", "names of series to leave out, one a line", exclude),
    ROW("seed", ARG_INT, "N", "of all random choices (1)", seed),
    ROW("steps", ARG_INT, "N", "batches to learn from (5000; with --target 1500)", steps),
    ROW("out", ARG_TEXT, "M", "written: the base model, or the detector", out),
    ROW("detector", ARG_FLAG, NULL, "make a detector of anomalies from --orders instead", detector),
    ROW("target", ARG_FLAG, NULL, "make a learned target of orders instead; no data is read",
        target),
    ROW("orders", ARG_TEXTS, "FILE", "order lines of a shop; may be repeated", orders),
    ROW("map", ARG_TEXT, "MAP", "mapping of the orders", map),
    ROW("rounds", ARG_INT, "N", "times that anomalies are injected into each file (4)", rounds),
    ROW("shops", ARG_INT, "N", "simulated shops beside the files (4)", shops),
    ROW("epochs", ARG_INT, "N", "passes over all rows (20)", epochs),
};
static const struct arg_spec SPEC = {
    "pretrain",
    "(--panel FILE... | --detector --orders FILE... --map MAP | --target) --out M [options]",
    "make a base model from history, or a detector of anomalies.\n"
    "The recurrent network learns from the panels how far to depart from the statistical\n"
    "experts; --set model.base=M or backtest --base-model M use it. With --detector a net learns\n"
    "from anomalies that are injected into the orders; --set anomaly.detector=M uses it. With\n"
    "--target a net learns in simulated shops how far the level to order up to should depart from\n"
    "the exact policy's; --set replenish.policy=learned replenish.learned_target=M uses it.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

struct work {
    const struct pretrain_args *args;
    struct zone *zone;
    struct buckets buckets;
    struct buf excluded; /* "\nname\nname\n" */
    struct pretrain_panel *panels;
    size_t count;
    int64_t bucket_ms;
    struct buf manifest;
    struct progress progress;
    double loss, without;
};

static bool is_excluded(const struct work *work, struct slice name)
{
    const char *at = work->excluded.data;
    size_t left = work->excluded.bytes;
    while (left > name.bytes + 1 && (at = memmem(at, left, name.data, name.bytes))) {
        if (at[-1] == '\n' && at[name.bytes] == '\n') {
            return true;
        }
        at++;
        left = work->excluded.bytes - (size_t)(at - work->excluded.data);
    }
    return false;
}

static struct status *read_excluded(struct work *work)
{
    if (!work->args->exclude) {
        return NULL;
    }
    FILE *file = fopen(work->args->exclude, "r");
    if (!file) {
        return status_new(STATUS_USAGE, "pretrain: --exclude-series %s: %s", work->args->exclude,
                          strerror(errno));
    }
    char line[512];
    buf_byte(&work->excluded, '\n');
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = 0;
        buf_text(&work->excluded, line);
        buf_byte(&work->excluded, '\n');
    }
    fclose(file);
    return NULL;
}

/* Where the panel comes from, and by which names it is known again. */
static void write_origin(struct work *work, const uint64_t *hashes, uint32_t series)
{
    uint64_t sample[BASE_LEAK_SAMPLE];
    uint32_t kept = base_leak_sample(hashes, series, sample);
    if (work->args->sources.count) {
        buf_print(&work->manifest, ",\"source\":\"%s\"", work->args->sources.values[work->count]);
    }
    buf_text(&work->manifest, ",\"sample\":[");
    for (uint32_t i = 0; i < kept; i++) {
        buf_print(&work->manifest, "%s\"%016" PRIx64 "\"", i ? "," : "", sample[i]);
    }
    buf_text(&work->manifest, "]}");
}

/* The panel's part that may be known, dense. */
static struct status *take_panel(struct work *work, const struct panel *panel, int64_t last,
                                 struct pretrain_panel *out)
{
    uint32_t buckets = (uint32_t)(last - panel->first + 1), series = 0;
    size_t cells = panel->count * (size_t)buckets;
    float *units = calloc(cells, sizeof *units);
    uint8_t *flags = malloc(cells);
    uint64_t names = 0, *hashes = malloc(panel->count * sizeof *hashes);
    *out = (struct pretrain_panel){.buckets = buckets, .units = units, .flags = flags};
    if (!units || !flags || !hashes) {
        free(hashes);
        return status_new(STATUS_NO_MEMORY, "out of memory for %zu cells of a panel", cells);
    }
    memset(flags, WINDOW_ABSENT, cells);
    float *known = panel->count && panel->series[0].known
                       ? malloc(cells * WINDOW_KNOWN * sizeof *known)
                       : NULL;
    for (size_t k = 0; known && k < cells * WINDOW_KNOWN; k++) {
        known[k] = NAN;
    }
    if (!known && panel->count && panel->series[0].known) {
        return status_new(STATUS_NO_MEMORY, "out of memory for %zu cells of a panel", cells);
    }
    out->known = known;
    for (size_t i = 0; i < panel->count; i++) {
        const struct panel_series *from = &panel->series[i];
        if (is_excluded(work, from->name)) {
            continue;
        }
        names = hash_64(from->name.data, from->name.bytes, names);
        hashes[series] = base_leak_hash(from->name);
        for (size_t k = 0; k < from->count && from->first + (int64_t)k <= last; k++) {
            size_t at = (size_t)series * buckets + (size_t)(from->first - panel->first) + k;
            units[at] = (float)from->units[k];
            flags[at] = from->censored[k] ? WINDOW_OUT_OF_STOCK : 0;
            if (known) {
                memcpy(known + at * WINDOW_KNOWN, from->known + k * WINDOW_KNOWN,
                       WINDOW_KNOWN * sizeof *known);
            }
        }
        series++;
    }
    out->series = series;
    out->season = panel->bucket_ms == 86400000 ? 7 : 52;
    out->phase = bucket_phase(&work->buckets, panel->first);
    struct civil day = civil_of(bucket_start(&work->buckets, last));
    buf_print(&work->manifest,
              "%s{\"series\":%u,\"names\":\"%016" PRIx64
              "\",\"buckets\":%u,\"last\":\"%04d-%02d-%02d\",\"unit\":%g",
              work->count ? "," : "", series, names, buckets, day.year, day.month, day.day,
              panel->unit);
    write_origin(work, hashes, series);
    free(hashes);
    return NULL;
}

static struct status *load_panel(struct work *work, size_t p)
{
    const char *path = work->args->panels.values[p];
    const struct arg_list *dates = &work->args->until;
    const char *until = dates->count ? dates->values[dates->count == 1 ? 0 : p] : NULL;
    struct panel *panel = NULL;
    int64_t until_ms = INT64_MAX;
    bool offset;
    if (until && !civil_parse(slice_of(until), &until_ms, &offset)) {
        return status_new(STATUS_USAGE, "pretrain: --until %s is no date: write YYYY-MM-DD", until);
    }
    const struct arg_list *columns = &work->args->known;
    const char *named = columns->count ? columns->values[columns->count == 1 ? 0 : p] : "none";
    struct panel_known known = {0};
    if (strcmp(named, "none") != 0) {
        TRY(panel_known_parse(named, &known));
    }
    TRY(panel_load_known(path, work->zone, until_ms == INT64_MAX ? until_ms : until_ms + 1, known,
                         &panel));
    struct status *st = NULL;
    if (work->count && panel->bucket_ms != work->bucket_ms) {
        st = status_new(STATUS_USAGE,
                        "%s: its buckets are not as long as those of the panels before", path);
    } else if (panel->bucket_ms < 86400000) {
        st = status_new(STATUS_USAGE, "%s: base models are made for days or weeks", path);
    } else {
        st = bucket_init(&work->buckets, panel->bucket_ms, work->zone);
    }
    if (!st) {
        work->bucket_ms = panel->bucket_ms;
        int64_t last = until_ms == INT64_MAX ? panel->last : bucket_of(&work->buckets, until_ms);
        last = last < panel->last ? last : panel->last;
        st = last <= panel->first
                 ? status_new(STATUS_USAGE, "%s: nothing in it is before --until", path)
                 : take_panel(work, panel, last, &work->panels[work->count]);
        work->count++;
    }
    panel_free(panel);
    return st;
}

static bool on_progress(void *context, int64_t step, double loss, double without)
{
    struct work *work = context;
    work->loss = loss;
    work->without = without;
    progress_show(&work->progress, (double)step / (double)work->args->steps);
    return !atomic_load(&command_stop);
}

static struct status *write_file(const char *path, struct slice bytes)
{
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes.data, 1, bytes.bytes, file) == bytes.bytes;
    if (!file || (fclose(file) != 0) || !written) {
        return status_new(STATUS_IO, "pretrain: write %s: %s", path, strerror(errno));
    }
    return NULL;
}

static struct status *learn(struct work *work)
{
    float *weights = malloc(net_floats() * sizeof *weights);
    struct pretrain_options options = {
        .steps = work->args->steps, .rate = 0.002, .seed = (uint64_t)work->args->seed};
    struct pretrain_watch watch = {.context = work, .progress = on_progress};
    struct buf file = {0};
    if (!weights) {
        return status_new(STATUS_NO_MEMORY, "out of memory for the weights");
    }
    progress_begin(&work->progress, "pretrain");
    struct status *st = pretrain_run(work->panels, work->count, &options, &watch, weights);
    progress_end(&work->progress);
    if (!st) {
        buf_print(&work->manifest,
                  "],\"seed\":%" PRId64 ",\"steps\":%" PRId64
                  ",\"loss\":%.6f,\"without\":%.6f,\"version\":\"%s\"}",
                  work->args->seed, work->args->steps, work->loss, work->without, RESTOCK_VERSION);
        base_model_save(weights, (uint32_t)(work->bucket_ms / 1000), buf_view(&work->manifest),
                        &file);
        st = write_file(work->args->out, buf_view(&file));
    }
    if (!st) {
        printf("%.*s\n", (int)work->manifest.bytes, work->manifest.data);
    }
    buf_fini(&file);
    free(weights);
    return st;
}

static struct status *make_detector(const struct pretrain_args *args)
{
    if (!args->orders.count || !args->map || !args->out || args->panels.count) {
        return status_new(STATUS_USAGE,
                          "pretrain --detector: give --orders FILE, --map MAP and --out M");
    }
    if (args->until.count > 1 && args->until.count != args->orders.count) {
        return status_new(STATUS_USAGE, "pretrain: give --until once, or once for each --orders");
    }
    if (args->rounds < 1 || args->rounds > 1000 || args->epochs < 1 || args->epochs > 1000 ||
        args->shops > 1000) {
        return status_new(
            STATUS_USAGE,
            "pretrain: --rounds and --epochs must be 1 to 1000, --shops at most 1000");
    }
    struct pretrain_detector detector = {.orders = &args->orders,
                                         .until = &args->until,
                                         .map = args->map,
                                         .out = args->out,
                                         .seed = args->seed,
                                         .rounds = args->rounds,
                                         .epochs = args->epochs,
                                         .shops = args->shops};
    return pretrain_detector(&detector);
}

static struct status *make_target(const struct pretrain_args *args)
{
    if (!args->out || args->panels.count || args->orders.count) {
        return status_new(STATUS_USAGE,
                          "pretrain --target: give --out M; it learns in simulated shops and "
                          "reads no --panel and no --orders");
    }
    int64_t steps = args->steps == PRETRAIN_STEPS ? PRETRAIN_TARGET_STEPS : args->steps;
    if (steps < 1 || steps > 100000) {
        return status_new(STATUS_USAGE, "pretrain --target: --steps must be 1 to 100000");
    }
    return pretrain_target(args->out, args->seed, steps);
}

static struct status *run(int argc, char **argv)
{
    struct pretrain_args args = {
        .seed = 1, .steps = PRETRAIN_STEPS, .rounds = 4, .epochs = 20, .shops = 4};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    if (args.detector) {
        return make_detector(&args);
    }
    if (args.target) {
        return make_target(&args);
    }
    if (!args.panels.count || !args.out) {
        return status_new(STATUS_USAGE, "pretrain: give --panel FILE and --out M");
    }
    if (args.until.count > 1 && args.until.count != args.panels.count) {
        return status_new(STATUS_USAGE, "pretrain: give --until once, or once for each --panel");
    }
    if (args.sources.count && args.sources.count != args.panels.count) {
        return status_new(STATUS_USAGE, "pretrain: give --source once for each --panel");
    }
    for (size_t i = 0; i < args.sources.count; i++) {
        for (const char *at = args.sources.values[i]; *at; at++) {
            if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') {
                return status_new(STATUS_USAGE,
                                  "pretrain: --source %s: write no quotes, backslashes or control "
                                  "characters",
                                  args.sources.values[i]);
            }
        }
    }
    if (args.known.count > 1 && args.known.count != args.panels.count) {
        return status_new(STATUS_USAGE, "pretrain: give --known once, or once for each --panel");
    }
    if (args.steps < 1 || args.steps > PRETRAIN_STEPS_MAX) {
        return status_new(STATUS_USAGE, "pretrain: --steps must be 1 to %d", PRETRAIN_STEPS_MAX);
    }
    struct pretrain_panel panels[ARG_LIST_MAX] = {0};
    struct work work = {.args = &args, .panels = panels};
    TRY(gemm_init());
    TRY(zone_open("UTC", &work.zone));
    buf_text(&work.manifest, "{\"panels\":[");
    struct status *st = read_excluded(&work);
    for (size_t p = 0; p < args.panels.count && !st; p++) {
        st = load_panel(&work, p);
    }
    st = st ? st : learn(&work);
    for (size_t p = 0; p < ARG_LIST_MAX; p++) {
        free((void *)(uintptr_t)panels[p].units);
        free((void *)(uintptr_t)panels[p].flags);
        free((void *)(uintptr_t)panels[p].known);
    }
    zone_close(work.zone);
    buf_fini(&work.manifest);
    buf_fini(&work.excluded);
    return st;
}

const struct command command_pretrain = {&SPEC, run};
