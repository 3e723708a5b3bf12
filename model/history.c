#include "model/history.h"

#include "config/base/window.h"
#include "model/features.h"
#include "model/forecaster_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 256, WIDTH = 84 };

static const double THIN_LEAST = 0.02, THIN_MOST = 0.6;
static const float PACKS[] = {3, 6, 12, 24};

struct runner { /* the forecaster over one panel */
    struct forecaster *fc;
    uint32_t tiles;
    unsigned char *blocks;
    struct forecaster_cols *cols;
    float units[TILE * WIDTH];
    uint8_t flags[TILE * WIDTH];
    uint32_t age[TILE];
};

void history_fini(struct history *history)
{
    free(history->units);
    free(history->flags);
    free(history->first);
    free(history->x);
    free(history->level);
    free(history->spread);
    free(history->ahead);
    memset(history, 0, sizeof *history);
}

static float thinned(struct rng *rng, float units, double share)
{
    if (units > 100) {
        double mean = (double)units * share, deviation = sqrt(mean * (1 - share));
        return (float)fmax(0, rint(mean + deviation * rng_normal(rng)));
    }
    float left = 0;
    for (float n = 0; n < units; n++) {
        left += rng_unit(rng) < share;
    }
    return left;
}

static void make_twin(struct history *history, struct rng *rng)
{
    for (uint32_t i = 0; i < history->series; i++) {
        float *row = history->units + (size_t)i * history->buckets;
        bool packs = rng_below(rng, 2);
        float pack = PACKS[rng_below(rng, sizeof PACKS / sizeof PACKS[0])];
        double share = THIN_LEAST * pow(THIN_MOST / THIN_LEAST, rng_unit(rng));
        for (uint32_t t = 0; t < history->buckets; t++) {
            row[t] = packs ? ceilf(row[t] / pack) : thinned(rng, row[t], share);
        }
    }
}

/* A twin may begin to sell later than its model. */
static void find_first(struct history *history)
{
    for (uint32_t i = 0; i < history->series; i++) {
        uint8_t *flags = history->flags + (size_t)i * history->buckets;
        const float *units = history->units + (size_t)i * history->buckets;
        uint32_t t = 0;
        while (t < history->buckets && ((flags[t] & WINDOW_ABSENT) || !(units[t] > 0))) {
            flags[t++] |= WINDOW_ABSENT;
        }
        history->first[i] = t;
    }
}

static struct status *allocate(struct history *history, const struct pretrain_panel *panel)
{
    size_t cells = (size_t)panel->series * panel->buckets;
    *history = (struct history){.series = panel->series, .buckets = panel->buckets};
    history->units = malloc(cells * sizeof(float));
    history->flags = malloc(cells);
    history->first = calloc(panel->series, sizeof(uint32_t));
    history->x = calloc(cells * NET_INPUTS, sizeof(float));
    history->level = calloc(cells, sizeof(float));
    history->spread = calloc(cells, sizeof(float));
    history->ahead = calloc((size_t)panel->buckets * NET_ROWS, sizeof(float));
    if (!history->units || !history->flags || !history->first || !history->x || !history->level ||
        !history->spread || !history->ahead) {
        history_fini(history);
        return status_new(STATUS_NO_MEMORY,
                          "out of memory for %zu cells of history: pre-train on fewer series",
                          cells);
    }
    memcpy(history->units, panel->units, cells * sizeof(float));
    memcpy(history->flags, panel->flags, cells);
    return NULL;
}

static void runner_fini(struct runner *run)
{
    forecaster_destroy(run->fc);
    free(run->blocks);
    free(run->cols);
    free(run);
}

static struct runner *runner_create(uint32_t series)
{
    struct forecaster_options options = {
        .horizon = 1, .sums = {.count = 1, .values = {7}}, .rate = 0.04, .winsor = 10};
    struct runner *run = calloc(1, sizeof *run);
    if (!run) {
        return NULL;
    }
    size_t bytes = column_table_bytes(&forecaster_column_table, TILE);
    run->tiles = (series + TILE - 1) / TILE;
    run->fc = forecaster_create(&options, TILE, WIDTH);
    run->cols = calloc(run->tiles, sizeof *run->cols);
    run->blocks = aligned_alloc(64, run->tiles * bytes);
    if (!run->fc || !run->cols || !run->blocks) {
        runner_fini(run);
        return NULL;
    }
    memset(run->blocks, 0, run->tiles * bytes);
    for (uint32_t tile = 0; tile < run->tiles; tile++) {
        column_bind(&forecaster_column_table, TILE, run->blocks + tile * bytes, &run->cols[tile]);
    }
    return run;
}

/* Fill the runner's window with rows begin .. begin + count - 1 after bucket t. */
static void gather(struct runner *run, const struct history *history, uint32_t begin,
                   uint32_t count, uint32_t t)
{
    for (uint32_t i = 0; i < count; i++) {
        const float *units = history->units + (size_t)(begin + i) * history->buckets;
        const uint8_t *flags = history->flags + (size_t)(begin + i) * history->buckets;
        uint32_t first = history->first[begin + i];
        run->age[i] = t >= first ? t - first + 1 : 0;
        for (uint32_t w = 0; w < WIDTH; w++) {
            bool there = t + w + 1 >= WIDTH;
            uint32_t at = there ? t + w + 1 - WIDTH : 0;
            run->units[i * WIDTH + w] = there ? units[at] : 0;
            run->flags[i * WIDTH + w] = there ? flags[at] : WINDOW_ABSENT;
        }
    }
}

static void record(struct runner *run, struct history *history, const struct window *window,
                   uint32_t begin, uint32_t t)
{
    for (uint32_t i = 0; i < window->series; i++) {
        if (!window->age[i]) {
            continue;
        }
        size_t at = (size_t)t * history->series + begin + i;
        struct feature_source source = {.window = window,
                                        .i = i,
                                        .level = run->fc->level[i],
                                        .spread = run->fc->spread[i],
                                        .factor = run->fc->phases.factor[window->phase],
                                        .shop = run->fc->shop};
        history->level[at] = run->fc->level[i];
        history->spread[at] = run->fc->spread[i];
        features_make(&source, history->x + at * NET_INPUTS);
    }
}

static void record_ahead(const struct forecaster *fc, float *ahead)
{
    for (uint32_t step = 1; step <= NET_STEPS; step++) {
        ahead[step - 1] = phase_ahead(&fc->phases, fc->phase, step);
    }
    for (uint32_t j = 0; j < NET_LENGTHS; j++) {
        for (uint32_t step = 1; step <= net_lengths[j]; step++) {
            ahead[NET_STEPS + j] += phase_ahead(&fc->phases, fc->phase, step);
        }
    }
}

static double total_of(const struct history *history, uint32_t t)
{
    double total = 0;
    for (uint32_t i = 0; i < history->series; i++) {
        total += (double)history->units[(size_t)i * history->buckets + t];
    }
    return total;
}

struct status *history_init(struct history *history, const struct pretrain_panel *panel,
                            struct rng *twin)
{
    TRY(allocate(history, panel));
    struct runner *run = runner_create(panel->series);
    if (!run) {
        history_fini(history);
        return status_new(STATUS_NO_MEMORY, "out of memory for the statistics of %u series",
                          panel->series);
    }
    if (twin) {
        make_twin(history, twin);
    }
    find_first(history);
    for (uint32_t t = 0; t < panel->buckets; t++) {
        int32_t phase = (int32_t)((uint32_t)panel->phase + t) % panel->season;
        forecaster_begin_close(run->fc, t, phase, panel->season, total_of(history, t));
        record_ahead(run->fc, history->ahead + (size_t)t * NET_ROWS);
        for (uint32_t tile = 0; tile < run->tiles; tile++) {
            uint32_t begin = tile * TILE, left = panel->series - begin,
                     count = left < TILE ? left : TILE;
            gather(run, history, begin, count, t);
            struct window window = {.series = count,
                                    .width = WIDTH,
                                    .bucket = t,
                                    .phase = phase,
                                    .season = panel->season,
                                    .units = run->units,
                                    .flags = run->flags,
                                    .age = run->age};
            forecaster_learn(run->fc, &run->cols[tile], &window);
            record(run, history, &window, begin, t);
        }
    }
    runner_fini(run);
    return NULL;
}
