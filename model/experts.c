#include "model/experts.h"

#include "config/base/clones.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const uint32_t EMPIRICAL_BUCKETS = 56;
static const float RESCALE_MOST = 4;

/* Syntetos, Boylan: buckets per bucket with a sale, and squared variation of the sizes sold, over
 * the window. */
enum forecast_class experts_class(const struct window *window, uint32_t i)
{
    const float *units = window->units + (size_t)i * window->width;
    const uint8_t *flags = window->flags + (size_t)i * window->width;
    float sum = 0, square = 0;
    uint32_t seen = 0, sold = 0;
    for (uint32_t t = 0; t < window->width; t++) {
        uint32_t use = !(flags[t] & EXPERTS_UNTRUSTED);
        float y = use ? units[t] : 0;
        seen += use;
        sold += y > 0;
        sum += y;
        square += y * y;
    }
    if (!sold) {
        return FORECAST_LUMPY;
    }
    float mean = sum / (float)sold;
    bool rare = (float)seen >= 1.32f * (float)sold;
    bool wild = square / (float)sold - mean * mean >= 0.49f * mean * mean;
    return rare ? (wild ? FORECAST_LUMPY : FORECAST_INTERMITTENT)
                : (wild ? FORECAST_ERRATIC : FORECAST_SMOOTH);
}

void experts_history(const struct forecaster *fc, const struct window *window, uint32_t i,
                     struct empirical_history *history)
{
    float level = fc->level[i], deviation = sqrtf(fc->spread[i] * level);
    struct empirical_source source = {.units = window->units + (size_t)i * window->width,
                                      .flags = window->flags + (size_t)i * window->width,
                                      .width = window->width,
                                      .buckets = EMPIRICAL_BUCKETS,
                                      .most = fc->ewma.winsor * fmaxf(fmaxf(level, deviation), 1),
                                      .skip = EXPERTS_UNTRUSTED};
    empirical_read(history, &source);
}

static bool empirical_sum(const struct empirical_history *history, uint32_t length, float *q,
                          float *mean)
{
    float sums[EMPIRICAL_MAX];
    uint32_t n = empirical_sums(history, length, sums);
    if (n) {
        empirical_quantiles(sums, n, q, mean);
    }
    return n > 0;
}

static void put(struct expert_lanes *lanes, int expert, uint32_t lane, const float *q, float mean)
{
    lanes->mean[expert][lane] = mean;
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        lanes->q[expert][k][lane] = q[k];
    }
}

/* The shape of what happened, at the level of today: the last 56 buckets are stale wherever demand
 * has moved. */
static void put_rescaled(struct expert_lanes *lanes, uint32_t lane, const float *q, float mean)
{
    float target = lanes->mean[FORECAST_NB][lane], moved[FORECAST_LEVELS];
    float ratio = mean > 0 ? fminf(fmaxf(target / mean, 1 / RESCALE_MOST), RESCALE_MOST) : 1;
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        moved[k] = q[k] * ratio;
    }
    put(lanes, FORECAST_EMPIRICAL, lane, moved, mean * ratio);
}

static void repeat_nb(struct expert_lanes *lanes, int expert, uint32_t lane)
{
    lanes->mean[expert][lane] = lanes->mean[FORECAST_NB][lane];
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        lanes->q[expert][k][lane] = lanes->q[FORECAST_NB][k][lane];
    }
}

/* One that knows nothing of the lane repeats nb. */
static void put_empirical(struct expert_lanes *lanes, uint32_t lane, bool known, const float *q,
                          float mean)
{
    if (known) {
        put_rescaled(lanes, lane, q, mean);
    } else {
        repeat_nb(lanes, FORECAST_EMPIRICAL, lane);
    }
}

/* Days are independent given the level; what is not known of the level itself is shared by all of
 * them. */
static float sum_variance(const struct forecaster *fc, uint32_t i, uint32_t s)
{
    float weight = fc->ahead[s], variance = fc->spread[i] * fc->level[i] * weight;
    return fc->length[s] > 1 ? variance + variance * weight * fc->ewma.rate / (2 - fc->ewma.rate)
                             : variance;
}

static void ask_nb(const struct forecaster *fc, const float *variance, struct expert_lanes *lanes)
{
    negbin_lanes(&fc->negbin, lanes->mean[FORECAST_NB], variance, lanes->q[FORECAST_NB][0]);
}

/* What the network is asked for a lane: of buckets from .. to ahead, in row `row` of its head. */
struct span {
    uint32_t from, to, row;
};

/* The network corrects a negative binomial of that mean and variance. */
static void ask_gru(const struct forecaster *fc, uint32_t i, const struct span *spans,
                    const float *nb_variance, struct expert_lanes *lanes)
{
    float mean[EXPERT_LANES] = {0}, variance[EXPERT_LANES] = {0};
    float out[DIRECT_OUTPUTS * EXPERT_LANES] = {0};
    bool asked = false;
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        float nb = lanes->mean[FORECAST_NB][lane], one[NET_WIDE];
        if (!fc->gru_on || !(lanes->weight[FORECAST_GRU][lane] > 0) || !(nb > 0)) {
            continue;
        }
        struct net_ask ask;
        prospect_ask(&fc->prospect, spans[lane].from, spans[lane].to, spans[lane].row, &ask);
        gru_expert_say(fc->gru, i, &ask, one);
        for (int o = 0; o < DIRECT_OUTPUTS; o++) {
            out[o * EXPERT_LANES + (int)lane] = one[o];
        }
        mean[lane] = nb;
        variance[lane] = fmaxf(nb_variance[lane], NEGBIN_LEAST_SPREAD * nb);
        asked = true;
    }
    if (asked) {
        static_assert((int)EXPERT_LANES == (int)DIRECT_LANES, "read side by side");
        direct_lanes(&fc->negbin, mean, variance, out, lanes->mean[FORECAST_GRU],
                     lanes->q[FORECAST_GRU][0]);
    }
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        if (lanes->weight[FORECAST_GRU][lane] > 0 && !(mean[lane] > 0)) {
            repeat_nb(lanes, FORECAST_GRU, lane);
        }
    }
}

/* Quantiles stand as they are. */
static void lift_means(const struct forecaster *fc, struct expert_lanes *lanes)
{
    float factor = bulk_factor(&fc->bulk);
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        for (uint32_t lane = 0; lane < lanes->count; lane++) {
            lanes->mean[e][lane] *= factor;
        }
    }
}

void experts_sums(const struct forecaster *fc, const struct empirical_history *history, uint32_t i,
                  uint32_t begin, struct expert_lanes *lanes)
{
    float variance[EXPERT_LANES] = {0}, q[FORECAST_LEVELS], mean;
    struct span spans[EXPERT_LANES];
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        uint32_t s = begin + lane;
        variance[lane] = sum_variance(fc, i, s);
        lanes->mean[FORECAST_NB][lane] = fc->level[i] * fc->ahead[s];
        spans[lane] = (struct span){1, fc->length[s], fc->gru_row[s]};
    }
    ask_nb(fc, variance, lanes);
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        if (lanes->weight[FORECAST_EMPIRICAL][lane] > 0) {
            bool known = empirical_sum(history, fc->length[begin + lane], q, &mean);
            put_empirical(lanes, lane, known, q, mean);
        }
    }
    ask_gru(fc, i, spans, variance, lanes);
    lift_means(fc, lanes);
}

void experts_shape(const struct empirical_history *history, struct expert_shape *shape)
{
    shape->known = empirical_sum(history, 1, shape->q, &shape->mean);
}

void experts_steps(const struct forecaster *fc, const struct expert_shape *shape, uint32_t i,
                   uint32_t begin, struct expert_lanes *lanes)
{
    float variance[EXPERT_LANES] = {0};
    struct span spans[EXPERT_LANES];
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        uint32_t step = begin + lane;
        lanes->mean[FORECAST_NB][lane] = fc->level[i] * fc->prospect.factor[step];
        variance[lane] = fc->spread[i] * lanes->mean[FORECAST_NB][lane];
        spans[lane] = (struct span){step, step, net_step_row(step)};
    }
    ask_nb(fc, variance, lanes);
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        if (lanes->weight[FORECAST_EMPIRICAL][lane] > 0) {
            put_empirical(lanes, lane, shape->known, shape->q, shape->mean);
        }
    }
    ask_gru(fc, i, spans, variance, lanes);
    lift_means(fc, lanes);
}

static inline __attribute__((always_inline)) void mix_level(const struct expert_lanes *lanes, int k,
                                                            float *restrict mixed)
{
    for (int lane = 0; lane < EXPERT_LANES; lane++) {
        mixed[lane] =
            lanes->weight[FORECAST_NB][lane] * lanes->q[FORECAST_NB][k][lane] +
            lanes->weight[FORECAST_EMPIRICAL][lane] * lanes->q[FORECAST_EMPIRICAL][k][lane] +
            lanes->weight[FORECAST_GRU][lane] * lanes->q[FORECAST_GRU][k][lane];
    }
}

CLONES void experts_mix(const struct expert_lanes *lanes, const float *restrict stretch,
                        float *restrict mean, float *restrict q)
{
    float median[EXPERT_LANES], below[EXPERT_LANES] = {0};
    for (int lane = 0; lane < EXPERT_LANES; lane++) {
        mean[lane] =
            lanes->weight[FORECAST_NB][lane] * lanes->mean[FORECAST_NB][lane] +
            lanes->weight[FORECAST_EMPIRICAL][lane] * lanes->mean[FORECAST_EMPIRICAL][lane] +
            lanes->weight[FORECAST_GRU][lane] * lanes->mean[FORECAST_GRU][lane];
    }
    mix_level(lanes, LEVEL_P50, median);
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        float mixed[EXPERT_LANES];
        const float *restrict by =
            stretch + (k > LEVEL_P50 ? POOL_ABOVE : POOL_BELOW) * EXPERT_LANES;
        mix_level(lanes, k, mixed);
        for (int lane = 0; lane < EXPERT_LANES; lane++) {
            float wide = median[lane] + by[lane] * (mixed[lane] - median[lane]);
            float counted = levels_counted(wide > 0 ? wide : 0, k);
            below[lane] = counted > below[lane] ? counted : below[lane];
            q[k * EXPERT_LANES + lane] = below[lane];
        }
    }
}
