/* A day is made at once: expected demand of each product and location, then orders with their lines
 * at times of the day, then stock and purchases; the events are sorted by time and given out one by
 * one. What is sold stands in simulate_sell.c, the store room in simulate_stock.c, what goes wrong
 * on purpose in simulate_odd.c. */
#include "config/base/grow.h"
#include "stream/simulate_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double PI_2 = 6.283185307179586;
static const double UNITS_OF_LINE = 1.8, PROMOTED = 1.8, PROMOTIONS = 0.003 /* a product and day */;
enum { PRODUCTS_MAX = 2000000, LOCATIONS_MAX = 1000, PROMOTION_DAYS = 7, COUNT_EVERY = 28 };

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
    product->category = (int32_t)rng_below(&sim->rng, SIMULATE_CATEGORIES);
    product->supplier = (int32_t)rng_below(&sim->rng, SIMULATE_SUPPLIERS);
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
    sim->places = calloc((size_t)options->locations, SIMULATE_NAME_BYTES);
    if (!sim->products || !sim->shelves || !sim->places) {
        simulate_destroy(sim);
        return status_new(STATUS_NO_MEMORY, "out of memory for a simulated shop");
    }
    rng_init(&sim->rng, options->seed);
    for (int c = 0; c < SIMULATE_CATEGORIES; c++) {
        make_category(sim, &sim->categories[c]);
    }
    for (int64_t p = 0; p < options->products; p++) {
        make_product(sim, p);
    }
    share_out(sim);
    for (int64_t l = 0; l < options->locations; l++) {
        (void)snprintf(sim->places[l], SIMULATE_NAME_BYTES,
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
        free(sim->wishes);
        free(sim->comebacks);
        free(sim);
    }
}

/* --- events of a day
 * --------------------------------------------------------------------------------------------- */

struct simulate_event *simulate_add(struct simulate *sim, enum simulate_kind kind, int64_t time_ms)
{
    struct event_list *list = &sim->events;
    list->at = grow(list->at, &list->capacity, list->count + 1, sizeof *list->at);
    struct simulate_event *event = &list->at[list->count++];
    *event = (struct simulate_event){.kind = kind, .time_ms = time_ms};
    return event;
}

/* Names of a day; offsets are resolved when the day is complete, because the block moves while it
 * grows. */
struct slice simulate_name(struct simulate *sim, const char *prefix, int64_t number)
{
    sim->text_blocks =
        grow(sim->text_blocks, &sim->text_capacity, sim->text_count + 1, SIMULATE_NAME_BYTES);
    int bytes = snprintf(sim->text_blocks[sim->text_count], SIMULATE_NAME_BYTES, "%s%" PRId64,
                         prefix, number);
    return (struct slice){(const char *)(uintptr_t)++sim->text_count, (size_t)bytes};
}

static void resolve(const struct simulate *sim, struct slice *text)
{
    uintptr_t number = (uintptr_t)text->data;
    if (number && number <= sim->text_count) {
        text->data = sim->text_blocks[number - 1];
    }
}

struct shelf *simulate_shelf(const struct simulate *sim, int64_t product, int64_t location)
{
    return &sim->shelves[product * sim->options.locations + location];
}

static double season(const struct simulate *sim, const struct product *product)
{
    const struct category *category = &sim->categories[product->category];
    double year = (double)sim->day / 365.25 + category->season_phase;
    return category->week[sim->day % 7] * (1 + category->season_size * sin(PI_2 * year));
}

double simulate_expected(const struct simulate *sim, int64_t number, int64_t location)
{
    const struct product *product = &sim->products[number];
    const struct shelf *shelf = simulate_shelf(sim, number, location);
    if (sim->day < product->born || sim->day >= product->dies) {
        return 0;
    }
    double units = sim->options.orders_per_day * SIMULATE_LINES_MEAN * UNITS_OF_LINE *
                   product->popularity / (double)sim->options.locations;
    units *= season(sim, product) * (sim->day < product->promotion_until ? PROMOTED : 1);
    units *= sim->day < shelf->shift_until ? shelf->shift : 1;
    bool factor =
        simulate_is_odd(sim, shelf, ALERT_SPIKE) || simulate_is_odd(sim, shelf, ALERT_ZERO_RUN);
    return factor ? units * shelf->odd : units;
}

static void put_item(struct simulate *sim, int64_t number, int64_t time_ms)
{
    static const char *const NAMES[SIMULATE_CATEGORIES] = {
        "home/kitchen", "home/decor", "garden", "toys", "books", "beauty", "sports", "grocery"};
    static const char *const SUPPLIER[SIMULATE_SUPPLIERS] = {"Acorn", "Birch",   "Cedar", "Dogwood",
                                                             "Elm",   "Fir",     "Gorse", "Hazel",
                                                             "Ivy",   "Juniper", "Kauri", "Larch"};
    const struct product *product = &sim->products[number];
    struct simulate_event *event = simulate_add(sim, SIMULATE_ITEM, time_ms);
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
        struct shelf *shelf = simulate_shelf(sim, number, l);
        shelf->level = simulate_expected(sim, number, l);
        double cover = sim->products[number].lead_days + 14;
        shelf->stock = (int64_t)ceil(shelf->level * cover) + 2;
        simulate_count(sim, number, l, day_ms + 1);
    }
}

/* --- days
 * ------------------------------------------------------------------------------------------------------
 */

static int by_time(const void *a, const void *b)
{
    const struct simulate_event *one = a, *two = b;
    if (one->time_ms != two->time_ms) {
        return one->time_ms < two->time_ms ? -1 : 1;
    }
    return one->made < two->made ? -1 : one->made > two->made;
}

/* Stable, because qsort is not: equal times keep the order in which they were made. */
static void sort_day(struct simulate *sim)
{
    for (size_t i = 0; i < sim->events.count; i++) {
        sim->events.at[i].made = (uint32_t)i;
    }
    qsort(sim->events.at, sim->events.count, sizeof *sim->events.at, by_time);
    for (size_t i = 0; i < sim->events.count; i++) {
        struct simulate_event *event = &sim->events.at[i];
        if (event->kind == SIMULATE_ORDER) {
            resolve(sim, &event->order.order_id);
            resolve(sim, &event->order.customer);
        } else if (event->kind == SIMULATE_STOCK) {
            resolve(sim, &event->stock.reference);
        }
    }
}

/* Orders that were never told of make the books wrong: all is counted the next morning; otherwise
 * each product in its turn. */
static void count_stock(struct simulate *sim, int64_t number, int64_t location)
{
    int64_t age = sim->day - sim->products[number].born;
    bool after_silence = sim->silent_until && sim->day == sim->silent_until;
    if (age > 0 && (after_silence || (age + number) % COUNT_EVERY == 0)) {
        simulate_count(sim, number, location, simulate_day_ms(sim) + 5 * SIMULATE_HOUR_MS);
    }
}

static void make_day(struct simulate *sim)
{
    int64_t day_ms = simulate_day_ms(sim);
    sim->events.count = 0;
    sim->text_count = 0;
    sim->given = 0;
    simulate_odd(sim);
    for (int64_t p = 0; p < sim->options.products; p++) {
        if (sim->day == sim->products[p].born) {
            open_product(sim, p, day_ms);
        }
        for (int64_t l = 0; l < sim->options.locations; l++) {
            simulate_shelf(sim, p, l)->ran_out = simulate_shelf(sim, p, l)->stock == 0;
            count_stock(sim, p, l);
            simulate_receive(sim, p, l);
        }
    }
    simulate_come_back(sim);
    for (int64_t p = 0; p < sim->options.products; p++) {
        struct product *product = &sim->products[p];
        if (sim->day >= product->promotion_until && rng_unit(&sim->rng) < PROMOTIONS) {
            product->promotion_until = sim->day + PROMOTION_DAYS;
        }
        for (int64_t l = 0; l < sim->options.locations && sim->day >= product->born; l++) {
            simulate_demand_of(sim, p, l);
            simulate_buy(sim, p, l);
        }
    }
    simulate_orders(sim);
    (void)simulate_add(sim, SIMULATE_DAY, day_ms + SIMULATE_DAY_MS - 1);
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
    const struct shelf *shelf = simulate_shelf(sim, product, location);
    *in_stock = !shelf->ran_out;
    return shelf->asked;
}
