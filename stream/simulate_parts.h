/* Inside of the simulated shop; only simulate*.c include this. */
#ifndef RESTOCK_SIMULATE_PARTS_H
#define RESTOCK_SIMULATE_PARTS_H

#include "config/base/rng.h"
#include "stream/simulate.h"

enum {
    SIMULATE_CATEGORIES = 8,
    SIMULATE_SUPPLIERS = 12,
    SIMULATE_NAME_BYTES = 24,
    SIMULATE_PIPELINE = 6,
    SIMULATE_LINES_MEAN = 4 /* of an order */
};
static const int64_t SIMULATE_DAY_MS = 86400000, SIMULATE_HOUR_MS = 3600000;

struct category {
    double week[7], season_phase, season_size;
};

struct product {
    char sku[SIMULATE_NAME_BYTES];
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
    struct incoming pipeline[SIMULATE_PIPELINE];
    int64_t shift_until, odd_until; /* days */
    double shift, odd;
    enum alert_kind odd_kind;
};

struct event_list {
    struct simulate_event *at;
    size_t count, capacity;
};

/* A line of the day before it belongs to an order. */
struct wish {
    int64_t product, location, quantity;
};

/* A line that comes back: the sale is cancelled, or the goods are returned. */
struct comeback {
    enum order_kind kind;
    int64_t day, product, location, quantity, price, customer;
};

struct simulate {
    struct simulate_options options;
    struct rng rng;
    struct category categories[SIMULATE_CATEGORIES];
    struct product *products; /* [products] */
    struct shelf *shelves; /* [products, locations] */
    char (*places)[SIMULATE_NAME_BYTES];
    int64_t day, order_number, purchase_number, customer_number, silent_until;
    struct event_list events;
    size_t given;
    size_t text_count, text_capacity;
    char (*text_blocks)[SIMULATE_NAME_BYTES];
    struct wish *wishes; /* of the day */
    size_t wish_count, wish_capacity;
    struct comeback *comebacks; /* all to come */
    size_t comeback_count, comeback_capacity;
};

/* simulate.c */
struct simulate_event *simulate_add(struct simulate *sim, enum simulate_kind kind, int64_t time_ms);
/* A name of the day: prefix and number. It is readable once the day is complete. */
struct slice simulate_name(struct simulate *sim, const char *prefix, int64_t number);
struct shelf *simulate_shelf(const struct simulate *sim, int64_t product, int64_t location);
/* Mean demand of the day. */
double simulate_expected(const struct simulate *sim, int64_t product, int64_t location);
static inline int64_t simulate_day_ms(const struct simulate *sim)
{
    return sim->options.start_ms + sim->day * SIMULATE_DAY_MS;
}

/* simulate_odd.c: what goes wrong on purpose, with its label. product < 0: the whole feed. */
void simulate_label_add(struct simulate *sim, enum alert_kind kind, int64_t product,
                        int64_t location, int64_t from_day, int64_t days, double size);
void simulate_odd(struct simulate *sim);
bool simulate_is_odd(const struct simulate *sim, const struct shelf *shelf, enum alert_kind kind);

/* simulate_stock.c: counts, receipts, purchases. */
void simulate_count(struct simulate *sim, int64_t product, int64_t location, int64_t time_ms);
void simulate_receive(struct simulate *sim, int64_t product, int64_t location);
void simulate_buy(struct simulate *sim, int64_t product, int64_t location);
/* So many units are put back, or taken off: ADJUSTMENT. */
void simulate_adjust(struct simulate *sim, int64_t product, int64_t location, int64_t quantity,
                     int64_t time_ms);

/* simulate_sell.c: demand of the day into wishes, wishes into orders, and what comes back. */
void simulate_come_back(struct simulate *sim); /* before the day's sales */
void simulate_demand_of(struct simulate *sim, int64_t product, int64_t location);
void simulate_orders(struct simulate *sim); /* of all wishes */

#endif
