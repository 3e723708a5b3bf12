#include "model/prospect.h"

#include "config/base/bound.h"
#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "model/fast.h"
#include "model/net.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const float OWN_TRUST = 60; /* a deviation of about 0.13 between series */
static const float WHOLE_TRUST = 10, LATE_TRUST = 2; /* in units times spread, too */
static const float LATE_KEEP = 0.6f;
static const float SHIFT_KEEP = 0.95f; /* of a shift, per bucket ahead */
static const float WILD = 8; /* a bucket counts at most this many levels, at least as many units */

enum { LATE = 4 }; /* seasons */

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

/* Lane l: every season-th bucket, the newest of them last but l. `lanes` of them are added up,
 * those from season on for nothing: a constant runs on whole vectors. kept, use: [count + lanes].
 */
static inline __attribute__((always_inline)) void
sum_lanes(const float *restrict kept, const float *restrict use, uint32_t count, uint32_t season,
          uint32_t lanes, float *restrict sold, float *restrict seen)
{
    uint32_t left = count;
    for (; left >= season; left -= season) {
        for (uint32_t lane = 0; lane < lanes; lane++) {
            sold[lane] += kept[left - season + lane];
            seen[lane] += use[left - season + lane];
        }
    }
    for (uint32_t back = 1; back <= left; back++) {
        sold[season - back] += kept[left - back];
        seen[season - back] += use[left - back];
    }
}

enum { LANES = PROSPECT_PHASES + 1 };

CLONES static void sum_whole(const float *restrict kept, const float *restrict use, uint32_t count,
                             float *restrict sold, float *restrict seen)
{
    sum_lanes(kept, use, count, PROSPECT_PHASES, LANES, sold, seen);
}

/* The same of the newest LATE seasons alone, each older one counts LATE_KEEP as much. */
static void sum_late(const float *restrict kept, const float *restrict use, uint32_t count,
                     uint32_t season, float *restrict sold, float *restrict seen)
{
    float weight = 1;
    for (uint32_t n = 0, left = count; n < LATE && left >= season; n++, left -= season) {
        for (uint32_t lane = 0; lane < season; lane++) {
            sold[lane] += weight * kept[left - season + lane];
            seen[lane] += weight * use[left - season + lane];
        }
        weight *= LATE_KEEP;
    }
}

/* trust: units of "as the shop". */
static inline __attribute__((always_inline)) void own_of(const struct phase_factors *phases,
                                                         const float *sold, const float *seen,
                                                         float trust, uint32_t season, float *own)
{
    float all = 0, expected = 0;
    for (uint32_t p = 0; p < season; p++) {
        all += sold[p];
        expected += seen[p] * phases->factor[p];
    }
    if (!(all > 0 && expected > 0)) {
        return;
    }
    float whole = 0, plain = 0;
    for (uint32_t p = 0; p < season; p++) {
        own[p] = (trust + sold[p]) / (trust + seen[p] * phases->factor[p] * all / expected);
    }
    for (uint32_t p = 0; p < season; p++) {
        whole += own[p] * phases->factor[p];
        plain += phases->factor[p];
    }
    for (uint32_t p = 0; p < season; p++) {
        own[p] *= plain / whole;
    }
}

struct phase_sums { /* by phase: what was sold and seen in the window, and what of late */
    float sold[PROSPECT_PHASES], seen[PROSPECT_PHASES];
    float late_sold[PROSPECT_PHASES], late_seen[PROSPECT_PHASES];
};

/* Own departures, and the sums that they come from; late: those of late, too. */
static void add_up(const struct prospect_source *source, uint32_t skip, bool late, float *own,
                   struct phase_sums *sums)
{
    const struct window *window = source->window;
    const float *units = window->units + (size_t)source->i * window->width;
    const uint8_t *flags = window->flags + (size_t)source->i * window->width;
    const uint32_t season = (uint32_t)source->phases->season;
    for (uint32_t p = 0; p < PROSPECT_PHASES; p++) {
        own[p] = 1;
    }
    if (!has_own(source)) {
        return;
    }
    float kept[FORECAST_WIDTH_MAX + LANES], use[FORECAST_WIDTH_MAX + LANES];
    keep_observed(units, flags, window->width, WILD * at_least(source->level, 1), kept, use);
    memset(kept + window->width, 0, LANES * sizeof *kept);
    memset(use + window->width, 0, LANES * sizeof *use);
    float lane_sold[LANES] = {0}, lane_seen[LANES] = {0};
    float late_sold[LANES] = {0}, late_seen[LANES] = {0};
    uint32_t count = window->width - skip;
    if (season == PROSPECT_PHASES) {
        sum_whole(kept, use, count, lane_sold, lane_seen);
    } else {
        sum_lanes(kept, use, count, season, season, lane_sold, lane_seen);
    }
    if (late) {
        sum_late(kept, use, count, season, late_sold, late_seen);
    }
    uint32_t phase = ((uint32_t)window->phase + season - skip % season + 1) % season;
    for (uint32_t lane = 0; lane < season; lane++) { /* the last lane holds the newest bucket */
        sums->sold[phase] = lane_sold[lane];
        sums->seen[phase] = lane_seen[lane];
        sums->late_sold[phase] = late_sold[lane];
        sums->late_seen[phase] = late_seen[lane];
        phase = phase + 1 < season ? phase + 1 : 0;
    }
    float trust = OWN_TRUST * source->spread;
    if (season == PROSPECT_PHASES) {
        own_of(source->phases, sums->sold, sums->seen, trust, PROSPECT_PHASES, own);
    } else {
        own_of(source->phases, sums->sold, sums->seen, trust, season, own);
    }
}

void prospect_own(const struct prospect_source *source, uint32_t skip, float own[PROSPECT_PHASES])
{
    struct phase_sums sums;
    add_up(source, skip, false, own, &sums);
}

struct departures { /* units by phase: sold, and expected at the level of then or of today */
    float sold[PROSPECT_PHASES], expected[PROSPECT_PHASES];
};

CLONES static void log_departures(const struct departures *units, float trust, float *restrict out)
{
    for (int p = 0; p < PROSPECT_PHASES; p++) {
        out[p] = fast_log((trust + units->sold[p]) / (trust + units->expected[p]));
    }
}

/* Departures as they are, for the network to judge: with little trust in the shop. */
static void depart(const struct prospect_source *source, const struct phase_sums *sums,
                   struct prospect *prospect)
{
    const uint32_t season = (uint32_t)source->phases->season;
    struct departures whole = {0}, late = {0};
    float all = 0, expected = 0;
    memset(prospect->whole, 0, sizeof prospect->whole);
    memset(prospect->late, 0, sizeof prospect->late);
    prospect->phase = has_own(source) ? source->window->phase : -1;
    prospect->season = season;
    for (uint32_t p = 0; has_own(source) && p < season; p++) {
        all += sums->sold[p];
        expected += sums->seen[p] * source->phases->factor[p];
    }
    if (!(all > 0 && expected > 0 && source->level > 0 && source->spread > 0)) {
        return;
    }
    for (uint32_t p = 0; p < season; p++) {
        float factor = source->phases->factor[p];
        whole.sold[p] = sums->sold[p];
        whole.expected[p] = sums->seen[p] * factor * all / expected;
        late.sold[p] = sums->late_sold[p];
        late.expected[p] = sums->late_seen[p] * factor * source->level;
    }
    log_departures(&whole, WHOLE_TRUST * source->spread, prospect->whole);
    if (!source->settled) {
        log_departures(&late, LATE_TRUST * source->spread, prospect->late);
    }
}

static const float *known_of(const struct prospect_source *source, uint32_t ahead)
{
    const struct window *window = source->window;
    return window->known && ahead <= WINDOW_AHEAD
               ? window->known + ((size_t)source->i * (1 + WINDOW_AHEAD) + ahead) * WINDOW_KNOWN
               : NULL;
}

/* Reads z[s], there[s] and returns the factor; *effect: that of the bucket before. */
static float known_ahead(const struct prospect_source *source, uint32_t s,
                         struct prospect *prospect, float *effect)
{
    const float *raw = known_of(source, s);
    if (!source->window->known) { /* z[s] is not looked at */
        prospect->there[s] = 0;
        return *effect;
    }
    prospect->there[s] = (uint8_t)known_read(raw, source->usual, prospect->z[s]);
    /* What is known of a bucket is mostly what was known of the one before. */
    if (!s || memcmp(prospect->z[s], prospect->z[s - 1], sizeof prospect->z[s]) != 0) {
        *effect = raw ? known_factor(source->effects, prospect->z[s]) : 1;
    }
    return *effect;
}

void prospect_make(const struct prospect_source *source, uint32_t steps, struct prospect *prospect)
{
    ASSERT(steps <= PROSPECT_MOST);
    const struct phase_factors *phases = source->phases;
    const bool has = has_own(source);
    float own[PROSPECT_PHASES];
    struct phase_sums sums;
    add_up(source, 0, true, own, &sums);
    depart(source, &sums, prospect);
    prospect->steps = steps;
    float effect = 1, shift = source->shift > 0 ? source->shift : 1, believed = 1;
    uint32_t season = (uint32_t)phases->season, phase = (uint32_t)source->window->phase % season;
    for (uint32_t s = 0; s <= steps; s++, believed *= SHIFT_KEEP) {
        float plain = phases->factor[phase] * (has ? own[phase] : 1), known = plain;
        if (s <= WINDOW_AHEAD) {
            known *= known_ahead(source, s, prospect, &effect);
        }
        prospect->plain[s] = plain;
        prospect->known[s] = known;
        prospect->factor[s] = known * source->annual[s] * (1 + (shift - 1) * believed) / shift;
        phase = phase + 1 < season ? phase + 1 : 0;
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
    for (uint32_t s = begin; s <= end && prospect->phase >= 0; s++) {
        uint32_t p = ((uint32_t)prospect->phase + s) % prospect->season;
        ask->side[NET_SIDE_OWN] += prospect->whole[p] / count;
        ask->side[NET_SIDE_OWN + 1] += prospect->late[p] / count;
    }
    ask->side[0] = net_lift(plain / count);
    ask->side[1] = net_lift(known / at_least(plain, 1e-6f));
}
