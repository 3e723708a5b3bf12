/* The network simplex on transportation problems of 10,000, 100,000 and 1,000,000 arcs. One thread,
 * fixed seed, CPU time, medians of rounds with their spread, as JSON. */
#include "bench/bench_figure.h"
#include "config/base/rng.h"
#include "optimize/flow.h"

#include <stdbool.h>

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 5 };

static bool measure(uint32_t side)
{
    size_t arcs = (size_t)side * side;
    struct flow_arc *arc = malloc(arcs * sizeof *arc);
    int64_t *supply = calloc((size_t)2 * side, sizeof *supply);
    int64_t *flow = malloc(arcs * sizeof *flow), cost = 0;
    double took[ROUNDS];
    bool good = arc && supply && flow;
    struct rng rng;
    rng_init(&rng, 1);
    for (uint32_t i = 0; good && i < side; i++) {
        int64_t units = 1 + (int64_t)rng_below(&rng, 100);
        supply[i] += units;
        supply[side + rng_below(&rng, side)] -= units;
        for (uint32_t k = 0; k < side; k++) {
            arc[(size_t)i * side + k] =
                (struct flow_arc){i, side + k, 1 << 30, 1 + (int64_t)rng_below(&rng, 1000)};
        }
    }
    struct flow_problem problem = {arc, supply, arcs, (size_t)2 * side};
    for (int round = 0; good && round < ROUNDS; round++) {
        double start = bench_cpu_s();
        good = flow_solve(&problem, flow, &cost) == FLOW_OPTIMAL;
        took[round] = 1e3 * (bench_cpu_s() - start);
    }
    if (good) {
        bench_sort(took, ROUNDS);
        printf("{\"figure\":\"transport_ms\",\"arcs\":%zu,\"median\":%.2f,\"min\":%.2f,\"max\":%."
               "2f}\n",
               arcs, took[ROUNDS / 2], took[0], took[ROUNDS - 1]);
    }
    free(arc);
    free(supply);
    free(flow);
    return good;
}

int main(void)
{
    return measure(100) && measure(317) && measure(1000) ? 0 : 1;
}
