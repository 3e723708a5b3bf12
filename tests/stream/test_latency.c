#include "stream/latency.h"

#include <criterion/criterion.h>

static uint64_t total(const struct latency *latency)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LATENCY_SLOTS; i++) {
        sum += latency->figures.count[i];
    }
    return sum;
}

Test(latency, each_record_counts_in_its_slot)
{
    struct latency latency = {0};
    latency_begin(&latency, 1000, 3);
    latency_begin(&latency, 1000, 2);
    latency_begin(&latency, 1007, 1);
    cr_assert_eq(latency.waiting, 2);
    cr_assert_eq(total(&latency), 0, "nothing is committed yet");
    latency_commit(&latency, 1008);
    cr_assert_eq(latency.figures.count[4], 5, "8 ms: from 8 to less than 16");
    cr_assert_eq(latency.figures.count[1], 1, "1 ms");
    cr_assert_eq(latency.figures.sum_ms, 5 * 8 + 1);
    latency_commit(&latency, 2000);
    cr_assert_eq(total(&latency), 6, "once");
}

Test(latency, extremes)
{
    struct latency latency = {0};
    latency_begin(&latency, 5000, 1); /* a clock that went back */
    latency_commit(&latency, 4000);
    cr_assert_eq(latency.figures.count[0], 1);
    cr_assert_eq(latency.figures.sum_ms, 0);
    latency_begin(&latency, 0, 1);
    latency_commit(&latency, INT64_C(1) << 40);
    cr_assert_eq(latency.figures.count[LATENCY_SLOTS - 1], 1);
    latency_begin(&latency, 0, 0);
    cr_assert_eq(latency.waiting, 0);
}

Test(latency, what_is_dropped_or_too_much_is_not_lost_twice)
{
    struct latency latency = {0};
    latency_begin(&latency, 1, 1);
    latency_drop(&latency);
    latency_commit(&latency, 5);
    cr_assert_eq(total(&latency), 0);
    for (int64_t i = 0; i < 3 * LATENCY_WAITING; i++) {
        latency_begin(&latency, i, 2);
    }
    latency_commit(&latency, 1000);
    cr_assert_eq(total(&latency), 6 * LATENCY_WAITING);
    struct latency_figures sum = {0};
    latency_add(&sum, &latency.figures);
    latency_add(&sum, &latency.figures);
    cr_assert_eq(sum.sum_ms, 2 * latency.figures.sum_ms);
    cr_assert_eq(sum.count[10], 2 * latency.figures.count[10]);
}
