/* What the exact policies cost: the 24 (s, S) instances of Zheng and Federgruen (1991), one search
 * of a projected level, one order by it. One thread, CPU time, medians of rounds with their spread,
 * as JSON. */
#include "optimize/lost_sales.h"
#include "optimize/order_up.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9, ORDERS = 20000 };

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

static void print_figure(const char *name, double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_value);
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
        double start = now_ms();
        sink += zheng_federgruen();
        instances[round] = now_ms() - start;
        start = now_ms();
        best = lost_sales_best(&terms, LOST_PROJECTED);
        search[round] = now_ms() - start;
        start = now_ms();
        for (int i = 0; i < ORDERS; i++) {
            int64_t state[4] = {i % 20, i % 9, i % 7, i % 8};
            sink += (double)lost_sales_order(&terms, &best, state);
        }
        orders[round] = (now_ms() - start) * 1e6 / ORDERS;
    }
    pmf_fini(&demand);
    print_figure("zheng_federgruen_24_ms", instances);
    print_figure("projected_level_search_ms", search);
    print_figure("projected_level_order_ns", orders);
    return sink > 0 ? 0 : 1;
}
