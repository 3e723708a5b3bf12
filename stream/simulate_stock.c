/* The store room: counts, receipts, and purchases by a base-stock habit. */
#include "stream/simulate_parts.h"

#include <math.h>

enum { LATE_MOST = 7 };
static const double LATE_SHARE = 0.06, SAFETY = 2.2;

static struct stock_line *put(struct simulate *sim, enum stock_kind kind, int64_t product,
                              int64_t location, int64_t time_ms)
{
    struct simulate_event *event = simulate_add(sim, SIMULATE_STOCK, time_ms);
    event->stock = (struct stock_line){.kind = kind,
                                       .event_ms = time_ms,
                                       .sku = slice_of(sim->products[product].sku),
                                       .location = slice_of(sim->places[location]),
                                       .expected_ms = -1};
    return &event->stock;
}

void simulate_count(struct simulate *sim, int64_t product, int64_t location, int64_t time_ms)
{
    struct slice reference = simulate_name(sim, "count-", sim->day);
    struct stock_line *line = put(sim, STOCK_COUNT, product, location, time_ms);
    line->quantity = simulate_shelf(sim, product, location)->stock;
    line->reference = reference;
}

void simulate_adjust(struct simulate *sim, int64_t product, int64_t location, int64_t quantity,
                     int64_t time_ms)
{
    struct slice reference = simulate_name(sim, "return-", sim->order_number);
    struct stock_line *line = put(sim, STOCK_ADJUSTMENT, product, location, time_ms);
    line->quantity = quantity;
    line->reference = reference;
    simulate_shelf(sim, product, location)->stock += quantity;
}

void simulate_receive(struct simulate *sim, int64_t product, int64_t location)
{
    struct shelf *shelf = simulate_shelf(sim, product, location);
    for (int i = 0; i < SIMULATE_PIPELINE; i++) {
        struct incoming *incoming = &shelf->pipeline[i];
        if (incoming->quantity && incoming->day <= sim->day) {
            struct slice reference = simulate_name(sim, "PO-", incoming->number);
            struct stock_line *line = put(sim, STOCK_RECEIPT, product, location,
                                          simulate_day_ms(sim) + 6 * SIMULATE_HOUR_MS);
            line->quantity = incoming->quantity;
            line->reference = reference;
            shelf->stock += incoming->quantity;
            *incoming = (struct incoming){0};
        }
    }
}

/* Day of arrival of an order of today. Most come as promised; a late one is labelled. */
static int64_t deliver(struct simulate *sim, int64_t number, int64_t location,
                       int64_t *promised_day)
{
    const struct product *product = &sim->products[number];
    double lead = product->lead_days + product->lead_sd * rng_normal(&sim->rng);
    *promised_day = sim->day + (lead < 1 ? 1 : (int64_t)(lead + 0.5));
    if (rng_unit(&sim->rng) >= LATE_SHARE) {
        return *promised_day;
    }
    int64_t late = (int64_t)ceil(product->lead_sd) + 1 + (int64_t)rng_below(&sim->rng, LATE_MOST);
    simulate_label_add(sim, ALERT_SUPPLY_LATE, number, location, *promised_day, late, (double)late);
    return *promised_day + late;
}

void simulate_buy(struct simulate *sim, int64_t product, int64_t location)
{
    const struct product *of = &sim->products[product];
    struct shelf *shelf = simulate_shelf(sim, product, location);
    if (sim->day % 7 != of->supplier % 7 || sim->day >= of->dies - 30) {
        return;
    }
    int64_t position = shelf->stock;
    struct incoming *place = NULL;
    for (int i = 0; i < SIMULATE_PIPELINE; i++) {
        position += shelf->pipeline[i].quantity;
        place = shelf->pipeline[i].quantity ? place : &shelf->pipeline[i];
    }
    double cover = of->lead_days + 7, wait = shelf->level * of->lead_sd;
    double spread = sqrt(shelf->level * of->spread * cover + wait * wait);
    int64_t target = (int64_t)(shelf->level * cover + SAFETY * spread + 2);
    int64_t need = target - position;
    if (need <= 0 || !place) {
        return;
    }
    int64_t quantity = (need + of->pack - 1) / of->pack * of->pack, promised;
    int64_t day = deliver(sim, product, location, &promised);
    *place = (struct incoming){day, quantity, ++sim->purchase_number};
    struct slice reference = simulate_name(sim, "PO-", place->number);
    struct stock_line *line =
        put(sim, STOCK_ON_ORDER, product, location, simulate_day_ms(sim) + 16 * SIMULATE_HOUR_MS);
    line->quantity = quantity;
    line->reference = reference;
    line->expected_ms = sim->options.start_ms + promised * SIMULATE_DAY_MS + 12 * SIMULATE_HOUR_MS;
}
