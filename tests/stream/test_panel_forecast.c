#include "stream/panel_forecast.h"

#include "config/base/rng.h"
#include "config/base/zone.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { DAYS = 200, SERIES = 30 };

struct world {
    struct zone *zone;
    struct panel panel;
    struct panel_series series[SERIES];
    int64_t units[SERIES][DAYS];
    uint8_t censored[SERIES][DAYS];
    struct demand_curve curves[SERIES];
};

static const struct forecaster_options OPTIONS = {.horizon = 7, .rate = 0.04, .winsor = 10};

static struct world *world_of(int64_t bucket_ms, double rate)
{
    struct world *world = calloc(1, sizeof *world);
    cr_assert_null(zone_open("UTC", &world->zone));
    struct rng rng;
    rng_init(&rng, 17);
    for (int i = 0; i < SERIES; i++) {
        for (int day = 0; day < DAYS; day++) {
            world->units[i][day] = (int64_t)rng_poisson(&rng, rate);
        }
        world->series[i] = (struct panel_series){.name = slice_of("s"),
                                                 .first = 1000,
                                                 .count = DAYS,
                                                 .units = world->units[i],
                                                 .censored = world->censored[i]};
    }
    world->panel = (struct panel){.count = SERIES,
                                  .series = world->series,
                                  .first = 1000,
                                  .last = 1000 + DAYS - 1,
                                  .bucket_ms = bucket_ms,
                                  .unit = 1};
    return world;
}

static void world_free(struct world *world)
{
    zone_close(world->zone);
    free(world);
}

static double mean_of(const struct world *world, double slots)
{
    double sum = 0;
    for (int i = 0; i < SERIES; i++) {
        sum += demand_mean(world->curves + i, slots);
    }
    return sum / SERIES;
}

Test(panel_forecast, finds_the_rate_of_days_and_weeks)
{
    const int64_t buckets[] = {86400000, 7 * 86400000};
    for (int k = 0; k < 2; k++) {
        struct world *world = world_of(buckets[k], 6);
        cr_assert_null(panel_forecast(&world->panel, world->zone, &OPTIONS,
                                      &(struct panel_watch){0}, world->curves, NULL));
        cr_assert_float_eq(mean_of(world, 1), 6, 0.6, "%g", mean_of(world, 1));
        cr_assert_float_eq(mean_of(world, 8), 48, 4.8, "%g", mean_of(world, 8));
        struct demand total;
        demand_at(world->curves, 8, &total);
        cr_assert(demand_quantile(&total, 0.9) > demand_quantile(&total, 0.5) + 3);
        world_free(world);
    }
}

/* A shop that runs dry on its best days must not learn that it has no best days. */
Test(panel_forecast, days_that_ran_dry_do_not_pull_the_forecast_down)
{
    struct world *world = world_of(86400000, 6);
    for (int i = 0; i < SERIES; i++) {
        for (int day = 100; day < DAYS; day++) {
            if (day % 3 == 0) {
                world->units[i][day] = 1;
                world->censored[i][day] = 1;
            }
        }
    }
    cr_assert_null(panel_forecast(&world->panel, world->zone, &OPTIONS, &(struct panel_watch){0},
                                  world->curves, NULL));
    cr_assert_float_eq(mean_of(world, 1), 6, 0.7, "%g", mean_of(world, 1));
    world_free(world);
}

static bool no_more(void *context, double share)
{
    (void)context;
    return share < 0.5;
}

Test(panel_forecast, stops_when_told_and_refuses_hours)
{
    struct world *world = world_of(86400000, 6);
    struct status *st = panel_forecast(&world->panel, world->zone, &OPTIONS,
                                       &(struct panel_watch){no_more, NULL}, world->curves, NULL);
    cr_assert_eq(status_code(st), STATUS_STOPPED);
    status_free(st);
    world->panel.bucket_ms = 3600000;
    st = panel_forecast(&world->panel, world->zone, &OPTIONS, &(struct panel_watch){0},
                        world->curves, NULL);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
    world->panel.bucket_ms = 86400000;
    world->panel.count = 0;
    cr_assert_null(panel_forecast(&world->panel, world->zone, &OPTIONS, &(struct panel_watch){0},
                                  world->curves, NULL));
    world_free(world);
}
