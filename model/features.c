#include "model/features.h"

#include "model/net.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const uint8_t UNTRUSTED = WINDOW_CENSORED | WINDOW_ANOMALOUS;
static const float LARGEST = 4;

enum { SHOP_WEEK = 14, SHOP_FORTNIGHT = 15 };

static float bounded(float x)
{
    return fminf(fmaxf(x, -LARGEST), LARGEST);
}

struct recent { /* observed buckets among the newest 56 */
    float week, month, older; /* sums of the newest 7, 28 and of those before */
    float week_n, month_n, older_n, sold, gap;
    float winsor;
};

static void look_back(const struct feature_source *source, struct recent *recent)
{
    const struct window *window = source->window;
    size_t end = ((size_t)source->i + 1) * window->width;
    float most = 8 * fmaxf(source->level, 1);
    uint32_t back = window->width < 56 ? window->width : 56;
    bool found = false;
    memset(recent, 0, sizeof *recent);
    for (uint32_t b = 0; b < back; b++) {
        if (window->flags[end - 1 - b] & UNTRUSTED) {
            continue;
        }
        float y = fminf(window->units[end - 1 - b], most), in_week = b < 7, in_month = b < 28;
        recent->week += in_week * y;
        recent->week_n += in_week;
        recent->month += in_month * y;
        recent->month_n += in_month;
        recent->older += (1 - in_month) * y;
        recent->older_n += 1 - in_month;
        recent->sold += in_month * (y > 0 ? 1.0f : 0.0f);
        found = found || y > 0;
        recent->gap += found ? 0 : 1;
    }
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
}

void features_hide_shop(float *x)
{
    x[SHOP_WEEK] = x[SHOP_FORTNIGHT] = 0;
}
