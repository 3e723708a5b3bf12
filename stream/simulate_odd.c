/* Anomalies: they change the making of a day, never its events afterwards, so that stock and truth
 * stay consistent with what is sent. What would not show is not begun: a label is the truth. */
#include "stream/simulate_parts.h"

#include <math.h>

enum { PAST_DAYS = 28, SHIFT_DAYS = 60, RETURNS_LEAST = 6, RETURNS_MORE = 9 };

void simulate_label_add(struct simulate *sim, enum alert_kind kind, int64_t product,
                        int64_t location, int64_t from_day, int64_t days, double size)
{
    int64_t onset_ms = sim->options.start_ms + from_day * SIMULATE_DAY_MS;
    struct simulate_event *event = simulate_add(sim, SIMULATE_LABEL, simulate_day_ms(sim) + 2);
    event->label = (struct simulate_label){.kind = kind,
                                           .onset_ms = onset_ms,
                                           .end_ms = onset_ms + days * SIMULATE_DAY_MS,
                                           .size = size};
    event->label.sku = slice_of(product >= 0 ? sim->products[product].sku : "");
    event->label.location = slice_of(product >= 0 ? sim->places[location] : "");
}

bool simulate_is_odd(const struct simulate *sim, const struct shelf *shelf, enum alert_kind kind)
{
    return sim->day < shelf->odd_until && shelf->odd_kind == kind;
}

struct choice {
    enum alert_kind kind;
    int64_t days;
    double size;
};

static struct choice choose(struct simulate *sim, double mean)
{
    double choice = rng_unit(&sim->rng);
    if (choice < 0.3) {
        return (struct choice){ALERT_SPIKE, 1, 4 + 6 * rng_unit(&sim->rng)};
    }
    if (choice < 0.5) {
        return (struct choice){ALERT_ZERO_RUN, 4 + (int64_t)rng_below(&sim->rng, 8), 0};
    }
    if (choice < 0.6) {
        return (struct choice){ALERT_LEVEL_SHIFT_UP, SHIFT_DAYS, 2.5};
    }
    if (choice < 0.7) {
        return (struct choice){ALERT_LEVEL_SHIFT_DOWN, SHIFT_DAYS, 0.35};
    }
    if (choice < 0.8) {
        return (struct choice){ALERT_PRICE_ERROR, 1, 0.1};
    }
    if (choice < 0.9) {
        return (struct choice){ALERT_BULK_ORDER, 1, floor(20 + 10 * mean)};
    }
    return (struct choice){ALERT_RETURNS_BURST, 1,
                           RETURNS_LEAST + (double)rng_below(&sim->rng, RETURNS_MORE)};
}

/* Stock enough for what would be asked for beyond the usual, so that it is seen. */
static bool has_stock_for(const struct shelf *shelf, const struct choice *choice, double mean)
{
    double units = choice->kind == ALERT_SPIKE        ? choice->size * mean * 1.5 + 5
                   : choice->kind == ALERT_BULK_ORDER ? choice->size + 3 * mean
                                                      : 3 * mean;
    return (double)shelf->stock > units;
}

static void begin(struct simulate *sim, int64_t number, int64_t location)
{
    struct shelf *shelf = simulate_shelf(sim, number, location);
    double mean = simulate_expected(sim, number, location);
    struct choice choice = choose(sim, mean);
    if (!has_stock_for(shelf, &choice, mean)) {
        return;
    }
    if (choice.kind == ALERT_LEVEL_SHIFT_UP || choice.kind == ALERT_LEVEL_SHIFT_DOWN) {
        shelf->shift = choice.size;
        shelf->shift_until = sim->day + choice.days;
    } else {
        shelf->odd_kind = choice.kind;
        shelf->odd = choice.size;
        shelf->odd_until = sim->day + choice.days;
    }
    if (choice.kind != ALERT_PRICE_ERROR) { /* that one is told when a line is sold at it */
        simulate_label_add(sim, choice.kind, number, location, sim->day, choice.days, choice.size);
    }
}

void simulate_odd(struct simulate *sim)
{
    if (sim->day < PAST_DAYS) {
        return; /* first there must be a past */
    }
    if (sim->options.anomalies > 0 && rng_unit(&sim->rng) < 0.004) {
        sim->silent_until = sim->day + 1;
        simulate_label_add(sim, ALERT_MISSING_FEED, -1, 0, sim->day, 1, 0);
        return; /* nothing else would be seen today */
    }
    double rate =
        sim->options.anomalies / 10000 * (double)(sim->options.products * sim->options.locations);
    for (uint64_t i = rng_poisson(&sim->rng, rate); i-- > 0;) {
        int64_t number = (int64_t)((double)sim->options.products * pow(rng_unit(&sim->rng), 3));
        int64_t location = (int64_t)rng_below(&sim->rng, (uint64_t)sim->options.locations);
        const struct shelf *shelf = simulate_shelf(sim, number, location);
        if (sim->day >= shelf->odd_until && sim->day >= shelf->shift_until &&
            sim->day >= sim->products[number].born + PAST_DAYS &&
            simulate_expected(sim, number, location) > 1) {
            begin(sim, number, location);
        }
    }
}
