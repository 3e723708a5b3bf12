#include "model/ewma.h"

#include "config/base/clones.h"
#include "model/negbin.h"

#include <math.h>

void ewma_init(struct ewma *ewma, double rate, double winsor)
{
    ewma->rate = (float)rate;
    ewma->winsor = (float)winsor;
    for (int n = 0; n < EWMA_SHARES; n++) {
        ewma->share[n] = (float)(1 - pow(1 - rate, n));
        ewma->slow_share[n] = (float)(1 - pow(1 - rate / EWMA_SLOW, n));
    }
    ewma->share[EWMA_SHARES - 1] = ewma->slow_share[EWMA_SHARES - 1] = 1;
}

static inline uint32_t capped(uint32_t n)
{
    return n < EWMA_SHARES ? n : EWMA_SHARES - 1;
}

CLONES void ewma_update(const struct ewma *ewma, const struct ewma_rows *rows,
                        const float *restrict factor, const float *units, const uint8_t *learn)
{
    float *restrict level = rows->level, *restrict variance = rows->variance;
    float *restrict slow = rows->slow;
    uint16_t *restrict observed = rows->observed;
    const float *restrict slow_share = ewma->slow_share;
    const float *restrict share = ewma->share;
    const float rate = ewma->rate, winsor = ewma->winsor;
    for (uint32_t i = 0; i < rows->series; i++) {
        uint32_t n = observed[i];
        float seen = share[capped(n)], seen_errors = share[capped(n ? n - 1 : 0)];
        float mean = n ? level[i] / seen : 0;
        float deviation = n > 1 ? sqrtf(variance[i] / seen_errors) : 0;
        float cap = n > 1 ? winsor * fmaxf(fmaxf(mean, deviation), 1) : INFINITY;
        float y = fminf(units[i], cap * fmaxf(factor[i], 1));
        float error = y - factor[i] * mean, fresh = share[capped(n + 1)];
        float gain = n ? ewma_gain(rate, fresh, factor[i]) : 1;
        float next_level = fresh * (n ? fmaxf(mean + gain * error, 0) : y);
        float next_variance = n ? variance[i] + rate * (error * error - variance[i]) : 0;
        float slow_fresh = slow_share[capped(n + 1)];
        float slow_mean = n ? slow[i] / slow_share[capped(n)] : 0;
        float slow_gain = ewma_gain(rate / EWMA_SLOW, slow_fresh, factor[i]);
        float next_slow =
            slow_fresh * (n ? fmaxf(slow_mean + slow_gain * (y - factor[i] * slow_mean), 0) : y);
        slow[i] = learn[i] ? next_slow : slow[i];
        level[i] = learn[i] ? next_level : level[i];
        variance[i] = learn[i] ? next_variance : variance[i];
        observed[i] = (uint16_t)(n + (learn[i] && n < UINT16_MAX ? 1u : 0u));
    }
}

CLONES void ewma_read(const struct ewma *ewma, const struct ewma_rows *rows, float *restrict level,
                      float *restrict spread)
{
    const float *restrict share = ewma->share;
    for (uint32_t i = 0; i < rows->series; i++) {
        uint32_t n = rows->observed[i];
        float mean = n ? rows->level[i] / share[capped(n)] : 0;
        float per_unit = n > 1 && mean > 0 ? rows->variance[i] / share[capped(n - 1)] / mean : 0;
        level[i] = mean;
        spread[i] = fmaxf(per_unit, NEGBIN_LEAST_SPREAD);
    }
}

CLONES void ewma_read_slow(const struct ewma *ewma, const struct ewma_rows *rows,
                           float *restrict slow)
{
    for (uint32_t i = 0; i < rows->series; i++) {
        uint32_t n = rows->observed[i];
        slow[i] = n ? rows->slow[i] / ewma->slow_share[capped(n)] : 0;
    }
}
