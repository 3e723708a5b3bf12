#include "tests/anomaly/trace_bench.h"

#include <stdlib.h>
#include <string.h>

static const struct alert_options OPTIONS = {.budget_per_day = 10, .min_age = 28, .min_lines = 20};

static unsigned char *bind(const struct column_table *table, void *cols)
{
    size_t bytes = column_table_bytes(table, TRACE_TILE);
    unsigned char *block = aligned_alloc(64, bytes);
    memset(block, 0, bytes);
    column_bind(table, TRACE_TILE, block, cols);
    return block;
}

void trace_bench_init(struct trace_bench *bench, uint64_t seed)
{
    memset(bench, 0, sizeof *bench);
    bench->check = linecheck_create(&OPTIONS);
    bench->blocks[0] = bind(&linecheck_column_table, &bench->checks);
    bench->blocks[1] = bind(&tails_column_table, &bench->tails);
    bench->blocks[2] = bind(&trace_column_table, &bench->cols);
    rng_init(&bench->rng, seed);
    bench->bucket = 1000;
    bench->rate = 1;
    bench->in = (struct trace_input){.window = &bench->window,
                                     .lines = bench->lines,
                                     .next_mean = bench->next_mean,
                                     .next_variance = bench->next_variance,
                                     .tails = &bench->tails,
                                     .checks = &bench->checks,
                                     .min_age = OPTIONS.min_age,
                                     .min_lines = OPTIONS.min_lines};
}

void trace_bench_fini(struct trace_bench *bench)
{
    linecheck_destroy(bench->check);
    for (int i = 0; i < 3; i++) {
        free(bench->blocks[i]);
    }
}

static int64_t line(struct trace_bench *bench, uint32_t i, int64_t quantity, int64_t price)
{
    struct alert_signal signal;
    struct trace_line seen = {quantity, price, 4, 60 + quantity};
    trace_line(&bench->cols, &bench->checks, i, bench->bucket, &seen);
    if (quantity > 0) {
        (void)linecheck_price(bench->check, &bench->checks, i, bench->bucket, price, &signal);
        linecheck_basket(bench->check, 4, 12);
        (void)linecheck_quantity(bench->check, &bench->checks, i, bench->bucket, quantity, &signal);
    }
    return quantity > 0 ? quantity : 0;
}

double trace_bench_day(struct trace_bench *bench)
{
    double all = BENCH_TOTAL; /* other tiles of the shop */
    for (uint32_t i = 0; i < BENCH_SERIES; i++) {
        bool odd = i == bench->odd;
        uint64_t lines = rng_poisson(&bench->rng, (1 + 0.1 * (double)i) * (odd ? bench->rate : 1));
        int64_t units = 0, price = odd && bench->price ? bench->price : 250;
        for (uint64_t k = 0; k < lines; k++) {
            units += line(bench, i, 1 + (int64_t)rng_poisson(&bench->rng, 3), price);
        }
        if (odd && bench->quantity) {
            units += line(bench, i, bench->quantity, price);
            lines++;
        }
        for (int64_t k = 0; odd && k < bench->returns; k++) {
            (void)line(bench, i, 0, 0);
        }
        bench->lines[i] = (uint16_t)lines;
        float *row = bench->units + (size_t)i * BENCH_WIDTH;
        memmove(row, row + 1, (BENCH_WIDTH - 1) * sizeof *row);
        row[BENCH_WIDTH - 1] = (float)units;
        bench->age[i]++;
        bench->next_mean[i] = 4 * (1 + 0.1f * (float)i);
        bench->next_variance[i] = 20 * (1 + 0.1f * (float)i);
        all += (double)lines;
    }
    bench->window = (struct window){.series = BENCH_SERIES,
                                    .width = BENCH_WIDTH,
                                    .bucket = bench->bucket,
                                    .season = 7,
                                    .units = bench->units,
                                    .flags = bench->flags,
                                    .age = bench->age};
    linecheck_begin_close(bench->check, bench->bucket, 0.1);
    return all;
}

void trace_bench_close(struct trace_bench *bench, double lines, float *x, uint8_t *judged)
{
    trace_begin_close(&bench->trace, bench->bucket, lines);
    trace_close(&bench->trace, &bench->cols, &bench->in, x, judged);
    bench->bucket++;
}
