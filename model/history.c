#include "model/history.h"

#include "config/base/window.h"
#include "model/features.h"
#include "model/forecaster_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 256, WIDTH = HISTORY_WIDTH, ROW_KNOWN = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };

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
    float known[TILE * ROW_KNOWN];
};

void history_fini(struct history *history)
{
    free(history->units);
    free(history->flags);
    free(history->first);
    free(history->x);
    free(history->level);
    free(history->spread);
    free(history->usual);
    free(history->shop);
    free(history->known);
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
        float *row = history_units(history, i);
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
        uint8_t *flags = history_flags(history, i);
        const float *units = history_units(history, i);
        uint32_t t = 0;
        while (t < history->buckets && ((flags[t] & WINDOW_ABSENT) || !(units[t] > 0))) {
            flags[t++] |= WINDOW_ABSENT;
        }
        history->first[i] = t;
    }
}

static void copy_cells(struct history *history, const struct pretrain_panel *panel)
{
    const size_t ahead = (size_t)panel->buckets + WINDOW_AHEAD, buckets = panel->buckets;
    memset(history->flags, WINDOW_ABSENT, (size_t)panel->series * (WIDTH - 1 + buckets));
    for (uint32_t i = 0; i < panel->series; i++) {
        memcpy(history_units(history, i), panel->units + i * buckets, buckets * sizeof(float));
        memcpy(history_flags(history, i), panel->flags + i * buckets, buckets);
        float *known = history->known + i * ahead * WINDOW_KNOWN;
        for (size_t k = 0; history->known && k < ahead * WINDOW_KNOWN; k++) {
            known[k] =
                k < buckets * WINDOW_KNOWN ? panel->known[i * buckets * WINDOW_KNOWN + k] : NAN;
        }
    }
}

static struct status *allocate(struct history *history, const struct pretrain_panel *panel)
{
    size_t cells = (size_t)panel->series * panel->buckets;
    size_t padded = cells + (size_t)panel->series * (WIDTH - 1);
    size_t known = (cells + (size_t)panel->series * WINDOW_AHEAD) * WINDOW_KNOWN;
    *history = (struct history){.series = panel->series,
                                .buckets = panel->buckets,
                                .phase = panel->phase,
                                .season = panel->season};
    history->units = calloc(padded, sizeof(float));
    history->flags = malloc(padded);
    history->known = panel->known ? malloc(known * sizeof(float)) : NULL;
    history->first = calloc(panel->series, sizeof(uint32_t));
    history->x = calloc(cells * NET_INPUTS, sizeof(float));
    history->level = calloc(cells, sizeof(float));
    history->spread = calloc(cells, sizeof(float));
    history->usual = calloc(cells, sizeof(float));
    history->shop = calloc(panel->buckets, sizeof *history->shop);
    if (!history->units || !history->flags || (panel->known && !history->known) ||
        !history->first || !history->x || !history->level || !history->spread || !history->usual ||
        !history->shop) {
        history_fini(history);
        return status_new(STATUS_NO_MEMORY,
                          "out of memory for %zu cells of history: pre-train on fewer series",
                          cells);
    }
    copy_cells(history, panel);
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
        uint32_t first = history->first[begin + i];
        run->age[i] = t >= first ? t - first + 1 : 0;
        memcpy(run->units + i * WIDTH, history_units(history, begin + i) + t - (WIDTH - 1),
               WIDTH * sizeof(float));
        memcpy(run->flags + i * WIDTH, history_flags(history, begin + i) + t - (WIDTH - 1), WIDTH);
        if (history->known) {
            const float *known =
                history->known +
                ((size_t)(begin + i) * (history->buckets + WINDOW_AHEAD) + t) * WINDOW_KNOWN;
            memcpy(run->known + i * ROW_KNOWN, known, ROW_KNOWN * sizeof(float));
        }
    }
}

static void record(struct runner *run, struct history *history, uint32_t tile,
                   const struct window *window, uint32_t t)
{
    const struct forecaster *fc = run->fc;
    for (uint32_t i = 0; i < window->series; i++) {
        if (!window->age[i]) {
            continue;
        }
        size_t at = (size_t)t * history->series + tile * TILE + i;
        struct feature_source source = {.window = window,
                                        .i = i,
                                        .level = fc->level[i],
                                        .slow = fc->slow[i],
                                        .spread = fc->spread[i],
                                        .factor = forecaster_now(fc, &run->cols[tile], window, i),
                                        .usual = run->cols[tile].usual_price[i],
                                        .shop = fc->shop};
        history->level[at] = fc->level[i];
        history->spread[at] = fc->spread[i];
        history->usual[at] = source.usual;
        features_make(&source, history->x + at * NET_INPUTS);
    }
}

static void record_shop(const struct forecaster *fc, struct history_shop *shop)
{
    shop->phases = fc->phases;
    shop->effects = fc->effects;
    memcpy(shop->year, fc->year, sizeof shop->year);
}

void history_look(const struct history *history, uint32_t i, uint32_t t, bool hidden,
                  struct prospect *prospect)
{
    const struct history_shop *shop = &history->shop[t];
    size_t at = (size_t)t * history->series + i;
    const float *known =
        history->known
            ? history->known + ((size_t)i * (history->buckets + WINDOW_AHEAD) + t) * WINDOW_KNOWN
            : NULL;
    struct window window = {.series = 1,
                            .width = WIDTH,
                            .bucket = t,
                            .phase = (int32_t)((uint32_t)history->phase + t) % history->season,
                            .season = history->season,
                            .units = history_units(history, i) + t - (WIDTH - 1),
                            .flags = history_flags(history, i) + t - (WIDTH - 1),
                            .known = hidden ? NULL : known};
    struct prospect_source source = {.window = &window,
                                     .phases = &shop->phases,
                                     .effects = &shop->effects,
                                     .annual = shop->year,
                                     .usual = history->usual[at],
                                     .level = history->level[at],
                                     .spread = history->spread[at]};
    prospect_make(&source, net_lengths[NET_LENGTHS - 1], prospect);
}

static double total_of(const struct history *history, uint32_t t)
{
    double total = 0;
    for (uint32_t i = 0; i < history->series; i++) {
        total += (double)history_units(history, i)[t];
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
        record_shop(run->fc, &history->shop[t]);
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
                                    .age = run->age,
                                    .known = history->known ? run->known : NULL};
            forecaster_learn(run->fc, &run->cols[tile], &window);
            record(run, history, tile, &window, t);
        }
    }
    runner_fini(run);
    return NULL;
}
