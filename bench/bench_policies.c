/* What the exact policies cost: the 24 (s, S) instances of Zheng and Federgruen (1991), one search
 * of a projected level, one order by it. One thread, CPU time, medians of rounds with their spread,
 * as JSON. */
#include "bench/bench_figure.h"
#include "optimize/lost_sales.h"
#include "optimize/order_up.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 9, ORDERS = 20000 };

static void print_figure(const char *name, double *values)
{
    bench_sort(values, ROUNDS);
    printf("{\"figure\":\"%s\",\"median\":%.4g,\"min\":%.4g,\"max\":%.4g}\n", name,
           values[ROUNDS / 2], values[0], values[ROUNDS - 1]);
}

static double zheng_federgruen(void)
{
    static const double MEANS[] = {10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65,
                                   70, 75, 21, 22, 23, 24, 51, 52, 59, 61, 63, 64};
    struct pmf demand = {0};
    double total = 0;
    for (size_t i = 0; i < sizeof MEANS / sizeof MEANS[0]; i++) {
        pmf_poisson(&demand, MEANS[i]);
        struct order_up_terms terms = {
            .demand = &demand, .period = &demand, .order_cost = 64, .holding = 1, .shortage = 9};
        struct order_up best;
        total += order_up_best(&terms, &best) ? best.cost : 0;
    }
    pmf_fini(&demand);
    return total;
}

int main(void)
{
    double instances[ROUNDS], search[ROUNDS], orders[ROUNDS], sink = zheng_federgruen();
    struct pmf demand = {0};
    pmf_poisson(&demand, 5);
    struct lost_sales terms = {&demand, 4, 1, 9};
    struct lost_policy best = {0};
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_cpu_s();
        sink += zheng_federgruen();
        instances[round] = 1e3 * (bench_cpu_s() - start);
        start = bench_cpu_s();
        best = lost_sales_best(&terms, LOST_PROJECTED);
        search[round] = 1e3 * (bench_cpu_s() - start);
        start = bench_cpu_s();
        for (int i = 0; i < ORDERS; i++) {
            int64_t state[4] = {i % 20, i % 9, i % 7, i % 8};
            sink += (double)lost_sales_order(&terms, &best, state);
        }
        orders[round] = 1e9 * (bench_cpu_s() - start) / ORDERS;
    }
    pmf_fini(&demand);
    print_figure("zheng_federgruen_24_ms", instances);
    print_figure("projected_level_search_ms", search);
    print_figure("projected_level_order_ns", orders);
    return sink > 0 ? 0 : 1;
}
