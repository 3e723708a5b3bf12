#include "model/prospect.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"

#include "model/net.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const float OWN_TRUST = 60; /* a deviation of about 0.13 between series */
static const float SHIFT_KEEP = 0.95f; /* of a shift, per bucket ahead */
static const float WILD = 8; /* a bucket counts at most this many levels, at least as many units */

static bool has_own(const struct prospect_source *source)
{
    return source->phases->season <= PROSPECT_PHASES && source->phases->season > 1;
}

/* use: 1 where a bucket was observed; kept: what it counts. Apart from the sums by phase, whose
 * order is fixed, so that it runs on whole vectors. */
CLONES static void keep_observed(const float *restrict units, const uint8_t *restrict flags,
                                 uint32_t width, float most, float *restrict kept,
                                 float *restrict use)
{
    for (uint32_t t = 0; t < width; t++) {
        use[t] = flags[t] & WINDOW_CENSORED ? 0.0f : 1.0f;
        kept[t] = use[t] * (units[t] < most ? units[t] : most);
    }
}

/* Lane l: every season-th bucket, from the l-th newest back. */
static inline __attribute__((always_inline)) void sum_lanes(const float *kept, const float *use,
                                                            uint32_t count, uint32_t season,
                                                            float *sold, float *seen)
{
    const float *at = kept + count, *observed = use + count;
    uint32_t left = count;
    for (; left >= season; left -= season) {
        at -= season;
        observed -= season;
        for (uint32_t lane = 0; lane < season; lane++) {
            sold[lane] += at[season - 1 - lane];
            seen[lane] += observed[season - 1 - lane];
        }
    }
    for (uint32_t lane = 0; lane < left; lane++) {
        sold[lane] += kept[left - 1 - lane];
        seen[lane] += use[left - 1 - lane];
    }
}

void prospect_own(const struct prospect_source *source, uint32_t skip, float own[PROSPECT_PHASES])
{
    const struct window *window = source->window;
    const float *units = window->units + (size_t)source->i * window->width;
    const uint8_t *flags = window->flags + (size_t)source->i * window->width;
    const uint32_t season = (uint32_t)source->phases->season;
    float sold[PROSPECT_PHASES] = {0}, seen[PROSPECT_PHASES] = {0};
    for (uint32_t p = 0; p < PROSPECT_PHASES; p++) {
        own[p] = 1;
    }
    if (!has_own(source)) {
        return;
    }
    float kept[FORECAST_WIDTH_MAX], use[FORECAST_WIDTH_MAX];
    keep_observed(units, flags, window->width, WILD * fmaxf(source->level, 1), kept, use);
    float lane_sold[PROSPECT_PHASES] = {0}, lane_seen[PROSPECT_PHASES] = {0};
    uint32_t count = window->width - skip;
    if (season == PROSPECT_PHASES) { /* a constant: sums stay in registers */
        sum_lanes(kept, use, count, PROSPECT_PHASES, lane_sold, lane_seen);
    } else {
        sum_lanes(kept, use, count, season, lane_sold, lane_seen);
    }
    for (uint32_t lane = 0; lane < season; lane++) {
        uint32_t phase = ((uint32_t)window->phase + 2 * season - skip % season - lane) % season;
        sold[phase] = lane_sold[lane];
        seen[phase] = lane_seen[lane];
    }
    float all = 0, expected = 0;
    for (uint32_t p = 0; p < season; p++) {
        all += sold[p];
        expected += seen[p] * source->phases->factor[p];
    }
    if (!(all > 0 && expected > 0)) {
        return;
    }
    float trust = OWN_TRUST * source->spread, whole = 0, plain = 0;
    for (uint32_t p = 0; p < season; p++) {
        float factor = source->phases->factor[p];
        own[p] = (trust + sold[p]) / (trust + seen[p] * factor * all / expected);
        whole += own[p] * factor;
        plain += factor;
    }
    for (uint32_t p = 0; p < season; p++) {
        own[p] *= plain / whole;
    }
}

static const float *known_of(const struct prospect_source *source, uint32_t ahead)
{
    const struct window *window = source->window;
    return window->known && ahead <= WINDOW_AHEAD
               ? window->known + ((size_t)source->i * (1 + WINDOW_AHEAD) + ahead) * WINDOW_KNOWN
               : NULL;
}

void prospect_make(const struct prospect_source *source, uint32_t steps, struct prospect *prospect)
{
    ASSERT(steps <= PROSPECT_MOST);
    const struct phase_factors *phases = source->phases;
    float own[PROSPECT_PHASES];
    prospect_own(source, 0, own);
    prospect->steps = steps;
    float effect = 1, shift = source->shift > 0 ? source->shift : 1, believed = 1;
    for (uint32_t s = 0; s <= steps; s++, believed *= SHIFT_KEEP) {
        uint32_t phase = ((uint32_t)source->window->phase + s) % (uint32_t)phases->season;
        float plain = phases->factor[phase] * (has_own(source) ? own[phase] : 1), known = plain;
        const float *raw = known_of(source, s);
        if (s <= WINDOW_AHEAD) {
            prospect->there[s] = (uint8_t)known_read(raw, source->usual, prospect->z[s]);
            /* What is known of a bucket is mostly what was known of the one before. */
            if (!s || memcmp(prospect->z[s], prospect->z[s - 1], sizeof prospect->z[s]) != 0) {
                effect = raw ? known_factor(source->effects, prospect->z[s]) : 1;
            }
            known *= effect;
        }
        prospect->plain[s] = plain;
        prospect->known[s] = known;
        prospect->factor[s] = known * source->annual[s] * (1 + (shift - 1) * believed) / shift;
    }
}

float prospect_now(const struct prospect_source *source, float *z)
{
    float own[PROSPECT_PHASES];
    uint32_t phase = (uint32_t)source->window->phase;
    prospect_own(source, 1, own);
    (void)known_read(known_of(source, 0), source->usual, z);
    return source->phases->factor[phase] * (has_own(source) ? own[phase] : 1);
}

void prospect_ask(const struct prospect *prospect, uint32_t begin, uint32_t end, uint32_t row,
                  struct net_ask *ask)
{
    float plain = 0, known = 0, count = (float)(end - begin + 1);
    memset(ask, 0, sizeof *ask);
    ask->row = row;
    for (uint32_t s = begin; s <= end; s++) {
        plain += prospect->plain[s];
        known += prospect->known[s];
        for (int k = 0; k < WINDOW_KNOWN && s <= WINDOW_AHEAD && prospect->there[s]; k++) {
            ask->side[2 + k] += prospect->z[s][k] / count;
            ask->side[2 + WINDOW_KNOWN + k] += (float)(prospect->there[s] >> k & 1) / count;
        }
    }
    ask->side[0] = net_lift(plain / count);
    ask->side[1] = net_lift(known / fmaxf(plain, 1e-6f));
}
