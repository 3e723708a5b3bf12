#include "model/levels.h"

#include <math.h>

static const float TOP = 0.99999f;

const float forecast_levels[FORECAST_LEVELS] = {0.05f, 0.1f, 0.2f, 0.3f, 0.4f,  0.5f,
                                                0.6f,  0.7f, 0.8f, 0.9f, 0.95f, 0.99f};

/* Demand per e-fold of the remaining probability beyond the last level. */
static float tail_scale(const float *q)
{
    float efolds = logf((1 - forecast_levels[LEVEL_P95]) / (1 - forecast_levels[LEVEL_P99]));
    return (q[LEVEL_P99] - q[LEVEL_P95]) / efolds;
}

float levels_at(const float *q, float level)
{
    if (!(level > 0)) {
        return 0;
    }
    if (level <= forecast_levels[0]) {
        return q[0] * level / forecast_levels[0];
    }
    for (int k = 1; k < FORECAST_LEVELS; k++) {
        if (level <= forecast_levels[k]) {
            float share =
                (level - forecast_levels[k - 1]) / (forecast_levels[k] - forecast_levels[k - 1]);
            return q[k - 1] + share * (q[k] - q[k - 1]);
        }
    }
    float left = (1 - fminf(level, TOP)) / (1 - forecast_levels[LEVEL_P99]);
    return q[LEVEL_P99] - tail_scale(q) * logf(left);
}

float levels_of(const float *q, float x)
{
    if (!(x >= 0)) {
        return 0;
    }
    if (x >= q[LEVEL_P99]) {
        float scale = tail_scale(q);
        float left = scale > 0 ? expf((q[LEVEL_P99] - x) / scale) : x > q[LEVEL_P99] ? 0 : 1;
        return fminf(TOP, 1 - (1 - forecast_levels[LEVEL_P99]) * left);
    }
    int k = FORECAST_LEVELS - 1;
    while (k > 0 && q[k - 1] > x) {
        k--;
    }
    float low = k ? q[k - 1] : 0, low_level = k ? forecast_levels[k - 1] : 0;
    return low_level + (forecast_levels[k] - low_level) * (x - low) / (q[k] - low);
}

/* Integral of max(a + (b - a) t - x, 0) over t in 0..1: one linear piece of the quantile function.
 */
static float piece_excess(float a, float b, float x)
{
    if (b <= x) {
        return 0;
    }
    if (a >= x) {
        return (a + b) / 2 - x;
    }
    return (b - x) * (b - x) / (2 * (b - a));
}

float levels_excess(const float *q, float x)
{
    float excess = forecast_levels[0] * piece_excess(0, q[0], x);
    for (int k = 1; k < FORECAST_LEVELS; k++) {
        excess += (forecast_levels[k] - forecast_levels[k - 1]) * piece_excess(q[k - 1], q[k], x);
    }
    float scale = tail_scale(q), last = 1 - forecast_levels[LEVEL_P99];
    if (x <= q[LEVEL_P99]) {
        return excess + last * (q[LEVEL_P99] + scale - x);
    }
    return scale > 0 ? excess + last * scale * expf((q[LEVEL_P99] - x) / scale) : excess;
}

float levels_pinball(float y, float q, float level)
{
    return y > q ? level * (y - q) : (1 - level) * (q - y);
}

float levels_loss(float y, const float *q)
{
    float loss = 0;
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        loss += levels_pinball(y, q[k], forecast_levels[k]);
    }
    return 2 * loss / FORECAST_LEVELS;
}
