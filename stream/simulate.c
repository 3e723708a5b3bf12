/* A day is made at once: expected demand of each product and location, then orders with their lines
 * at times of the day, then stock and purchases; the events are sorted by time and given out one by
 * one. Anomalies change the making of a day, never the events afterwards, so stock and truth stay
 * consistent with what is sent. */
#include "stream/simulate.h"

#include "config/base/ensure.h"
#include "config/base/rng.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t DAY_MS = 86400000, HOUR_MS = 3600000;
static const double PI_2 = 6.283185307179586;

enum {
    CATEGORIES = 8,
    SUPPLIERS = 12,
    PRODUCTS_MAX = 2000000,
    LOCATIONS_MAX = 1000,
    NAME_BYTES = 24,
    PIPELINE = 6,
    LINES_MEAN = 4
};

struct category {
    double week[7], season_phase, season_size;
};

struct product {
    char sku[NAME_BYTES];
    int32_t category, supplier;
    double popularity; /* share of all units */
    double spread; /* variance over mean */
    int64_t price, cost, pack;
    int64_t born, dies; /* days */
    double lead_days, lead_sd;
    int64_t promotion_until;
};

struct incoming {
    int64_t day, quantity, number; /* day of arrival; quantity 0: free */
};

struct shelf { /* one product at one location */
    int64_t stock, asked, sold;
    bool ran_out;
    double level; /* the shop's own slow estimate */
    struct incoming pipeline[PIPELINE];
    int64_t shift_until, odd_until;
    double shift, odd;
    enum alert_kind odd_kind;
};

struct event_list {
    struct simulate_event *at;
    size_t count, capacity;
};

struct simulate {
    struct simulate_options options;
    struct rng rng;
    struct category categories[CATEGORIES];
    struct product *products; /* [products] */
    struct shelf *shelves; /* [products, locations] */
    char (*places)[NAME_BYTES];
    int64_t day, order_number, purchase_number, silent_until;
    struct event_list events;
    size_t given;
    size_t text_count, text_capacity;
    char (*text_blocks)[NAME_BYTES];
};

/* --- making the shop
 * -------------------------------------------------------------------------------------------- */

static void make_category(struct simulate *sim, struct category *category)
{
    double sum = 0;
    for (int d = 0; d < 7; d++) {
        category->week[d] = 0.5 + rng_gamma(&sim->rng, 4) / 4 + (d >= 5 ? 0.4 : 0);
        sum += category->week[d];
    }
    for (int d = 0; d < 7; d++) {
        category->week[d] *= 7 / sum;
    }
    category->season_phase = rng_unit(&sim->rng);
    category->season_size = 0.1 + 0.4 * rng_unit(&sim->rng);
}

static void make_product(struct simulate *sim, int64_t number)
{
    static const int64_t PACKS[] = {1, 1, 6, 12, 24};
    struct product *product = &sim->products[number];
    (void)snprintf(product->sku, sizeof product->sku, "SKU-%06" PRId64, number + 1);
    product->category = (int32_t)rng_below(&sim->rng, CATEGORIES);
    product->supplier = (int32_t)rng_below(&sim->rng, SUPPLIERS);
    product->popularity = 1.0 / pow((double)number + 5, 0.9);
    product->spread = 1.2 + rng_exponential(&sim->rng);
    product->cost = 100 + (int64_t)(2000 * rng_unit(&sim->rng) * rng_unit(&sim->rng));
    product->price = product->cost * 2 + 99;
    product->pack = PACKS[rng_below(&sim->rng, 5)];
    product->lead_days = 3 + 12 * rng_unit(&sim->rng);
    product->lead_sd = product->lead_days * (0.1 + 0.3 * rng_unit(&sim->rng));
    bool is_new = rng_unit(&sim->rng) < 0.1, is_dying = rng_unit(&sim->rng) < 0.05;
    product->born = is_new ? (int64_t)rng_below(&sim->rng, 180) : 0;
    product->dies = is_dying ? 60 + (int64_t)rng_below(&sim->rng, 240) : INT64_MAX;
}

static void share_out(struct simulate *sim)
{
    double sum = 0;
    for (int64_t p = 0; p < sim->options.products; p++) {
        sum += sim->products[p].popularity;
    }
    for (int64_t p = 0; p < sim->options.products; p++) {
        sim->products[p].popularity /= sum;
    }
}

static struct status *check(const struct simulate_options *options)
{
    if (options->products < 1 || options->products > PRODUCTS_MAX) {
        return status_new(STATUS_USAGE, "products: expected 1 to %d", PRODUCTS_MAX);
    }
    if (options->locations < 1 || options->locations > LOCATIONS_MAX) {
        return status_new(STATUS_USAGE, "locations: expected 1 to %d", LOCATIONS_MAX);
    }
    if (!(options->orders_per_day > 0 && options->orders_per_day <= 1e7) ||
        options->anomalies < 0 || options->days < 0) {
        return status_new(
            STATUS_USAGE,
            "orders per day: expected 1 to 10,000,000; days and anomalies at least 0");
    }
    return NULL;
}

struct status *simulate_create(const struct simulate_options *options, struct simulate **out)
{
    TRY(check(options));
    struct simulate *sim = calloc(1, sizeof *sim);
    if (!sim) {
        return status_new(STATUS_NO_MEMORY, "out of memory for a simulated shop");
    }
    sim->options = *options;
    sim->products = calloc((size_t)options->products, sizeof *sim->products);
    sim->shelves = calloc((size_t)(options->products * options->locations), sizeof *sim->shelves);
    sim->places = calloc((size_t)options->locations, NAME_BYTES);
    if (!sim->products || !sim->shelves || !sim->places) {
        simulate_destroy(sim);
        return status_new(STATUS_NO_MEMORY, "out of memory for a simulated shop");
    }
    rng_init(&sim->rng, options->seed);
    for (int c = 0; c < CATEGORIES; c++) {
        make_category(sim, &sim->categories[c]);
    }
    for (int64_t p = 0; p < options->products; p++) {
        make_product(sim, p);
    }
    share_out(sim);
    for (int64_t l = 0; l < options->locations; l++) {
        (void)snprintf(sim->places[l], NAME_BYTES,
                       options->locations == 1 ? "main" : "store-%" PRId64, l + 1);
    }
    *out = sim;
    return NULL;
}

void simulate_destroy(struct simulate *sim)
{
    if (sim) {
        free(sim->products);
        free(sim->shelves);
        free(sim->places);
        free(sim->events.at);
        free(sim->text_blocks);
        free(sim);
    }
}

/* --- events of a day
 * --------------------------------------------------------------------------------------------- */

static struct simulate_event *add(struct simulate *sim, enum simulate_kind kind, int64_t time_ms)
{
    struct event_list *list = &sim->events;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 1024;
        list->at = realloc(list->at, list->capacity * sizeof *list->at);
        ASSERT(list->at && "out of memory for simulated events");
    }
    struct simulate_event *event = &list->at[list->count++];
    *event = (struct simulate_event){.kind = kind, .time_ms = time_ms};
    return event;
}

/* Names of a day; offsets are resolved when the day is complete, because the block moves while it
 * grows. */
static struct slice name(struct simulate *sim, const char *prefix, int64_t number)
{
    if (sim->text_count == sim->text_capacity) {
        sim->text_capacity = sim->text_capacity ? sim->text_capacity * 2 : 1024;
        sim->text_blocks = realloc(sim->text_blocks, sim->text_capacity * NAME_BYTES);
        ASSERT(sim->text_blocks && "out of memory for simulated names");
    }
    int bytes =
        snprintf(sim->text_blocks[sim->text_count], NAME_BYTES, "%s%" PRId64, prefix, number);
    return (struct slice){(const char *)(uintptr_t)++sim->text_count, (size_t)bytes};
}

static void resolve(const struct simulate *sim, struct slice *text)
{
    uintptr_t number = (uintptr_t)text->data;
    if (number && number <= sim->text_count) {
        text->data = sim->text_blocks[number - 1];
    }
}

static struct shelf *shelf_of(const struct simulate *sim, int64_t product, int64_t location)
{
    return &sim->shelves[product * sim->options.locations + location];
}

static double season(const struct simulate *sim, const struct product *product)
{
    const struct category *category = &sim->categories[product->category];
    double year = (double)sim->day / 365.25 + category->season_phase;
    return category->week[sim->day % 7] * (1 + category->season_size * sin(PI_2 * year));
}

static double expected(const struct simulate *sim, int64_t number, int64_t location)
{
    const struct product *product = &sim->products[number];
    const struct shelf *shelf = shelf_of(sim, number, location);
    if (sim->day < product->born || sim->day >= product->dies) {
        return 0;
    }
    double units = sim->options.orders_per_day * LINES_MEAN * 1.8 * product->popularity /
                   (double)sim->options.locations;
    units *= season(sim, product) * (sim->day < product->promotion_until ? 2.2 : 1);
    units *= sim->day < shelf->shift_until ? shelf->shift : 1;
    return sim->day < shelf->odd_until ? units * shelf->odd : units;
}

static void put_stock(struct simulate *sim, enum stock_kind kind, int64_t number, int64_t location,
                      int64_t time_ms)
{
    struct simulate_event *event = add(sim, SIMULATE_STOCK, time_ms);
    event->stock = (struct stock_line){.kind = kind,
                                       .event_ms = time_ms,
                                       .sku = slice_of(sim->products[number].sku),
                                       .location = slice_of(sim->places[location]),
                                       .expected_ms = -1};
}

static struct stock_line *last_stock(struct simulate *sim)
{
    return &sim->events.at[sim->events.count - 1].stock;
}

static void put_item(struct simulate *sim, int64_t number, int64_t time_ms)
{
    static const char *const NAMES[CATEGORIES] = {
        "home/kitchen", "home/decor", "garden", "toys", "books", "beauty", "sports", "grocery"};
    static const char *const SUPPLIER[SUPPLIERS] = {"Acorn", "Birch",   "Cedar", "Dogwood",
                                                    "Elm",   "Fir",     "Gorse", "Hazel",
                                                    "Ivy",   "Juniper", "Kauri", "Larch"};
    const struct product *product = &sim->products[number];
    struct simulate_event *event = add(sim, SIMULATE_ITEM, time_ms);
    event->item = (struct item_line){.sku = slice_of(product->sku),
                                     .supplier = slice_of(SUPPLIER[product->supplier]),
                                     .currency = slice_of("EUR"),
                                     .category = slice_of(NAMES[product->category]),
                                     .brand = slice_of(""),
                                     .lead_time_days = product->lead_days,
                                     .lead_time_sd_days = product->lead_sd,
                                     .review_days = 7,
                                     .holding_cost_rate = 0.25,
                                     .shelf_life_days = -1,
                                     .weight = -1,
                                     .volume = -1,
                                     .unit_cost = product->cost,
                                     .price = product->price,
                                     .shortage_cost = -1,
                                     .order_cost = -1,
                                     .minimum_order = product->pack,
                                     .pack = product->pack,
                                     .maximum_order = -1};
}

/* Facts and a first count when a product is born; both again are harmless. */
static void open_product(struct simulate *sim, int64_t number, int64_t day_ms)
{
    put_item(sim, number, day_ms);
    for (int64_t l = 0; l < sim->options.locations; l++) {
        struct shelf *shelf = shelf_of(sim, number, l);
        shelf->level = expected(sim, number, l);
        double cover = sim->products[number].lead_days + 14;
        shelf->stock = (int64_t)ceil(shelf->level * cover) + 2;
        put_stock(sim, STOCK_COUNT, number, l, day_ms + 1);
        last_stock(sim)->quantity = shelf->stock;
        last_stock(sim)->reference = name(sim, "count-", sim->day);
    }
}

/* --- anomalies
 * ----------------------------------------------------------------------------------------------------
 */

static void label(struct simulate *sim, enum alert_kind kind, int64_t number, int64_t location,
                  int64_t days, double size)
{
    int64_t day_ms = sim->options.start_ms + sim->day * DAY_MS;
    struct simulate_event *event = add(sim, SIMULATE_LABEL, day_ms + 2);
    event->label = (struct simulate_label){
        .kind = kind, .onset_ms = day_ms, .end_ms = day_ms + days * DAY_MS, .size = size};
    event->label.sku = number >= 0 ? slice_of(sim->products[number].sku) : slice_of("");
    event->label.location = number >= 0 ? slice_of(sim->places[location]) : slice_of("");
}

static void begin_odd(struct simulate *sim, int64_t number, int64_t location)
{
    struct shelf *shelf = shelf_of(sim, number, location);
    double choice = rng_unit(&sim->rng);
    int64_t days = 1;
    if (choice < 0.35) {
        shelf->odd_kind = ALERT_SPIKE;
        shelf->odd = 4 + 6 * rng_unit(&sim->rng);
    } else if (choice < 0.6) {
        shelf->odd_kind = ALERT_ZERO_RUN;
        days = 4 + (int64_t)rng_below(&sim->rng, 8);
        shelf->odd = 0;
    } else if (choice < 0.8) {
        shelf->odd_kind = rng_unit(&sim->rng) < 0.5 ? ALERT_LEVEL_SHIFT_UP : ALERT_LEVEL_SHIFT_DOWN;
        shelf->shift = shelf->odd_kind == ALERT_LEVEL_SHIFT_UP ? 2.5 : 0.35;
        shelf->shift_until = sim->day + 60;
        label(sim, shelf->odd_kind, number, location, 60, shelf->shift);
        return;
    } else {
        shelf->odd_kind = choice < 0.9 ? ALERT_PRICE_ERROR : ALERT_BULK_ORDER;
        shelf->odd = 1;
    }
    shelf->odd_until = sim->day + days;
    label(sim, shelf->odd_kind, number, location, days, shelf->odd);
}

static void choose_odd(struct simulate *sim)
{
    if (sim->day < 28) {
        return; /* first there must be a past */
    }
    double rate =
        sim->options.anomalies / 10000 * (double)(sim->options.products * sim->options.locations);
    for (uint64_t i = rng_poisson(&sim->rng, rate); i-- > 0;) {
        int64_t number = (int64_t)((double)sim->options.products * pow(rng_unit(&sim->rng), 3));
        int64_t location = (int64_t)rng_below(&sim->rng, (uint64_t)sim->options.locations);
        const struct shelf *shelf = shelf_of(sim, number, location);
        if (sim->day >= shelf->odd_until && sim->day >= shelf->shift_until && shelf->stock > 0 &&
            expected(sim, number, location) > 1) {
            begin_odd(sim, number, location);
        }
    }
}

/* --- selling and buying
 * --------------------------------------------------------------------------------------------- */

static int64_t time_of_day(struct simulate *sim)
{
    double u = 0;
    do {
        u = 13.5 + 4 * rng_normal(&sim->rng); /* most orders come in the afternoon */
    } while (u < 0 || u >= 24);
    return (int64_t)(u * (double)HOUR_MS);
}

static void put_line(struct simulate *sim, int64_t number, int64_t location, int64_t quantity,
                     int64_t time_ms)
{
    const struct product *product = &sim->products[number];
    const struct shelf *shelf = shelf_of(sim, number, location);
    bool promoted = sim->day < product->promotion_until;
    int64_t price = promoted ? product->price * 8 / 10 : product->price;
    if (sim->day < shelf->odd_until && shelf->odd_kind == ALERT_PRICE_ERROR) {
        price = price / 10 + 1;
    }
    int64_t order = ++sim->order_number;
    bool known = rng_unit(&sim->rng) < 0.75;
    struct order_line line = {
        .kind = ORDER_SALE,
        .event_ms = time_ms,
        .sku = slice_of(product->sku),
        .location = slice_of(sim->places[location]),
        .order_id = name(sim, "O", order),
        .customer = known ? name(sim, "C", (int64_t)rng_below(&sim->rng, 20000)) : slice_of(""),
        .group = slice_of("EU"),
        .currency = slice_of("EUR"),
        .channel = slice_of(rng_unit(&sim->rng) < 0.7 ? "web" : "shop"),
        .quantity = quantity,
        .unit_price = price,
        .promotion = promoted};
    struct simulate_event *event = add(sim, SIMULATE_ORDER, time_ms);
    event->order = line;
    if (rng_unit(&sim->rng) < 0.002) { /* a producer that tries again */
        event = add(sim, SIMULATE_ORDER, time_ms + 1000);
        event->order = line;
        event->again = true;
    }
}

static void sell(struct simulate *sim, int64_t number, int64_t location, int64_t day_ms)
{
    struct shelf *shelf = shelf_of(sim, number, location);
    double mean = expected(sim, number, location);
    int64_t left = (int64_t)rng_negbin(&sim->rng, mean, mean * sim->products[number].spread);
    if (sim->day < shelf->odd_until && shelf->odd_kind == ALERT_BULK_ORDER) {
        left += (int64_t)(20 + 30 * mean);
    }
    shelf->asked = left;
    shelf->sold = 0;
    bool bulk = sim->day < shelf->odd_until && shelf->odd_kind == ALERT_BULK_ORDER;
    while (left > 0) {
        int64_t wish = bulk ? left : 1 + (int64_t)rng_poisson(&sim->rng, 0.8);
        bulk = false;
        wish = wish < left ? wish : left;
        int64_t quantity = wish < shelf->stock ? wish : shelf->stock;
        left -= wish;
        if (quantity <= 0) {
            shelf->ran_out = true;
            continue;
        }
        shelf->stock -= quantity;
        shelf->sold += quantity;
        int64_t time_ms = day_ms + time_of_day(sim);
        if (sim->day >= sim->silent_until) {
            put_line(sim, number, location, quantity, time_ms);
        }
    }
    shelf->ran_out |= shelf->stock == 0;
    shelf->level += 0.05 * ((double)shelf->sold - shelf->level);
}

static void receive(struct simulate *sim, int64_t number, int64_t location, int64_t day_ms)
{
    struct shelf *shelf = shelf_of(sim, number, location);
    for (int i = 0; i < PIPELINE; i++) {
        struct incoming *incoming = &shelf->pipeline[i];
        if (incoming->quantity && incoming->day <= sim->day) {
            shelf->stock += incoming->quantity;
            put_stock(sim, STOCK_RECEIPT, number, location, day_ms + 6 * HOUR_MS);
            last_stock(sim)->quantity = incoming->quantity;
            last_stock(sim)->reference = name(sim, "PO-", incoming->number);
            *incoming = (struct incoming){0};
        }
    }
}

static void buy(struct simulate *sim, int64_t number, int64_t location, int64_t day_ms)
{
    const struct product *product = &sim->products[number];
    struct shelf *shelf = shelf_of(sim, number, location);
    if (sim->day % 7 != product->supplier % 7 || sim->day >= product->dies - 30) {
        return;
    }
    int64_t position = shelf->stock;
    struct incoming *place = NULL;
    for (int i = 0; i < PIPELINE; i++) {
        position += shelf->pipeline[i].quantity;
        place = shelf->pipeline[i].quantity ? place : &shelf->pipeline[i];
    }
    double cover = product->lead_days + 7;
    int64_t target =
        (int64_t)(shelf->level * cover + 0.8 * sqrt(shelf->level * product->spread * cover) + 1);
    int64_t need = target - position;
    if (need <= 0 || !place) {
        return;
    }
    int64_t quantity = (need + product->pack - 1) / product->pack * product->pack;
    double lead = product->lead_days + product->lead_sd * rng_normal(&sim->rng);
    int64_t days = lead < 1 ? 1 : (int64_t)(lead + 0.5);
    *place = (struct incoming){sim->day + days, quantity, ++sim->purchase_number};
    put_stock(sim, STOCK_ON_ORDER, number, location, day_ms + 16 * HOUR_MS);
    last_stock(sim)->quantity = quantity;
    last_stock(sim)->reference = name(sim, "PO-", place->number);
    last_stock(sim)->expected_ms = day_ms + (int64_t)(product->lead_days + 0.5) * DAY_MS;
}

static int by_time(const void *a, const void *b)
{
    const struct simulate_event *one = a, *two = b;
    if (one->time_ms != two->time_ms) {
        return one->time_ms < two->time_ms ? -1 : 1;
    }
    return 0;
}

/* Stable, because qsort is not: equal times keep the order in which they were made. */
static void sort_day(struct simulate *sim)
{
    for (size_t i = 0; i < sim->events.count; i++) {
        struct simulate_event *event = &sim->events.at[i];
        event->time_ms = event->time_ms * 1024 + (int64_t)(i & 1023);
    }
    qsort(sim->events.at, sim->events.count, sizeof *sim->events.at, by_time);
    for (size_t i = 0; i < sim->events.count; i++) {
        struct simulate_event *event = &sim->events.at[i];
        event->time_ms = event->time_ms >> 10;
        if (event->kind == SIMULATE_ORDER) {
            resolve(sim, &event->order.order_id);
            resolve(sim, &event->order.customer);
        } else if (event->kind == SIMULATE_STOCK) {
            resolve(sim, &event->stock.reference);
        }
    }
}

static void make_day(struct simulate *sim)
{
    int64_t day_ms = sim->options.start_ms + sim->day * DAY_MS;
    sim->events.count = 0;
    sim->text_count = 0;
    sim->given = 0;
    choose_odd(sim);
    if (sim->options.anomalies > 0 && sim->day > 28 && rng_unit(&sim->rng) < 0.004) {
        sim->silent_until = sim->day + 1;
        label(sim, ALERT_MISSING_FEED, -1, 0, 1, 0);
    }
    for (int64_t p = 0; p < sim->options.products; p++) {
        struct product *product = &sim->products[p];
        if (sim->day == product->born) {
            open_product(sim, p, day_ms);
        }
        if (sim->day >= product->promotion_until && rng_unit(&sim->rng) < 0.004) {
            product->promotion_until = sim->day + 7;
        }
        for (int64_t l = 0; l < sim->options.locations && sim->day >= product->born; l++) {
            shelf_of(sim, p, l)->ran_out = shelf_of(sim, p, l)->stock == 0;
            receive(sim, p, l, day_ms);
            sell(sim, p, l, day_ms);
            buy(sim, p, l, day_ms);
        }
    }
    (void)add(sim, SIMULATE_DAY, day_ms + DAY_MS - 1);
    sort_day(sim);
    sim->day++;
}

bool simulate_next(struct simulate *sim, struct simulate_event *event)
{
    if (sim->given == sim->events.count) {
        if (sim->options.days && sim->day >= sim->options.days) {
            return false;
        }
        make_day(sim);
    }
    *event = sim->events.at[sim->given++];
    return true;
}

const char *simulate_location(const struct simulate *sim, int64_t location)
{
    return sim->places[location];
}

int64_t simulate_demand(const struct simulate *sim, int64_t product, int64_t location,
                        bool *in_stock)
{
    const struct shelf *shelf = shelf_of(sim, product, location);
    *in_stock = !shelf->ran_out;
    return shelf->asked;
}
