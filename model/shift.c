#include "model/shift.h"

#include "config/base/window.h"

#include <math.h>
#include <stdbool.h>

static const uint32_t SPAN[SHIFT_SPANS] = {3, 5, 7, 9, 12, 16, 21, 28}; /* observed buckets */
static const float WILD = 2.5f; /* deviations that a bucket counts at most */
static const float DOUBT = 3.3f,
                   SURE = 4.5f; /* |z| below and above which nothing and all is believed */
static const float CALM = 1.8f; /* |z| against the level that is looked into */
static const float LEVEL_LEAST = 0.05f, MOST = 8;
static const uint32_t OLDER_LEAST = 14; /* buckets */

struct sums { /* of observed buckets */
    float expected; /* for a level of 1 */
    float sold, square; /* limited units; their squared distance from what was expected */
    uint32_t seen;
};

struct about { /* what buckets are limited about */
    float level, spread;
};

/* Of `most` observed buckets before number k. Returns the number of the oldest. */
static uint32_t add_up(const struct shift_source *source, uint32_t k, uint32_t most,
                       struct about about, struct sums *sums)
{
    float far = WILD * sqrtf(about.spread * about.level);
    *sums = (struct sums){0};
    while (k > 0 && sums->seen < most) {
        k--;
        if (source->flags[k] & WINDOW_CENSORED) {
            continue;
        }
        float mean = about.level * source->factor[k];
        float y = fminf(fmaxf(source->units[k], mean - far), mean + far);
        sums->expected += source->factor[k];
        sums->sold += y;
        sums->square += (y - mean) * (y - mean);
        sums->seen++;
    }
    return k;
}

/* How surely the newest `span` buckets have another level than those before them; *level: which. 0:
 * it cannot be told. */
static float compare(const struct shift_source *source, uint32_t span, float *level)
{
    struct sums newest, older;
    struct about about = {source->level, source->spread};
    uint32_t k = add_up(source, source->count, span, about, &newest);
    (void)add_up(source, k, SHIFT_BUCKETS - span, about, &older);
    if (newest.seen < span || older.seen < OLDER_LEAST || !(older.sold > 0) ||
        !(newest.expected > 0)) {
        return 0;
    }
    about.level = older.sold / older.expected;
    (void)add_up(source, k, SHIFT_BUCKETS - span, about, &older);
    if (!(older.sold > 0)) {
        return 0;
    }
    about.spread = fmaxf(older.square / older.sold, 1);
    about.level = older.sold / older.expected;
    (void)add_up(source, source->count, span, about, &newest);
    float expected = about.level * newest.expected;
    float deviation = sqrtf(about.spread * expected * (1 + newest.expected / older.expected));
    float z = fabsf(newest.sold - expected) / deviation;
    about.level = newest.sold / newest.expected;
    (void)add_up(source, source->count, span, about, &newest); /* limited about where they are */
    *level = newest.sold / newest.expected;
    return z;
}

/* Most series most of the time: no span is far from the level. One pass, so that they cost
 * nothing. */
static bool calm(const struct shift_source *source)
{
    float level = source->level, unit = source->spread * level * CALM * CALM;
    float far = WILD * sqrtf(source->spread * level), weight = 0, over = 0;
    uint32_t seen = 0, s = 0;
    for (uint32_t k = source->count; k-- > 0 && s < SHIFT_SPANS;) {
        if (source->flags[k] & WINDOW_CENSORED) {
            continue;
        }
        weight += source->factor[k];
        over += fminf(fmaxf(source->units[k] - level * source->factor[k], -far), far);
        if (++seen == SPAN[s]) {
            if (over * over > unit * weight) {
                return false;
            }
            s++;
        }
    }
    return true;
}

float shift_ratio(const struct shift_source *source)
{
    if (!(source->level > LEVEL_LEAST && source->spread >= 1) || calm(source)) {
        return 1;
    }
    float most = DOUBT, ratio = 1;
    for (uint32_t s = 0; s < SHIFT_SPANS; s++) {
        float level = source->level, z = compare(source, SPAN[s], &level);
        if (z > most) {
            most = z;
            ratio = fminf(fmaxf(level / source->level, 1 / MOST), MOST);
        }
    }
    return 1 + fminf((most - DOUBT) / (SURE - DOUBT), 1) * (ratio - 1);
}
