#include "model/pool.h"

#include <math.h>
#include <string.h>

static const float DISCOUNT =
    0.97f; /* of the loss that gradients are measured by, per close: a memory of a month */
/* Step of the exponentiated gradient. At 40 the noise of small shops (M5: 280 series) cost more
 * than the speed gained; at 3 the mixture beats each expert alone on every panel. */
static const float WEIGHT_RATE = 3;
static const float WEIGHT_LEAST = 0.02f; /* an expert can come back */
static const float STRETCH_RATE = 4;
static const float STRETCH_LEAK =
    0.01f; /* towards 1, per close: what is not confirmed again is forgotten */
static const float LEAK_TRUST =
    0.2f; /* of a small pool more is forgotten: its gradients are noise */
static const float STRETCH_LEAST = 0.7f, STRETCH_MOST = 2.5f;
static const float WIDTH = 0.15f; /* of the finite differences */
static const float SCORES_ENOUGH =
    50; /* before that a pool moves more slowly: its loss is not known yet */
static const float SERIES_RATE = 0.05f; /* of the exponential weights of one series */
static const float PRIOR[FORECAST_EXPERTS] = {
    [FORECAST_NB] = 0.3f, [FORECAST_EMPIRICAL] = 0.1f, [FORECAST_GRU] = 0.6f};
static const double UNIT = 1 << 20;
static const double LARGEST =
    1e12; /* no one score outweighs the sum, and the sum cannot overflow */

const uint8_t pool_levels[FORECASTER_PROBE_LEVELS] = {LEVEL_P10, LEVEL_P30, LEVEL_P50, LEVEL_P70,
                                                      LEVEL_P90};
enum { MIDDLE = FORECASTER_PROBE_LEVELS / 2 };

void pool_init(struct pool *pool)
{
    *pool = (struct pool){.stretch = {1, 1}};
    memcpy(pool->weight, PRIOR, sizeof PRIOR);
}

static int64_t fixed(float x)
{
    double scaled = (double)x * UNIT;
    return (int64_t)rint(fmin(fmax(scaled, -LARGEST), LARGEST));
}

enum { K = FORECASTER_PROBE_LEVELS };

/* Loss of the counts that quantiles would be rounded to. Gradients of it are finite differences
 * wide enough to cross a count: where demand is a few units, a slope at one point says nothing. */
static float counted_loss(float y, float q, int k)
{
    return levels_pinball(y, levels_counted(fmaxf(q, 0), pool_levels[k]),
                          forecast_levels[pool_levels[k]]);
}

static float difference(float y, float q, float direction, int k)
{
    float step = WIDTH * direction;
    return (counted_loss(y, q + step, k) - counted_loss(y, q - step, k)) / (2 * WIDTH);
}

void pool_count(const struct pool *pool, struct pool_tally *tally, const struct pool_score *score,
                float *relative)
{
    float mixed[K] = {0}, loss[FORECAST_EXPERTS] = {0}, gradient[FORECAST_EXPERTS] = {0},
          slopes[POOL_SIDES] = {0};
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        for (int k = 0; k < K; k++) {
            float q = score->q[e * K + k];
            mixed[k] += score->weight[e] * q;
            loss[e] += counted_loss(score->y, q, k);
        }
    }
    float mixture_loss = 0, size = 0, mean = 0;
    for (int k = 0; k < K; k++) {
        int side = k > MIDDLE ? POOL_ABOVE : POOL_BELOW;
        float reach = mixed[k] - mixed[MIDDLE];
        slopes[side] += difference(score->y, mixed[MIDDLE] + pool->stretch[side] * reach, reach, k);
        for (int e = 0; e < FORECAST_EXPERTS; e++) {
            gradient[e] += difference(score->y, mixed[k], score->q[e * K + k] - mixed[k], k);
        }
        mixture_loss += counted_loss(score->y, mixed[k], k);
        size += mixed[k];
    }
    /* Between "every unit counts" and "every series counts": large series lead, but do not decide
     * alone. */
    float norm = 1 / sqrtf(sqrtf(1 + size));
    tally->scores++;
    tally->loss += fixed(mixture_loss * norm);
    for (int side = 0; side < POOL_SIDES; side++) {
        tally->slope[side] += fixed(slopes[side] * norm);
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        tally->gradient[e] += fixed(gradient[e] * norm);
        mean += loss[e] / FORECAST_EXPERTS;
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        relative[e] = mean > 0 ? loss[e] / mean : 1;
    }
}

static float clamped(float x, float low, float high)
{
    return fminf(fmaxf(x, low), high);
}

static void descend_weights(struct pool *pool, const struct pool_tally *tally, float per_loss)
{
    float total = 0, left = 0;
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        float step = WEIGHT_RATE * per_loss * (float)((double)tally->gradient[e] / UNIT);
        pool->weight[e] *= expf(-clamped(step, -1, 1));
        total += pool->weight[e];
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        pool->weight[e] = fmaxf(pool->weight[e] / total, WEIGHT_LEAST);
        left += pool->weight[e];
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        pool->weight[e] /= left;
    }
}

void pool_fold(struct pool *pool, struct pool_tally *tally, uint32_t length)
{
    if (!tally->scores) {
        return;
    }
    pool->scores = DISCOUNT * pool->scores + (float)tally->scores;
    pool->loss = DISCOUNT * pool->loss + (float)((double)tally->loss / UNIT);
    float trust = fminf(1, pool->scores / SCORES_ENOUGH);
    float per_loss = pool->loss > 0 ? trust / pool->loss : 0;
    descend_weights(pool, tally, per_loss);
    /* Targets of one length overlap: the longer, the fewer independent ones a month holds. */
    float rate = STRETCH_RATE / (1 + (float)length / 14);
    float leak = STRETCH_LEAK / fmaxf(trust, LEAK_TRUST) / (1 + (float)length / 14);
    for (int side = 0; side < POOL_SIDES; side++) {
        float step =
            clamped(rate * per_loss * (float)((double)tally->slope[side] / UNIT), -0.1f, 0.1f);
        float stretch = pool->stretch[side] - step;
        stretch += leak * (1 - stretch);
        pool->stretch[side] = clamped(stretch, STRETCH_LEAST, STRETCH_MOST);
    }
    memset(tally, 0, sizeof *tally);
}

void pool_trust(const float *loss, float *trust)
{
    float least = loss[0];
    for (int e = 1; e < FORECAST_EXPERTS; e++) {
        least = fminf(least, loss[e]);
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        trust[e] = expf(-SERIES_RATE * (loss[e] - least));
    }
}

void pool_weights(const struct pool *pool, const float *trust, float *weight)
{
    float total = 0;
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        weight[e] = pool->weight[e] * trust[e];
        total += weight[e];
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        weight[e] /= total;
    }
}
