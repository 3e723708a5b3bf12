#include "stream/panel_season.h"

#include "config/base/ensure.h"

#include <math.h>
#include <stdlib.h>

enum { WEEKS = PANEL_SEASON_WEEKS };

/* Chosen on the development windows of one game before its last one: less drawn to the panel, a
 * series' own course is noise; more, and what sells at Christmas alone is missed. */
static const double PRIOR_UNITS = 800;
static const double FACTOR_LEAST = 0.1;

struct course {
    double sold[WEEKS], usual[WEEKS]; /* sums over the years, by week of the year */
};

/* Every week against the mean of the 52 around it. */
static void add_weeks(struct course *course, const double *units, int64_t count, int64_t first,
                      const struct buckets *buckets)
{
    double year = 0;
    int64_t from = 0;
    for (int64_t t = 0; t < WEEKS; t++) {
        year += units[t];
    }
    for (int64_t t = 0; t < count; t++) {
        int64_t wanted = t - WEEKS / 2;
        wanted = wanted < 0 ? 0 : wanted > count - WEEKS ? count - WEEKS : wanted;
        for (; from < wanted; from++) {
            year += units[from + WEEKS] - units[from];
        }
        int32_t phase = bucket_phase(buckets, first + t) % WEEKS;
        course->sold[phase] += units[t];
        course->usual[phase] += year / WEEKS;
    }
}

/* Sums of a week and, at half weight, its neighbours. */
static void smooth(const struct course *course, struct course *out)
{
    for (int p = 0; p < WEEKS; p++) {
        int before = (p + WEEKS - 1) % WEEKS, after = (p + 1) % WEEKS;
        out->sold[p] = course->sold[p] + 0.5 * (course->sold[before] + course->sold[after]);
        out->usual[p] = course->usual[p] + 0.5 * (course->usual[before] + course->usual[after]);
    }
}

static void of_panel(const struct panel *panel, const struct buckets *buckets, double *factor)
{
    int64_t count = panel->last - panel->first + 1;
    double *units = calloc((size_t)count, sizeof *units);
    ASSERT(units && "out of memory for a season");
    for (size_t i = 0; i < panel->count; i++) {
        const struct panel_series *series = panel->series + i;
        for (size_t at = 0; at < series->count; at++) {
            units[series->first - panel->first + (int64_t)at] += (double)series->units[at];
        }
    }
    struct course course = {0}, even;
    add_weeks(&course, units, count, panel->first, buckets);
    smooth(&course, &even);
    double sum = 0;
    for (int p = 0; p < WEEKS; p++) {
        factor[p] = even.usual[p] > 0 ? even.sold[p] / even.usual[p] : 1;
        sum += factor[p];
    }
    for (int p = 0; p < WEEKS; p++) {
        factor[p] = sum > 0 ? factor[p] * WEEKS / sum : 1;
    }
    free(units);
}

static void of_series(const struct panel_series *series, const struct buckets *buckets,
                      const double *panel, float *out)
{
    struct course course = {0}, even = {0};
    int64_t count = (int64_t)series->count;
    if (count >= PANEL_SEASON_LEAST) {
        double *units = calloc(series->count, sizeof *units);
        ASSERT(units && "out of memory for a season");
        for (int64_t t = 0; t < count; t++) {
            units[t] = (double)series->units[t];
        }
        add_weeks(&course, units, count, series->first, buckets);
        smooth(&course, &even);
        free(units);
    }
    for (int p = 0; p < WEEKS; p++) {
        double factor = (even.sold[p] + PRIOR_UNITS * panel[p]) / (even.usual[p] + PRIOR_UNITS);
        out[p] = (float)fmax(factor, FACTOR_LEAST);
    }
}

void panel_season_init(struct panel_season *season, const struct panel *panel,
                       const struct buckets *buckets)
{
    *season = (struct panel_season){0};
    if (panel->count == 0 || panel->last - panel->first + 1 < PANEL_SEASON_LEAST) {
        return;
    }
    double factor[WEEKS];
    of_panel(panel, buckets, factor);
    season->factor = calloc(panel->count * WEEKS, sizeof *season->factor);
    ASSERT(season->factor && "out of memory for a season");
    for (size_t i = 0; i < panel->count; i++) {
        of_series(panel->series + i, buckets, factor, season->factor + i * WEEKS);
    }
}

void panel_season_fini(struct panel_season *season)
{
    free(season->factor);
    *season = (struct panel_season){0};
}
