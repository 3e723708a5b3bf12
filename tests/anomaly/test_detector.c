#include "anomaly/detector.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

#define STEP_MS 300000 /* 5 minutes */

/* A daily wave with noise. */
static double usual(struct rng *rng, int row)
{
    return 50 + 20 * sin(2 * 3.14159265 * (row % 288) / 288.0) + 2 * rng_normal(rng);
}

static int alarms(struct detector *detector, struct rng *rng, int from, int to)
{
    int count = 0;
    for (int row = from; row < to; row++) {
        count +=
            detector_score(detector, (int64_t)row * STEP_MS, usual(rng, row)) >= DETECTOR_ALARM;
    }
    return count;
}

Test(detector, ordinary_rows_keep_to_the_budget)
{
    int count = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct detector *detector = detector_create();
        struct rng rng;
        rng_init(&rng, seed);
        alarms(detector, &rng, 0, 1000);
        count += alarms(detector, &rng, 1000, 11000);
        detector_destroy(detector);
    }
    cr_assert(count <= 100, "%d alarms in 100,000 rows, 50 are allowed",
              count); /* [0.5, 2] of the budget, upper side */
}

static double most_at(double value_at, int row_at, int rows)
{
    struct detector *detector = detector_create();
    struct rng rng;
    rng_init(&rng, 42);
    alarms(detector, &rng, 0, row_at);
    double most = 0;
    for (int row = row_at; row < row_at + rows; row++) {
        most = fmax(most, detector_score(detector, (int64_t)row * STEP_MS, value_at));
    }
    detector_destroy(detector);
    return most;
}

Test(detector, finds_a_value_outside_of_the_range_at_once)
{
    cr_assert(most_at(130, 3000, 1) >= DETECTOR_ALARM);
}

Test(detector, finds_a_usual_value_at_an_unusual_time)
{
    cr_assert(most_at(70, 288 * 12 + 216, 12) >=
              DETECTOR_ALARM); /* the top of the wave where the bottom belongs */
}

Test(detector, tells_an_incident_once)
{
    struct detector *detector = detector_create();
    struct rng rng;
    rng_init(&rng, 43);
    alarms(detector, &rng, 0, 3000);
    int count = 0;
    for (int row = 3000; row < 3050; row++) {
        count += detector_score(detector, (int64_t)row * STEP_MS, 130) >= DETECTOR_ALARM;
    }
    cr_assert(count >= 1 && count <= 3, "%d", count);
    detector_destroy(detector);
}

Test(detector, scale_and_offset_hardly_matter)
{
    struct detector *a = detector_create(), *b = detector_create();
    struct rng rng;
    rng_init(&rng, 44);
    for (int row = 0; row < 4000; row++) {
        double value = row == 3500 ? 140 : usual(&rng, row);
        double first = detector_score(a, (int64_t)row * STEP_MS, value);
        double second =
            detector_score(b, (int64_t)row * STEP_MS, value * 1024); /* exact in binary */
        cr_assert_float_eq(first, second, 1e-6, "row %d: %g and %g", row, first, second);
    }
    detector_destroy(a);
    detector_destroy(b);
}

Test(detector, odd_input_is_survived)
{
    struct detector *detector = detector_create();
    const double values[] = {NAN, INFINITY, -INFINITY, 1e308,  -1e308, 0,
                             0,   0,        1e149,     -1e149, 5e-324};
    for (int row = 0; row < 5000; row++) {
        double score =
            detector_score(detector, row % 3 ? INT64_MIN / 2 + row : -row, values[row % 11]);
        cr_assert(score >= 0 && score <= 1, "%g", score);
    }
    cr_assert_eq(detector_score(detector, 0, NAN), 0);
    detector_destroy(detector);
}

Test(detector, a_constant_series_is_silent)
{
    struct detector *detector = detector_create();
    for (int row = 0; row < 5000; row++) {
        cr_assert_eq(detector_score(detector, (int64_t)row * STEP_MS, 45) >= DETECTOR_ALARM, 0);
    }
    detector_destroy(detector);
}
