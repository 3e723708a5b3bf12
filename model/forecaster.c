/* Learning and forecasting of one tile.
 *
 *     learn    newest column of the window
 *              -> probes that matured are scored (class pools, losses of the series)
 *              -> level, variance -> next_mean, next_variance -> a new probe where a slot is free
 *     predict  level, variance, window -> rows of quantiles of each expert
 *              -> average by weight -> correction -> ascending
 *
 * Cost: learn is a few vector loops plus one probe every four closes; predict is one row of
 * quantiles of each expert that counts for each sum and each step, sixteen rows side by side. */
#include "model/forecaster.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "model/experts.h"
#include "model/forecaster_parts.h"
#include "model/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float LIGHT = 0.04f; /* share below which an expert is left out of a forecast */
static const float SCORE_DISCOUNT = 0.97f; /* of a series' relative losses, per score */
static const uint8_t UNTRUSTED = EXPERTS_UNTRUSTED;

struct forecaster *forecaster_create(const struct forecaster_options *options, uint32_t tile_series,
                                     uint32_t width)
{
    ASSERT(options->horizon >= 1 && options->horizon <= FORECAST_HORIZON_MAX &&
           options->sums.count <= FORECAST_SUMS_MAX);
    ASSERT(width <= FORECAST_WIDTH_MAX);
    struct forecaster *fc = calloc(1, sizeof *fc);
    if (!fc) {
        return NULL;
    }
    fc->options = *options;
    fc->tile = tile_series;
    fc->width = width;
    fc->horizon = (uint32_t)options->horizon;
    fc->rows = 1 + (uint32_t)options->sums.count;
    fc->length[0] = 1;
    for (size_t s = 0; s < options->sums.count; s++) {
        fc->length[s + 1] = (uint16_t)options->sums.values[s];
    }
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (uint32_t s = 0; s < fc->rows; s++) {
            pool_init(&fc->pool[c][s]);
        }
    }
    for (uint32_t s = 0; s < fc->rows; s++) {
        fc->gru_row[s] = net_length_row(fc->length[s]);
    }
    ewma_init(&fc->ewma, options->rate, options->winsor);
    negbin_init(&fc->negbin);
    fc->proof = calloc(1, sizeof *fc->proof);
    size_t n = tile_series, steps = n * fc->horizon, sums = n * fc->rows;
    fc->units = calloc(n, sizeof *fc->units);
    fc->learn = calloc(n, sizeof *fc->learn);
    fc->level = calloc(n, sizeof *fc->level);
    fc->spread = calloc(n, sizeof *fc->spread);
    fc->slow = calloc(n, sizeof *fc->slow);
    fc->plain = calloc(n, sizeof *fc->plain);
    fc->factor = calloc(n, sizeof *fc->factor);
    fc->step_mean = calloc(steps, sizeof *fc->step_mean);
    fc->step_q = calloc(steps * FORECAST_LEVELS, sizeof *fc->step_q);
    fc->sum_mean = calloc(sums, sizeof *fc->sum_mean);
    fc->sum_q = calloc(sums * FORECAST_LEVELS, sizeof *fc->sum_q);
    fc->weights = calloc(n * FORECAST_EXPERTS, sizeof *fc->weights);
    fc->gru = options->base_ref ? gru_expert_create(options->base_ref, tile_series) : NULL;
    if ((options->base_ref && !fc->gru) || !fc->proof || !fc->units || !fc->learn || !fc->level ||
        !fc->spread || !fc->slow || !fc->plain || !fc->factor || !fc->step_mean || !fc->step_q ||
        !fc->sum_mean || !fc->sum_q || !fc->weights) {
        forecaster_destroy(fc);
        return NULL;
    }
    return fc;
}

void forecaster_destroy(struct forecaster *fc)
{
    if (!fc) {
        return;
    }
    free(fc->proof);
    free(fc->units);
    free(fc->learn);
    free(fc->level);
    free(fc->spread);
    free(fc->slow);
    free(fc->plain);
    free(fc->factor);
    free(fc->step_mean);
    free(fc->step_q);
    free(fc->sum_mean);
    free(fc->sum_q);
    free(fc->weights);
    gru_expert_destroy(fc->gru);
    free(fc);
}

uint64_t forecaster_faults(const struct forecaster *fc)
{
    return fc->faults;
}

void forecaster_begin_close(struct forecaster *fc, int64_t bucket, int32_t phase, int32_t season,
                            double total_units)
{
    if (fc->begun && fc->bucket == bucket) {
        return;
    }
    young_fold(&fc->young, &fc->young_tally);
    bulk_fold(&fc->bulk, &fc->bulk_tally);
    phase_mend(&fc->phases, fc->phase, known_fold(&fc->effects, &fc->known_tally));
    fc->begun = true;
    fc->bucket = bucket;
    fc->phase = phase;
    proof_fold(fc->proof);
    phase_add(&fc->phases, phase, season, (float)total_units);
    if (fc->phases.seen) {
        annual_add(&fc->annual, season == 7 ? (float)total_units : 0);
    }
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (uint32_t s = 0; s < fc->rows; s++) {
            pool_fold(&fc->pool[c][s], &fc->tally[c][s], fc->length[s]);
        }
    }
    forecaster_look_ahead(fc);
}

static void reset_series(struct forecaster_cols *cols, uint32_t tile, uint32_t i)
{
    cols->next_mean[i] = cols->next_variance[i] = cols->level[i] = cols->variance[i] = 0;
    cols->usual_price[i] = cols->slow[i] = 0;
    cols->observed[i] = 0;
    for (uint32_t e = 0; e < 2 * FORECAST_STATISTICAL; e++) {
        cols->loss[e * tile + i] = 0;
    }
    for (uint32_t side = 0; side < 2 && cols->gru_loss; side++) {
        cols->gru_loss[side * tile + i] = 0;
    }
    for (uint32_t slot = 0; slot < FORECASTER_PROBES; slot++) {
        cols->probe_target[slot * tile + i] = 0;
    }
    for (uint32_t j = 0; j < NET_HIDDEN && cols->gru_state; j++) {
        cols->gru_state[j * tile + i] = 0;
    }
}

/* Total of the newest `length` buckets; false where one of them is not to be trusted. */
static bool matured(const struct window *window, uint32_t i, uint32_t length, float *total)
{
    if (length > window->width) {
        return false;
    }
    size_t end = ((size_t)i + 1) * window->width;
    double sum = 0;
    for (size_t at = end - length; at < end; at++) {
        if (window->flags[at] & UNTRUSTED) {
            return false;
        }
        sum += (double)window->units[at];
    }
    *total = (float)sum;
    return true;
}

static int row_of(const struct forecaster *fc, uint32_t length)
{
    for (uint32_t s = 0; s < fc->rows; s++) {
        if (fc->length[s] == length) {
            return (int)s;
        }
    }
    return -1;
}

/* Relative losses of a series at single buckets (row 0) and at sums are told apart: an expert may
 * be good at one only. Without a network the third expert repeats nb, losses and all. */
static float *loss_at(const struct forecaster_cols *cols, uint32_t tile, uint32_t i, uint32_t s,
                      uint32_t e)
{
    if (e == FORECAST_GRU && cols->gru_loss) {
        return &cols->gru_loss[(s ? (size_t)tile : 0) + i];
    }
    e = e == FORECAST_GRU ? FORECAST_NB : e;
    return &cols->loss[((s ? FORECAST_STATISTICAL : 0) + e) * (size_t)tile + i];
}

static void series_trust(const struct forecaster *fc, const struct forecaster_cols *cols,
                         uint32_t i, uint32_t s, float *trust)
{
    float loss[FORECAST_EXPERTS];
    for (uint32_t e = 0; e < FORECAST_EXPERTS; e++) {
        loss[e] = *loss_at(cols, fc->tile, i, s, e);
    }
    pool_trust(loss, trust);
}

static void series_weights(const struct forecaster *fc, const struct pool *pool, const float *trust,
                           float *weight)
{
    pool_weights(pool, trust, weight);
    if (!fc->gru_on) { /* it repeats nb */
        weight[FORECAST_NB] += weight[FORECAST_GRU];
        weight[FORECAST_GRU] = 0;
    }
}

static void score(struct forecaster *fc, struct forecaster_cols *cols, const struct window *window,
                  uint32_t i, int slot)
{
    float q[FORECAST_EXPERTS * FORECASTER_PROBE_LEVELS], trust[FORECAST_EXPERTS],
        weight[FORECAST_EXPERTS], relative[FORECAST_EXPERTS], y;
    struct probe_target target = probe_take(cols, fc->tile, i, slot, q);
    int s = row_of(fc, target.length), c = target.demand_class;
    if (s < 0 || fc->options.learn == FORECAST_LEARN_OFF ||
        !matured(window, i, target.length, &y) || !isfinite(y)) {
        return;
    }
    series_trust(fc, cols, i, (uint32_t)s, trust);
    series_weights(fc, &fc->pool[c][s], trust, weight);
    struct pool_score found = {.y = y, .q = q, .weight = weight};
    proof_count(fc->proof, &fc->pool[c][s], &found, (uint32_t)c, target.length);
    pool_count(&fc->pool[c][s], &fc->tally[c][s], &found, relative);
    uint32_t experts = cols->gru_loss ? FORECAST_EXPERTS : FORECAST_STATISTICAL;
    for (uint32_t e = 0; e < experts; e++) {
        float *kept = loss_at(cols, fc->tile, i, (uint32_t)s, e);
        *kept = SCORE_DISCOUNT * *kept + relative[e];
    }
}

/* A series gets a new probe where a slot is free: of this row; -1: none. */
static int probe_row(const struct forecaster *fc, const struct forecaster_cols *cols,
                     const struct window *window, uint32_t i)
{
    if (probe_free(cols, fc->tile, i) == PROBE_NONE || !cols->observed[i]) {
        return -1;
    }
    uint32_t bits;
    memcpy(&bits, &cols->level[i], sizeof bits);
    return (int)(hash_mix((uint64_t)window->bucket * 0x9e3779b97f4a7c15ULL ^ bits) % fc->rows);
}

/* fc->prospect reaches as far as the row. */
static void put_probe(const struct forecaster *fc, struct forecaster_cols *cols,
                      const struct window *window, uint32_t i, uint32_t s)
{
    struct expert_lanes lanes = {.count = 1, .weight = {{1}, {1}, {1}}};
    struct empirical_history history;
    cols->demand_class[i] = (uint8_t)experts_class(window, i);
    experts_history(fc, window, i, &history);
    experts_sums(fc, &history, i, s, &lanes);
    struct probe_target target = {.length = (uint8_t)fc->length[s],
                                  .demand_class = cols->demand_class[i]};
    float q[FORECAST_EXPERTS * FORECAST_LEVELS];
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            q[e * FORECAST_LEVELS + k] = lanes.q[e][k][0];
        }
    }
    probe_put(cols, fc->tile, i, probe_free(cols, fc->tile, i), target, q);
}

static struct ewma_rows rows_of(const struct forecaster_cols *cols, uint32_t series)
{
    return (struct ewma_rows){.series = series,
                              .level = cols->level,
                              .variance = cols->variance,
                              .slow = cols->slow,
                              .observed = cols->observed};
}

/* Level and spread of all rows into fc->level, fc->spread. */
static void read_statistics(struct forecaster *fc, const struct ewma_rows *rows)
{
    ewma_read(&fc->ewma, rows, fc->level, fc->spread);
    ewma_read_slow(&fc->ewma, rows, fc->slow);
    for (uint32_t i = 0; i < rows->series; i++) {
        young_correct(&fc->young, rows->observed[i], &fc->level[i], &fc->spread[i]);
        fc->plain[i] = fc->level[i];
    }
}

/* What young series were expected to sell, by their statistics before this bucket. */
static void count_young(struct forecaster *fc, const struct ewma_rows *rows)
{
    for (uint32_t i = 0; i < rows->series; i++) {
        uint32_t n = rows->observed[i];
        if (fc->learn[i] && n && n <= YOUNG_BUCKETS) {
            young_count(&fc->young_tally, n, rows->level[i] / fc->ewma.share[n] * fc->factor[i],
                        fc->units[i]);
        }
    }
}

/* fc->factor: of the bucket that closed, for all rows. */
static struct gru_view view_of(const struct forecaster *fc, const struct forecaster_cols *cols,
                               const struct window *window)
{
    return (struct gru_view){.window = window,
                             .level = fc->level,
                             .slow = fc->slow,
                             .spread = fc->spread,
                             .factor = fc->factor,
                             .usual = cols->usual_price,
                             .shop = fc->shop,
                             .tile = fc->tile};
}

void forecaster_learn(struct forecaster *fc, struct forecaster_cols *cols,
                      const struct window *window)
{
    ASSERT(fc->begun && fc->bucket == window->bucket && window->series <= fc->tile &&
           window->width == fc->width);
    for (uint32_t i = 0; i < window->series; i++) {
        size_t newest = ((size_t)i + 1) * window->width - 1;
        fc->units[i] = window->units[newest];
        fc->learn[i] = window->age[i] > 0 && !(window->flags[newest] & UNTRUSTED);
        if (!isfinite(fc->units[i])) {
            fc->learn[i] = 0;
            cols->level[i] = NAN; /* found and reset below, with whatever else is no number */
        }
    }
    fc->gru_on = fc->gru && cols->gru_state;
    probe_tick(cols, fc->tile, window->series);
    for (uint32_t i = 0; i < window->series; i++) {
        for (int slot = probe_due(cols, fc->tile, i, 0); slot != PROBE_NONE;
             slot = probe_due(cols, fc->tile, i, slot + 1)) {
            score(fc, cols, window, i, slot);
        }
    }
    struct ewma_rows rows = rows_of(cols, window->series);
    read_statistics(fc, &rows);
    forecaster_count_known(fc, cols, window);
    count_young(fc, &rows);
    forecaster_count_bulk(fc, cols, window->series);
    ewma_update(&fc->ewma, &rows, fc->factor, fc->units, fc->learn);
    read_statistics(fc, &rows);
    forecaster_shift(fc, window, NULL);
    if (fc->gru_on) {
        forecaster_read_factors(fc, cols, window);
        struct gru_view view = view_of(fc, cols, window);
        gru_expert_step(fc->gru, &view, cols->gru_state);
        for (uint32_t i = 0; i < window->series; i++) { /* done with learn[]: who gets a probe */
            fc->learn[i] = probe_free(cols, fc->tile, i) != PROBE_NONE;
        }
        gru_expert_look(fc->gru, &view, cols->gru_state, fc->learn);
    }
    for (uint32_t i = 0; i < window->series; i++) {
        int s = probe_row(fc, cols, window, i);
        forecaster_look(fc, cols, window, i, s < 0 ? 1 : fc->length[s]);
        /* Tests of the next bucket find shifts: they are not told of them. */
        cols->next_mean[i] = fc->plain[i] * fc->prospect.known[1] * fc->year[1];
        cols->next_variance[i] = fc->spread[i] * cols->next_mean[i];
        if (!isfinite(cols->next_mean[i]) || !isfinite(cols->next_variance[i]) ||
            !isfinite(cols->variance[i]) || !isfinite(cols->level[i])) {
            reset_series(cols, fc->tile, i);
            fc->faults++;
        } else if (s >= 0) {
            put_probe(fc, cols, window, i, (uint32_t)s);
        }
    }
}

struct series_view { /* one series while it is forecast */
    uint32_t i;
    const struct pool *pools; /* [S] of its class */
    const struct forecaster_cols *cols;
    struct empirical_history history;
};

/* Experts that hardly count are not asked: most of the cost for none of the forecast. */
static void drop_light(float *weight)
{
    float total = 0;
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        weight[e] = weight[e] < LIGHT ? 0 : weight[e];
        total += weight[e];
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        weight[e] /= total;
    }
}

void forecaster_shares(const struct forecaster *fc, const struct forecaster_cols *cols, uint32_t i,
                       float (*weight)[FORECAST_EXPERTS])
{
    const struct pool *pools = fc->pool[cols->demand_class[i] % FORECAST_CLASSES];
    float trust[2][FORECAST_EXPERTS];
    series_trust(fc, cols, i, 0, trust[0]);
    series_trust(fc, cols, i, 1, trust[1]);
    for (uint32_t s = 0; s < fc->rows; s++) {
        series_weights(fc, &pools[s], trust[s > 0], weight[s]);
        drop_light(weight[s]);
    }
}

void forecaster_ready(struct forecaster *fc, const struct forecaster_cols *cols,
                      const struct window *window, const uint8_t *want)
{
    struct ewma_rows rows = rows_of(cols, window->series);
    read_statistics(fc, &rows);
    forecaster_shift(fc, window, want);
    fc->gru_on = fc->gru && cols->gru_state;
}

static void set_weight(struct expert_lanes *lanes, uint32_t lane, const float *weight)
{
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        lanes->weight[e][lane] = weight[e];
    }
}

/* Single buckets are what the experts' spread is estimated from; to stretch them too, by what the
 * next bucket teaches, made steps worse (WQL on M5 .3572 for .3553, FreshRetail .3227 for .3196,
 * Online Retail .8136 for .8139). */
static void plain_stretch(float *stretch)
{
    for (int at = 0; at < POOL_SIDES * EXPERT_LANES; at++) {
        stretch[at] = 1;
    }
}

/* Lanes to means and rows of quantiles. */
static void tell(const struct expert_lanes *lanes, const float *stretch, float *restrict mean,
                 float *restrict rows)
{
    float mixed[FORECAST_LEVELS * EXPERT_LANES], means[EXPERT_LANES];
    experts_mix(lanes, stretch, means, mixed);
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        mean[lane] = means[lane];
        for (uint32_t k = 0; k < FORECAST_LEVELS; k++) {
            rows[lane * FORECAST_LEVELS + k] = mixed[k * EXPERT_LANES + lane];
        }
    }
}

static uint32_t block_of(uint32_t count, uint32_t begin)
{
    return count - begin < EXPERT_LANES ? count - begin : EXPERT_LANES;
}

/* Sums do not fall with their length. */
static void rise(struct forecaster *fc, uint32_t i)
{
    float *mean = fc->sum_mean + (size_t)i * fc->rows;
    float *q = fc->sum_q + (size_t)i * fc->rows * FORECAST_LEVELS;
    for (uint32_t s = 1; s < fc->rows; s++) {
        q += FORECAST_LEVELS;
        mean[s] = fmaxf(mean[s], mean[s - 1]);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            q[k] = fmaxf(q[k], q[k - FORECAST_LEVELS]);
        }
    }
}

static void predict_sums(struct forecaster *fc, const struct series_view *view)
{
    float *mean = fc->sum_mean + (size_t)view->i * fc->rows;
    float *q = fc->sum_q + (size_t)view->i * fc->rows * FORECAST_LEVELS;
    float weight[POOL_ROWS_MAX][FORECAST_EXPERTS];
    forecaster_shares(fc, view->cols, view->i, weight);
    memcpy(fc->weights + (size_t)view->i * FORECAST_EXPERTS, weight[0], sizeof weight[0]);
    for (uint32_t begin = 0; begin < fc->rows; begin += EXPERT_LANES) {
        struct expert_lanes lanes = {.count = block_of(fc->rows, begin)};
        float stretch[POOL_SIDES * EXPERT_LANES];
        plain_stretch(stretch);
        for (uint32_t lane = 0; lane < lanes.count; lane++) {
            uint32_t s = begin + lane;
            set_weight(&lanes, lane, weight[s]);
            for (uint32_t side = 0; side < POOL_SIDES && s && fc->options.conformal; side++) {
                stretch[side * EXPERT_LANES + lane] = view->pools[s].stretch[side];
            }
        }
        experts_sums(fc, &view->history, view->i, begin, &lanes);
        tell(&lanes, stretch, mean + begin, q + (size_t)begin * FORECAST_LEVELS);
    }
    rise(fc, view->i);
}

static void predict_steps(struct forecaster *fc, const struct series_view *view)
{
    float *mean = fc->step_mean + (size_t)view->i * fc->horizon;
    float *q = fc->step_q + (size_t)view->i * fc->horizon * FORECAST_LEVELS;
    struct expert_shape shape = {0};
    float stretch[POOL_SIDES * EXPERT_LANES];
    const float *weight = fc->weights + (size_t)view->i * FORECAST_EXPERTS; /* of the next bucket */
    if (weight[FORECAST_EMPIRICAL] > 0) {
        experts_shape(&view->history, &shape);
    }
    plain_stretch(stretch);
    for (uint32_t begin = 0; begin < fc->horizon; begin += EXPERT_LANES) {
        struct expert_lanes lanes = {.count = block_of(fc->horizon, begin)};
        for (uint32_t lane = 0; lane < lanes.count; lane++) {
            set_weight(&lanes, lane, weight);
        }
        experts_steps(fc, &shape, view->i, begin + 1, &lanes);
        tell(&lanes, stretch, mean + begin, q + (size_t)begin * FORECAST_LEVELS);
    }
}

/* Step means add up to the mean of the longest sum that they reach. */
static void align_steps(struct forecaster *fc, uint32_t i)
{
    float *mean = fc->step_mean + (size_t)i * fc->horizon;
    uint32_t s = fc->rows - 1;
    while (s && fc->length[s] > fc->horizon) {
        s--;
    }
    float total = 0;
    for (uint32_t h = 0; h < fc->length[s]; h++) {
        total += mean[h];
    }
    float share = total > 0 ? fc->sum_mean[(size_t)i * fc->rows + s] / total : 1;
    for (uint32_t h = 0; h < fc->horizon; h++) {
        mean[h] *= share;
    }
}

/* An exponent of all ones is infinite or no number: looked for in the bits, so that the loop runs
 * on whole vectors. */
CLONES static bool all_finite(const float *restrict values, size_t count)
{
    uint32_t found = 0;
    for (size_t at = 0; at < count; at++) {
        uint32_t bits;
        memcpy(&bits, values + at, sizeof bits);
        found |= (bits & 0x7f800000U) == 0x7f800000U;
    }
    return !found;
}

static bool row_finite(const struct forecaster *fc, uint32_t i)
{
    size_t sums = fc->rows, steps = fc->horizon;
    return all_finite(fc->sum_mean + i * sums, sums) &&
           all_finite(fc->sum_q + i * sums * FORECAST_LEVELS, sums * FORECAST_LEVELS) &&
           all_finite(fc->step_mean + i * steps, steps) &&
           all_finite(fc->step_q + i * steps * FORECAST_LEVELS, steps * FORECAST_LEVELS);
}

static void clear_row(struct forecaster *fc, uint32_t i)
{
    size_t sums = fc->rows, steps = fc->horizon;
    memset(fc->sum_mean + i * sums, 0, sums * sizeof(float));
    memset(fc->sum_q + i * sums * FORECAST_LEVELS, 0, sums * FORECAST_LEVELS * sizeof(float));
    memset(fc->step_mean + i * steps, 0, steps * sizeof(float));
    memset(fc->step_q + i * steps * FORECAST_LEVELS, 0, steps * FORECAST_LEVELS * sizeof(float));
    memset(fc->weights + (size_t)i * FORECAST_EXPERTS, 0, FORECAST_EXPERTS * sizeof(float));
}

void forecaster_predict(struct forecaster *fc, const struct forecaster_cols *cols,
                        const struct window *window, const uint8_t *want,
                        struct forecast_block *block)
{
    ASSERT(fc->begun && fc->bucket == window->bucket && window->series <= fc->tile &&
           window->width == fc->width);
    forecaster_ready(fc, cols, window, want);
    if (fc->gru_on) {
        forecaster_read_factors(fc, cols, window);
        struct gru_view view = view_of(fc, cols, window);
        gru_expert_look(fc->gru, &view, cols->gru_state, want);
    }
    for (uint32_t i = 0; i < window->series; i++) {
        clear_row(fc, i);
        if (want[i] == FORECAST_NONE || !window->age[i]) {
            continue;
        }
        struct series_view view = {
            .i = i, .cols = cols, .pools = fc->pool[cols->demand_class[i] % FORECAST_CLASSES]};
        experts_history(fc, window, i, &view.history);
        uint32_t longest = fc->length[fc->rows - 1];
        forecaster_look(fc, cols, window, i,
                        want[i] == FORECAST_ALL && fc->horizon > longest ? fc->horizon : longest);
        predict_sums(fc, &view);
        if (want[i] == FORECAST_ALL) {
            predict_steps(fc, &view);
            align_steps(fc, i);
        }
        if (!row_finite(fc, i)) {
            clear_row(fc, i);
            fc->faults++;
        }
    }
    *block = (struct forecast_block){.series = window->series,
                                     .steps = fc->horizon,
                                     .sums = fc->rows,
                                     .sum_length = fc->length,
                                     .step_mean = fc->step_mean,
                                     .step_q = fc->step_q,
                                     .sum_mean = fc->sum_mean,
                                     .sum_q = fc->sum_q,
                                     .weights = fc->weights};
}
