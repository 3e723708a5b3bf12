#include "model/shift.h"

#include "config/base/rng.h"
#include "config/base/window.h"

#include <criterion/criterion.h>

enum { WIDTH = 84 };

static float units[WIDTH], factor[WIDTH];
static uint8_t flags[WIDTH];
static struct rng rng;

static void init(void)
{
    rng_init(&rng, 7);
    for (int k = 0; k < WIDTH; k++) {
        factor[k] = k % 7 == 5 ? 1.6f : 0.9f;
        flags[k] = 0;
    }
}

TestSuite(shift, .init = init);

/* Demand of `mean` that is `times` as much in the newest `newest` buckets; variance twice that. */
static void sell(double mean, double times, int newest)
{
    for (int k = 0; k < WIDTH; k++) {
        double now = mean * (double)factor[k] * (k >= WIDTH - newest ? times : 1);
        units[k] = (float)rng_negbin(&rng, now, now);
    }
}

static float ratio(float level)
{
    return shift_ratio(&(struct shift_source){.units = units,
                                              .flags = flags,
                                              .factor = factor,
                                              .count = WIDTH,
                                              .level = level,
                                              .spread = 2});
}

Test(shift, a_doubled_level_is_believed_within_a_week)
{
    int believed = 0, lowered = 0;
    for (int n = 0; n < 100; n++) {
        sell(12, 2, 7);
        believed += ratio(14) * 14 > 0.8f * 24; /* the level has begun to follow */
        sell(24, 0.5, 7);
        lowered += ratio(21) * 21 < 1.25f * 12;
    }
    cr_expect_geq(believed, 90, "%d", believed);
    cr_expect_geq(lowered, 85, "%d", lowered);
}

Test(shift, what_stays_as_it_was_is_left_alone)
{
    int moved = 0;
    for (int n = 0; n < 500; n++) {
        sell(n % 2 ? 0.4 : 9, 1, 0);
        moved += ratio(n % 2 ? 0.4f : 9) != 1;
    }
    cr_expect_leq(moved, 15, "%d", moved);
}

Test(shift, one_order_of_any_size_is_no_shift)
{
    int moved = 0;
    for (int n = 0; n < 200; n++) {
        sell(5, 1, 0);
        float before = ratio(5);
        units[WIDTH - 1 - n % 7] = 1e5f;
        float after = ratio(5);
        moved += after != before;
        cr_expect_lt(after, 3);
    }
    cr_expect_leq(moved, 10, "%d", moved); /* those where little was missing */
}

Test(shift, buckets_that_tell_nothing_are_passed_over)
{
    sell(12, 1, 0);
    for (int k = WIDTH - 10; k < WIDTH; k++) {
        units[k] = 0;
        flags[k] = WINDOW_OUT_OF_STOCK;
    }
    cr_expect_eq(ratio(12), 1);
    for (int k = WIDTH - 10; k < WIDTH; k++) {
        flags[k] = 0;
    }
    cr_expect_lt(ratio(12), 0.5f); /* in stock and sold nothing: it is */
}

Test(shift, little_history_says_nothing)
{
    sell(12, 2, 7);
    for (int k = 0; k < WIDTH - 14; k++) {
        flags[k] = WINDOW_ABSENT;
    }
    cr_expect_eq(ratio(14), 1);
    cr_expect_eq(ratio(0), 1);
    struct shift_source none = {
        .units = units, .flags = flags, .factor = factor, .count = 0, .level = 5, .spread = 2};
    cr_expect_eq(shift_ratio(&none), 1);
}
