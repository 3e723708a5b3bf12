/* Speed of the learned part of the anomaly layer, CPU time of one thread: autoencoder and twin
 * (score and train), and statistics with the net, as medians of five rounds with their spread. One
 * JSON object a line. */
#include "anomaly/autoencoder.h"
#include "bench/bench_figure.h"
#include "anomaly/combine.h"
#include "config/base/ensure.h"
#include "config/base/rng.h"
#include "model/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 5, TILES = 64, CLOSES = 12, N = TRACE_TILE, W = 84, WARM = 40 };

static void tell(const char *what, double *rates)
{
    bench_sort(rates, ROUNDS);
    printf("{\"bench\":\"%s\",\"per_second\":%.0f,\"least\":%.0f,\"most\":%.0f}\n", what,
           rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
}

static unsigned char *bind(const struct column_table *table, void *cols)
{
    size_t bytes = column_table_bytes(table, N);
    unsigned char *block = aligned_alloc(64, bytes);
    ASSERT(block);
    memset(block, 0, bytes);
    column_bind(table, N, block, cols);
    return block;
}

static void bench_autoencoder(void)
{
    static float channel[AUTOENCODER_CHANNELS][N], raw[N];
    static uint8_t ones[N], cohort[N];
    static struct autoencoder_cols cols[TILES];
    struct autoencoder *encoder = autoencoder_create();
    struct rng rng;
    double rates[ROUNDS];
    rng_init(&rng, 1);
    memset(ones, 1, N);
    for (int t = 0; t < TILES; t++) {
        (void)bind(&autoencoder_column_table, &cols[t]);
    }
    struct autoencoder_tile tile = {.series = N,
                                    .channel = {channel[0], channel[1], channel[2], channel[3]},
                                    .live = ones,
                                    .gate = ones,
                                    .cohort = cohort,
                                    .raw = raw};
    int64_t bucket = 0;
    for (int round = -1; round < ROUNDS; round++) {
        double used = 0;
        int closes = round < 0 ? WARM : CLOSES;
        for (int close = 0; close < closes; close++) {
            autoencoder_begin_close(encoder, ++bucket, 1);
            for (int t = 0; t < TILES; t++) {
                for (int i = 0; i < N; i++) {
                    float mood = (float)rng_normal(&rng);
                    cohort[i] = (uint8_t)(i / 64); /* four cohorts a tile */
                    for (int c = 0; c < AUTOENCODER_CHANNELS; c++) {
                        channel[c][i] = mood + 0.5f * (float)(i % 7);
                    }
                }
                double start = bench_cpu_s();
                autoencoder_close(encoder, &cols[t], &tile);
                used += bench_cpu_s() - start;
            }
        }
        if (round >= 0) {
            rates[round] = (double)closes * TILES * N / used;
        }
    }
    tell("autoencoder_and_twin_score_train_windows", rates);
    autoencoder_destroy(encoder);
}

static void bench_combine(void)
{
    static const struct alert_options OPTIONS = {
        .budget_per_day = 10, .min_age = 28, .min_lines = 20};
    static struct alert_signal signals[N];
    static float units[N * W], mean[N], variance[N];
    static uint8_t flags[N * W];
    static uint32_t age[N];
    static uint16_t lines[N];
    struct trace_cols traces;
    struct tails_cols tails;
    struct linecheck_cols checks;
    struct weigh *weigh = NULL;
    ASSERT(!weigh_load(weigh_shipped(), &weigh));
    struct combine *combine = combine_create(&OPTIONS, weigh);
    (void)bind(&trace_column_table, &traces);
    (void)bind(&tails_column_table, &tails);
    (void)bind(&linecheck_column_table, &checks);
    struct rng rng;
    double rates[ROUNDS];
    rng_init(&rng, 2);
    for (int i = 0; i < N; i++) {
        mean[i] = 9;
        variance[i] = 30;
    }
    int64_t bucket = 0;
    for (int round = -1; round < ROUNDS; round++) {
        double used = 0;
        int closes = round < 0 ? WARM : 200;
        for (int close = 0; close < closes; close++) {
            for (int i = 0; i < N; i++) {
                lines[i] = (uint16_t)rng_poisson(&rng, 3);
                memmove(units + i * W, units + i * W + 1, (W - 1) * sizeof *units);
                units[i * W + W - 1] = 3 * (float)lines[i];
                age[i]++;
            }
            struct window window = {.series = N,
                                    .width = W,
                                    .bucket = ++bucket,
                                    .season = 7,
                                    .units = units,
                                    .flags = flags,
                                    .age = age};
            struct trace_input in = {.window = &window,
                                     .lines = lines,
                                     .next_mean = mean,
                                     .next_variance = variance,
                                     .tails = &tails,
                                     .checks = &checks,
                                     .min_age = 28,
                                     .min_lines = 20};
            double start = bench_cpu_s();
            combine_begin_close(combine, bucket, 3 * N, 0.1);
            (void)combine_close(combine, &traces, &in, signals, N);
            used += bench_cpu_s() - start;
        }
        if (round >= 0) {
            rates[round] = (double)closes * N / used;
        }
    }
    tell("statistics_and_net_series_buckets", rates);
    combine_destroy(combine);
    weigh_free(weigh);
}

int main(void)
{
    ASSERT(!gemm_init());
    bench_autoencoder();
    bench_combine();
    return 0;
}
