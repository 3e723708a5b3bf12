/* Naive twins of optimize/: a stock position recomputed from its whole history, and stock by
 * simulation of single days. */
#ifndef RESTOCK_REF_STOCK_H
#define RESTOCK_REF_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ref_stock_kind { REF_MOVE, REF_RESERVE, REF_COUNT };

struct ref_stock_event {
    enum ref_stock_kind kind;
    int64_t event_ms, quantity;
};

/* Stock after all events (in log order), from the definition: the last count by event time, and
 * what happened after it. */
int64_t ref_stock_now(const struct ref_stock_event *events, size_t count, bool count_on_hand);

struct ref_stock_game {
    double rate; /* Poisson demand a slot */
    int64_t stock;
    int64_t supply, supply_in; /* one open order and the slot in which it comes */
    const int64_t *lead; /* [leads] slots of the order of today, equally likely */
    size_t leads;
    int64_t review; /* slots after the arrival that count */
    int64_t quantity; /* of the order of today */
    bool lost_sales;
};

struct ref_stock_result {
    double stockout, lost, left;
    double after; /* P(something short after the arrival) */
};

struct ref_stock_result ref_stock_play(const struct ref_stock_game *game, size_t runs,
                                       uint64_t seed);

#endif
