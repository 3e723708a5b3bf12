#include "model/experts.h"

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

void experts_history(const struct window *window, uint32_t i, struct empirical_history *history)
{
    struct empirical_source source = {.units = window->units + (size_t)i * window->width,
                                      .flags = window->flags + (size_t)i * window->width,
                                      .width = window->width,
                                      .buckets = EMPIRICAL_BUCKETS,
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

/* The shape of what happened, at the level of today: the last 56 buckets are stale wherever demand
 * has moved. */
static void rescale(float *q, float *mean, float target)
{
    float ratio = *mean > 0 ? fminf(fmaxf(target / *mean, 1 / RESCALE_MOST), RESCALE_MOST) : 1;
    *mean *= ratio;
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        q[k] *= ratio;
    }
}

static void repeat_nb(struct expert_row *row, int expert)
{
    memcpy(row->q[expert], row->q[FORECAST_NB], sizeof row->q[0]);
    row->mean[expert] = row->mean[FORECAST_NB];
}

/* Ask the network to correct a negative binomial of that mean and variance. */
static void ask_gru(const struct forecaster *fc, uint32_t i, const struct net_ask *ask,
                    float variance, struct expert_row *row)
{
    float mean = row->mean[FORECAST_NB];
    float spread = fmaxf(variance / mean, NEGBIN_LEAST_SPREAD);
    struct likelihood says = {.mean = mean, .size = mean / (spread - 1)};
    gru_expert_say(fc->gru, i, ask, &says);
    row->mean[FORECAST_GRU] = says.mean;
    negbin_quantiles(&fc->negbin, says.mean, says.mean + says.mean * says.mean / says.size,
                     row->q[FORECAST_GRU]);
}

/* Days are independent given the level; what is not known of the level itself is shared by all of
 * them. */
static float sum_variance(const struct forecaster *fc, uint32_t i, uint32_t s)
{
    float weight = fc->ahead[s], variance = fc->spread[i] * fc->level[i] * weight;
    return fc->length[s] > 1 ? variance + variance * weight * fc->ewma.rate / (2 - fc->ewma.rate)
                             : variance;
}

void experts_ask(const struct forecaster *fc, const struct empirical_history *history, uint32_t i,
                 uint32_t s, const float *weight, struct expert_row *row)
{
    float variance = sum_variance(fc, i, s);
    row->mean[FORECAST_NB] = fc->level[i] * fc->ahead[s];
    negbin_quantiles(&fc->negbin, row->mean[FORECAST_NB], variance, row->q[FORECAST_NB]);
    if (weight[FORECAST_EMPIRICAL] > 0 &&
        empirical_sum(history, fc->length[s], row->q[FORECAST_EMPIRICAL],
                      &row->mean[FORECAST_EMPIRICAL])) {
        rescale(row->q[FORECAST_EMPIRICAL], &row->mean[FORECAST_EMPIRICAL], row->mean[FORECAST_NB]);
    } else {
        repeat_nb(row, FORECAST_EMPIRICAL);
    }
    if (fc->gru_on && weight[FORECAST_GRU] > 0 && row->mean[FORECAST_NB] > 0) {
        struct net_ask ask;
        prospect_ask(&fc->prospect, 1, fc->length[s], fc->gru_row[s], &ask);
        ask_gru(fc, i, &ask, variance, row);
    } else {
        repeat_nb(row, FORECAST_GRU);
    }
}

void experts_shape(const struct empirical_history *history, struct expert_shape *shape)
{
    shape->known = empirical_sum(history, 1, shape->q, &shape->mean);
}

void experts_ask_step(const struct forecaster *fc, const struct expert_shape *shape, uint32_t i,
                      uint32_t step, const float *weight, struct expert_row *row)
{
    float factor = fc->prospect.factor[step], variance = fc->spread[i] * fc->level[i] * factor;
    row->mean[FORECAST_NB] = fc->level[i] * factor;
    negbin_quantiles(&fc->negbin, row->mean[FORECAST_NB], variance, row->q[FORECAST_NB]);
    if (weight[FORECAST_EMPIRICAL] > 0 && shape->known) {
        memcpy(row->q[FORECAST_EMPIRICAL], shape->q, sizeof shape->q);
        row->mean[FORECAST_EMPIRICAL] = shape->mean;
        rescale(row->q[FORECAST_EMPIRICAL], &row->mean[FORECAST_EMPIRICAL], row->mean[FORECAST_NB]);
    } else {
        repeat_nb(row, FORECAST_EMPIRICAL);
    }
    if (fc->gru_on && weight[FORECAST_GRU] > 0 && row->mean[FORECAST_NB] > 0) {
        struct net_ask ask;
        prospect_ask(&fc->prospect, step, step, net_step_row(step), &ask);
        ask_gru(fc, i, &ask, variance, row);
    } else {
        repeat_nb(row, FORECAST_GRU);
    }
}
