#include "cmd/pretrain_detector.h"

#include "cmd/command.h"
#include "cmd/progress.h"
#include "config/base/zone.h"
#include "config/base/hash.h"
#include "stream/odd.h"
#include "stream/rehearse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RATE 0.0025 /* incidents per product and day */
#define LEARNING_RATE 0.002
#define DECAY 0.02

struct work {
    const struct pretrain_detector *args;
    struct settings settings;
    struct weigh *blank; /* only what it is shown matters */
    struct weigh_rows rows;
    struct buf manifest;
    struct progress progress;
    double done, all, loss;
    uint32_t incidents[ALERT_KINDS];
    uint64_t seed;
};

static bool go_on(struct work *work, double step)
{
    work->done += step;
    progress_show(&work->progress, work->done / work->all);
    return !atomic_load(&command_stop);
}

static struct status *blank_detector(struct work *work)
{
    struct buf file = {0};
    float *weights = calloc(weigh_floats(), sizeof *weights);
    struct status *st = NULL;
    if (!weights) {
        st = status_new(STATUS_NO_MEMORY, "out of memory for the weights");
    } else {
        weigh_save(weights, slice_of("{}"), &file);
        st = weigh_load(buf_view(&file), &work->blank);
        work->settings.alert.detector_ref = work->blank;
    }
    buf_fini(&file);
    free(weights);
    return st;
}

static struct status *run_round(struct work *work, const struct till *shop, const uint8_t *odd)
{
    struct injected injected;
    TRY(inject_run(shop, hash_mix(work->seed++), RATE, &injected));
    for (int kind = 0; kind < ALERT_KINDS; kind++) {
        work->incidents[kind] += injected.incidents[kind];
    }
    struct status *st = rehearse(shop, &injected, odd, &work->settings, &work->rows);
    inject_free(&injected);
    TRY(st);
    return go_on(work, 1) ? NULL : status_new(STATUS_STOPPED, "stopped");
}

static struct status *rounds(struct work *work, const struct till *shop, int64_t count)
{
    uint8_t *odd = odd_mark(shop);
    struct status *st =
        odd ? NULL : status_new(STATUS_NO_MEMORY, "out of memory for marks of odd days");
    for (int64_t round = 0; round < count && !st; round++) {
        st = run_round(work, shop, odd);
    }
    free(odd);
    return st;
}

static void put_day(struct work *work, const char *name, int64_t bucket)
{
    struct civil day = civil_of(bucket_start(&work->settings.buckets, bucket));
    buf_print(&work->manifest, ",\"%s\":\"%04d-%02d-%02d\"", name, day.year, day.month, day.day);
}

static struct status *learn_file(struct work *work, size_t f)
{
    const struct arg_list *dates = work->args->until;
    const char *path = work->args->orders->values[f];
    const char *until = dates->count ? dates->values[dates->count == 1 ? 0 : f] : NULL;
    int64_t until_ms = INT64_MAX;
    bool offset;
    if (until && !civil_parse(slice_of(until), &until_ms, &offset)) {
        return status_new(STATUS_USAGE, "pretrain: --until %s is no date: write YYYY-MM-DD", until);
    }
    struct till *shop = NULL;
    until_ms = until ? until_ms + 86400000 : until_ms; /* the last day that may be known */
    TRY(till_load(path, work->args->map, &work->settings, until_ms, &shop));
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    buf_print(&work->manifest, "%s{\"orders\":\"%s\",\"lines\":%u,\"products\":%u", f ? "," : "",
              name, shop->count, shop->product_count);
    put_day(work, "first", shop->first);
    put_day(work, "last", shop->last);
    buf_print(&work->manifest, ",\"rounds\":%" PRId64 "}", work->args->rounds);
    struct status *st = rounds(work, shop, work->args->rounds);
    till_free(shop);
    return st;
}

static struct status *learn_simulated(struct work *work, int64_t number)
{
    static const int64_t PRODUCTS[] = {400, 1500, 150, 800};
    static const double ORDERS[] = {150, 300, 200, 60};
    struct simulate_options options = {.products = PRODUCTS[number % 4],
                                       .locations = 1,
                                       .days = 330,
                                       .start_ms = INT64_C(1609459200000), /* 2021 */
                                       .seed = hash_mix((uint64_t)(work->args->seed + number)),
                                       .orders_per_day = ORDERS[number % 4]};
    struct till *shop = NULL;
    TRY(till_simulate(&options, &work->settings, &shop));
    buf_print(&work->manifest,
              ",{\"simulated\":%" PRId64 ",\"lines\":%u,\"products\":%u,\"rounds\":1}", number,
              shop->count, shop->product_count);
    struct status *st = rounds(work, shop, 1);
    till_free(shop);
    return st;
}

static bool on_epoch(void *context, int64_t epoch, double loss)
{
    struct work *work = context;
    (void)epoch;
    work->loss = loss;
    return go_on(work, 1);
}

static struct status *write_detector(const struct work *work, const float *weights)
{
    struct buf bytes = {0};
    weigh_save(weights, buf_view(&work->manifest), &bytes);
    FILE *file = fopen(work->args->out, "wb");
    bool written = file && fwrite(bytes.data, 1, bytes.bytes, file) == bytes.bytes;
    buf_fini(&bytes);
    if (!file || fclose(file) != 0 || !written) {
        return status_new(STATUS_IO, "pretrain: write %s: %s", work->args->out, strerror(errno));
    }
    printf("%.*s\n", (int)work->manifest.bytes, work->manifest.data);
    return NULL;
}

static struct status *learn(struct work *work)
{
    float *weights = malloc(weigh_floats() * sizeof *weights);
    struct weigh_training training = {.epochs = work->args->epochs,
                                      .rate = LEARNING_RATE,
                                      .decay = DECAY,
                                      .seed = (uint64_t)work->args->seed,
                                      .context = work,
                                      .progress = on_epoch};
    struct status *st = weights ? weigh_train(&work->rows, &training, weights)
                                : status_new(STATUS_NO_MEMORY, "out of memory for the weights");
    if (!st) {
        buf_text(&work->manifest, "],\"incidents\":{");
        for (int kind = 0; kind < WEIGH_KINDS; kind++) {
            buf_print(&work->manifest, "%s\"%s\":%u", kind ? "," : "",
                      alert_kind_name((enum alert_kind)kind), work->incidents[kind]);
        }
        buf_print(&work->manifest,
                  "},\"rows\":%zu,\"epochs\":%" PRId64 ",\"seed\":%" PRId64
                  ",\"loss\":%.6f,\"version\":\"%s\"}",
                  work->rows.count, work->args->epochs, work->args->seed, work->loss,
                  RESTOCK_VERSION);
        st = write_detector(work, weights);
    }
    free(weights);
    return st;
}

struct status *pretrain_detector(const struct pretrain_detector *args)
{
    static const char *const SETS[] = {"anomaly.detector=none"};
    struct work work = {.args = args, .seed = (uint64_t)args->seed << 20};
    work.all = (double)((int64_t)args->orders->count * args->rounds + args->shops + args->epochs);
    TRY(settings_load(NULL, SETS, 1, &work.settings));
    progress_begin(&work.progress, "pretrain");
    buf_text(&work.manifest, "{\"shops\":[");
    struct status *st = blank_detector(&work);
    for (size_t f = 0; f < args->orders->count && !st; f++) {
        st = learn_file(&work, f);
    }
    for (int64_t shop = 0; shop < args->shops && !st; shop++) {
        st = learn_simulated(&work, shop);
    }
    st = st ? st : learn(&work);
    progress_end(&work.progress);
    weigh_rows_fini(&work.rows);
    weigh_free(work.blank);
    buf_fini(&work.manifest);
    settings_fini(&work.settings);
    return st;
}
