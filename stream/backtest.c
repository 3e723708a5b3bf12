/* One loop for both kinds of file: lines and ticks come into `deliver`, which does what PLAN's
 * worker does between two commits. */
#include "stream/backtest.h"

#include "config/base/ensure.h"
#include "stream/backtest_sink.h"
#include "stream/base_leak.h"
#include "stream/file_ingest.h"
#include "stream/panel.h"
#include "stream/plan.h"
#include "stream/series.h"

#include <stdlib.h>
#include <time.h>

static const int64_t DAY_MS = 86400000;

struct backtest {
    const struct backtest_options *options;
    struct backtest_sink *sink;
    struct plan *plan;
    struct shard **shards; /* [shards] */
    struct outbox **outboxes;
    int64_t *offsets;
    struct outbox *lines; /* from INGEST, or from a panel */
    int64_t origins[BACKTEST_ORIGINS_MAX];
    struct file_ingest *files; /* orders; NULL: a panel */
    /* panel */
    struct panel *panel;
    struct series_table *names; /* of the panel: index -> known_series; NULL: nothing is known */
    uint32_t *known_series;
    struct plan_sinks sinks;
    uint64_t panel_read;
    int64_t *peak; /* [series] the most that a bucket counted in the shop's total */
};

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

enum { AT_ONCE = 64 };

/* Each close is worked off before the next record, as ever. */
static void apply(struct backtest *test, int32_t partition, const struct shard_record *records,
                  size_t count)
{
    struct shard *shard = test->shards[partition];
    for (size_t done = 0; done < count;) {
        done += shard_apply_batch(shard, records + done, count - done, SIZE_MAX);
        while (shard_work(shard)) {
        }
        outbox_reset(test->outboxes[partition]);
    }
}

static int32_t shard_of(const struct backtest *test, const struct outbox_record *record)
{
    return record->partition >= 0
               ? record->partition
               : hash_partition(record->key.data, record->key.bytes, test->options->shards);
}

/* Lines to their shards; dead letters were counted and have no topic to go to. */
static void deliver(struct backtest *test)
{
    struct shard_record records[AT_ONCE];
    size_t count = 0;
    int32_t partition = -1;
    for (size_t i = 0; i < outbox_count(test->lines); i++) {
        struct outbox_record record;
        outbox_get(test->lines, i, &record);
        if (record.topic != TOPIC_LINES) {
            continue;
        }
        int32_t its = shard_of(test, &record);
        if (count == AT_ONCE || (count && its != partition)) {
            apply(test, partition, records, count);
            count = 0;
        }
        partition = its;
        records[count++] =
            (struct shard_record){test->offsets[partition]++, record.key, record.value};
    }
    if (count) {
        apply(test, partition, records, count);
    }
    outbox_reset(test->lines);
}

static bool go_on(const struct backtest *test, uint64_t done, uint64_t total)
{
    return !test->options->progress ||
           test->options->progress(test->options->progress_context,
                                   total ? (double)done / (double)total : 0);
}

/* --- orders
 * -------------------------------------------------------------------------------------------------------
 */

static struct status *run_orders(struct backtest *test)
{
    const struct backtest_options *options = test->options;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now); /* for stamps of the future only */
    struct file_ingest_options files = {.settings = options->settings,
                                        .map = options->map,
                                        .paths = options->orders,
                                        .count = options->order_count,
                                        .lines_partitions = options->shards,
                                        .clock_ms = (int64_t)now.tv_sec * 1000};
    TRY(file_ingest_open(&files, test->lines, &test->files));
    backtest_sink_zone(test->sink, file_ingest_zone(test->files));
    for (bool more = true; more;) {
        TRY(file_ingest_read(test->files, &more));
        deliver(test);
        uint64_t done, total;
        file_ingest_progress(test->files, &done, &total);
        if (!go_on(test, done, total)) {
            return status_new(STATUS_STOPPED, "stopped");
        }
    }
    return NULL;
}

/* --- panel
 * --------------------------------------------------------------------------------------------------------
 */

static void add_line(struct backtest *test, const struct line *line, int32_t partition)
{
    struct buf value = {0};
    line_encode(line, &value);
    struct slice key = line_sku(line);
    outbox_add(test->lines, TOPIC_LINES, partition, key.bytes ? key : (struct slice){0},
               buf_view(&value));
    buf_fini(&value);
}

static void sell(struct backtest *test, struct slice name, int64_t event_ms, int64_t units)
{
    struct slice none = slice_of("");
    struct line line = {.kind = LINE_ORDER,
                        .order = {.kind = ORDER_SALE,
                                  .event_ms = event_ms,
                                  .sku = name,
                                  .location = slice_of("main"),
                                  .order_id = none,
                                  .customer = none,
                                  .group = none,
                                  .currency = none,
                                  .channel = none,
                                  .quantity = units,
                                  .unit_price = -1,
                                  .fingerprint = {(uint64_t)event_ms, ++test->panel_read},
                                  .basket_lines = 1,
                                  .basket_units = units,
                                  .basket_median = units}};
    add_line(test, &line, -1);
}

static void tick(struct backtest *test, int64_t bucket, int64_t units)
{
    const struct buckets *buckets = &test->options->settings->buckets;
    int64_t start_ms = bucket_start(buckets, bucket);
    /* Days begin at any quarter of an hour; the hour after is theirs. */
    struct tick_count count = {.slot = start_ms / 3600000 + (buckets->length_ms >= DAY_MS),
                               .group = slice_of(""),
                               .lines = 1,
                               .invoices = 1,
                               .units = units};
    struct line line = {.kind = LINE_TICK,
                        .tick = {.input = INPUT_ORDERS,
                                 .state = TICK_LIVE,
                                 .mark_ms = bucket_start(buckets, bucket + 1) +
                                            test->options->settings->stream.lateness_ms,
                                 .roster = {1, 0},
                                 .count_count = 1,
                                 .counts = &count}};
    line.tick.clock_ms = line.tick.mark_ms;
    for (int32_t p = 0; p < test->options->shards; p++) {
        add_line(test, &line, p);
    }
}

/* What a bucket counts in the shop's total: one wild order moves nobody else (INGEST limits lines
 * for that). */
static int64_t limited(struct backtest *test, size_t i, int64_t units)
{
    enum { TIMES = 3, LEAST = 100 };
    int64_t most = TIMES * test->peak[i] > LEAST ? TIMES * test->peak[i] : LEAST;
    units = units < most ? units : most;
    test->peak[i] = units > test->peak[i] ? units : test->peak[i];
    return units;
}

static void panel_bucket(struct backtest *test, int64_t bucket)
{
    const struct panel *panel = test->panel;
    int64_t start_ms = bucket_start(&test->options->settings->buckets, bucket);
    int64_t total = 0;
    for (size_t i = 0; i < panel->count; i++) {
        const struct panel_series *series = &panel->series[i];
        int64_t at = bucket - series->first;
        if (at >= 0 && at < (int64_t)series->count && series->units[at] > 0) {
            sell(test, series->name, start_ms, series->units[at]);
            total += limited(test, i, series->units[at]);
        }
    }
    deliver(test);
    for (size_t i = 0; i < panel->count; i++) {
        const struct panel_series *series = &panel->series[i];
        int64_t at = bucket - series->first;
        if (at >= 0 && at < (int64_t)series->count && series->censored[at]) {
            int32_t shard =
                hash_partition(series->name.data, series->name.bytes, test->options->shards);
            (void)shard_censor(test->shards[shard], series->name, slice_of("main"), bucket);
        }
    }
    tick(test, bucket, total);
    deliver(test);
}

static struct status *run_panel(struct backtest *test)
{
    const struct panel *panel = test->panel;
    int64_t last = panel->last;
    if (test->options->stop_at_origin && test->options->origin_count && test->origins[0] < last) {
        last = test->origins[0];
    }
    for (int64_t bucket = panel->first; bucket <= last; bucket++) {
        panel_bucket(test, bucket);
        if (!go_on(test, (uint64_t)(bucket - panel->first + 1),
                   (uint64_t)(panel->last - panel->first + 1))) {
            return status_new(STATUS_STOPPED, "stopped");
        }
    }
    return NULL;
}

/* --- setting up
 * ----------------------------------------------------------------------------------------------------
 */

static int by_number(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

static struct status *parse_origins(struct backtest *test)
{
    const struct backtest_options *options = test->options;
    const struct settings *settings = options->settings;
    if (options->origin_count > BACKTEST_ORIGINS_MAX) {
        return status_new(STATUS_USAGE, "more than %d origins", BACKTEST_ORIGINS_MAX);
    }
    for (size_t i = 0; i < options->origin_count; i++) {
        int64_t ms;
        bool has_offset;
        if (!civil_parse(slice_of(options->origins[i]), &ms, &has_offset)) {
            return status_new(STATUS_USAGE, "origin '%s': expected YYYY-MM-DD or YYYY-MM-DDThh:mm",
                              options->origins[i]);
        }
        ms = has_offset ? ms : zone_to_utc(settings->zone, ms);
        test->origins[i] = bucket_of(&settings->buckets, ms);
    }
    qsort(test->origins, options->origin_count, sizeof test->origins[0], by_number);
    return NULL;
}

static void on_known(void *context, struct slice sku, int64_t bucket, uint32_t count, float *out)
{
    const struct backtest *test = context;
    uint32_t index = series_find(test->names, sku, slice_of("main"));
    ASSERT(index != SERIES_NONE && "every series of a panel run is one of the panel");
    const struct buckets *buckets = &test->options->settings->buckets;
    if (buckets->length_ms >= DAY_MS) {
        panel_known_of(test->panel, test->known_series[index], bucket, count, out);
        return;
    }
    for (uint32_t day = 0; day < count; day++) { /* what is known of a day is what its noon says */
        int64_t noon = bucket_first(buckets, bucket + day) + buckets->per_day / 2;
        panel_known_of(test->panel, test->known_series[index], noon, 1, out + day * WINDOW_KNOWN);
    }
}

static struct status *index_names(struct backtest *test)
{
    test->names = series_table_create();
    test->known_series = calloc(test->panel->count, sizeof *test->known_series);
    if (!test->names || !test->known_series) {
        return status_new(STATUS_NO_MEMORY, "out of memory for the names of a panel");
    }
    for (size_t i = 0; i < test->panel->count; i++) {
        struct slice name = test->panel->series[i].name, place = slice_of("main");
        if (series_find(test->names, name, place) != SERIES_NONE) {
            return status_new(STATUS_CONFIG, "%s: the rows of series %.*s do not stand together",
                              test->options->panel, (int)name.bytes, name.data);
        }
        uint32_t index = series_add(test->names, name, place);
        test->known_series[index] = (uint32_t)i;
    }
    return NULL;
}

static struct status *load_panel(struct backtest *test)
{
    const struct settings *settings = test->options->settings;
    int64_t until =
        test->options->origin_count
            ? zone_to_local(settings->zone, bucket_start(&settings->buckets, test->origins[0]))
            : INT64_MAX;
    struct panel_known known = {0};
    if (test->options->known) {
        TRY(panel_known_parse(test->options->known, &known));
    }
    TRY(panel_load_known(test->options->panel, settings->zone, until, known, &test->panel));
    if (known.slots && test->panel->bucket_ms < settings->days.length_ms) {
        return status_new(STATUS_CONFIG, "%s: --known is for panels of days or weeks",
                          test->options->panel);
    }
    if (known.slots) {
        TRY(index_names(test));
    }
    if (test->panel->bucket_ms != settings->buckets.length_ms) {
        return status_new(
            STATUS_CONFIG,
            "%s: its buckets last %lld hours, time.bucket %lld: set time.bucket to the panel's",
            test->options->panel, (long long)(test->panel->bucket_ms / 3600000),
            (long long)(settings->buckets.length_ms / 3600000));
    }
    backtest_sink_unit(test->sink, test->panel->unit);
    test->peak = calloc(test->panel->count + 1, sizeof *test->peak);
    if (!test->peak) {
        return status_new(STATUS_NO_MEMORY, "out of memory for a panel");
    }
    return NULL;
}

static struct status *make_shards(struct backtest *test)
{
    size_t count = (size_t)test->options->shards;
    test->shards = calloc(count, sizeof(struct shard *));
    test->outboxes = calloc(count, sizeof(struct outbox *));
    test->offsets = calloc(count, sizeof *test->offsets);
    if (!test->shards || !test->outboxes || !test->offsets) {
        return status_new(STATUS_NO_MEMORY, "out of memory for shards");
    }
    for (size_t i = 0; i < count; i++) {
        test->outboxes[i] = outbox_create();
        if (!test->outboxes[i]) {
            return status_new(STATUS_NO_MEMORY, "out of memory for shards");
        }
        TRY(shard_create(test->plan, (int32_t)i, test->outboxes[i], &test->shards[i]));
    }
    return NULL;
}

static struct status *set_up(struct backtest *test)
{
    const struct backtest_options *options = test->options;
    if (options->shards < 1 || options->shards > BACKTEST_SHARDS_MAX) {
        return status_new(STATUS_USAGE, "--shards: expected 1 to %d", BACKTEST_SHARDS_MAX);
    }
    if (options->explain && options->settings->buckets.length_ms < DAY_MS) {
        return status_new(STATUS_USAGE, "--explain: only days and longer buckets are explained");
    }
    TRY(parse_origins(test));
    TRY(backtest_sink_open(options, &test->sink));
    if (options->panel) {
        TRY(load_panel(test));
    }
    TRY(plan_create(options->settings, options->shards, NULL, &test->plan));
    test->sinks = *backtest_sink_plan(test->sink, test->origins, options->origin_count);
    test->sinks.known = test->names ? on_known : NULL;
    test->sinks.known_context = test;
    test->plan->sinks_ref = &test->sinks;
    test->plan->retire_buckets = INT64_MAX / 2; /* a panel has its series to the end */
    if (options->panel_out) { /* what is written knows of all cancellations */
        plan_keep_short_days(test->plan, (uint32_t)test->plan->cancel_buckets + 1);
    }
    test->lines = outbox_create();
    if (!test->lines) {
        return status_new(STATUS_NO_MEMORY, "out of memory for lines");
    }
    return make_shards(test);
}

static void tear_down(struct backtest *test)
{
    for (int32_t i = 0; i < test->options->shards && test->shards; i++) {
        shard_destroy(test->shards[i]);
        outbox_destroy(test->outboxes[i]);
    }
    free(test->shards);
    free(test->outboxes);
    free(test->offsets);
    file_ingest_close(test->files);
    panel_free(test->panel);
    series_table_destroy(test->names);
    free(test->known_series);
    free(test->peak);
    outbox_destroy(test->lines);
    plan_destroy(test->plan);
}

static void report_of(const struct backtest *test, struct backtest_report *report)
{
    for (int32_t i = 0; i < test->options->shards; i++) {
        const struct shard_counts *counts = shard_counts(test->shards[i]);
        report->applied += counts->applied;
        report->duplicate += counts->duplicate;
        report->late += counts->late;
        report->forecasts += counts->forecasts;
        report->alerts += counts->alerts;
        report->replenishments += counts->replenishments;
    }
    if (test->files) {
        report->filtered = file_ingest_counts(test->files)->filtered;
        report->dead_letter = file_ingest_counts(test->files)->dead_letter;
    }
    report->read =
        report->applied + report->duplicate + report->late + report->filtered + report->dead_letter;
}

static bool is_leaky(const struct backtest *test)
{
    const struct settings *settings = test->options->settings;
    return test->panel && settings->base && test->options->origin_count &&
           base_leak_found(
               settings->base, test->panel,
               zone_to_local(settings->zone, bucket_start(&settings->buckets, test->origins[0])));
}

struct status *backtest_run(const struct backtest_options *options, struct backtest_report *report)
{
    struct backtest test = {.options = options};
    *report = (struct backtest_report){0};
    struct status *st = set_up(&test);
    double start = now_seconds();
    if (!st) {
        st = options->panel ? run_panel(&test) : run_orders(&test);
    }
    if (!st && options->finish) {
        struct backtest_end end = {.shards = test.shards,
                                   .count = options->shards,
                                   .unit = test.panel ? test.panel->unit : 1};
        st = options->finish(options->finish_context, &end);
    }
    if (!st) {
        for (int32_t i = 0; i < options->shards; i++) {
            shard_flush_buckets(test.shards[i]);
        }
        report_of(&test, report);
        report->leaky = is_leaky(&test);
        report->active_seconds = now_seconds() - start;
    }
    if (test.sink) {
        st = status_join(st, backtest_sink_close(test.sink));
    }
    tear_down(&test);
    return st;
}
