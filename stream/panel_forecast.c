#include "stream/panel_forecast.h"

#include "config/base/ensure.h"

#include "stream/panel_season.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 256, DAYS_WIDTH = 84, WEEKS_WIDTH = 104 };
static const int64_t DAY_MS = 86400000, WEEK_MS = 7 * 86400000;

/* Weeks: chosen on the development windows of one game; a week is a wilder bucket than a day, so
 * less of one is believed. Days: the rate that would have served the last weeks best, tried on some
 * of the series; shops differ (a fast one with weeks of history, a slow one with years). */
static const double WEEKS_RATE = 0.085, WEEKS_WINSOR = 3, DAYS_WINSOR = 10;
static const double DAYS_RATES[] = {0.02, 0.035, 0.06, 0.1};
enum {
    RATES = sizeof DAYS_RATES / sizeof DAYS_RATES[0],
    TRIAL_SERIES = 256,
    TRIAL_ORIGINS = 5,
    TRIAL_STEP = 7,
    TRIAL_LEAST = 28,
    TRIAL_DAYS = 300
};
static const double TRIAL_NEARLY = 1.01;

struct outcome { /* where the answers go */
    struct demand_curve *curves; /* [series] */
    uint8_t *classes; /* [series]; NULL: not asked for */
    struct trial *trial; /* NULL: forecast at the end only */
};

struct replay {
    const struct panel *panel;
    const struct outcome *out;
    struct buckets buckets;
    bool weekly;
    uint32_t width, tiles;
    int32_t season;
    struct forecaster *fc;
    struct forecaster_cols *cols; /* [tiles] */
    unsigned char **blocks; /* [tiles] */
    float *units; /* [TILE, width] */
    uint8_t *flags; /* [TILE, width] */
    uint32_t *age; /* [TILE] */
    uint8_t *want; /* [TILE] */
    double *totals; /* [buckets of the panel], for the phase factors */
    struct panel_season season_of; /* weeks: units are what they would be in a usual week */
    float *demand; /* the cells of all series, stock-outs filled in as they come */
    size_t *start; /* [series] of its cells */
};

static void replay_fini(struct replay *replay)
{
    for (uint32_t t = 0; replay->blocks && t < replay->tiles; t++) {
        free(replay->blocks[t]);
    }
    forecaster_destroy(replay->fc);
    free(replay->cols);
    free(replay->blocks);
    free(replay->units);
    free(replay->flags);
    free(replay->age);
    free(replay->want);
    free(replay->totals);
    panel_season_fini(&replay->season_of);
    free(replay->demand);
    free(replay->start);
}

static struct forecaster_options options_for(const struct forecaster_options *given, bool weekly,
                                             double rate)
{
    static const int64_t DAYS[] = {2, 3, 5, 7, 10, 14, 21, 28, 42}, WEEKS[] = {2, 3, 4, 6, 8};
    struct forecaster_options options = *given;
    options.rate = rate;
    options.winsor = weekly ? WEEKS_WINSOR : DAYS_WINSOR;
    options.conformal =
        false; /* learned over a few closes of few series it widens more than it mends */
    options.sums.count = weekly ? sizeof WEEKS / sizeof WEEKS[0] : sizeof DAYS / sizeof DAYS[0];
    memcpy(options.sums.values, weekly ? WEEKS : DAYS, options.sums.count * sizeof(int64_t));
    return options;
}

/* Where bucket b of the panel lies in a series; false outside. */
static bool cell_of(const struct replay *replay, size_t i, int64_t b, size_t *cell)
{
    const struct panel_series *series = replay->panel->series + i;
    int64_t at = replay->panel->first + b - series->first;
    if (at < 0 || at >= (int64_t)series->count) {
        return false;
    }
    *cell = replay->start[i] + (size_t)at;
    return true;
}

/* The shop's totals for the phase factors of days; weeks have their season taken out before. */
static void make_totals(struct replay *replay, int64_t count)
{
    for (int64_t b = 0; b < count && replay->weekly; b++) {
        replay->totals[b] = 1;
    }
    for (size_t i = 0; i < replay->panel->count && !replay->weekly; i++) {
        const struct panel_series *series = replay->panel->series + i;
        for (size_t at = 0; at < series->count; at++) {
            replay->totals[series->first - replay->panel->first + (int64_t)at] +=
                (double)series->units[at];
        }
    }
    if (replay->weekly) {
        panel_season_init(&replay->season_of, replay->panel, &replay->buckets);
    }
}

static void allocate(struct replay *replay, const struct forecaster_options *options, int64_t count)
{
    size_t cells = 0, series = replay->panel->count;
    replay->start = calloc(series + 1, sizeof *replay->start);
    ASSERT(replay->start && "out of memory for a panel");
    for (size_t i = 0; i < series; i++) {
        replay->start[i] = cells;
        cells += replay->panel->series[i].count;
    }
    replay->demand = calloc(cells + 1, sizeof *replay->demand);
    replay->totals = calloc((size_t)count, sizeof *replay->totals);
    replay->tiles = (uint32_t)((series + TILE - 1) / TILE);
    replay->cols = calloc(replay->tiles + 1, sizeof *replay->cols);
    replay->blocks = calloc(replay->tiles + 1, sizeof *replay->blocks);
    replay->units = calloc((size_t)TILE * replay->width, sizeof *replay->units);
    replay->flags = calloc((size_t)TILE * replay->width, sizeof *replay->flags);
    replay->age = calloc(TILE, sizeof *replay->age);
    replay->want = calloc(TILE, sizeof *replay->want);
    replay->fc = forecaster_create(options, TILE, replay->width);
    ASSERT(replay->demand && replay->totals && replay->cols && replay->blocks && replay->units &&
           replay->flags && replay->age && replay->want && replay->fc &&
           "out of memory for a panel");
    size_t bytes = (column_table_bytes(&forecaster_column_table, TILE) + 63) / 64 * 64;
    for (uint32_t t = 0; t < replay->tiles; t++) {
        replay->blocks[t] = aligned_alloc(64, bytes);
        ASSERT(replay->blocks[t] && "out of memory for a panel");
        memset(replay->blocks[t], 0, bytes);
        column_bind(&forecaster_column_table, TILE, replay->blocks[t], replay->cols + t);
    }
    memset(replay->want, FORECAST_SUMS, TILE);
}

static void fill_demand(struct replay *replay, size_t i, uint32_t tile, uint32_t row, int64_t b)
{
    size_t cell;
    if (!cell_of(replay, i, b, &cell)) {
        return;
    }
    const struct panel_series *series = replay->panel->series + i;
    size_t at = cell - replay->start[i];
    int32_t phase = bucket_phase(&replay->buckets, replay->panel->first + b);
    float usual = panel_season_at(&replay->season_of, i, phase);
    float sold = (float)series->units[at] / usual, expected = replay->cols[tile].next_mean[row];
    replay->demand[cell] = series->censored[at] && expected > sold ? expected : sold;
}

static void gather_row(struct replay *replay, size_t i, uint32_t row, int64_t b)
{
    const struct panel_series *series = replay->panel->series + i;
    float *units = replay->units + (size_t)row * replay->width;
    uint8_t *flags = replay->flags + (size_t)row * replay->width;
    int64_t newest = replay->panel->first + b - series->first;
    for (uint32_t w = 0; w < replay->width; w++) {
        int64_t at = newest - (int64_t)(replay->width - 1 - w);
        bool there = at >= 0 && at < (int64_t)series->count;
        units[w] = there ? replay->demand[replay->start[i] + (size_t)at] : 0;
        flags[w] = there ? 0 : WINDOW_ABSENT;
    }
    replay->age[row] = newest >= 0 ? (uint32_t)newest + 1 : 0;
}

static struct window close_tile(struct replay *replay, uint32_t tile, int64_t b)
{
    size_t first = (size_t)tile * TILE, left = replay->panel->count - first;
    uint32_t count = left < TILE ? (uint32_t)left : TILE;
    for (uint32_t row = 0; row < count; row++) {
        fill_demand(replay, first + row, tile, row, b);
        gather_row(replay, first + row, row, b);
    }
    int64_t bucket = replay->panel->first + b;
    struct window window = {.series = count,
                            .width = replay->width,
                            .bucket = bucket,
                            .phase = bucket_phase(&replay->buckets, bucket),
                            .season = replay->season,
                            .units = replay->units,
                            .flags = replay->flags,
                            .age = replay->age};
    forecaster_learn(replay->fc, replay->cols + tile, &window);
    return window;
}

/* Totals of usual weeks become totals of the weeks that come. */
static void put_season(const struct replay *replay, size_t i, int64_t bucket,
                       struct demand_curve *curve)
{
    for (uint32_t row = 0; row < curve->rows; row++) {
        double sum = 0;
        for (int64_t n = 1; n <= (int64_t)curve->length[row]; n++) {
            int32_t phase = bucket_phase(&replay->buckets, bucket + n);
            sum += (double)panel_season_at(&replay->season_of, i, phase);
        }
        double factor = sum / curve->length[row];
        curve->mean[row] *= factor;
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            curve->quantiles[row][k] *= factor;
        }
    }
}

static void take_curves(struct replay *replay, uint32_t tile, const struct window *window)
{
    struct demand_curve *curves = replay->out->curves;
    struct forecast_block block;
    forecaster_predict(replay->fc, replay->cols + tile, window, replay->want, &block);
    float lengths[FORECAST_SUMS_MAX + 1];
    for (uint32_t s = 0; s < block.sums; s++) {
        lengths[s] = block.sum_length[s];
    }
    for (uint32_t row = 0; row < window->series; row++) {
        size_t at = (size_t)row * block.sums;
        demand_curve_init(curves + (size_t)tile * TILE + row, forecast_levels, block.sums, lengths,
                          block.sum_mean + at, block.sum_q + at * FORECAST_LEVELS);
        size_t i = (size_t)tile * TILE + row;
        if (replay->weekly) {
            put_season(replay, i, window->bucket, curves + i);
        }
        if (replay->out->classes) {
            replay->out->classes[i] = replay->cols[tile].demand_class[row];
        }
    }
}

/* Pinball loss of totals of one and two weeks after bucket b, in mean demands of the series; what
 * was not fully in stock is left out. */
static void score_series(const struct replay *replay, size_t i, int64_t b,
                         const struct demand_curve *curve, double *loss, double *count)
{
    static const double LEVELS[] = {0.5, 0.8, 0.95};
    const struct panel_series *series = replay->panel->series + i;
    int64_t at = replay->panel->first + b + 1 - series->first;
    double sum = 0, usual = 0;
    for (int64_t t = 0; t < at && t < (int64_t)series->count; t++) {
        usual += (double)series->units[t];
    }
    for (int64_t step = 0; step < 14 && at + step < (int64_t)series->count && at > 0; step++) {
        if (series->censored[at + step]) {
            return;
        }
        sum += (double)series->units[at + step];
        if (usual > 0 && (step == 6 || step == 13)) {
            struct demand total;
            demand_at(curve, (double)step + 1, &total);
            for (int k = 0; k < 3; k++) {
                double off = sum - demand_quantile(&total, LEVELS[k]);
                *loss += (off > 0 ? LEVELS[k] * off : (LEVELS[k] - 1) * off) * (double)at /
                         (usual * ((double)step + 1));
                *count += 1;
            }
        }
    }
}

struct trial {
    int64_t first; /* origins: first, first + TRIAL_STEP ... before the end */
    double loss, count;
};

static void try_origin(struct replay *replay, uint32_t tile, int64_t b, const struct window *window)
{
    struct trial *trial = replay->out->trial;
    const struct demand_curve *curves = replay->out->curves;
    take_curves(replay, tile, window);
    for (uint32_t row = 0; row < window->series; row++) {
        size_t i = (size_t)tile * TILE + row;
        score_series(replay, i, b, curves + i, &trial->loss, &trial->count);
    }
}

static struct status *play(struct replay *replay, int64_t count, const struct panel_watch *watch)
{
    const struct trial *trial = replay->out->trial;
    for (int64_t b = 0; b < count; b++) {
        int64_t bucket = replay->panel->first + b;
        forecaster_begin_close(replay->fc, bucket, bucket_phase(&replay->buckets, bucket),
                               replay->season, replay->totals[b]);
        for (uint32_t tile = 0; tile < replay->tiles; tile++) {
            struct window window = close_tile(replay, tile, b);
            if (trial && b >= trial->first && (b - trial->first) % TRIAL_STEP == 0) {
                try_origin(replay, tile, b, &window);
            } else if (!trial && b + 1 == count) {
                take_curves(replay, tile, &window);
            }
        }
        if (watch && watch->progress &&
            !watch->progress(watch->context, (double)(b + 1) / (double)count)) {
            return status_new(STATUS_STOPPED, "forecast a panel: stopped");
        }
    }
    return NULL;
}

static struct status *replay_panel(const struct panel *panel, const struct zone *zone,
                                   const struct forecaster_options *options,
                                   const struct panel_watch *watch, const struct outcome *out)
{
    struct replay replay = {.panel = panel, .out = out, .weekly = panel->bucket_ms == WEEK_MS};
    TRY(bucket_init(&replay.buckets, panel->bucket_ms, zone));
    replay.width = replay.weekly ? WEEKS_WIDTH : DAYS_WIDTH;
    replay.season = replay.weekly ? 52 : 7;
    int64_t count = panel->count ? panel->last - panel->first + 1 : 0;
    struct status *st = forecaster_check(options, replay.width);
    if (!st && count > 0) {
        allocate(&replay, options, count);
        make_totals(&replay, count);
        st = play(&replay, count, watch);
    }
    replay_fini(&replay);
    return st;
}

/* Every so many-th series, of its last TRIAL_DAYS. The series borrow the panel's cells. */
static struct panel sample_of(const struct panel *panel)
{
    size_t step = (panel->count + TRIAL_SERIES - 1) / TRIAL_SERIES;
    struct panel some = *panel;
    int64_t first = panel->last + 1 - TRIAL_DAYS;
    some.first = panel->first > first ? panel->first : first;
    some.count = 0;
    some.series = calloc(panel->count / step + 1, sizeof *some.series);
    ASSERT(some.series && "out of memory for a panel");
    for (size_t i = 0; i < panel->count; i += step) {
        struct panel_series series = panel->series[i];
        int64_t drop = some.first - series.first;
        if (drop >= (int64_t)series.count) {
            continue; /* ended before */
        }
        if (drop > 0) {
            series.units += drop;
            series.censored += drop;
            series.count -= (size_t)drop;
            series.first = some.first;
        }
        some.series[some.count++] = series;
    }
    return some;
}

/* The slowest rate that served the last origins nearly best: orders that follow every whim of
 * demand cost more than they gain. */
static struct status *choose_rate(const struct panel *panel, const struct zone *zone,
                                  const struct forecaster_options *options,
                                  const struct panel_watch *watch, double *rate)
{
    struct panel some = sample_of(panel);
    int64_t count = some.last - some.first + 1;
    int64_t first = count - 1 - TRIAL_STEP * TRIAL_ORIGINS;
    first = first < TRIAL_LEAST ? TRIAL_LEAST : first;
    struct demand_curve *curves = calloc(some.count + 1, sizeof *curves);
    ASSERT(curves && "out of memory for a panel");
    struct status *st = NULL;
    double loss[RATES], least = INFINITY;
    for (size_t k = 0; k < RATES && !st; k++) {
        struct forecaster_options used = options_for(options, false, DAYS_RATES[k]);
        struct trial trial = {.first = first};
        st = replay_panel(&some, zone, &used, watch, &(struct outcome){curves, NULL, &trial});
        loss[k] = trial.count > 0 ? trial.loss / trial.count : 0;
        least = fmin(least, loss[k]);
    }
    *rate = options->rate;
    for (size_t k = RATES; k-- > 0 && !st;) {
        *rate = loss[k] <= TRIAL_NEARLY * least ? DAYS_RATES[k] : *rate;
    }
    free(some.series);
    free(curves);
    return st;
}

struct status *panel_forecast(const struct panel *panel, const struct zone *zone,
                              const struct forecaster_options *options,
                              const struct panel_watch *watch, struct demand_curve *curves,
                              uint8_t *classes)
{
    if (panel->bucket_ms != DAY_MS && panel->bucket_ms != WEEK_MS) {
        return status_new(
            STATUS_CONFIG,
            "forecast a panel for orders: its buckets are %lld ms long; give days or weeks",
            (long long)panel->bucket_ms);
    }
    bool weekly = panel->bucket_ms == WEEK_MS;
    double rate = WEEKS_RATE;
    if (!weekly && panel->count) {
        TRY(choose_rate(panel, zone, options, watch, &rate));
    }
    struct forecaster_options used = options_for(options, weekly, rate);
    return replay_panel(panel, zone, &used, watch, &(struct outcome){curves, classes, NULL});
}
