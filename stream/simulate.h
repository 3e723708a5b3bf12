/* A believable shop: orders, stock movements and item facts in order of event time, with the truth
 * beside them. Deterministic for a seed.
 *
 *     struct simulate *sim;
 *     TRY(simulate_create(&options, &sim));
 *     struct simulate_event event;
 *     while (simulate_next(sim, &event)) { ... }
 *     simulate_destroy(sim);
 *
 * Products follow Zipf's law in popularity, with categories that share a week and a season,
 * promotions, births and deaths. Demand is negative binomial; what is asked for and not in stock is
 * lost. Orders have several lines, customers come back, some lines are cancelled (CANCEL) or
 * returned (RETURN, and ADJUSTMENT where the goods are sold again). The shop buys with a base-stock
 * habit from suppliers whose lead times are random and whose promises are mostly kept, and counts
 * each product every four weeks. Anomalies of the kinds that restock looks for are mixed in at a
 * rate, and labelled; so are late deliveries.
 *
 * Pure: time is simulated. Thread: one owner. Texts of an event live until the next call. */
#ifndef RESTOCK_SIMULATE_H
#define RESTOCK_SIMULATE_H

#include "anomaly/alert.h"
#include "stream/line.h"

struct simulate_options {
    int64_t products, locations, days; /* days 0: without end */
    int64_t start_ms; /* midnight UTC of the first day */
    uint64_t seed;
    double orders_per_day; /* of the whole shop, on average */
    double anomalies; /* expected incidents per 10,000 product-days */
};

enum simulate_kind {
    SIMULATE_ORDER,
    SIMULATE_STOCK,
    SIMULATE_ITEM,
    SIMULATE_LABEL,
    SIMULATE_DAY /* a day is over */
};

struct simulate_label { /* what is wrong on purpose */
    enum alert_kind kind;
    struct slice sku, location; /* empty: the whole feed */
    int64_t onset_ms, end_ms;
    double size;
};

struct simulate_event {
    enum simulate_kind kind;
    int64_t time_ms;
    union {
        struct order_line order; /* one line; the lines of an order follow each other */
        struct stock_line stock;
        struct item_line item;
        struct simulate_label label;
    };
    int32_t line_no; /* from 1 */
    uint32_t made; /* place among the events of the day before they were sorted */
    bool again; /* delivered a second time on purpose */
};

struct simulate;

/* STATUS_USAGE names what is out of range. */
struct status *simulate_create(const struct simulate_options *options, struct simulate **out)
    __attribute__((warn_unused_result));
void simulate_destroy(struct simulate *sim);
bool simulate_next(struct simulate *sim, struct simulate_event *event);
const char *simulate_location(const struct simulate *sim, int64_t location); /* its name */
/* The truth of one product and location on the day that is over: units asked for and not cancelled
 * later, and whether it was in stock all day. */
int64_t simulate_demand(const struct simulate *sim, int64_t product, int64_t location,
                        bool *in_stock);

#endif
