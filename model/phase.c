#include "model/phase.h"

#include "config/base/ensure.h"

#include <math.h>
#include <string.h>

void phase_rebuild(struct phase_factors *phases, int32_t phase)
{
    uint32_t season = (uint32_t)phases->season, slots = season * PHASE_SEASONS;
    uint32_t window = phases->seen / season * season;
    double sums[FORECAST_SEASON_MAX] = {0}, whole = 0;
    for (uint32_t back = 0; back < window; back++) {
        double total = (double)phases->total[(phases->place + slots - back) % slots];
        sums[((uint32_t)phase + slots - back) % season] += total;
        whole += total;
    }
    for (uint32_t p = 0; p < season; p++) {
        float factor = whole > 0 ? (float)(sums[p] * season / whole) : 1;
        phases->factor[p] = fmaxf(factor, PHASE_LEAST);
    }
}

void phase_add(struct phase_factors *phases, int32_t phase, int32_t season, float total)
{
    ASSERT(season >= 1 && season <= FORECAST_SEASON_MAX && phase >= 0 && phase < season);
    if (phases->season != season) {
        memset(phases, 0, sizeof *phases);
        phases->season = season;
    }
    if (!phases->seen && !(total > 0)) { /* nothing was sold yet: no closed day of the week */
        phase_rebuild(phases, phase);
        return;
    }
    uint32_t slots = (uint32_t)season * PHASE_SEASONS;
    phases->place = (phases->place + 1) % slots;
    phases->total[phases->place] = isfinite(total) && total > 0 ? total : 0;
    if (phases->seen < slots) {
        phases->seen++;
    }
    phase_rebuild(phases, phase);
}

void phase_mend(struct phase_factors *phases, int32_t phase, float share)
{
    if (phases->season && share > 0 && fabsf(share - 1) > 1e-6f) {
        phases->total[phases->place] /= fminf(fmaxf(share, 0.2f), 5);
        phase_rebuild(phases, phase);
    }
}

float phase_recent(const struct phase_factors *phases, uint32_t buckets)
{
    if (phases->seen < buckets) {
        return 0;
    }
    uint32_t slots = (uint32_t)phases->season * PHASE_SEASONS;
    double sum = 0;
    for (uint32_t back = 0; back < buckets; back++) {
        sum += (double)phases->total[(phases->place + slots - back) % slots];
    }
    return (float)sum;
}
