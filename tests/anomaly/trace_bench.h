/* A tile of products with Poisson lines, for the tests of trace and combine. */
#ifndef RESTOCK_TRACE_BENCH_H
#define RESTOCK_TRACE_BENCH_H

#include "anomaly/trace.h"
#include "config/base/rng.h"

enum { BENCH_SERIES = 64, BENCH_WIDTH = 84, BENCH_TOTAL = 400 };

struct trace_bench {
    struct linecheck *check;
    struct linecheck_cols checks;
    struct tails *tails_state;
    struct tails_cols tails;
    struct trace_cols cols;
    struct trace trace;
    unsigned char *blocks[3];
    struct rng rng;
    int64_t bucket; /* next to close */
    float units[TRACE_TILE * BENCH_WIDTH];
    uint8_t flags[TRACE_TILE * BENCH_WIDTH];
    uint32_t age[TRACE_TILE];
    uint16_t lines[TRACE_TILE];
    float next_mean[TRACE_TILE], next_variance[TRACE_TILE];
    struct window window;
    struct trace_input in;
    /* before each close: what happens to one product */
    uint32_t odd;
    double rate; /* of its lines; 1: as usual */
    int64_t quantity, price, returns; /* one more line, of all its lines; 0: as usual */
};

void trace_bench_init(struct trace_bench *bench, uint64_t seed);
void trace_bench_fini(struct trace_bench *bench);
/* Lines of one bucket, and everything up to the moment of trace_begin_close. Returns all lines. */
double trace_bench_day(struct trace_bench *bench);
/* trace_begin_close and trace_close of it. */
void trace_bench_close(struct trace_bench *bench, double lines, float *x, uint8_t *judged);

#endif
