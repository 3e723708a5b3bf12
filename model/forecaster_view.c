/* How one series stands to what is known of its buckets: its prospect, what the shop expects, the
 * factor of the bucket that closed, and what that bucket says of the effects of plans. */
#include "config/base/bound.h"
#include "model/forecaster_parts.h"
#include "model/shift.h"

#include <math.h>

static const uint32_t KNOWN_LEAST =
    7; /* buckets observed before a series says something of the effects */

static const uint32_t BULK_LEAST = 14; /* and before it says something of bulk orders */

struct prospect_source forecaster_prospect(const struct forecaster *fc,
                                           const struct forecaster_cols *cols,
                                           const struct window *window, uint32_t i)
{
    return (struct prospect_source){.window = window,
                                    .i = i,
                                    .phases = &fc->phases,
                                    .effects = &fc->effects,
                                    .annual = fc->year,
                                    .usual = cols->usual_price[i],
                                    .level = fc->level[i],
                                    .spread = fc->spread[i],
                                    .shift = fc->plain[i] > 0 ? fc->level[i] / fc->plain[i] : 1};
}

void forecaster_look_from(struct forecaster *fc, const struct prospect_source *source,
                          uint32_t steps)
{
    prospect_make(source, steps, &fc->prospect);
    float ahead = 0;
    uint32_t step = 0;
    for (uint32_t s = 0; s < fc->rows && fc->length[s] <= steps; s++) {
        while (step < fc->length[s]) {
            ahead += fc->prospect.factor[++step];
        }
        fc->ahead[s] = ahead;
    }
}

void forecaster_look(struct forecaster *fc, const struct forecaster_cols *cols,
                     const struct window *window, uint32_t i, uint32_t steps)
{
    struct prospect_source source = forecaster_prospect(fc, cols, window, i);
    forecaster_look_from(fc, &source, steps);
}

float forecaster_now(const struct forecaster *fc, const struct forecaster_cols *cols,
                     const struct window *window, uint32_t i)
{
    float z[WINDOW_KNOWN];
    struct prospect_source source = forecaster_prospect(fc, cols, window, i);
    float factor = prospect_now(&source, z);
    return factor * known_factor(&fc->effects, z);
}

void forecaster_read_factors(struct forecaster *fc, const struct forecaster_cols *cols,
                             const struct window *window)
{
    for (uint32_t i = 0; i < window->series; i++) {
        fc->factor[i] = window->age[i] ? forecaster_now(fc, cols, window, i) : 1;
    }
}

void forecaster_count_known(struct forecaster *fc, struct forecaster_cols *cols,
                            const struct window *window)
{
    for (uint32_t i = 0; i < window->series; i++) {
        float z[WINDOW_KNOWN];
        struct prospect_source source = forecaster_prospect(fc, cols, window, i);
        fc->factor[i] = 1;
        if (!window->age[i]) {
            continue;
        }
        fc->factor[i] = prospect_now(&source, z);
        if (!window->known) {
            continue;
        }
        struct known_case one = {.z = z,
                                 .expected = fc->level[i] * fc->factor[i],
                                 .factor = known_factor(&fc->effects, z),
                                 .spread = fc->spread[i],
                                 .y = fc->units[i]};
        if (fc->learn[i] && cols->observed[i] >= KNOWN_LEAST) {
            known_count(&fc->known_tally, &one);
        }
        fc->factor[i] *= one.factor;
        float raw = window->known[(size_t)i * (1 + WINDOW_AHEAD) * WINDOW_KNOWN + WINDOW_PRICE];
        cols->usual_price[i] = known_usual(cols->usual_price[i], raw, cols->observed[i]);
    }
}

void forecaster_look_ahead(struct forecaster *fc)
{
    (void)annual_factors(&fc->annual, fc->ewma.rate, PROSPECT_MOST, fc->year);
    float week = phase_recent(&fc->phases, 7) / 7, fortnight = phase_recent(&fc->phases, 14) / 14;
    float month = phase_recent(&fc->phases, 28) / 28;
    fc->shop = (struct feature_shop){0};
    if (week > 0 && month > 0) {
        fc->shop =
            (struct feature_shop){.week = logf(week / month), .fortnight = logf(fortnight / month)};
    }
}

void forecaster_shift(struct forecaster *fc, const struct window *window, const uint8_t *want)
{
    float factor[SHIFT_BUCKETS];
    uint32_t season = (uint32_t)fc->phases.season, width = window->width;
    uint32_t count = width < SHIFT_BUCKETS ? width : SHIFT_BUCKETS;
    for (uint32_t k = 0; k < count && season; k++) { /* k back */
        uint32_t phase = ((uint32_t)window->phase + season * SHIFT_BUCKETS - k) % season;
        factor[count - 1 - k] = fc->phases.factor[phase];
    }
    for (uint32_t i = 0; i < window->series; i++) {
        size_t from = ((size_t)i + 1) * width - count;
        if (season && (!want || want[i])) {
            fc->level[i] *= shift_ratio(&(struct shift_source){.units = window->units + from,
                                                               .flags = window->flags + from,
                                                               .factor = factor,
                                                               .count = count,
                                                               .level = fc->level[i],
                                                               .spread = fc->spread[i]});
        }
    }
}

void forecaster_count_bulk(struct forecaster *fc, const struct forecaster_cols *cols,
                           uint32_t series)
{
    for (uint32_t i = 0; i < series; i++) {
        if (fc->learn[i] && cols->observed[i] >= BULK_LEAST) {
            float level = fc->level[i], scale = at_least(level, sqrtf(fc->spread[i] * level));
            float cap = fc->ewma.winsor * at_least(scale, 1) * at_least(fc->factor[i], 1);
            bulk_count(&fc->bulk_tally, fc->units[i], cap);
        }
    }
}
