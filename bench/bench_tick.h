/* The tick that ends a day in the benchmarks that run PLAN without a broker. */
#ifndef RESTOCK_BENCH_TICK_H
#define RESTOCK_BENCH_TICK_H

#include "stream/line.h"

enum { BENCH_HOUR_MS = 3600000 };

/* All orders up to mark_ms have come; units were sold in the middle of the day before. */
static inline void bench_tick(struct buf *out, int64_t mark_ms, int64_t units)
{
    struct tick_count count = {.slot = mark_ms / BENCH_HOUR_MS - 12,
                               .group = slice_of(""),
                               .lines = units,
                               .invoices = units,
                               .units = units};
    struct line line = {.kind = LINE_TICK,
                        .tick = {.input = INPUT_ORDERS,
                                 .mark_ms = mark_ms,
                                 .clock_ms = mark_ms,
                                 .roster = {1, 0},
                                 .count_count = 1,
                                 .counts = &count}};
    line_encode(&line, out);
}

#endif
