#include "anomaly/trace.h"

#include "tests/anomaly/trace_bench.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ODD = 40, DAYS = 90 };

static float x[TRACE_TILE * TRACE_INPUTS];
static uint8_t judged[TRACE_TILE];

static struct trace_bench *made(uint64_t seed, int days)
{
    struct trace_bench *bench = malloc(sizeof *bench);
    trace_bench_init(bench, seed);
    bench->odd = ODD;
    for (int day = 0; day < days; day++) {
        double lines = trace_bench_day(bench);
        trace_bench_close(bench, lines, x, judged);
    }
    return bench;
}

static void day(struct trace_bench *bench)
{
    double lines = trace_bench_day(bench);
    trace_bench_close(bench, lines, x, judged);
}

static void destroy(struct trace_bench *bench)
{
    trace_bench_fini(bench);
    free(bench);
}

static const float *odd_row(void)
{
    return x + (size_t)ODD * TRACE_INPUTS;
}

static float event_of(enum trace_event event)
{
    return odd_row()[TRACE_EVENTS_AT + event];
}

Test(trace, columns_take_at_most_128_bytes)
{
    cr_assert_leq(column_table_bytes(&trace_column_table, TRACE_TILE), 128 * TRACE_TILE);
}

Test(trace, judges_products_that_are_old_and_busy_enough)
{
    struct trace_bench *bench = made(1, 27);
    cr_assert_eq(judged[ODD], 0, "too young");
    day(bench);
    cr_assert_eq(judged[ODD], 1);
    cr_assert_eq(judged[BENCH_SERIES], 0, "no such series");
    destroy(bench);
}

Test(trace, ordinary_days_have_deviances_near_a_normal_one)
{
    struct trace_bench *bench = made(2, DAYS);
    double square = 0, count = 0;
    for (int k = 0; k < 60; k++) {
        day(bench);
        for (uint32_t i = 0; i < BENCH_SERIES; i++) {
            double one = (double)x[(size_t)i * TRACE_INPUTS];
            square += one * one;
            count += 1;
            for (int f = 0; f < TRACE_INPUTS; f++) {
                cr_assert(fabsf(x[(size_t)i * TRACE_INPUTS + (size_t)f]) <= TRACE_MOST);
            }
        }
    }
    cr_assert(square / count > 0.5 && square / count < 1.3, "%f", square / count);
    destroy(bench);
}

Test(trace, a_rate_that_changes_shows_in_its_window)
{
    struct trace_bench *bench = made(3, DAYS);
    bench->rate = 5;
    day(bench);
    cr_assert_gt(odd_row()[0], 3, "one bucket above: %f", (double)odd_row()[0]);
    for (int k = 0; k < 6; k++) {
        day(bench);
    }
    cr_assert_gt(odd_row()[2 * 4], 6, "a week above: %f", (double)odd_row()[2 * 4]);
    destroy(bench);
}

Test(trace, a_run_of_zeros_adds_up)
{
    struct trace_bench *bench = made(4, DAYS);
    bench->rate = 0;
    for (int k = 0; k < 5; k++) {
        day(bench);
    }
    cr_assert_float_eq((double)odd_row()[2 * TRACE_WINDOWS], log(6), 1e-5);
    cr_assert_gt(odd_row()[2 * TRACE_WINDOWS + 1], 4);
    cr_assert_lt(odd_row()[2 * 3], -3);
    destroy(bench);
}

Test(trace, a_closed_shop_is_nobodys_anomaly)
{
    struct trace_bench *bench = made(5, DAYS);
    (void)trace_bench_day(bench);
    memset(bench->lines, 0, sizeof bench->lines);
    trace_bench_close(bench, 0, x, judged);
    cr_assert_float_eq((double)odd_row()[0], 0, 0.02);
    destroy(bench);
}

Test(trace, lines_are_kept_for_the_close_of_their_bucket)
{
    struct trace_bench *bench = made(6, DAYS);
    bench->quantity = 400;
    bench->price = 25;
    bench->returns = 7;
    double lines = trace_bench_day(bench);
    struct trace_line ahead = {2, 250, 2, 2}; /* of the next bucket, before this one closes */
    trace_line(&bench->cols, &bench->checks, ODD, bench->bucket + 1, &ahead);
    trace_bench_close(bench, lines, x, judged);
    cr_assert_gt(event_of(EVENT_QUANTITY), 4);
    cr_assert_gt(event_of(EVENT_RECORD), 2);
    cr_assert_float_eq((double)event_of(EVENT_BASKET), log(100), 0.05);
    cr_assert_float_eq((double)event_of(EVENT_SHARE), 2 * 400 / 460.0, 0.02);
    cr_assert_float_eq((double)event_of(EVENT_PRICE), log(0.1), 0.05);
    cr_assert_gt(event_of(EVENT_CHEAP), 2);
    bench->quantity = bench->price = bench->returns = 0;
    day(bench);
    cr_assert_lt(event_of(EVENT_QUANTITY), 3, "it was yesterday");
    cr_assert_gt(odd_row()[TRACE_EVENTS_AT + EVENT_ODD_PRICES], 4, "yesterday's largest line");
    destroy(bench);
}

Test(trace, a_line_far_behind_is_not_kept)
{
    struct trace_bench *bench = made(7, DAYS);
    struct trace_line late = {9000, 250, 2, 9000};
    trace_line(&bench->cols, &bench->checks, ODD, bench->bucket + 3,
               &(struct trace_line){1, 1, 1, 1});
    trace_line(&bench->cols, &bench->checks, ODD, bench->bucket - 1, &late);
    day(bench);
    cr_assert_lt(event_of(EVENT_QUANTITY), 4);
    destroy(bench);
}

Test(trace, the_same_bucket_again_does_nothing_and_state_comes_back)
{
    struct trace_bench *bench = made(8, 10);
    struct trace before = bench->trace, read = {0};
    trace_begin_close(&bench->trace, bench->bucket - 1, 77);
    cr_assert_arr_eq(&before, &bench->trace, sizeof before);
    struct buf saved = {0};
    trace_save(&bench->trace, &saved);
    struct slice bytes = buf_view(&saved);
    cr_assert_null(trace_load(&bytes, &read));
    cr_assert_eq(bytes.bytes, 0);
    cr_assert_eq(read.bucket, before.bucket);
    cr_assert_arr_eq(read.total, before.total, sizeof read.total);
    for (size_t cut = 0; cut < saved.bytes; cut += 31) {
        struct slice part = {saved.data, cut};
        struct status *st = trace_load(&part, &read);
        cr_assert_eq(status_code(st), STATUS_CORRUPT);
        status_free(st);
    }
    buf_fini(&saved);
    destroy(bench);
}
