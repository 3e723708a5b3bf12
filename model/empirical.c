#include "model/empirical.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "model/levels.h"

#include <math.h>
#include <stdbool.h>

static uint32_t at_most(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void empirical_read(struct empirical_history *history, const struct empirical_source *source)
{
    ASSERT(source->buckets <= EMPIRICAL_MAX);
    uint32_t take = at_most(source->buckets, source->width), seen = 0;
    const float *units = source->units + (source->width - take);
    const uint8_t *flags = source->flags + (source->width - take);
    double total = 0;
    history->buckets = history->first = take;
    history->total[0] = 0;
    history->seen[0] = 0;
    for (uint32_t t = 0; t < take; t++) {
        bool observed = !(flags[t] & source->skip) && isfinite(units[t]);
        total += observed ? (double)fminf(units[t], source->most) : 0;
        seen += observed;
        history->total[t + 1] = total;
        history->seen[t + 1] = seen;
        if (observed && seen == 1) {
            history->first = t;
        }
    }
}

uint32_t empirical_sums(const struct empirical_history *history, uint32_t length, float *sums)
{
    uint32_t take = history->buckets, known = take - history->first;
    if (!known) {
        return 0;
    }
    uint32_t span = at_most(length, known), n = 0;
    const double *total = history->total;
    const uint32_t *seen = history->seen;
    if (seen[take] == known) { /* nothing missing: the usual case */
        double scale = (double)length / span;
        for (uint32_t t = history->first; t + span <= take; t++) {
            sums[n++] = (float)((total[t + span] - total[t]) * scale);
        }
        return n;
    }
    for (uint32_t t = history->first; t + span <= take; t++) {
        uint32_t observed = seen[t + span] - seen[t];
        if (observed * 2 >= span && observed) {
            sums[n++] = (float)((total[t + span] - total[t]) * length / observed);
        }
    }
    if (!n) {
        sums[n++] = (float)(total[take] * length / seen[take]);
    }
    return n;
}

/* Order by counting how many are smaller: no branch, and n * n comparisons in vector registers beat
 * a sort at this size. */
CLONES static void rank_all(const float *restrict values, int n, int32_t *restrict ranks)
{
    for (int i = 0; i < EMPIRICAL_MAX; i++) {
        ranks[i] = 0;
    }
    for (int j = 0; j < n; j++) {
        float other = values[j];
        for (int i = 0; i < EMPIRICAL_MAX; i++) {
            ranks[i] += (other < values[i]) | ((other == values[i]) & (j < i));
        }
    }
}

void empirical_quantiles(const float *values, uint32_t n, float *q, float *mean)
{
    ASSERT(n >= 1 && n <= EMPIRICAL_MAX);
    _Alignas(64) float padded[EMPIRICAL_MAX];
    _Alignas(64) int32_t ranks[EMPIRICAL_MAX];
    float ordered[EMPIRICAL_MAX];
    double total = 0;
    for (uint32_t i = 0; i < EMPIRICAL_MAX; i++) {
        padded[i] = i < n ? values[i] : INFINITY;
    }
    rank_all(padded, (int)n, ranks);
    for (uint32_t i = 0; i < n; i++) {
        DEBUG_ASSERT(ranks[i] >= 0 && (uint32_t)ranks[i] < n);
        ordered[ranks[i] & (EMPIRICAL_MAX - 1)] = values[i];
        total += (double)values[i];
    }
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        float place = forecast_levels[k] * (float)(n - 1);
        uint32_t low = at_most((uint32_t)place, n - 1), high = at_most(low + 1, n - 1);
        q[k] = ordered[low] + (place - (float)low) * (ordered[high] - ordered[low]);
    }
    *mean = (float)(total / n);
}
