/* Stock position of one series: what is there, what is held back, what is on its way. Plain data,
 * moved by the lines of the log.
 *
 * Events carry event times, the log has its own order. A COUNT holds as of its event time:
 * movements that came before it in the log but happened later are applied to it again (the journal
 * remembers them for POSITION_JOURNAL distinct moments within the lateness), movements that come
 * later but happened earlier are in the count already and change nothing.
 *
 * Meaning of a count (option stock.count). `available`: open orders and reservations are already
 * taken off; a RESERVATION holds back further stock at once. `on_hand`: what stands on the shelf,
 * open orders included; what RESERVATION lines held at the time of the count is taken off at the
 * count, and orders after it move the stock as they come (so their own reservations are not taken
 * off twice, and a release when an order is shipped changes nothing that can be promised).
 * RESERVATION quantities are changes: positive holds, negative releases. ON_ORDER is the open
 * quantity under its reference (0: none).
 *
 * Pure: times come from the caller. Thread: as the series.
 */
#ifndef RESTOCK_POSITION_H
#define RESTOCK_POSITION_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { POSITION_SUPPLIES = 8, POSITION_JOURNAL = 12 };

enum supply_kind {
    SUPPLY_ACCEPTED = 1, /* a proposal that was accepted or edited */
    SUPPLY_ORDERED, /* a proposal that was ordered */
    SUPPLY_ON_ORDER, /* open quantity from the stock topic */
};

/* One open supply. Slots are numbers of days (weeks where the bucket is a week). */
struct supply {
    int64_t quantity; /* > 0 */
    int64_t ordered; /* slot in which it was ordered or first heard of */
    int64_t expected; /* slot in which it can be sold */
    uint64_t reference; /* position_reference() of its text */
    uint8_t kind; /* enum supply_kind */
    uint8_t uncertain; /* the expected slot is our own estimate (lead time), not a promised date */
};

struct movement {
    int64_t event_ms;
    int64_t quantity; /* change of stock */
    int64_t reserved; /* change of what is held back */
};

struct position {
    int64_t stock; /* what can be promised; below zero: back-orders */
    int64_t reserved; /* held back by RESERVATION lines */
    int64_t counted_ms; /* event time of the count that holds; INT64_MIN: none */
    uint8_t known; /* a COUNT was seen */
    uint8_t supplies; /* in use */
    uint8_t movements; /* in use, ascending by event time */
    struct supply supply[POSITION_SUPPLIES];
    struct movement journal[POSITION_JOURNAL];
};

struct position_rules {
    bool count_on_hand; /* stock.count: on_hand */
    int64_t horizon_ms; /* how far back a late line may reach: lateness + max_lead */
};

void position_init(struct position *pos);
uint64_t position_reference(struct slice text); /* 0 for an empty one */

/* An order line (quantity > 0 takes stock) or a matched cancellation (quantity < 0 gives it back).
 */
void position_order(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                    int64_t quantity);
void position_count(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                    int64_t quantity);
void position_adjust(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                     int64_t change);
void position_reserve(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                      int64_t change);
/* Goods in. Reduces the open supply under the reference; one without a known reference reduces the
 * oldest proposals on their way. */
void position_receive(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                      int64_t quantity, uint64_t reference);
/* Supplies of `before` that are gone from `now`, those with a reference: after a receipt, what it
 * completed. Returns how many. */
size_t position_completed(const struct position *before, const struct position *now,
                          struct supply done[POSITION_SUPPLIES]);
/* The open quantity under `reference` is now `quantity` (<= 0: none). A reference not known yet
 * takes over from proposals that were accepted or ordered, oldest first, up to its quantity: it is
 * the shop's own record of the same order. */
void position_on_order(struct position *pos, struct supply supply);
/* Add or replace (same reference) without taking over: used for proposals. When all places are
 * taken the two that arrive last become one. quantity <= 0 removes. */
void position_supply(struct position *pos, struct supply supply);
/* Drop proposals (accepted, ordered) whose expected slot is more than give_up slots ago; returns
 * the quantity dropped. */
int64_t position_give_up(struct position *pos, int64_t today, int64_t give_up_slots);
const struct supply *position_find(const struct position *pos, uint64_t reference); /* NULL: none */
void position_drop(struct position *pos, uint64_t reference);

int64_t position_incoming(const struct position *pos); /* all open supplies */
int64_t position_back_orders(const struct position *pos); /* >= 0 */

/* Versioned, a few dozen bytes. position_load takes exactly one saved position from the front of
 * *bytes and moves it on; STATUS_CORRUPT (and *pos untouched) for anything else. */
void position_save(const struct position *pos, struct buf *out);
struct status *position_load(struct slice *bytes, struct position *pos)
    __attribute__((warn_unused_result));

#endif
