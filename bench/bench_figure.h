/* What benchmarks measure with: CPU time of the thread, and values in order, for medians. */
#ifndef RESTOCK_BENCH_FIGURE_H
#define RESTOCK_BENCH_FIGURE_H

#include "config/base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double bench_cpu_s(void) /* of this thread so far */
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline int bench_by_value(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

static inline void bench_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, bench_by_value);
}

static inline void bench_must(struct status *st)
{
    if (st) {
        fprintf(stderr, "bench: %s\n", status_message(st));
        exit(1);
    }
}

#endif
