/* How one series stands to what is known of its buckets: its prospect, what the shop expects, the
 * factor of the bucket that closed, and what that bucket says of the effects of plans. */
#include "model/forecaster_parts.h"

#include <math.h>

static const uint32_t KNOWN_LEAST =
    7; /* buckets observed before a series says something of the effects */

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
                                    .spread = fc->spread[i]};
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
