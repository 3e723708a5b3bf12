#include "anomaly/tails.h"

#include "config/base/rng.h"
#include "model/ewma.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 256, W = 28 };

static const struct alert_options OPTIONS = {.budget_per_day = 10, .min_age = 28, .min_lines = 30};

/* One tile whose forecasts are right: mean and spread are given. */
struct bench {
    struct tails *tails;
    struct tails_cols cols;
    unsigned char *block;
    float units[N * W], mean[N], variance[N];
    uint8_t flags[N * W];
    uint32_t age[N];
    struct window window;
    struct tails_input in;
    struct alert_signal out[N * TAILS_KINDS];
    uint32_t count;
    int64_t bucket;
};

static struct bench *bench_create(double budget)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct alert_options options = OPTIONS;
    options.budget_per_day = budget;
    bench->tails = tails_create(&options, N);
    size_t bytes = column_table_bytes(&tails_column_table, N);
    bench->block = aligned_alloc(64, bytes);
    memset(bench->block, 0, bytes);
    column_bind(&tails_column_table, N, bench->block, &bench->cols);
    bench->window = (struct window){.series = N,
                                    .width = W,
                                    .season = 1,
                                    .units = bench->units,
                                    .flags = bench->flags,
                                    .age = bench->age};
    bench->in = (struct tails_input){&bench->window, bench->mean, bench->variance, NULL, NULL};
    for (int i = 0; i < N; i++) {
        bench->mean[i] = 4;
        bench->variance[i] = 8;
        bench->age[i] = 100;
    }
    return bench;
}

static void bench_destroy(struct bench *bench)
{
    tails_destroy(bench->tails);
    free(bench->block);
    free(bench);
}

static void bench_close(struct bench *bench, const float *y, double budget)
{
    for (int i = 0; i < N; i++) {
        memmove(bench->units + i * W, bench->units + i * W + 1, (W - 1) * sizeof *bench->units);
        bench->units[i * W + W - 1] = y[i];
    }
    bench->window.bucket = ++bench->bucket;
    tails_begin_close(bench->tails, bench->bucket, 0, 1, 1000, budget);
    bench->count = tails_close(bench->tails, &bench->cols, &bench->in, bench->out, N * TAILS_KINDS);
}

static void ordinary(struct bench *bench, struct rng *rng, int closes)
{
    float y[N];
    for (int c = 0; c < closes; c++) {
        for (int i = 0; i < N; i++) {
            y[i] = (float)rng_negbin(rng, 4, 8);
        }
        bench_close(bench, y, 0.01);
    }
}

static const struct alert_signal *found(const struct bench *bench, uint32_t row,
                                        enum alert_kind kind)
{
    for (uint32_t i = 0; i < bench->count; i++) {
        if (bench->out[i].series == row && bench->out[i].kind == kind) {
            return &bench->out[i];
        }
    }
    return NULL;
}

Test(tails, columns_are_small)
{
    cr_assert(column_table_bytes(&tails_column_table, N) <= 64 * N);
    for (size_t i = 0; i < tails_column_table.count; i++) {
        cr_assert_eq(tails_column_table.rows[i].life, COLUMN_COLD);
    }
}

Test(tails, a_spike_is_strong_and_explained)
{
    struct bench *bench = bench_create(0.01);
    struct rng rng;
    rng_init(&rng, 1);
    ordinary(bench, &rng, 30);
    float y[N];
    for (int i = 0; i < N; i++) {
        y[i] = 4;
    }
    y[17] = 80;
    bench_close(bench, y, 0.01);
    const struct alert_signal *spike = found(bench, 17, ALERT_SPIKE);
    cr_assert_not_null(spike);
    cr_assert_eq(spike->strength, ALERT_STRONG);
    cr_assert_eq(spike->observed, 80);
    cr_assert_eq(spike->expected, 4);
    cr_assert_eq(spike->onset_bucket, bench->bucket);
    cr_assert(spike->score > tails_threshold(bench->tails));
    cr_assert_eq(spike->evidence_name[0], EVIDENCE_UPPER);
    cr_assert(spike->evidence[0] > 15 && spike->evidence[0] < 60, "%g", (double)spike->evidence[0]);
    struct alert_signal quiet;
    tails_signal(bench->tails, &bench->cols, &bench->in, 16, ALERT_SPIKE, &quiet);
    cr_assert_eq(quiet.strength, ALERT_QUIET);
    bench_destroy(bench);
}

Test(tails, a_zero_run_is_found_about_when_it_can_be)
{
    struct bench *bench = bench_create(0.01);
    struct rng rng;
    rng_init(&rng, 2);
    ordinary(bench, &rng, 30);
    /* P(0) = 2^-4 = 2.77 nats a bucket: 1e-6 needs 5 buckets, calibration and doubt of the level
     * some more. */
    int day = 0;
    const struct alert_signal *run = NULL;
    while (!run && day < 14) {
        float y[N];
        for (int i = 0; i < N; i++) {
            y[i] = (float)rng_negbin(&rng, 4, 8);
        }
        y[3] = 0;
        bench_close(bench, y, 0.01);
        day++;
        run = found(bench, 3, ALERT_ZERO_RUN);
    }
    cr_assert(day >= 4 && day <= 8, "after %d buckets", day);
    cr_assert(run->expected > 10 && run->observed == 0);
    cr_assert(bench->bucket - run->onset_bucket < day + 1);
    float y[N] = {0};
    for (int i = 0; i < N; i++) {
        y[i] = 4;
    }
    bench_close(bench, y, 0.01);
    struct alert_signal over;
    tails_signal(bench->tails, &bench->cols, &bench->in, 3, ALERT_ZERO_RUN, &over);
    cr_assert_eq(over.strength, ALERT_QUIET);
    bench_destroy(bench);
}

static int days_until(enum alert_kind kind, double rate)
{
    struct bench *bench = bench_create(0.01);
    struct rng rng;
    rng_init(&rng, 3);
    ordinary(bench, &rng, 40);
    int day = 0;
    while (day < 28) {
        float y[N];
        for (int i = 0; i < N; i++) {
            y[i] = (float)rng_negbin(&rng, 4, 8);
        }
        y[9] = (float)rng_negbin(&rng, 4 * rate, 8 * rate);
        bench_close(bench, y, 0.01);
        day++;
        if (found(bench, 9, kind)) {
            break;
        }
    }
    bench_destroy(bench);
    return day;
}

Test(tails, level_shifts_are_found_within_weeks)
{
    int up = days_until(ALERT_LEVEL_SHIFT_UP, 3), down = days_until(ALERT_LEVEL_SHIFT_DOWN, 0.2);
    cr_assert(up > 3 && up <= 10, "up after %d", up);
    cr_assert(down > 7 && down <= 24, "down after %d", down);
}

Test(tails, young_censored_and_unknown_series_are_not_judged)
{
    struct bench *bench = bench_create(0.01);
    struct rng rng;
    rng_init(&rng, 4);
    ordinary(bench, &rng, 30);
    bench->age[1] = 27;
    bench->flags[2 * W + W - 1] = WINDOW_OUT_OF_STOCK;
    bench->mean[3] = bench->variance[3] = 0;
    bench->mean[4] = NAN;
    bench->variance[5] = INFINITY;
    bench->flags[7 * W + W - 1] = WINDOW_PROMOTION; /* what sells then is explained */
    float y[N];
    for (int i = 0; i < N; i++) {
        y[i] = i >= 1 && i <= 7 ? 500 : 4;
    }
    bench_close(bench, y, 0.01);
    for (uint32_t i = 1; i <= 7; i += i == 5 ? 2 : 1) {
        cr_assert_null(found(bench, i, ALERT_SPIKE), "row %u", i);
        struct alert_signal signal;
        tails_signal(bench->tails, &bench->cols, &bench->in, i, ALERT_SPIKE, &signal);
        cr_assert_eq(signal.strength, ALERT_MISSING);
    }
    cr_assert_not_null(found(bench, 6, ALERT_SPIKE));
    bench_destroy(bench);
}

Test(tails, no_budget_no_alerts)
{
    struct bench *bench = bench_create(0);
    float y[N];
    for (int i = 0; i < N; i++) {
        y[i] = 1000;
    }
    bench_close(bench, y, 0);
    bench_close(bench, y, 0);
    cr_assert_eq(bench->count, 0);
    bench_destroy(bench);
}

Test(tails, order_of_tiles_and_restores_change_no_bit)
{
    struct bench *a = bench_create(0.1), *b = bench_create(0.1);
    struct rng ra, rb;
    rng_init(&ra, 5);
    rng_init(&rb, 5);
    ordinary(a, &ra, 20);
    ordinary(b, &rb, 20);
    struct buf state = {0}, end_a = {0}, end_b = {0};
    tails_save(b->tails, &state);
    tails_destroy(b->tails);
    b->tails = tails_create(&OPTIONS, N);
    cr_assert_null(tails_load(b->tails, buf_view(&state)));
    tails_begin_close(b->tails, b->bucket, 0, 1, 1000, 0.01); /* known already */
    ordinary(a, &ra, 20);
    ordinary(b, &rb, 20);
    tails_save(a->tails, &end_a);
    tails_save(b->tails, &end_b);
    cr_assert(slice_equal(buf_view(&end_a), buf_view(&end_b)));
    cr_assert_eq(a->count, b->count);
    cr_assert_eq(memcmp(a->out, b->out, a->count * sizeof *a->out), 0);
    buf_fini(&state);
    buf_fini(&end_a);
    buf_fini(&end_b);
    bench_destroy(a);
    bench_destroy(b);
}

Test(tails, hostile_bytes_are_refused)
{
    struct bench *bench = bench_create(0.1);
    struct rng rng;
    rng_init(&rng, 6);
    ordinary(bench, &rng, 3);
    struct buf buf = {0}, after = {0};
    tails_save(bench->tails, &buf);
    for (size_t cut = 0; cut < buf.bytes; cut += 7) {
        struct status *st = tails_load(bench->tails, (struct slice){buf.data, cut});
        cr_assert_eq(status_code(st), STATUS_CORRUPT, "cut at %zu", cut);
        status_free(st);
    }
    char *copy = malloc(buf.bytes);
    for (size_t at = 0; at < buf.bytes;
         at += 3) { /* any byte may be wrong: refused or read, never worse */
        memcpy(copy, buf.data, buf.bytes);
        copy[at] = (char)~copy[at];
        struct tails *other = tails_create(&OPTIONS, N);
        status_free(tails_load(other, (struct slice){copy, buf.bytes}));
        tails_begin_close(other, 1000, 0, 1, 1, 1);
        tails_destroy(other);
    }
    free(copy);
    tails_save(bench->tails, &after);
    cr_assert(slice_equal(buf_view(&buf), buf_view(&after)), "a refused record changed the state");
    buf_fini(&buf);
    buf_fini(&after);
    bench_destroy(bench);
}

/* Whole chain: series of many speeds, means and spreads estimated as the forecaster does, a budget
 * that allows a few hundred events in 1.3 million series-buckets. */
Test(tails, false_alarms_keep_to_the_budget)
{
    enum { TILES = 13, S = TILES * N, CLOSES = 400 };
    const double budget = 2;
    struct tails *tails = tails_create(&OPTIONS, N);
    struct tails_cols cols[TILES];
    size_t bytes = column_table_bytes(&tails_column_table, N);
    unsigned char *block = aligned_alloc(64, bytes * TILES);
    memset(block, 0, bytes * TILES);
    for (int k = 0; k < TILES; k++) {
        column_bind(&tails_column_table, N, block + bytes * (size_t)k, &cols[k]);
    }
    static struct ewma ewma;
    ewma_init(&ewma, 0.05, 8);
    static float factor[S], slow[S], mean[S], spread[S], y[S], level_sum[S], variance_sum[S],
        level[S], ratio[S], variance[S];
    static uint16_t observed[S];
    static uint8_t learn[S], flags[S], classes[S];
    static uint32_t age[S];
    static struct alert_signal out[N * TAILS_KINDS];
    struct rng rng;
    rng_init(&rng, 7);
    for (int i = 0; i < S; i++) {
        mean[i] = (float)exp(-3 + 6 * rng_unit(&rng));
        spread[i] = (float)(1.05 + exp(-1 + 3 * rng_unit(&rng)));
        classes[i] = spread[i] > 4 ? 3 : spread[i] > 2 ? 1 : 0;
        learn[i] = 1;
        factor[i] = 1;
    }
    const struct ewma_rows rows = {.series = S,
                                   .level = level_sum,
                                   .variance = variance_sum,
                                   .slow = slow,
                                   .observed = observed};
    for (int c = 0; c < CLOSES; c++) {
        for (int i = 0; i < S; i++) {
            y[i] = (float)rng_negbin(&rng, (double)mean[i], (double)(mean[i] * spread[i]));
            age[i] = (uint32_t)c + 1;
            variance[i] = level[i] * ratio[i];
        }
        tails_begin_close(tails, c, 0, 1, 1, budget);
        for (int k = 0; k < TILES; k++) {
            struct window window = {.series = N,
                                    .width = 1,
                                    .bucket = c,
                                    .season = 1,
                                    .units = y + k * N,
                                    .flags = flags + k * N,
                                    .age = age + k * N};
            struct tails_input in = {&window, level + k * N, variance + k * N, classes + k * N,
                                     NULL};
            tails_close(tails, &cols[k], &in, out, N * TAILS_KINDS);
        }
        ewma_update(&ewma, &rows, factor, y, learn);
        ewma_read(&ewma, &rows, level, ratio);
    }
    const struct tails_rates *rates = tails_rates(tails);
    double realised = (double)rates->strong / rates->budgeted;
    cr_assert(rates->tests > 6000000 && rates->budgeted > 200);
    cr_assert(realised > 0.5 && realised < 2, "%lu strong, %.1f budgeted",
              (unsigned long)rates->strong, rates->budgeted);
    tails_destroy(tails);
    free(block);
}

/* A shop of one tile: every series sells 4 lines on an ordinary day, `busy` times as many on a busy
 * one. */
static void sell_lines(struct bench *bench, struct rng *rng, double busy, uint32_t row, double rate)
{
    uint16_t lines[N];
    double total = 0, sellers = 0;
    for (int i = 0; i < N; i++) {
        double mean = 4 * busy * (i == (int)row ? rate : 1);
        lines[i] = (uint16_t)rng_negbin(rng, mean, 1.5 * mean);
        bench->units[i * W + W - 1] = 6.0f * lines[i];
        total += lines[i];
        sellers += lines[i] > 0;
    }
    bench->in.lines = lines;
    bench->window.bucket = ++bench->bucket;
    tails_begin_close(bench->tails, bench->bucket, 0, 1, 6 * total, 0.01);
    tails_total(bench->tails, total, sellers);
    bench->count = tails_close(bench->tails, &bench->cols, &bench->in, bench->out, N * TAILS_KINDS);
    bench->in.lines = NULL;
}

Test(tails, a_busy_day_of_the_whole_shop_is_nobodys_anomaly)
{
    struct bench *bench = bench_create(0.01);
    struct rng rng;
    rng_init(&rng, 11);
    for (int day = 0; day < 60; day++) {
        sell_lines(bench, &rng, 1, 0, 1);
    }
    sell_lines(bench, &rng, 3, 5, 1);
    cr_assert_eq(bench->count, 0, "%u signals on a busy day", bench->count);
    sell_lines(bench, &rng, 0, 5, 1); /* closed */
    cr_assert_eq(bench->count, 0, "%u signals on a closed day", bench->count);
    sell_lines(bench, &rng, 1, 5, 12);
    const struct alert_signal *spike = found(bench, 5, ALERT_SPIKE);
    cr_assert_not_null(spike);
    cr_assert(spike->observed > 150 && spike->expected > 2 && spike->expected < 60,
              "told in units: %g, %g", (double)spike->observed, (double)spike->expected);
    bench_destroy(bench);
}

/* "sold 612 units in 9 buckets, expected about 786": the forecast had followed the new level. */
Test(tails, a_shift_is_told_against_what_was_usual_before_it)
{
    struct bench *bench = bench_create(0.01);
    struct rng rng;
    rng_init(&rng, 14);
    float y[N];
    uint16_t lines[N];
    const struct alert_signal *shift = NULL;
    for (int day = 0; day < 100; day++) {
        bool risen = day >= 80;
        for (int i = 0; i < N; i++) {
            lines[i] =
                (uint16_t)rng_negbin(&rng, i == 9 && risen ? 20 : 5, i == 9 && risen ? 40 : 10);
            y[i] = 2 * lines[i];
        }
        for (int i = 0; i < N; i++) {
            bench->age[i] = (uint32_t)day + 1;
            bench->mean[i] = i == 9 && risen ? 60 : 10; /* beyond the new level, in units */
            bench->variance[i] = 40;
            memmove(bench->units + i * W, bench->units + i * W + 1, (W - 1) * sizeof(float));
            bench->units[i * W + W - 1] = y[i];
        }
        bench->in.lines = lines;
        bench->window.bucket = ++bench->bucket;
        tails_begin_close(bench->tails, bench->bucket, 0, 1, 1000, 0.01);
        tails_total(bench->tails, 5 * N, N);
        bench->count =
            tails_close(bench->tails, &bench->cols, &bench->in, bench->out, N * TAILS_KINDS);
        const struct alert_signal *now = found(bench, 9, ALERT_LEVEL_SHIFT_UP);
        if (now && risen) {
            shift = now;
            float run = 0;
            for (uint32_t e = 0; e < now->evidence_count; e++) {
                run = now->evidence_name[e] == EVIDENCE_RUN_BUCKETS ? now->evidence[e] : run;
            }
            cr_expect(now->observed > now->expected, "%g %g", (double)now->observed,
                      (double)now->expected);
            cr_expect(run > 3 && now->expected > 7 * run && now->expected < 14 * run,
                      "10 a day: %g in %g", (double)now->expected, (double)run);
        }
    }
    cr_assert_not_null(shift);
    bench_destroy(bench);
}

Test(tails, orders_that_come_as_totals_are_judged_by_units)
{
    struct bench *bench = bench_create(0.01);
    struct rng rng;
    rng_init(&rng, 12);
    float y[N];
    uint16_t lines[N];
    for (int day = 0; day < 40; day++) {
        for (int i = 0; i < N; i++) {
            y[i] = (float)rng_negbin(&rng, 4, 8);
            lines[i] = 1;
            bench->units[i * W + W - 1] = y[i];
        }
        y[9] = bench->units[9 * W + W - 1] = day == 39 ? 90 : y[9];
        bench->in.lines = lines;
        bench->window.bucket = ++bench->bucket;
        tails_begin_close(bench->tails, bench->bucket, 0, 1, 1000, 0.01);
        tails_total(bench->tails, N, N);
        bench->count =
            tails_close(bench->tails, &bench->cols, &bench->in, bench->out, N * TAILS_KINDS);
    }
    cr_assert_not_null(found(bench, 9, ALERT_SPIKE));
    bench_destroy(bench);
}
