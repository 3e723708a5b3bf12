/* The network simplex on transportation problems of 10,000, 100,000 and 1,000,000 arcs. One thread,
 * fixed seed, CPU time, medians of rounds with their spread, as JSON. */
#include "config/base/rng.h"
#include "optimize/flow.h"

#include <stdbool.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 5 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

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
        double start = now_ms();
        good = flow_solve(&problem, flow, &cost) == FLOW_OPTIMAL;
        took[round] = now_ms() - start;
    }
    if (good) {
        qsort(took, ROUNDS, sizeof *took, by_value);
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
