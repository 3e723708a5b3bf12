#include "model/retrace.h"

#include "config/base/window.h"
#include "model/shift.h"

#include <math.h>
#include <stdbool.h>

struct past { /* statistics before a bucket */
    double level, slow, variance;
    uint32_t observed;
};

static bool learned(const struct retrace_series *series, uint32_t k)
{
    return !(series->flags[k] & WINDOW_CENSORED) && isfinite(series->units[k]);
}

static double slow_seen(const struct ewma *ewma, uint32_t n)
{
    return (double)ewma->slow_share[n < EWMA_SHARES ? n : EWMA_SHARES - 1];
}

static double seen(const struct ewma *ewma, uint32_t n)
{
    return (double)ewma->share[n < EWMA_SHARES ? n : EWMA_SHARES - 1];
}

/* Undo one bucket. The limit of a wild one depends on what is sought; today's is close to it. */
static void step_back(const struct ewma *ewma, struct past *past, double y, double factor)
{
    double rate = (double)ewma->rate, keep = 1 - rate;
    uint32_t n = past->observed - 1;
    if (!n) {
        *past = (struct past){0};
        return;
    }
    double fresh = seen(ewma, past->observed), mean = past->level / fresh;
    double deviation = sqrt(fmax(past->variance, 0) / seen(ewma, n));
    double most = (double)ewma->winsor * fmax(fmax(mean, deviation), 1) * fmax(factor, 1);
    y = n > 1 ? fmin(y, most) : y;
    double gain = (double)ewma_gain(ewma->rate, (float)fresh, (float)factor);
    mean = fmax((mean - gain * y) / (1 - gain * factor), 0);
    double slow_fresh = slow_seen(ewma, past->observed);
    double slow_gain = (double)ewma_gain(ewma->rate / EWMA_SLOW, (float)slow_fresh, (float)factor);
    double slow = fmax((past->slow / slow_fresh - slow_gain * y) / (1 - slow_gain * factor), 0);
    past->slow = slow * slow_seen(ewma, n);
    double error = y - factor * mean;
    past->variance = fmax((past->variance - rate * error * error) / keep, 0);
    past->level = mean * seen(ewma, n);
    past->observed = n;
}

static struct past oldest(const struct ewma *ewma, const struct retrace_series *series)
{
    struct past past = {(double)series->level, (double)series->slow, (double)series->variance,
                        series->observed};
    for (uint32_t k = series->width; k-- && past.observed;) {
        if (learned(series, k)) {
            step_back(ewma, &past, (double)series->units[k], (double)series->factor[k]);
        }
    }
    return past;
}

void retrace(const struct ewma *ewma, const struct young *young,
             const struct retrace_series *series, const struct retrace_rows *out)
{
    struct past past = oldest(ewma, series);
    float level = (float)past.level, slow = (float)past.slow, variance = (float)past.variance;
    uint16_t observed = (uint16_t)past.observed;
    struct ewma_rows row = {
        .series = 1, .level = &level, .slow = &slow, .variance = &variance, .observed = &observed};
    for (uint32_t k = 0; k < series->width; k++) {
        float units = series->units[k];
        uint8_t learn = learned(series, k);
        ewma_update(ewma, &row, &series->factor[k], &units, &learn);
        ewma_read(ewma, &row, &out->level[k], &out->spread[k]);
        ewma_read_slow(ewma, &row, &out->slow[k]);
        young_correct(young, observed, &out->level[k], &out->spread[k]);
        out->level[k] *= shift_ratio(&(struct shift_source){.units = series->units,
                                                            .flags = series->flags,
                                                            .factor = series->factor,
                                                            .count = k + 1,
                                                            .level = out->level[k],
                                                            .spread = out->spread[k]});
    }
}
