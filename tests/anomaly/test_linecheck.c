#include "anomaly/linecheck.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 64 };

static const struct alert_options OPTIONS = {.budget_per_day = 10, .min_age = 28, .min_lines = 30};

struct bench {
    struct linecheck *check;
    struct linecheck_cols cols;
    unsigned char *block;
    struct rng rng;
    int64_t bucket;
    uint64_t strong, lines;
};

static struct bench bench_create(uint64_t seed)
{
    struct bench bench = {.check = linecheck_create(&OPTIONS)};
    size_t bytes = column_table_bytes(&linecheck_column_table, N);
    bench.block = aligned_alloc(64, bytes);
    memset(bench.block, 0, bytes);
    column_bind(&linecheck_column_table, N, bench.block, &bench.cols);
    rng_init(&bench.rng, seed);
    return bench;
}

static void bench_destroy(struct bench *bench)
{
    linecheck_destroy(bench->check);
    free(bench->block);
}

/* Days of ordinary lines: log-normal quantities, two channels of prices (one twice the other), some
 * cheaper large lines, few returns. */
static void ordinary(struct bench *bench, int days)
{
    struct alert_signal signal;
    for (int day = 0; day < days; day++) {
        for (uint32_t i = 0; i < N; i++) {
            for (int line = 0; line < 8; line++) {
                double price = 255 * (rng_unit(&bench->rng) < 0.15 ? 2.0 : 1.0) *
                               (rng_unit(&bench->rng) < 0.2 ? 0.85 : 1.0);
                bench->strong += linecheck_price(bench->check, &bench->cols, i, bench->bucket,
                                                 (int64_t)price, &signal) &&
                                 signal.strength == ALERT_STRONG;
                double quantity = 1 + exp(1.5 + 0.8 * rng_normal(&bench->rng));
                bench->strong += linecheck_quantity(bench->check, &bench->cols, i, bench->bucket,
                                                    (int64_t)quantity, &signal) &&
                                 signal.strength == ALERT_STRONG;
                bench->lines++;
            }
            if (rng_unit(&bench->rng) < 0.05) {
                bench->strong +=
                    linecheck_return(bench->check, &bench->cols, i, bench->bucket, &signal) &&
                    signal.strength == ALERT_STRONG;
            }
        }
        linecheck_begin_close(bench->check, bench->bucket++, 0.1);
    }
}

Test(linecheck, columns_are_small_and_hot)
{
    cr_assert(column_table_bytes(&linecheck_column_table, 256) <= 64 * 256);
    for (size_t i = 1; i < linecheck_column_table.count; i++) {
        cr_assert_eq(linecheck_column_table.rows[i].life, COLUMN_HOT);
    }
}

Test(linecheck, a_wrong_price_is_found_at_its_line)
{
    struct bench bench = bench_create(1);
    ordinary(&bench, 40);
    struct alert_signal signal;
    cr_assert_not(linecheck_price(bench.check, &bench.cols, 3, bench.bucket, 510, &signal),
                  "double price is a channel");
    cr_assert(linecheck_price(bench.check, &bench.cols, 3, bench.bucket, 51, &signal));
    cr_assert_eq(signal.strength, ALERT_STRONG);
    cr_assert_eq(signal.kind, ALERT_PRICE_ERROR);
    cr_assert_eq(signal.series, 3);
    cr_assert_eq(signal.observed, 51);
    cr_assert_float_eq(signal.expected, 255, 50);
    cr_assert(linecheck_price(bench.check, &bench.cols, 4, bench.bucket, 2550, &signal));
    cr_assert_eq(signal.strength, ALERT_STRONG);
    bench_destroy(&bench);
}

Test(linecheck, a_lasting_new_price_becomes_normal)
{
    struct bench bench = bench_create(2);
    ordinary(&bench, 40);
    struct alert_signal signal;
    int lines = 0;
    while (lines < 200 && linecheck_price(bench.check, &bench.cols, 5, bench.bucket, 80, &signal)) {
        lines++;
    }
    cr_assert(lines >= 3 && lines < 60, "%d lines", lines);
    bench_destroy(&bench);
}

Test(linecheck, a_bulk_order_is_found_and_learned_in_part)
{
    struct bench bench = bench_create(3);
    ordinary(&bench, 40);
    struct alert_signal signal;
    for (int times = 0; times < 3; times++) {
        cr_assert(linecheck_quantity(bench.check, &bench.cols, 7, bench.bucket, 3000, &signal),
                  "time %d", times);
        cr_assert_eq(signal.strength, ALERT_STRONG);
        cr_assert_eq(signal.kind, ALERT_BULK_ORDER);
    }
    cr_assert_not(linecheck_quantity(bench.check, &bench.cols, 7, bench.bucket, 12, &signal));
    bench_destroy(&bench);
}

Test(linecheck, a_burst_of_returns_is_found)
{
    struct bench bench = bench_create(4);
    ordinary(&bench, 40);
    struct alert_signal signal;
    int lines = 0;
    bool strong = false;
    while (lines < 20 && !strong) {
        strong = linecheck_return(bench.check, &bench.cols, 9, bench.bucket, &signal) &&
                 signal.strength == ALERT_STRONG;
        lines++;
    }
    cr_assert(lines >= 3 && lines <= 13, "%d lines", lines);
    cr_assert_eq(signal.kind, ALERT_RETURNS_BURST);
    cr_assert_eq(signal.observed, lines);
    bench_destroy(&bench);
}

Test(linecheck, ordinary_lines_keep_to_the_budget)
{
    struct bench bench = bench_create(5);
    ordinary(&bench, 60);
    bench.strong = 0;
    ordinary(&bench, 400);
    /* 400 closes x 0.1 x ALERT_SHARE_LINECHECK = 12 allowed; the coarse laws of this shop give
     * discrete steps. */
    cr_assert(bench.strong <= 24, "%lu strong", (unsigned long)bench.strong);
    bench_destroy(&bench);
}

Test(linecheck, silent_while_it_learns_and_deaf_to_nonsense)
{
    struct bench bench = bench_create(6);
    struct alert_signal signal;
    ordinary(&bench, 10);
    cr_assert_not(linecheck_price(bench.check, &bench.cols, 1, bench.bucket, 2, &signal));
    cr_assert_not(linecheck_price(bench.check, &bench.cols, 1, bench.bucket, 0, &signal));
    cr_assert_not(linecheck_price(bench.check, &bench.cols, 1, bench.bucket, -5, &signal));
    cr_assert_not(
        linecheck_quantity(bench.check, &bench.cols, 1, bench.bucket, INT64_MIN, &signal));
    cr_assert_not(
        linecheck_quantity(bench.check, &bench.cols, 1, bench.bucket, INT64_MAX, &signal));
    bench_destroy(&bench);
}

static uint16_t lines_of(struct bench *bench, uint32_t row, int64_t bucket)
{
    uint16_t lines[N];
    linecheck_lines(&bench->cols, N, bucket, lines);
    return lines[row];
}

static void sell(struct bench *bench, int64_t bucket, int times)
{
    struct alert_signal signal;
    for (int i = 0; i < times; i++) {
        linecheck_quantity(bench->check, &bench->cols, 2, bucket, 3, &signal);
    }
}

Test(linecheck, lines_of_open_buckets_are_counted)
{
    struct bench bench = bench_create(8);
    sell(&bench, 100, 3);
    sell(&bench, 102, 2);
    sell(&bench, 101, 4); /* behind the newest one */
    cr_assert_eq(lines_of(&bench, 2, 100), 3);
    cr_assert_eq(lines_of(&bench, 2, 101), 4);
    cr_assert_eq(lines_of(&bench, 2, 102), 2);
    cr_assert_eq(lines_of(&bench, 2, 103), 0);
    cr_assert_eq(lines_of(&bench, 1, 100), 0);
    sell(&bench, 108, 1); /* the place of 100 */
    cr_assert_eq(lines_of(&bench, 2, 108), 1);
    cr_assert_eq(lines_of(&bench, 2, 100), 0);
    cr_assert_eq(lines_of(&bench, 2, 101), 4);
    sell(&bench, 90, 1); /* too old to be counted */
    cr_assert_eq(lines_of(&bench, 2, 90), 0);
    sell(&bench, 5000, 1);
    cr_assert_eq(lines_of(&bench, 2, 5000), 1);
    cr_assert_eq(lines_of(&bench, 2, 4996), 0);
    bench_destroy(&bench);
}

Test(linecheck, a_large_line_in_a_wholesale_basket_is_no_surprise)
{
    struct bench bench = bench_create(9);
    ordinary(&bench, 40);
    struct alert_signal alone, among;
    cr_assert(linecheck_quantity(bench.check, &bench.cols, 7, bench.bucket, 400, &alone));
    linecheck_basket(bench.check, 400, 30);
    bool odd = linecheck_quantity(bench.check, &bench.cols, 8, bench.bucket, 400, &among);
    cr_assert(!odd || among.score < alone.score - 1);
    cr_assert(linecheck_quantity(bench.check, &bench.cols, 8, bench.bucket, 3000, &alone),
              "a basket counts once");
    bench_destroy(&bench);
}

Test(linecheck, quiet_needs_data_of_its_kind)
{
    struct alert alert = {.kind = ALERT_PRICE_ERROR, .series = 3, .seen_ms = 1000};
    struct alert_signal signal;
    linecheck_quiet(&alert, 5, 2000, false, &signal);
    cr_assert_eq(signal.strength, ALERT_MISSING);
    linecheck_quiet(&alert, 5, 2000, true, &signal);
    cr_assert_eq(signal.strength, ALERT_QUIET);
    linecheck_quiet(&alert, 5, 500, true, &signal);
    cr_assert_eq(signal.strength, ALERT_NEUTRAL);
    alert.kind = ALERT_BULK_ORDER;
    linecheck_quiet(&alert, 5, 2000, false, &signal);
    cr_assert_eq(signal.strength, ALERT_QUIET);
}

Test(linecheck, save_load_and_hostile_bytes)
{
    struct bench bench = bench_create(7);
    ordinary(&bench, 30);
    struct buf buf = {0}, again = {0};
    linecheck_save(bench.check, &buf);
    struct linecheck *read = linecheck_create(&OPTIONS);
    for (size_t cut = 0; cut < buf.bytes; cut++) {
        struct status *st = linecheck_load(read, (struct slice){buf.data, cut});
        cr_assert_eq(status_code(st), STATUS_CORRUPT);
        status_free(st);
    }
    cr_assert_null(linecheck_load(read, buf_view(&buf)));
    linecheck_save(read, &again);
    cr_assert(slice_equal(buf_view(&buf), buf_view(&again)));
    memset(buf.data + 1, 0xff, buf.bytes - 1);
    struct status *st = linecheck_load(read, buf_view(&buf));
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    linecheck_destroy(read);
    buf_fini(&buf);
    buf_fini(&again);
    bench_destroy(&bench);
}
