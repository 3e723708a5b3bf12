/* A day of sales. Demand is drawn per product and cut into lines; what is not in stock is lost. The
 * lines of a location are shuffled and dealt out to orders of some four lines, each with a time of
 * day and a customer: one who buys often, a new one, or nobody known. Some lines of known customers
 * come back: cancelled within days (then they were no demand), or returned within weeks. */
#include "stream/simulate_parts.h"

#include "config/base/grow.h"

#include <math.h>
#include <stdlib.h>

static const double KNOWN = 0.8, NEW = 0.25, CANCELLED = 0.015, RETURNED = 0.03, RESOLD = 0.7,
                    AGAIN = 0.002;
enum { CANCEL_DAYS = 4, RETURN_FIRST = 3, RETURN_DAYS = 18, REGULARS = 400 };

static int64_t time_of_day(struct simulate *sim)
{
    double u = 0;
    do {
        u = 13.5 + 4 * rng_normal(&sim->rng); /* most orders come in the afternoon */
    } while (u < 0 || u >= 24);
    return (int64_t)(u * (double)SIMULATE_HOUR_MS);
}

static int64_t price_of(const struct simulate *sim, const struct wish *wish)
{
    const struct product *product = &sim->products[wish->product];
    int64_t price = sim->day < product->promotion_until ? product->price * 8 / 10 : product->price;
    const struct shelf *shelf = simulate_shelf(sim, wish->product, wish->location);
    return simulate_is_odd(sim, shelf, ALERT_PRICE_ERROR) ? price / 10 + 1 : price;
}

/* --- demand */

static void add_wish(struct simulate *sim, int64_t product, int64_t location, int64_t quantity)
{
    sim->wishes = grow(sim->wishes, &sim->wish_capacity, sim->wish_count + 1, sizeof *sim->wishes);
    sim->wishes[sim->wish_count++] = (struct wish){product, location, quantity};
}

void simulate_demand_of(struct simulate *sim, int64_t product, int64_t location)
{
    struct shelf *shelf = simulate_shelf(sim, product, location);
    double mean = simulate_expected(sim, product, location);
    int64_t left = (int64_t)rng_negbin(&sim->rng, mean, mean * sim->products[product].spread);
    bool bulk = simulate_is_odd(sim, shelf, ALERT_BULK_ORDER);
    int64_t extra = bulk ? (int64_t)shelf->odd : 0;
    shelf->asked = left + extra;
    shelf->sold = 0;
    for (left += extra; left > 0; bulk = false) {
        int64_t wish = bulk ? extra : 1 + (int64_t)rng_poisson(&sim->rng, 0.8);
        wish = wish < left ? wish : left;
        int64_t quantity = wish < shelf->stock ? wish : shelf->stock;
        left -= wish;
        if (quantity <= 0) {
            shelf->ran_out = true;
            continue;
        }
        shelf->stock -= quantity;
        shelf->sold += quantity;
        add_wish(sim, product, location, quantity);
    }
    shelf->ran_out |= shelf->stock == 0;
    if (!shelf->ran_out) { /* empty shelves say nothing about demand */
        shelf->level += 0.05 * ((double)shelf->sold - shelf->level);
    }
}

/* --- orders */

static void shuffle(struct simulate *sim)
{
    for (size_t i = sim->wish_count; i > 1; i--) {
        size_t other = (size_t)rng_below(&sim->rng, i);
        struct wish wish = sim->wishes[i - 1];
        sim->wishes[i - 1] = sim->wishes[other];
        sim->wishes[other] = wish;
    }
}

/* 0: not known. The first ones are regulars, some of whom buy much more often than others. */
static int64_t choose_customer(struct simulate *sim)
{
    if (rng_unit(&sim->rng) >= KNOWN) {
        return 0;
    }
    if (rng_unit(&sim->rng) < NEW) {
        return REGULARS + ++sim->customer_number;
    }
    return 1 + (int64_t)(REGULARS * pow(rng_unit(&sim->rng), 2));
}

static void come_back_later(struct simulate *sim, const struct order_line *line,
                            const struct wish *wish, int64_t customer)
{
    double choice = rng_unit(&sim->rng);
    if (!customer || choice >= CANCELLED + RETURNED) {
        return;
    }
    bool cancel = choice < CANCELLED;
    int64_t days = cancel ? 1 + (int64_t)rng_below(&sim->rng, CANCEL_DAYS)
                          : RETURN_FIRST + (int64_t)rng_below(&sim->rng, RETURN_DAYS);
    sim->comebacks = grow(sim->comebacks, &sim->comeback_capacity, sim->comeback_count + 1,
                          sizeof *sim->comebacks);
    sim->comebacks[sim->comeback_count++] = (struct comeback){cancel ? ORDER_CANCEL : ORDER_RETURN,
                                                              sim->day + days,
                                                              wish->product,
                                                              wish->location,
                                                              wish->quantity,
                                                              line->unit_price,
                                                              customer};
    if (cancel) { /* the truth is what is left of demand */
        simulate_shelf(sim, wish->product, wish->location)->asked -= wish->quantity;
    }
}

/* The lines of one order are next to each other in the list, so that they stay so when the day is
 * sorted. */
static void put_order(struct simulate *sim, const struct wish *wishes, size_t count,
                      int64_t time_ms)
{
    int64_t order = ++sim->order_number, customer = choose_customer(sim);
    struct slice id = simulate_name(sim, "O", order);
    struct slice who = customer ? simulate_name(sim, "C", customer) : slice_of("");
    const char *channel = rng_unit(&sim->rng) < 0.7 ? "web" : "shop";
    bool again = rng_unit(&sim->rng) < AGAIN; /* a producer that tries once more */
    size_t first = sim->events.count;
    for (size_t i = 0; i < count; i++) {
        struct simulate_event *event = simulate_add(sim, SIMULATE_ORDER, time_ms);
        event->line_no = (int32_t)i + 1;
        event->order = (struct order_line){
            .kind = ORDER_SALE,
            .event_ms = time_ms,
            .sku = slice_of(sim->products[wishes[i].product].sku),
            .location = slice_of(sim->places[wishes[i].location]),
            .order_id = id,
            .customer = who,
            .group = slice_of("EU"),
            .currency = slice_of("EUR"),
            .channel = slice_of(channel),
            .quantity = wishes[i].quantity,
            .unit_price = price_of(sim, &wishes[i]),
            .promotion = sim->day < sim->products[wishes[i].product].promotion_until};
        struct order_line line = event->order;
        come_back_later(sim, &line, &wishes[i], customer);
    }
    for (size_t i = first; again && i < first + count; i++) {
        struct simulate_event copy = sim->events.at[i];
        struct simulate_event *event = simulate_add(sim, SIMULATE_ORDER, time_ms + 1000);
        event->order = copy.order;
        event->line_no = copy.line_no;
        event->again = true;
    }
}

/* A price that was wrong is labelled when somebody bought at it. */
static void label_prices(struct simulate *sim)
{
    for (int64_t p = 0; p < sim->options.products; p++) {
        for (int64_t l = 0; l < sim->options.locations; l++) {
            const struct shelf *shelf = simulate_shelf(sim, p, l);
            if (simulate_is_odd(sim, shelf, ALERT_PRICE_ERROR) && shelf->sold) {
                simulate_label_add(sim, ALERT_PRICE_ERROR, p, l, sim->day, 1, shelf->odd);
            }
        }
    }
}

void simulate_orders(struct simulate *sim)
{
    bool silent = sim->day < sim->silent_until;
    shuffle(sim);
    for (int64_t l = 0; l < sim->options.locations && !silent; l++) {
        size_t kept = 0; /* the wishes of this location, gathered at the front of what is left */
        for (size_t i = 0; i < sim->wish_count; i++) {
            if (sim->wishes[i].location == l) {
                struct wish wish = sim->wishes[i];
                sim->wishes[i] = sim->wishes[kept];
                sim->wishes[kept++] = wish;
            }
        }
        for (size_t at = 0; at < kept;) {
            size_t lines = 1 + (size_t)rng_poisson(&sim->rng, SIMULATE_LINES_MEAN - 1);
            lines = lines < kept - at ? lines : kept - at;
            put_order(sim, sim->wishes + at, lines, simulate_day_ms(sim) + time_of_day(sim));
            at += lines;
        }
        sim->wish_count -= kept;
        for (size_t i = 0; i < sim->wish_count; i++) {
            sim->wishes[i] = sim->wishes[i + kept];
        }
    }
    sim->wish_count = 0;
    if (!silent) {
        label_prices(sim);
    }
}

/* --- what comes back */

static void put_comeback(struct simulate *sim, const struct comeback *back, int64_t time_ms)
{
    struct slice id =
        simulate_name(sim, back->kind == ORDER_CANCEL ? "X" : "R", ++sim->order_number);
    struct slice who = simulate_name(sim, "C", back->customer);
    struct simulate_event *event = simulate_add(sim, SIMULATE_ORDER, time_ms);
    event->line_no = 1;
    event->order = (struct order_line){.kind = back->kind,
                                       .event_ms = time_ms,
                                       .sku = slice_of(sim->products[back->product].sku),
                                       .location = slice_of(sim->places[back->location]),
                                       .order_id = id,
                                       .customer = who,
                                       .group = slice_of("EU"),
                                       .currency = slice_of("EUR"),
                                       .channel = slice_of("web"),
                                       .quantity = -back->quantity,
                                       .unit_price = back->price};
}

/* Damaged goods by the dozen: nothing of them is sold again. */
static void burst(struct simulate *sim, int64_t product, int64_t location)
{
    const struct shelf *shelf = simulate_shelf(sim, product, location);
    for (int64_t i = simulate_is_odd(sim, shelf, ALERT_RETURNS_BURST) ? (int64_t)shelf->odd : 0;
         i > 0; i--) {
        struct comeback back = {.kind = ORDER_RETURN,
                                .product = product,
                                .location = location,
                                .quantity = 1 + (int64_t)rng_below(&sim->rng, 3),
                                .price = sim->products[product].price,
                                .customer = 1 + (int64_t)rng_below(&sim->rng, REGULARS)};
        put_comeback(sim, &back, simulate_day_ms(sim) + time_of_day(sim));
    }
}

void simulate_come_back(struct simulate *sim)
{
    bool silent = sim->day < sim->silent_until;
    size_t kept = 0;
    for (size_t i = 0; i < sim->comeback_count; i++) {
        struct comeback back = sim->comebacks[i];
        if (back.day > sim->day || silent) { /* nobody is told today: tomorrow */
            sim->comebacks[kept++] = back;
            continue;
        }
        int64_t time_ms = simulate_day_ms(sim) + 7 * SIMULATE_HOUR_MS;
        put_comeback(sim, &back, time_ms);
        if (back.kind == ORDER_CANCEL) { /* it never left */
            simulate_shelf(sim, back.product, back.location)->stock += back.quantity;
        } else if (rng_unit(&sim->rng) < RESOLD) {
            simulate_adjust(sim, back.product, back.location, back.quantity,
                            time_ms + SIMULATE_HOUR_MS);
        }
    }
    sim->comeback_count = kept;
    for (int64_t p = 0; p < sim->options.products && !silent; p++) {
        for (int64_t l = 0; l < sim->options.locations; l++) {
            burst(sim, p, l);
        }
    }
}
