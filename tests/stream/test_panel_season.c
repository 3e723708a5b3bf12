#include "stream/panel_season.h"

#include "config/base/rng.h"
#include "config/base/zone.h"
#include "stream/panel_forecast.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { COUNT = 150, SERIES = 40 };
static const int64_t WEEK_MS = 7 * INT64_C(86400000), FIRST = 2600;

struct year {
    struct zone *zone;
    struct buckets buckets;
    struct panel panel;
    struct panel_series series[SERIES];
    int64_t units[SERIES][COUNT];
    uint8_t censored[COUNT];
};

static double course(const struct year *year, int64_t bucket)
{
    return 1 + 0.6 * sin(bucket_phase(&year->buckets, bucket) * 2 * 3.14159265 / 52);
}

static struct year *year_of(double rate, size_t count)
{
    struct year *year = calloc(1, sizeof *year);
    struct rng rng;
    rng_init(&rng, 3);
    cr_assert(!zone_open("UTC", &year->zone) && !bucket_init(&year->buckets, WEEK_MS, year->zone));
    for (int i = 0; i < SERIES; i++) {
        for (int64_t t = 0; t < COUNT; t++) {
            year->units[i][t] = (int64_t)rng_poisson(&rng, rate * course(year, FIRST + t));
        }
        year->series[i] = (struct panel_series){.name = slice_of("s"),
                                                .first = FIRST,
                                                .count = count,
                                                .units = year->units[i],
                                                .censored = year->censored};
    }
    year->panel = (struct panel){.count = SERIES,
                                 .series = year->series,
                                 .first = FIRST,
                                 .last = FIRST + (int64_t)count - 1,
                                 .bucket_ms = WEEK_MS,
                                 .unit = 1};
    return year;
}

static void year_free(struct year *year)
{
    zone_close(year->zone);
    free(year);
}

Test(panel_season, finds_the_course_of_a_year)
{
    struct year *year = year_of(20, COUNT);
    struct panel_season season;
    panel_season_init(&season, &year->panel, &year->buckets);
    for (int64_t t = 0; t < 52; t++) {
        int32_t phase = bucket_phase(&year->buckets, FIRST + t);
        double found = (double)panel_season_at(&season, 7, phase);
        cr_assert(fabs(found - course(year, FIRST + t)) < 0.12, "week %d: %g, expected %g",
                  (int)phase, found, course(year, FIRST + t));
    }
    panel_season_fini(&season);
    cr_expect_null(season.factor);
    year_free(year);
}

Test(panel_season, less_than_a_year_and_a_half_says_nothing)
{
    struct year *year = year_of(20, PANEL_SEASON_LEAST - 1);
    struct panel_season season;
    panel_season_init(&season, &year->panel, &year->buckets);
    cr_expect_null(season.factor);
    cr_expect_eq(panel_season_at(&season, 3, 17), 1);
    year->panel.count = 0;
    panel_season_init(&season, &year->panel, &year->buckets);
    cr_expect_null(season.factor);
    year_free(year);
}

/* A series that sells much has its own course, one that sells little the panel's. */
Test(panel_season, a_large_series_keeps_its_own_course)
{
    struct year *year = year_of(20, COUNT);
    for (int64_t t = 0; t < COUNT; t++) {
        year->units[0][t] = 4000;
        year->units[1][t] = t % 7 == 0;
    }
    struct panel_season season;
    panel_season_init(&season, &year->panel, &year->buckets);
    double large = 0, small = 0;
    for (int32_t p = 0; p < 52; p++) {
        large = fmax(large, (double)panel_season_at(&season, 0, p));
        small = fmax(
            small, fabs((double)(panel_season_at(&season, 1, p) - panel_season_at(&season, 2, p))));
    }
    cr_expect(large < 1.15, "%g", large);
    cr_expect(small < 0.1, "%g", small);
    panel_season_fini(&season);
    year_free(year);
}

/* The level of a season's peak must not be raised by the season once more. */
Test(panel_season, a_peak_is_not_counted_twice)
{
    static const struct forecaster_options OPTIONS = {.horizon = 4, .rate = 0.04, .winsor = 10};
    struct year *year = year_of(20, COUNT);
    struct demand_curve *curves = calloc(SERIES, sizeof *curves);
    for (int64_t end = 104; end < COUNT; end += 9) {
        for (int i = 0; i < SERIES; i++) {
            year->series[i].count = (size_t)end;
        }
        year->panel.last = FIRST + end - 1;
        cr_assert(!panel_forecast(&year->panel, year->zone, &OPTIONS, &(struct panel_watch){0},
                                  curves, NULL));
        double found = 0, expected = 0;
        for (int i = 0; i < SERIES; i++) {
            found += demand_mean(&curves[i], 4) / SERIES;
        }
        for (int64_t n = 0; n < 4; n++) {
            expected += 20 * course(year, FIRST + end + n);
        }
        cr_assert(fabs(found / expected - 1) < 0.12, "from week %d: %g, expected %g", (int)end,
                  found, expected);
    }
    free(curves);
    year_free(year);
}
