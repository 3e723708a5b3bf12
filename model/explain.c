/* Exact attribution by hiding groups of inputs.
 *
 *     set of groups -> source of the prospect (season, annual, known inputs; level of late or slow)
 *                   -> inputs and state of the network
 *                   -> 64 sets at once through the network -> each asked like any series
 *
 * The experts are asked by the code that makes forecasts (experts_sums), in place of row i; so what
 * is added to them is explained, as far as its inputs belong to a group. Groups that say nothing
 * are found before and left out: their value is 0 whatever the others do, and the cost halves. */
#include "model/explain.h"

#include "config/base/ensure.h"
#include "model/bfloat.h"
#include "model/experts.h"
#include "model/features.h"

#include <math.h>
#include <string.h>

enum { SETS_MAX = 1 << EXPLAIN_GROUPS, KNOWN_CELLS = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };

struct work {
    struct forecaster *fc;
    const struct forecaster_cols *cols;
    uint32_t i;
    struct empirical_history history;
    float weight[EXPLAIN_ROWS][FORECAST_EXPERTS];
    float level, plain, slow, spread; /* of the series: with and without shifts, in the long run */
    float h[NET_HIDDEN]; /* state of the network */
    struct window real, one; /* the tile; a window of this series alone, with what is shown of it */
    const float *known; /* [KNOWN_CELLS] of this series; NULL: nothing is known */
    float shown[KNOWN_CELLS];
    uint8_t flags[FORECAST_WIDTH_MAX];
    struct phase_factors even; /* no season */
    float same[PROSPECT_MOST + 1]; /* no year before */
    uint32_t groups[EXPLAIN_GROUPS], count; /* those that say something */
    double value[SETS_MAX][EXPLAIN_ROWS];
};

const char *explain_group_name(enum explain_group group)
{
    static const char *const NAMES[EXPLAIN_GROUPS] = {"recent_sales", "memory", "season",
                                                      "last_year",    "price",  "promotion",
                                                      "calendar",     "stock",  "shop"};
    ASSERT(group < EXPLAIN_GROUPS);
    return NAMES[group];
}

static enum explain_group group_of_slot(int slot)
{
    return slot == WINDOW_PRICE   ? EXPLAIN_PRICE
           : slot == WINDOW_PROMO ? EXPLAIN_PROMOTION
                                  : EXPLAIN_CALENDAR;
}

static bool shows(uint32_t set, enum explain_group group)
{
    return set >> group & 1;
}

/* --- what a set of groups shows */

/* The window of this series with the plans and flags that the set knows of. */
static void show_window(struct work *work, uint32_t set)
{
    uint32_t width = work->real.width;
    memcpy(work->flags, work->real.flags + (size_t)work->i * width, width);
    if (!shows(set, EXPLAIN_PROMOTION)) {
        work->flags[width - 1] &= (uint8_t)~WINDOW_PROMOTION;
    }
    for (int at = 0; work->known && at < KNOWN_CELLS; at++) {
        bool there = shows(set, group_of_slot(at % WINDOW_KNOWN));
        work->shown[at] = there ? work->known[at] : NAN;
    }
}

static struct prospect_source source_of(struct work *work, uint32_t set)
{
    struct forecaster *fc = work->fc;
    fc->level[work->i] = shows(set, EXPLAIN_RECENT) ? work->level : work->slow;
    fc->plain[work->i] = shows(set, EXPLAIN_RECENT) ? work->plain : work->slow;
    struct prospect_source source = forecaster_prospect(fc, work->cols, &work->real, work->i);
    source.window = &work->one;
    source.i = 0;
    source.settled = !shows(set, EXPLAIN_RECENT);
    if (!shows(set, EXPLAIN_SEASON)) {
        source.phases = &work->even;
    }
    if (!shows(set, EXPLAIN_ANNUAL)) {
        source.annual = work->same;
    }
    return source;
}

static uint32_t hidden_features(uint32_t set)
{
    static const enum explain_group OF[FEATURE_GROUPS] = {[FEATURE_RECENT] = EXPLAIN_RECENT,
                                                          [FEATURE_STOCK] = EXPLAIN_STOCK,
                                                          [FEATURE_SHOP] = EXPLAIN_SHOP};
    uint32_t hidden = 0;
    for (int f = FEATURE_SERIES + 1; f < FEATURE_GROUPS; f++) {
        hidden |= (uint32_t)!shows(set, OF[f]) << f;
    }
    return hidden;
}

/* Inputs of the network as the set shows them. */
static void make_inputs(struct work *work, const struct prospect_source *source, uint32_t set,
                        float *x)
{
    float z[WINDOW_KNOWN], factor = prospect_now(source, z);
    struct feature_source features = {.window = &work->one,
                                      .level = source->level,
                                      .slow = shows(set, EXPLAIN_RECENT) ? work->fc->slow[work->i]
                                                                         : work->slow,
                                      .spread = work->spread,
                                      .factor = factor * known_factor(source->effects, z),
                                      .usual = source->usual,
                                      .shop = work->fc->shop};
    features_make(&features, x);
    features_suppose(&features, hidden_features(set), x);
}

/* --- which groups say something */

static bool any_known(const struct work *work, enum explain_group group)
{
    for (int at = 0; work->known && at < KNOWN_CELLS; at++) {
        if (group_of_slot(at % WINDOW_KNOWN) == group && isfinite(work->known[at])) {
            return true;
        }
    }
    return false;
}

/* Does hiding this group alone change an input of the network? */
static bool changes_inputs(struct work *work, enum explain_group group)
{
    float with[NET_INPUTS], without[NET_INPUTS];
    uint32_t all = SETS_MAX - 1, but = all & ~(UINT32_C(1) << group);
    show_window(work, all);
    struct prospect_source source = source_of(work, all);
    make_inputs(work, &source, all, with);
    show_window(work, but);
    source = source_of(work, but);
    make_inputs(work, &source, but, without);
    return memcmp(with, without, sizeof with) != 0;
}

static bool speaks(struct work *work, enum explain_group group)
{
    const struct forecaster *fc = work->fc;
    bool net = fc->gru_on;
    switch (group) {
    case EXPLAIN_RECENT:
        return true;
    case EXPLAIN_MEMORY:
        return net;
    case EXPLAIN_SEASON:
        return fc->phases.season > 1;
    case EXPLAIN_ANNUAL:
        return memcmp(fc->year, work->same, sizeof fc->year) != 0;
    case EXPLAIN_PRICE:
    case EXPLAIN_PROMOTION:
    case EXPLAIN_CALENDAR:
        return any_known(work, group) || (net && changes_inputs(work, group));
    case EXPLAIN_STOCK:
    case EXPLAIN_SHOP:
        return net && changes_inputs(work, group);
    case EXPLAIN_GROUPS:
        break;
    }
    return false;
}

/* --- values of sets */

/* Bit k of `place` stands for the k-th group that says something. */
static uint32_t set_at(const struct work *work, uint32_t place)
{
    uint32_t set = 0;
    for (uint32_t k = 0; k < work->count; k++) {
        set |= (place >> k & 1) << work->groups[k];
    }
    return set;
}

/* The mean of each sum into value[S], of each expert into expert[S, E]. */
static void ask_rows(struct work *work, double *value, float (*expert)[FORECAST_EXPERTS])
{
    const struct forecaster *fc = work->fc;
    for (uint32_t begin = 0; begin < fc->rows; begin += EXPERT_LANES) {
        uint32_t left = fc->rows - begin;
        struct expert_lanes lanes = {.count = left < EXPERT_LANES ? left : EXPERT_LANES};
        for (uint32_t lane = 0; lane < lanes.count; lane++) {
            for (int e = 0; e < FORECAST_EXPERTS; e++) {
                lanes.weight[e][lane] = work->weight[begin + lane][e];
            }
        }
        experts_sums(fc, &work->history, work->i, begin, &lanes);
        for (uint32_t lane = 0; lane < lanes.count; lane++) {
            uint32_t s = begin + lane;
            value[s] = 0;
            for (int e = 0; e < FORECAST_EXPERTS; e++) {
                float weight = lanes.weight[e][lane], mean = lanes.mean[e][lane];
                value[s] += (double)weight * (double)mean;
                expert[s][e] = weight > 0 ? mean : NAN;
            }
            value[s] = s ? fmax(value[s], value[s - 1]) : value[s];
        }
    }
}

struct batch { /* of sets, through the network */
    float x[GRU_BATCH * NET_INPUTS], h[GRU_BATCH * NET_HIDDEN], u[GRU_BATCH * NET_DECODER];
};

static void suppose(struct work *work, struct batch *batch, uint32_t begin, uint32_t end)
{
    memset(batch, 0, sizeof *batch);
    for (uint32_t place = begin; place < end; place++) {
        uint32_t set = set_at(work, place), b = place - begin;
        show_window(work, set);
        struct prospect_source source = source_of(work, set);
        make_inputs(work, &source, set, batch->x + (size_t)b * NET_INPUTS);
        if (shows(set, EXPLAIN_MEMORY)) {
            memcpy(batch->h + (size_t)b * NET_HIDDEN, work->h, sizeof work->h);
        }
    }
    gru_expert_suppose(work->fc->gru, batch->x, batch->h, batch->u);
}

/* Values of all sets; expert: of the last one, which shows everything. */
static void ask_sets(struct work *work, float (*expert)[FORECAST_EXPERTS])
{
    struct forecaster *fc = work->fc;
    struct batch batch;
    uint32_t sets = UINT32_C(1) << work->count;
    for (uint32_t place = 0; place < sets; place++) {
        uint32_t b = place % GRU_BATCH, set = set_at(work, place);
        if (fc->gru_on) {
            if (b == 0) {
                suppose(work, &batch, place, place + GRU_BATCH < sets ? place + GRU_BATCH : sets);
            }
            gru_expert_place(fc->gru, work->i, batch.u + (size_t)b * NET_DECODER);
        }
        show_window(work, set);
        struct prospect_source source = source_of(work, set);
        forecaster_look_from(fc, &source, fc->length[fc->rows - 1]);
        ask_rows(work, work->value[place], expert);
    }
}

/* --- parts */

/* share[k]: of the orders in which a group comes after a given set of k others. */
static void order_shares(uint32_t count, double *share)
{
    share[0] = 1 / (double)count;
    for (uint32_t k = 1; k < count; k++) { /* k! (n - k - 1)! / n! */
        share[k] = share[k - 1] * k / (count - k);
    }
}

static void share_out(const struct work *work, struct explanation *out)
{
    double share[EXPLAIN_GROUPS];
    uint32_t sets = UINT32_C(1) << work->count;
    order_shares(work->count, share);
    for (uint32_t s = 0; s < out->rows; s++) {
        out->baseline[s] = (float)work->value[0][s];
        out->mean[s] = (float)work->value[sets - 1][s];
    }
    for (uint32_t k = 0; k < work->count; k++) {
        uint32_t bit = UINT32_C(1) << k;
        double part[EXPLAIN_ROWS] = {0};
        for (uint32_t place = 0; place < sets; place++) {
            if (place & bit) {
                continue;
            }
            double by = share[__builtin_popcount(place)];
            for (uint32_t s = 0; s < out->rows; s++) {
                part[s] += by * (work->value[place | bit][s] - work->value[place][s]);
            }
        }
        for (uint32_t s = 0; s < out->rows; s++) {
            out->part[s][work->groups[k]] = (float)part[s];
        }
        out->spoke |= UINT32_C(1) << work->groups[k];
    }
}

static bool all_finite(const struct explanation *out)
{
    double sum = 0;
    for (uint32_t s = 0; s < out->rows; s++) {
        sum += 0 * (double)out->mean[s] + 0 * (double)out->baseline[s];
        for (int g = 0; g < EXPLAIN_GROUPS; g++) {
            sum += 0 * (double)out->part[s][g];
        }
    }
    return sum == 0;
}

/* The long-run level of a young series is corrected as its level is. */
static float slow_of(const struct forecaster *fc, const struct forecaster_cols *cols, uint32_t i)
{
    float level = fc->level[i], spread = fc->spread[i], plain = level;
    young_correct(&fc->young, cols->observed[i], &plain, &spread);
    float twice = level > 0 ? plain / level : 1; /* it was corrected once already */
    return fc->slow[i] * twice;
}

static void begin(struct work *work)
{
    struct forecaster *fc = work->fc;
    uint32_t i = work->i, width = work->real.width;
    work->level = fc->level[i];
    work->plain = fc->plain[i];
    work->slow = slow_of(fc, work->cols, i);
    work->spread = fc->spread[i];
    work->known = work->real.known ? work->real.known + (size_t)i * KNOWN_CELLS : NULL;
    work->one = work->real;
    work->one.series = 1;
    work->one.units = work->real.units + (size_t)i * width;
    work->one.flags = work->flags;
    work->one.age = work->real.age + i;
    work->one.known = work->known ? work->shown : NULL;
    work->even.season = 1;
    for (int p = 0; p < FORECAST_SEASON_MAX; p++) {
        work->even.factor[p] = 1;
    }
    for (uint32_t s = 0; s <= PROSPECT_MOST; s++) {
        work->same[s] = 1;
    }
    for (uint32_t j = 0; j < NET_HIDDEN && fc->gru_on; j++) {
        work->h[j] = bfloat_unpack(work->cols->gru_state[(size_t)j * fc->tile + i]);
    }
    experts_history(fc, &work->real, i, &work->history);
    forecaster_shares(fc, work->cols, i, work->weight);
    for (uint32_t g = 0; g < EXPLAIN_GROUPS; g++) {
        if (speaks(work, (enum explain_group)g)) {
            work->groups[work->count++] = g;
        }
    }
}

bool forecaster_explain(struct forecaster *fc, const struct forecaster_cols *cols,
                        const struct window *window, uint32_t i, struct explanation *out)
{
    ASSERT(i < window->series && window->series <= fc->tile && window->width == fc->width);
    *out = (struct explanation){.rows = fc->rows};
    memcpy(out->length, fc->length, fc->rows * sizeof *fc->length);
    if (!window->age[i] || !fc->begun || fc->bucket != window->bucket) {
        *out = (struct explanation){0};
        return false;
    }
    forecaster_ready(fc, cols, window, NULL);
    struct work work = {.fc = fc, .cols = cols, .i = i, .real = *window};
    begin(&work);
    ask_sets(&work, out->expert);
    share_out(&work, out);
    memcpy(out->weight, work.weight, fc->rows * sizeof work.weight[0]);
    fc->level[i] = work.level;
    fc->plain[i] = work.plain;
    if (!all_finite(out)) {
        *out = (struct explanation){0};
        return false;
    }
    return true;
}
