/* PLAN without a broker: what a line costs between closes, what a series costs at a close, how both
 * grow with the number of series, and what a series costs in memory. One thread, fixed seed, a
 * warm-up before each figure; medians of rounds with their spread, as JSON.
 *
 *   usage: bench_plan [series ...]          default 10000 100000 1000000
 */
#include "config/base/ensure.h"
#include "config/base/rng.h"
#include "stream/line.h"
#include "stream/plan.h"
#include "stream/shard.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 5, LINES = 200000, WARM_DAYS = 8 };

static const int64_t DAY_MS = 86400000, START_MS = INT64_C(1600041600000);

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void must(struct status *st)
{
    if (st) {
        fprintf(stderr, "bench_plan: %s\n", status_message(st));
        exit(1);
    }
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

static void print_figure(const char *name, double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
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

static void put_tick(struct buf *out, int64_t mark_ms, int64_t units)
{
    struct tick_count count = {.slot = (mark_ms - DAY_MS / 2) / 3600000,
                               .group = slice_of(""),
                               .lines = units,
                               .invoices = units,
                               .units = units};
    struct line line = {.kind = LINE_TICK,
                        .tick = {.input = INPUT_ORDERS,
                                 .mark_ms = mark_ms,
                                 .clock_ms = mark_ms,
                                 .roster = {1, 0},
                                 .count_count = 1,
                                 .counts = &count}};
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
};

static void apply(struct bench *bench, struct slice value)
{
    shard_apply(bench->shard, bench->offset++, (struct slice){"k", 1}, value);
}

static void commit(struct bench *bench)
{
    int64_t offset;
    uint64_t sequence;
    shard_seal(bench->shard, &offset, &sequence);
    outbox_reset(bench->outbox);
    shard_committed(bench->shard);
}

/* Lines are made beforehand in batches, so that making them is not measured. */
static double apply_batch(struct bench *bench, int64_t day, uint32_t count, bool each)
{
    struct buf bytes = {0};
    size_t *ends = malloc((size_t)count * sizeof *ends);
    ASSERT(ends);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t product = each ? i : (uint32_t)rng_below(&bench->rng, bench->series);
        put_order(&bytes, product,
                  START_MS + day * DAY_MS + (int64_t)rng_below(&bench->rng, (uint64_t)DAY_MS),
                  bench->number++);
        ends[i] = bytes.bytes;
    }
    double began = now_ns();
    for (uint32_t i = 0; i < count; i++) {
        size_t from = i ? ends[i - 1] : 0;
        apply(bench, (struct slice){bytes.data + from, ends[i] - from});
    }
    double took = now_ns() - began;
    buf_fini(&bytes);
    free(ends);
    commit(bench);
    return took;
}

static double close_day(struct bench *bench, int64_t day)
{
    struct buf bytes = {0};
    put_tick(&bytes, START_MS + (day + 1) * DAY_MS + 2 * 3600000, bench->series);
    double began = now_ns();
    apply(bench, buf_view(&bytes));
    while (shard_work(bench->shard)) {
        outbox_reset(bench->outbox);
    }
    double took = now_ns() - began;
    buf_fini(&bytes);
    commit(bench);
    return took;
}

static void run(uint32_t series, const char *forecast)
{
    char set[64];
    (void)snprintf(set, sizeof set, "pipeline.forecast=%s", forecast);
    const char *sets[] = {"forecasts.emit=never", set};
    struct bench bench = {.series = series};
    must(settings_load(NULL, sets, 2, &bench.settings));
    must(plan_create(&bench.settings, 1, NULL, &bench.plan));
    bench.outbox = outbox_create();
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    must(shard_create(bench.plan, 0, bench.outbox, &bench.shard));
    rng_init(&bench.rng, 1);
    int64_t day = 0;
    apply_batch(&bench, day, series, true); /* every series once */
    for (; day < WARM_DAYS; day++) {
        apply_batch(&bench, day, series / 10 + 1, false);
        (void)close_day(&bench, day);
    }
    double line_ns[ROUNDS], close_ns[ROUNDS];
    for (int round = 0; round < ROUNDS; round++, day++) {
        line_ns[round] = apply_batch(&bench, day, LINES, false) / LINES;
        close_ns[round] = close_day(&bench, day) / series;
    }
    struct shard_view view;
    shard_view(bench.shard, &view);
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    printf("{\"series\":%u,\"forecast\":\"%s\",", series, forecast);
    print_figure("ns_per_line", line_ns, ROUNDS);
    printf(",");
    print_figure("ns_per_series_close", close_ns, ROUNDS);
    printf(",\"bytes_per_series\":%.0f,\"fingerprint_bytes_per_line\":%.1f,\"heap_bytes\":%zu}\n",
           (double)view.memory_bytes / series,
           (double)view.fingerprint_bytes / (double)(bench.number), after - before);
    fflush(stdout);
    shard_destroy(bench.shard);
    outbox_destroy(bench.outbox);
    plan_destroy(bench.plan);
    settings_fini(&bench.settings);
}

int main(int argc, char **argv)
{
    static const uint32_t USUAL[] = {10000, 100000, 1000000};
    for (int i = 0; i < (argc > 1 ? argc - 1 : 3); i++) {
        uint32_t series = argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : USUAL[i];
        run(series ? series : 1, "off");
        run(series ? series : 1, "on");
    }
    return 0;
}
