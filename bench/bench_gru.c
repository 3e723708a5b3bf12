/* The network's step against the same machine's sgemm doing the same arithmetic, in the same run:
 * states of many series in tiles of 64, as the forecaster steps them. One thread, CPU time, medians
 * of rounds with their spread, as JSON. And the bytes of the forecaster's columns per series. */
#include "bench/bench_figure.h"
#include "config/base/rng.h"
#include "model/forecaster.h"
#include "model/gemm.h"
#include "model/gru.h"
#include "model/gru_expert.h"
#include "model/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 9, F = NET_INPUTS, H = NET_HIDDEN, B = GRU_BATCH, WORK = 1 << 18 };

static float *weights, *x, *h, *gx, *gh, *next;
static uint8_t live[B];

static float *random_floats(size_t count, struct rng *rng)
{
    float *values = malloc(count * sizeof *values);
    for (size_t i = 0; values && i < count; i++) {
        values[i] = (float)(0.2 * rng_normal(rng));
    }
    return values;
}

static void step_all(const struct gru_weights *gru, size_t series)
{
    for (size_t begin = 0; begin < series; begin += B) {
        struct gru_step step = {.rows = B,
                                .x = x + begin * F,
                                .h = h + begin * H,
                                .live = live,
                                .gx = gx,
                                .gh = gh,
                                .next = next};
        gru_forward(gru, &step);
        memcpy(h + begin * H, next, B * H * sizeof *h);
    }
}

/* The two products of a step alone, in the same tiles. */
static void multiply_all(const struct net *net, size_t series)
{
    for (size_t begin = 0; begin < series; begin += B) {
        gemm_run(&(struct gemm){
            .m = B, .n = 3 * H, .k = F, .a = x + begin * F, .b = net->wx, .b_turned = 1, .c = gx});
        gemm_run(&(struct gemm){
            .m = B, .n = 3 * H, .k = H, .a = h + begin * H, .b = net->wh, .b_turned = 1, .c = gh});
    }
}

static void measure(const struct net *net, size_t series)
{
    struct gru_weights gru = net_gru(net);
    double steps[ROUNDS], ratios[ROUNDS];
    size_t repeats = WORK / series;
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_cpu_s();
        for (size_t k = 0; k < repeats; k++) {
            multiply_all(net, series);
        }
        double middle = bench_cpu_s();
        for (size_t k = 0; k < repeats; k++) {
            step_all(&gru, series);
        }
        double end = bench_cpu_s();
        steps[round] = (double)(repeats * series) / (end - middle) / 1e6;
        ratios[round] = (middle - start) / (end - middle);
    }
    bench_sort(steps, ROUNDS);
    bench_sort(ratios, ROUNDS);
    printf("{\"figure\":\"gru_step\",\"hidden\":%d,\"series\":%zu,\"million_steps_per_s\":%.3f,"
           "\"of_sgemm\":%.3f,\"of_sgemm_min\":%.3f,\"of_sgemm_max\":%.3f}\n",
           H, series, steps[ROUNDS / 2], ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
}

int main(void)
{
    static const size_t SERIES[] = {256, 4096, 65536, 262144};
    struct rng rng;
    struct net net;
    struct status *st = gemm_init();
    if (st) {
        fprintf(stderr, "bench_gru: %s\n", status_message(st));
        return 1;
    }
    rng_init(&rng, 1);
    weights = random_floats(net_floats(), &rng);
    x = random_floats((size_t)WORK * F, &rng);
    h = random_floats((size_t)WORK * H, &rng);
    gx = random_floats((size_t)B * 3 * H, &rng);
    gh = random_floats((size_t)B * 3 * H, &rng);
    next = random_floats((size_t)B * H, &rng);
    if (!weights || !x || !h || !gx || !gh || !next) {
        fprintf(stderr, "bench_gru: out of memory\n");
        return 1;
    }
    memset(live, 1, sizeof live);
    net_bind(&net, weights);
    for (size_t i = 0; i < sizeof SERIES / sizeof SERIES[0]; i++) {
        measure(&net, SERIES[i]);
    }
    printf("{\"figure\":\"forecaster_bytes_per_series\",\"statistics\":%.1f,\"network\":%.1f,"
           "\"weights\":%zu}\n",
           (double)column_table_bytes(&forecaster_column_table, 256) / 256,
           (double)column_table_bytes(&gru_column_table, 256) / 256, net_floats());
    free(weights);
    free(x);
    free(h);
    free(gx);
    free(gh);
    free(next);
    return 0;
}
