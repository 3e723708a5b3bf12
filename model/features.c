#include "model/features.h"

#include "model/known.h"
#include "model/net.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const uint8_t UNTRUSTED = WINDOW_CENSORED;
static const float LARGEST = 4;

enum { SHOP_WEEK = 14, SHOP_FORTNIGHT = 15, KNOWN = NET_KNOWN, KNOWN_SHARE = KNOWN + WINDOW_KNOWN };

static float bounded(float x)
{
    return x > LARGEST ? LARGEST : x > -LARGEST ? x : -LARGEST; /* not a number: -LARGEST */
}

struct recent { /* observed buckets among the newest 56 */
    float week, month, older; /* sums of the newest 7, 28 and of those before */
    float week_n, month_n, older_n, sold, gap;
};

/* Newest first: buckets begin .. end - 1 back; sums of what was observed, and how much was. */
static void add_up(const float *newest, const uint8_t *flags, int begin, int end, float most,
                   float sum[3])
{
    float units = 0, seen = 0, sold = 0;
    for (int b = begin; b < end; b++) {
        float use = flags[-b] & UNTRUSTED ? 0.0f : 1.0f, y = newest[-b];
        y = y < most ? y : most;
        units += use > 0 ? y : 0;
        seen += use;
        sold += use > 0 && y > 0 ? 1.0f : 0.0f;
    }
    sum[0] = units;
    sum[1] = seen;
    sum[2] = sold;
}

static void look_back(const struct feature_source *source, struct recent *recent)
{
    const struct window *window = source->window;
    size_t newest = ((size_t)source->i + 1) * window->width - 1;
    const float *units = window->units + newest;
    const uint8_t *flags = window->flags + newest;
    float most = 8 * (source->level > 1 ? source->level : 1), week[3], rest[3], older[3];
    int back = window->width < 56 ? (int)window->width : 56, gap = 0;
    add_up(units, flags, 0, back < 7 ? back : 7, most, week);
    add_up(units, flags, 7, back < 28 ? back : 28, most, rest);
    add_up(units, flags, 28, back, most, older);
    *recent = (struct recent){.week = week[0],
                              .week_n = week[1],
                              .month = week[0] + rest[0],
                              .month_n = week[1] + rest[1],
                              .older = older[0],
                              .older_n = older[1],
                              .sold = week[2] + rest[2]};
    for (int b = 0; b < back && ((flags[-b] & UNTRUSTED) || !(units[-b] > 0)); b++) {
        gap += flags[-b] & UNTRUSTED ? 0 : 1;
    }
    recent->gap = (float)gap;
}

void features_make(const struct feature_source *source, float *x)
{
    const struct window *window = source->window;
    size_t newest = ((size_t)source->i + 1) * window->width - 1;
    struct recent recent;
    look_back(source, &recent);
    float level = fmaxf(source->level, 0.02f), y = window->units[newest];
    uint8_t flags = window->flags[newest];
    bool trusted = !(flags & UNTRUSTED);
    float expected = level * source->factor;
    memset(x, 0, NET_INPUTS * sizeof *x);
    x[0] =
        trusted ? bounded((y - expected) / (1 + sqrtf(source->spread * expected + expected))) : 0;
    x[1] = trusted ? bounded(0.5f * log1pf(y)) : 0;
    x[2] = trusted && y > 0 ? 1 : 0;
    x[3] = bounded(0.4f * logf(level));
    x[4] = bounded(0.4f * logf(source->spread));
    x[5] = bounded(logf((recent.week + level) / ((recent.week_n + 1) * level)));
    x[6] = bounded(logf((recent.month + level) / ((recent.month_n + 1) * level)));
    x[7] = bounded(logf((recent.older + level) / ((recent.older_n + 1) * level)));
    x[8] = recent.month_n > 0 ? recent.sold / recent.month_n : 0;
    x[9] = bounded(0.5f * log1pf(recent.gap));
    x[10] = bounded(0.3f * log1pf(fminf((float)window->age[source->i], 28)));
    x[11] = recent.month_n / 28;
    x[12] = flags & WINDOW_OUT_OF_STOCK ? 1 : 0;
    x[13] = flags & WINDOW_PROMOTION ? 1 : 0;
    x[SHOP_WEEK] = bounded(2 * source->shop.week);
    x[SHOP_FORTNIGHT] = bounded(2 * source->shop.fortnight);
    x[16] = net_lift(source->factor);
    x[17] = bounded(logf((source->slow + 0.02f) / (level + 0.02f)));
    const float *raw = window->known
                           ? window->known + (size_t)source->i * (1 + WINDOW_AHEAD) * WINDOW_KNOWN
                           : NULL;
    uint32_t there = known_read(raw, source->usual, x + KNOWN);
    x[KNOWN_SHARE] = (float)__builtin_popcount(there) / WINDOW_KNOWN;
    float seen = y < 8 * fmaxf(level, 1) ? y : 8 * fmaxf(level, 1);
    x[KNOWN_SHARE + 1] =
        trusted || (flags & WINDOW_ABSENT) ? 0 : bounded(seen / (expected + 0.5f) - 1);
}

static const uint8_t GROUP[NET_INPUTS] = {
    [0] = FEATURE_RECENT,       [1] = FEATURE_RECENT,
    [2] = FEATURE_RECENT,       [5] = FEATURE_RECENT,
    [6] = FEATURE_RECENT,       [7] = FEATURE_RECENT,
    [8] = FEATURE_RECENT,       [9] = FEATURE_RECENT,
    [11] = FEATURE_STOCK,       [12] = FEATURE_STOCK,
    [SHOP_WEEK] = FEATURE_SHOP, [SHOP_FORTNIGHT] = FEATURE_SHOP,
    [17] = FEATURE_RECENT,      [KNOWN_SHARE + 1] = FEATURE_STOCK,
};
_Static_assert(NET_INPUTS == KNOWN_SHARE + 5 && FEATURE_SERIES == 0,
               "a new input: say in GROUP what it tells of, and in usual() what is usual");

static void usual(const struct feature_source *source, float *x)
{
    float level = fmaxf(source->level, 0.02f), expected = level * source->factor;
    float spread = fmaxf(source->spread, 1.01f);
    float none = powf(spread, -level / (spread - 1)); /* share of buckets without a sale */
    float gap = fminf(none / fmaxf(1 - none, 1e-3f), 56);
    memset(x, 0, NET_INPUTS * sizeof *x);
    x[1] = bounded(0.5f * log1pf(expected));
    x[2] = x[8] = 1 - none;
    x[9] = bounded(0.5f * log1pf(gap));
    x[11] = fminf((float)source->window->age[source->i], 28) / 28;
}

void features_suppose(const struct feature_source *source, uint32_t hidden, float *x)
{
    float instead[NET_INPUTS];
    usual(source, instead);
    for (int k = 0; k < NET_INPUTS; k++) {
        if (hidden >> GROUP[k] & 1) {
            x[k] = instead[k];
        }
    }
}

void features_hide_known(float *x)
{
    memset(x + KNOWN, 0, (WINDOW_KNOWN + 1) * sizeof *x);
}

void features_hide_shop(float *x)
{
    x[SHOP_WEEK] = x[SHOP_FORTNIGHT] = 0;
}
