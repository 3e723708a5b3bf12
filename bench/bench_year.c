/* A shop that buys what is proposed, in a closed loop over a year: sales that its stock allows go
 * in, proposals come out, a buyer looks at them once a week and accepts, goods come after a random
 * lead time. Cost and service of a policy against order-up-to (base_stock) with the same forecasts,
 * at several targets, so that costs can be compared at equal service; revisions per product and
 * day; and whether anything was proposed while a proposal was open. Fixed seed, no clock; JSON, a
 * line a run.
 *
 *   usage: bench_year [products] [seed]          default 200 1
 * Exit 1: a second proposal was made while one was open. */
#include "bench/bench_figure.h"
#include "bench/bench_tick.h"
#include "config/base/ensure.h"
#include "config/base/rng.h"
#include "stream/line.h"
#include "stream/plan.h"
#include "stream/shard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARM_DAYS = 84, DAYS = WARM_DAYS + 365, PIPELINE = 8, ID_BYTES = 33, SKU_BYTES = 16 };
static const int64_t DAY_MS = 86400000, START_MS = INT64_C(1600041600000);
static const double MARGIN = 500, UNIT_COST = 500;

struct shipment {
    int64_t day, quantity;
    char reference[ID_BYTES];
};

struct product {
    char sku[SKU_BYTES], open[ID_BYTES]; /* open: id of the proposal that waits; "" none */
    double level, drift, spread, lead_days, lead_sd, holding_rate;
    int64_t pack, minimum, stock, open_quantity;
    struct shipment coming[PIPELINE];
    struct rng demand, supply; /* the same for every policy */
};

struct year {
    struct settings settings;
    struct plan *plan;
    struct plan_sinks sinks;
    struct outbox *outbox;
    struct shard *shard;
    struct product *products;
    uint32_t count;
    int64_t day, offset;
    uint64_t number;
    struct buf bytes;
    /* of the year after the warm-up */
    double holding, lost_money, demanded, sold;
    uint64_t proposed, revised, withdrawn, expired, repeated, orders;
};

static void give(struct year *year, const struct line *line)
{
    buf_reset(&year->bytes);
    line_encode(line, &year->bytes);
    shard_apply(year->shard, year->offset++, (struct slice){"k", 1}, buf_view(&year->bytes));
}

static void give_stock(struct year *year, const struct product *product, enum stock_kind kind,
                       int64_t quantity, const char *reference)
{
    struct line line = {.kind = LINE_STOCK,
                        .source = {.input = INPUT_STOCK},
                        .stock = {.kind = kind,
                                  .event_ms = START_MS + year->day * DAY_MS + 1000,
                                  .sku = slice_of(product->sku),
                                  .location = slice_of("main"),
                                  .reference = slice_of(reference),
                                  .quantity = quantity,
                                  .expected_ms = -1,
                                  .fingerprint = {++year->number, 77}}};
    give(year, &line);
}

static void give_sale(struct year *year, const struct product *product, int64_t quantity)
{
    char order[24];
    (void)snprintf(order, sizeof order, "O%llu", (unsigned long long)++year->number);
    struct line line = {.kind = LINE_ORDER,
                        .order = {.kind = ORDER_SALE,
                                  .event_ms = START_MS + year->day * DAY_MS + DAY_MS / 2,
                                  .sku = slice_of(product->sku),
                                  .location = slice_of("main"),
                                  .order_id = slice_of(order),
                                  .customer = slice_of("C"),
                                  .group = slice_of(""),
                                  .currency = slice_of("EUR"),
                                  .channel = slice_of("web"),
                                  .quantity = quantity,
                                  .unit_price = (int64_t)(UNIT_COST + MARGIN),
                                  .fingerprint = {year->number, 78},
                                  .basket_lines = 1,
                                  .basket_units = quantity,
                                  .basket_median = quantity}};
    give(year, &line);
}

static void give_item(struct year *year, const struct product *product)
{
    struct line line = {.kind = LINE_ITEM,
                        .source = {.input = INPUT_ITEMS},
                        .item = {.sku = slice_of(product->sku),
                                 .supplier = slice_of("S1"),
                                 .currency = slice_of("EUR"),
                                 .category = slice_of("all"),
                                 .brand = slice_of(""),
                                 .lead_time_days = product->lead_days,
                                 .lead_time_sd_days = product->lead_sd,
                                 .review_days = 7,
                                 .holding_cost_rate = product->holding_rate,
                                 .shelf_life_days = -1,
                                 .weight = -1,
                                 .volume = -1,
                                 .unit_cost = (int64_t)UNIT_COST,
                                 .price = (int64_t)(UNIT_COST + MARGIN),
                                 .shortage_cost = -1,
                                 .order_cost = -1,
                                 .minimum_order = product->minimum,
                                 .pack = product->pack,
                                 .maximum_order = -1}};
    give(year, &line);
}

static void give_answer(struct year *year, const struct product *product, enum feedback_kind kind)
{
    struct line line = {.kind = LINE_FEEDBACK,
                        .source = {.input = INPUT_FEEDBACK},
                        .feedback = {.kind = kind,
                                     .proposal_id = slice_of(product->open),
                                     .sku = slice_of(product->sku),
                                     .location = slice_of("main"),
                                     .reason = slice_of(""),
                                     .quantity = -1,
                                     .event_ms = -1}};
    give(year, &line);
}

static void close_day(struct year *year, int64_t units)
{
    int64_t mark = START_MS + (year->day + 1) * DAY_MS + DAY_MS / 4;
    buf_reset(&year->bytes);
    bench_tick(&year->bytes, mark, units);
    shard_apply(year->shard, year->offset++, (struct slice){0}, buf_view(&year->bytes));
    while (shard_work(year->shard)) {
    }
    int64_t offset;
    uint64_t sequence;
    shard_seal(year->shard, &offset, &sequence);
    outbox_reset(year->outbox);
    shard_committed(year->shard);
}

/* ---- what comes out ---- */

static const char *field(struct slice json, const char *name)
{
    char key[32];
    int bytes = snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = memmem(json.data, json.bytes, key, (size_t)bytes);
    ASSERT(at && "a replenishment without a field");
    return at + bytes;
}

static void on_proposal(void *context, struct slice json)
{
    struct year *year = context;
    uint32_t index = (uint32_t)strtoul(field(json, "sku") + 2, NULL, 10);
    struct product *product = &year->products[index];
    const char *id = field(json, "proposal_id") + 1, *state = field(json, "state") + 1;
    bool counts = year->day >= WARM_DAYS, known = memcmp(product->open, id, ID_BYTES - 1) == 0;
    if (strncmp(state, "PROPOSED", 8) == 0) {
        year->repeated += !known && product->open[0];
        year->proposed += counts && !known;
        year->revised += counts && known;
        memcpy(product->open, id, ID_BYTES - 1);
        product->open_quantity = strtoll(field(json, "quantity"), NULL, 10);
    } else if (known && (strncmp(state, "SUPERSEDED", 10) == 0 || strncmp(state, "EXP", 3) == 0)) {
        year->withdrawn += counts && state[0] == 'S';
        year->expired += counts && state[0] == 'E';
        product->open[0] = '\0';
    }
}

static void buy(struct year *year, struct product *product)
{
    struct shipment *place = NULL;
    for (int i = 0; i < PIPELINE; i++) {
        place = product->coming[i].quantity ? place : &product->coming[i];
    }
    double ratio = product->lead_sd / product->lead_days;
    double lead = ratio > 0 ? rng_gamma(&product->supply, 1 / (ratio * ratio)) * ratio * ratio *
                                  product->lead_days
                            : product->lead_days;
    ASSERT(place && "more orders on their way than places");
    *place = (struct shipment){.day = year->day + (int64_t)fmax(1, floor(lead + 0.5)),
                               .quantity = product->open_quantity};
    memcpy(place->reference, product->open, ID_BYTES);
    year->orders += year->day >= WARM_DAYS;
    give_answer(year, product, FEEDBACK_ACCEPTED);
    give_answer(year, product, FEEDBACK_ORDERED);
    product->open[0] = '\0';
}

/* ---- a day ---- */

static void receive(struct year *year, struct product *product)
{
    for (int i = 0; i < PIPELINE; i++) {
        struct shipment *shipment = &product->coming[i];
        if (shipment->quantity && shipment->day <= year->day) {
            product->stock += shipment->quantity;
            give_stock(year, product, STOCK_RECEIPT, shipment->quantity, shipment->reference);
            *shipment = (struct shipment){0};
        }
    }
}

static int64_t trade(struct year *year, struct product *product)
{
    static const double WEEK[7] = {0.8, 0.8, 0.9, 1, 1.3, 1.4, 0.8};
    product->drift = 0.995 * product->drift + 0.02 * rng_normal(&product->demand);
    double mean = product->level * exp(product->drift) * WEEK[year->day % 7];
    int64_t asked = (int64_t)rng_negbin(&product->demand, mean, mean * product->spread);
    int64_t sold = asked < product->stock ? asked : product->stock;
    product->stock -= sold;
    if (year->day >= WARM_DAYS) {
        year->demanded += (double)asked;
        year->sold += (double)sold;
        year->lost_money += (double)(asked - sold) * MARGIN;
        year->holding += (double)product->stock * UNIT_COST * product->holding_rate / 365;
    }
    if (sold > 0) {
        give_sale(year, product, sold);
    }
    return sold;
}

static void make_product(struct year *year, uint32_t index, uint64_t seed)
{
    static const double LEADS[] = {2, 5, 10, 20}, SPREADS[] = {0, 0.2, 0.4},
                        RATIOS[] = {0.8, 0.9, 0.95, 0.98};
    static const int64_t PACKS[] = {1, 6, 12, 24}, MINIMA[] = {1, 1, 2, 4};
    struct product *product = &year->products[index];
    struct rng rng;
    rng_init(&rng, seed * 1000003 + index);
    (void)snprintf(product->sku, sizeof product->sku, "P%05u", index);
    product->level = exp(2.2 * rng_unit(&rng) - 0.3);
    product->spread = 1.1 + 2 * rng_unit(&rng);
    product->lead_days = LEADS[rng_below(&rng, 4)];
    product->lead_sd = product->lead_days * SPREADS[rng_below(&rng, 3)];
    double ratio = RATIOS[rng_below(&rng, 4)];
    product->holding_rate = (1 / ratio - 1) * MARGIN * 365 / (7 * UNIT_COST);
    product->pack = (int64_t)fmin((double)PACKS[rng_below(&rng, 4)], ceil(7 * product->level));
    product->minimum = product->pack * MINIMA[rng_below(&rng, 4)];
    product->stock = (int64_t)(product->level * (product->lead_days + 14)) + 1;
    rng_init(&product->demand, rng_next(&rng));
    rng_init(&product->supply, rng_next(&rng));
}

static void open_year(struct year *year, uint32_t count, uint64_t seed, const char *policy,
                      double target)
{
    char service[64], named[64];
    (void)snprintf(service, sizeof service, "replenish.service_target=%g", target);
    (void)snprintf(named, sizeof named, "replenish.policy=%s", policy);
    const char *sets[] = {service, named, "model.base=none", "forecasts.emit=never"};
    *year = (struct year){.count = count};
    bench_must(settings_load(NULL, sets, sizeof sets / sizeof sets[0], &year->settings));
    bench_must(plan_create(&year->settings, 1, NULL, &year->plan));
    year->sinks = (struct plan_sinks){.context = year, .replenishment = on_proposal};
    year->plan->sinks_ref = &year->sinks;
    year->outbox = outbox_create();
    bench_must(shard_create(year->plan, 0, year->outbox, &year->shard));
    year->products = calloc(count, sizeof *year->products);
    ASSERT(year->products && "out of memory for a shop");
    for (uint32_t i = 0; i < count; i++) {
        make_product(year, i, seed);
        give_item(year, &year->products[i]);
        give_stock(year, &year->products[i], STOCK_COUNT, year->products[i].stock, "count");
    }
}

static void close_year(struct year *year)
{
    free(year->products);
    shard_destroy(year->shard);
    plan_destroy(year->plan);
    outbox_destroy(year->outbox);
    settings_fini(&year->settings);
    buf_fini(&year->bytes);
}

struct result {
    double fill_rate, cost;
    uint64_t repeated;
};

static void tell_shadow(const struct year *year)
{
    struct shard_view view;
    shard_view(year->shard, &view);
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        const struct rivalry *rivalry = &view.rivalry[c];
        if (rivalry->reviews > 0) {
            printf("{\"class\":\"%s\",\"paper_reviews\":%.0f,\"exact\":%.4f,\"learned\":%.4f,"
                   "\"speaks\":%s}\n",
                   forecaster_class_name((enum forecast_class)c), rivalry->reviews, rivalry->exact,
                   rivalry->learned, rivalry->speaks ? "true" : "false");
        }
    }
}

static struct result play(uint32_t count, uint64_t seed, const char *policy, double target)
{
    struct year year;
    open_year(&year, count, seed, policy, target);
    for (; year.day < DAYS; year.day++) {
        int64_t units = 0;
        for (uint32_t i = 0; i < count; i++) {
            struct product *product = &year.products[i];
            if (year.day % 7 == i % 7 && product->open[0]) {
                buy(&year, product);
            }
            receive(&year, product);
            units += trade(&year, product);
        }
        close_day(&year, units);
    }
    double days = 365.0 * count;
    printf("{\"policy\":\"%s\",\"target\":%g,\"fill_rate\":%.4f,\"cost\":%.0f,\"holding\":%.0f,"
           "\"lost\":%.0f,\"orders\":%llu,\"proposed_a_day\":%.4f,\"revised_a_day\":%.4f,"
           "\"withdrawn_a_day\":%.4f,\"expired\":%llu,\"repeated\":%llu}\n",
           policy, target, year.sold / year.demanded, year.holding + year.lost_money, year.holding,
           year.lost_money, (unsigned long long)year.orders, (double)year.proposed / days,
           (double)year.revised / days, (double)year.withdrawn / days,
           (unsigned long long)year.expired, (unsigned long long)year.repeated);
    (void)fflush(stdout);
    struct result result = {year.sold / year.demanded, year.holding + year.lost_money,
                            year.repeated};
    tell_shadow(&year);
    close_year(&year);
    return result;
}

static int by_fill_rate(const void *a, const void *b)
{
    double one = ((const struct result *)a)->fill_rate, two = ((const struct result *)b)->fill_rate;
    return (one > two) - (one < two);
}

/* Cost of the yardstick at a fill rate, linear between its runs; NaN outside of them. */
static double cost_at(struct result *runs, size_t count, double fill_rate)
{
    qsort(runs, count, sizeof *runs, by_fill_rate);
    for (size_t i = 1; i < count; i++) {
        if (runs[i - 1].fill_rate <= fill_rate && fill_rate <= runs[i].fill_rate) {
            double share = (fill_rate - runs[i - 1].fill_rate) /
                           fmax(runs[i].fill_rate - runs[i - 1].fill_rate, 1e-9);
            return runs[i - 1].cost + share * (runs[i].cost - runs[i - 1].cost);
        }
    }
    return NAN;
}

int main(int argc, char **argv)
{
    static const double TARGETS[] = {0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95}; /* 0: from the costs */
    enum { RUNS = sizeof TARGETS / sizeof TARGETS[0] };
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 200;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    ASSERT(count >= 1 && count <= 100000);
    struct result ours = play(count, seed, "auto", 0), yardstick[RUNS];
    struct result learned = play(count, seed, "learned", 0);
    uint64_t repeated = ours.repeated + learned.repeated;
    for (int i = 0; i < RUNS; i++) {
        yardstick[i] = play(count, seed, "base_stock", TARGETS[i]);
        repeated += yardstick[i].repeated;
    }
    double by_costs = yardstick[0].cost;
    double equal = cost_at(yardstick + 1, RUNS - 1, ours.fill_rate);
    printf("{\"saved_at_equal_service\":%.4f,\"saved_against_base_stock_by_costs\":%.4f}\n",
           1 - ours.cost / equal, 1 - ours.cost / by_costs);
    printf("{\"learned_saved_at_equal_service\":%.4f,\"learned_saved_against_base_stock_by_costs\":"
           "%.4f,\"learned_saved_against_exact\":%.4f}\n",
           1 - learned.cost / cost_at(yardstick + 1, RUNS - 1, learned.fill_rate),
           1 - learned.cost / by_costs, 1 - learned.cost / ours.cost);
    return repeated > 0;
}
