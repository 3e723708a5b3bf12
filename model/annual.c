#include "model/annual.h"

#include <math.h>

enum { YEAR = 52, LEVEL_WEEKS = 14 };

static const float TRUST = 0.5f; /* a year is one sample */
static const float NEAR =
    7; /* buckets ahead at which half of that is believed: soon the level itself knows */
static const float MOVE_MOST = 0.7f;

void annual_add(struct annual *annual, float total)
{
    annual->open += isfinite(total) && total > 0 ? total : 0;
    if (++annual->closes % 7 == 0) {
        annual->week[(annual->closes / 7 - 1) % ANNUAL_WEEKS] = annual->open;
        annual->open = 0;
    }
}

static float at(const struct annual *annual, int64_t week)
{
    return annual->week[(uint32_t)week % ANNUAL_WEEKS];
}

static float middle(const struct annual *annual, int64_t week)
{
    float a = at(annual, week - 1), b = at(annual, week), c = at(annual, week + 1);
    return fmaxf(fminf(a, b), fminf(fmaxf(a, b), c));
}

int annual_factors(const struct annual *annual, float rate, uint32_t steps, float *factor)
{
    int64_t whole = annual->closes / 7, now = ((int64_t)annual->closes - 1) / 7 - YEAR;
    for (uint32_t s = 0; s <= steps; s++) {
        factor[s] = 1;
    }
    if (now - LEVEL_WEEKS < 1 || now - LEVEL_WEEKS - 1 < whole - ANNUAL_WEEKS) {
        return 0;
    }
    float level = 0, weight = 0;
    for (int w = 0; w < LEVEL_WEEKS; w++) {
        float share = powf(1 - rate, 7 * (float)w);
        level += share * middle(annual, now - w);
        weight += share;
    }
    level /= weight;
    for (uint32_t s = 1; s <= steps && level > 0; s++) {
        int64_t week = ((int64_t)annual->closes - 1 + s) / 7 - YEAR;
        week = week > now + ANNUAL_AHEAD ? now + ANNUAL_AHEAD : week;
        float move = logf(fmaxf(middle(annual, week), 1e-6f) / level);
        factor[s] =
            expf(TRUST * (float)s / ((float)s + NEAR) * fminf(fmaxf(move, -MOVE_MOST), MOVE_MOST));
    }
    return 1;
}
