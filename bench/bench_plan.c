/* PLAN without a broker: what a line costs between closes, in batches and one by one, beside the
 * limit (a bare look-up of the same keys with one row changed, in the same run); what a series
 * costs at a close, how both grow with the number of series; memory by part, and allocations. Each
 * without forecasts (off), with the two statistical experts alone (no network, no detector), and
 * as configured by default (on). One thread, fixed seed, a warm-up before each figure; medians of
 * rounds with their spread, as JSON.
 *
 *   usage: bench_plan [series ...]          default 10000 100000 1000000
 */
#include "bench/bench_figure.h"
#include "bench/bench_tick.h"
#include "config/base/ensure.h"
#include "config/base/rng.h"
#include "stream/line.h"
#include "stream/plan.h"
#include "stream/shard.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 5, LINES = 200000, WARM_DAYS = 8, AT_ONCE = 64, COMMIT_LINES = 20000 };

/* Allocations, counted: the program's own go through these. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *at, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static uint64_t allocations;

void *malloc(size_t bytes)
{
    allocations++;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    allocations++;
    return __libc_calloc(count, bytes);
}

void *realloc(void *at, size_t bytes)
{
    allocations++;
    return __libc_realloc(at, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    allocations++;
    return __libc_memalign(alignment, bytes);
}

static const int64_t DAY_MS = 86400000, START_MS = INT64_C(1600041600000);

static void print_figure(const char *name, double *values, int count)
{
    bench_sort(values, (size_t)count);
    printf("\"%s\":{\"median\":%.1f,\"min\":%.1f,\"max\":%.1f}", name, values[count / 2], values[0],
           values[count - 1]);
}

static void put_order(struct buf *out, uint32_t product, int64_t event_ms, uint64_t number)
{
    char sku[16], order[24];
    (void)snprintf(sku, sizeof sku, "S%07u", product);
    (void)snprintf(order, sizeof order, "O%llu", (unsigned long long)number);
    struct line line = {.kind = LINE_ORDER,
                        .order = {.kind = ORDER_SALE,
                                  .event_ms = event_ms,
                                  .sku = slice_of(sku),
                                  .location = slice_of("main"),
                                  .order_id = slice_of(order),
                                  .customer = slice_of("C1234"),
                                  .group = slice_of("UK"),
                                  .currency = slice_of("GBP"),
                                  .channel = slice_of("web"),
                                  .quantity = 1 + (int64_t)(number % 5),
                                  .unit_price = 250,
                                  .fingerprint = {hash_mix(number), hash_mix(number + 77)},
                                  .basket_lines = 3,
                                  .basket_units = 9,
                                  .basket_median = 2}};
    line_encode(&line, out);
}

struct bench {
    struct settings settings;
    struct plan *plan;
    struct outbox *outbox;
    struct shard *shard;
    struct rng rng;
    uint64_t number;
    int64_t offset;
    uint32_t series;
    uint64_t allocations; /* while lines were applied and sealed */
    double commit_ns; /* of sealing the lines applied last */
};

static void commit(struct bench *bench)
{
    int64_t offset;
    uint64_t sequence;
    shard_seal(bench->shard, &offset, &sequence);
    outbox_reset(bench->outbox);
    shard_committed(bench->shard);
}

/* Lines are made beforehand, so that making them is not measured. */
static double apply_lines(struct bench *bench, int64_t day, uint32_t count, bool each, size_t batch)
{
    struct buf bytes = {0};
    size_t *ends = malloc((size_t)count * sizeof *ends);
    struct shard_record *records = malloc((size_t)count * sizeof *records);
    ASSERT(ends && records);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t product = each ? i : (uint32_t)rng_below(&bench->rng, bench->series);
        put_order(&bytes, product,
                  START_MS + day * DAY_MS + (int64_t)rng_below(&bench->rng, (uint64_t)DAY_MS),
                  bench->number++);
        ends[i] = bytes.bytes;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t from = i ? ends[i - 1] : 0;
        records[i] =
            (struct shard_record){bench->offset++, {"k", 1}, {bytes.data + from, ends[i] - from}};
    }
    uint64_t before = allocations;
    double took = 0;
    bench->commit_ns = 0;
    for (size_t done = 0; done < count;) { /* a commit now and then, as there would be */
        size_t end = count - done < COMMIT_LINES ? count : done + COMMIT_LINES;
        double began = bench_cpu_s();
        while (done < end) {
            size_t now = end - done < batch ? end - done : batch;
            done += shard_apply_batch(bench->shard, records + done, now, SIZE_MAX);
        }
        double applied = bench_cpu_s();
        commit(bench);
        took += 1e9 * (applied - began);
        bench->commit_ns += 1e9 * (bench_cpu_s() - applied);
    }
    bench->allocations += allocations - before;
    buf_fini(&bytes);
    free(ends);
    free(records);
    return took;
}

static double close_day(struct bench *bench, int64_t day)
{
    struct buf bytes = {0};
    bench_tick(&bytes, START_MS + (day + 1) * DAY_MS + 2 * 3600000, bench->series);
    double began = bench_cpu_s();
    shard_apply(bench->shard, bench->offset++, (struct slice){"k", 1}, buf_view(&bytes));
    while (shard_work(bench->shard)) {
        outbox_reset(bench->outbox);
    }
    double took = 1e9 * (bench_cpu_s() - began);
    buf_fini(&bytes);
    commit(bench);
    return took;
}

/* --- the limit
 * ------------------------------------------------------------------------------------------------
 */

struct limit_slot {
    uint32_t tag, index_up;
};

struct limit_row {
    uint64_t units, lines;
    char sku[48];
};

/* As many keys, an index at a load of at most one half, a row of one cache line each: 16 keys are
 * hashed, their slots asked for, their rows asked for, then a row changed. */
static double limit(uint32_t series, struct rng *rng)
{
    size_t capacity = 64;
    while (capacity < (size_t)series * 2) {
        capacity *= 2;
    }
    struct limit_slot *slots = calloc(capacity, sizeof *slots);
    struct limit_row *rows = calloc(series, sizeof *rows);
    char(*keys)[16] = calloc(LINES, sizeof *keys);
    ASSERT(slots && rows && keys);
    for (uint32_t i = 0; i < series; i++) {
        (void)snprintf(rows[i].sku, sizeof rows[i].sku, "S%07u", i);
        uint64_t hash = hash_64(rows[i].sku, 8, 0);
        size_t at = hash & (capacity - 1);
        while (slots[at].index_up) {
            at = (at + 1) & (capacity - 1);
        }
        slots[at] = (struct limit_slot){(uint32_t)(hash >> 32), i + 1};
    }
    for (uint32_t i = 0; i < LINES; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "S%07u", (unsigned)rng_below(rng, series));
    }
    double began = bench_cpu_s();
    for (uint32_t from = 0; from + 16 <= LINES; from += 16) {
        uint64_t hash[16];
        uint32_t index[16];
        for (uint32_t i = 0; i < 16; i++) {
            hash[i] = hash_64(keys[from + i], 8, 0);
            __builtin_prefetch(&slots[hash[i] & (capacity - 1)]);
        }
        for (uint32_t i = 0; i < 16; i++) {
            size_t at = hash[i] & (capacity - 1);
            while (slots[at].tag != (uint32_t)(hash[i] >> 32)) {
                at = (at + 1) & (capacity - 1);
            }
            index[i] = slots[at].index_up - 1;
            __builtin_prefetch(&rows[index[i]], 1);
        }
        for (uint32_t i = 0; i < 16; i++) {
            ASSERT(memcmp(rows[index[i]].sku, keys[from + i], 8) == 0);
            rows[index[i]].units += i;
            rows[index[i]].lines++;
        }
    }
    double took = 1e9 * (bench_cpu_s() - began);
    free(slots);
    free(rows);
    free(keys);
    return took / LINES;
}

/* --- a run
 * ----------------------------------------------------------------------------------------------------
 */

struct figures {
    double line[ROUNDS], single[ROUNDS], limit[ROUNDS], seal[ROUNDS], close[ROUNDS];
    double allocations;
};

static void warm_up(struct bench *bench, int64_t *day)
{
    (void)apply_lines(bench, *day, bench->series, true, AT_ONCE); /* every series once */
    for (; *day < WARM_DAYS; ++*day) {
        (void)apply_lines(bench, *day, LINES, false, AT_ONCE);
        (void)close_day(bench, *day);
    }
}

static void measure(struct bench *bench, int64_t day, struct figures *figures)
{
    bench->allocations = 0;
    for (int round = 0; round < ROUNDS; round++, day++) {
        figures->limit[round] = limit(bench->series, &bench->rng);
        /* Half of the day each way; which comes first changes from round to round. */
        for (int half = 0; half < 2; half++) {
            bool single = (half + round) % 2;
            double took = apply_lines(bench, day, LINES / 2, false, single ? 1 : AT_ONCE);
            (single ? figures->single : figures->line)[round] = took / (LINES / 2);
        }
        figures->seal[round] = bench->commit_ns / (LINES / 2);
        figures->close[round] = close_day(bench, day) / bench->series;
    }
    figures->allocations = (double)bench->allocations / (ROUNDS * (double)LINES / 1000);
}

static void report(const struct bench *bench, const char *forecast, struct figures *figures,
                   size_t heap)
{
    struct shard_bytes bytes;
    shard_bytes(bench->shard, &bytes);
    double series = bench->series;
    printf("{\"series\":%u,\"forecast\":\"%s\",", bench->series, forecast);
    print_figure("ns_per_line", figures->line, ROUNDS);
    printf(",");
    print_figure("ns_per_line_one_by_one", figures->single, ROUNDS);
    printf(",");
    print_figure("ns_limit_lookup_and_row", figures->limit, ROUNDS);
    printf(",");
    print_figure("ns_per_line_sealed", figures->seal, ROUNDS);
    printf(",");
    print_figure("ns_per_series_close", figures->close, ROUNDS);
    printf(",\"allocations_per_1000_lines\":%.3f,\"bytes_per_series\":{\"all\":%.0f,\"columns\":"
           "%.0f,\"names\":%.1f,\"other\":%.1f},\"bytes_per_line\":{\"fingerprint\":%.1f,"
           "\"open_sale\":%.1f},\"heap_bytes\":%zu}\n",
           figures->allocations, (double)(bytes.columns + bytes.names + bytes.other) / series,
           (double)bytes.columns / series, (double)bytes.names / series,
           (double)bytes.other / series,
           (double)bytes.fingerprints / (double)bytes.fingerprint_count,
           (double)bytes.sales / (double)bytes.sale_count, heap);
    fflush(stdout);
}

static void run(uint32_t series, const char *forecast, struct figures *figures)
{
    static const struct {
        const char *name, *sets[4];
        size_t count;
    } MODES[] = {
        {"off", {"forecasts.emit=never", "pipeline.forecast=off"}, 2},
        {"statistical", {"forecasts.emit=never", "model.base=none", "anomaly.detector=none"}, 3},
        {"on", {"forecasts.emit=never"}, 1}};
    size_t mode = 0;
    while (strcmp(MODES[mode].name, forecast) != 0) {
        mode++;
    }
    struct bench bench = {.series = series};
    const char *sets[4];
    memcpy(sets, MODES[mode].sets, sizeof sets);
    bench_must(settings_load(NULL, sets, MODES[mode].count, &bench.settings));
    bench_must(plan_create(&bench.settings, 1, NULL, &bench.plan));
    bench.outbox = outbox_create();
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    bench_must(shard_create(bench.plan, 0, bench.outbox, &bench.shard));
    rng_init(&bench.rng, 1);
    int64_t day = 0;
    warm_up(&bench, &day);
    measure(&bench, day, figures);
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    report(&bench, forecast, figures, after - before);
    shard_destroy(bench.shard);
    outbox_destroy(bench.outbox);
    plan_destroy(bench.plan);
    settings_fini(&bench.settings);
}

/* Cost of all series or lines against their number, on logarithms: 1 is linear. */
static double slope(double few, double many, double ratio)
{
    return 1 + log(many / few) / log(ratio);
}

int main(int argc, char **argv)
{
    static const uint32_t USUAL[] = {10000, 100000, 1000000};
    static struct figures figures[3][16];
    uint32_t sizes[16];
    int count = argc > 1 ? argc - 1 : 3;
    count = count < 16 ? count : 16;
    for (int i = 0; i < count; i++) {
        uint32_t series = argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : USUAL[i];
        sizes[i] = series ? series : 1;
        run(sizes[i], "off", &figures[0][i]);
        run(sizes[i], "statistical", &figures[2][i]);
        run(sizes[i], "on", &figures[1][i]);
    }
    double ratio = (double)sizes[count - 1] / sizes[0];
    if (ratio > 1) { /* figures are sorted by now: the middle one is the median */
        const struct figures *few = &figures[1][0], *many = &figures[1][count - 1];
        printf("{\"from\":%u,\"to\":%u,\"slope_close\":%.3f,\"slope_line\":%.3f}\n", sizes[0],
               sizes[count - 1], slope(few->close[ROUNDS / 2], many->close[ROUNDS / 2], ratio),
               slope(few->line[ROUNDS / 2], many->line[ROUNDS / 2], ratio));
    }
    return 0;
}
