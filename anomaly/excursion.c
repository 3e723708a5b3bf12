#include "anomaly/excursion.h"

#include <math.h>

#define MOST_EVIDENCE 80.0f /* nats; a longer memory would not let go in time */

/* What the pool counts for the excursion as it stands. */
static float counted_score(const struct excursion *excursion)
{
    float nats = excursion->peak ? *excursion->peak
                                 : *excursion->nats - excursion->smear * *excursion->nats /
                                                          (float)*excursion->length;
    return fminf(nats / EXCURSION_LN10, excursion->most);
}

void excursion_end(struct excursion *excursion)
{
    if (*excursion->length) {
        float score = counted_score(excursion);
        calibrate_move(excursion->pool, *excursion->length > EXCURSION_COUNTED ? score : 0, score);
    }
    *excursion->nats = 0;
    *excursion->length = 0;
    if (excursion->peak) {
        *excursion->peak = 0;
    }
}

void excursion_add(struct excursion *excursion, float nats, uint16_t accepted)
{
    float sum = fminf(*excursion->nats + nats, MOST_EVIDENCE);
    if (!(sum > 0) || *excursion->length >= accepted) {
        excursion_end(excursion);
        return;
    }
    float before = *excursion->length > EXCURSION_COUNTED ? counted_score(excursion) : 0;
    *excursion->nats = sum;
    *excursion->length = (uint16_t)(*excursion->length + 1);
    if (excursion->peak) {
        *excursion->peak = fmaxf(*excursion->peak, sum);
    }
    if (*excursion->length > EXCURSION_COUNTED) {
        calibrate_move(excursion->pool, before, counted_score(excursion));
    }
}

void excursion_anchor(struct excursion *excursion, float level, float spread)
{
    if (!*excursion->length) {
        *excursion->level = level;
        *excursion->spread = spread;
    }
}

float excursion_nats(float y, float mean, float spread, float ratio)
{
    float k = mean / (spread - 1);
    return y * logf(ratio) - (y + k) * logf((1 + ratio * (spread - 1)) / spread);
}
