/* The canonical line: what INGEST writes into `lines` and PLAN reads. Five kinds share the topic,
 * so that PLAN has one ordered log.
 *
 * Value on the wire: one byte of layout version, one byte of kind, then the fields in the order of
 * the structs below as Avro binary (zig-zag varints, length-prefixed text); key = SKU for all but
 * ticks, which have no key and go to every partition. Decoding is bounded and checks everything;
 * slices borrow from the bytes decoded.
 */
#ifndef RESTOCK_LINE_H
#define RESTOCK_LINE_H

#include "config/base/buf.h"
#include "config/base/hash.h"
#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum line_kind { LINE_ORDER = 1, LINE_STOCK, LINE_ITEM, LINE_FEEDBACK, LINE_TICK };
enum line_input { INPUT_ORDERS, INPUT_STOCK, INPUT_ITEMS, INPUT_FEEDBACK, INPUT_COUNT };
enum { TIME_INPUTS = 2 }; /* orders and stock are time sources */

/* Where a line comes from; part of dead letters, never of outputs. */
struct line_source {
    enum line_input input;
    int32_t partition;
    int64_t offset;
    int32_t number; /* of the line in its message, from 0 */
};

enum order_kind { ORDER_SALE, ORDER_CANCEL, ORDER_RETURN };

struct order_line {
    enum order_kind kind;
    int64_t event_ms;
    struct slice sku, location, order_id, customer /* empty: unknown */,
        group /* country, category ...: "" none */, currency, channel;
    int64_t quantity; /* base units; > 0 for sales, <= 0 kept as it came for CANCEL and RETURN */
    int64_t unit_price; /* minor units; < 0: unknown */
    bool promotion;
    struct hash128 fingerprint; /* over all fields of the source line */
    int32_t basket_lines,
        line_rank; /* lines of the message; rank of this one by quantity, 0 the largest */
    int64_t basket_units, basket_median;
};

enum stock_kind { STOCK_COUNT, STOCK_RECEIPT, STOCK_ADJUSTMENT, STOCK_RESERVATION, STOCK_ON_ORDER };

struct stock_line {
    enum stock_kind kind;
    int64_t event_ms;
    struct slice sku, location, reference;
    int64_t quantity;
    int64_t expected_ms; /* ON_ORDER; < 0: unknown */
    struct hash128 fingerprint;
};

enum { ITEM_PLANS_MAX = 16 };

struct item_plan {
    int64_t from_ms, to_ms, price; /* price < 0: unchanged */
    bool promotion;
};

/* Item facts; a negative number or empty text means "not said": the defaults of the configuration
 * hold. */
struct item_line {
    struct slice sku, supplier, currency, category, brand;
    bool deleted; /* a tombstone of the compacted topic */
    double lead_time_days, lead_time_sd_days, review_days, holding_cost_rate, shelf_life_days,
        weight, volume;
    int64_t unit_cost, price, shortage_cost, order_cost, minimum_order, pack, maximum_order;
    int32_t plan_count;
    struct item_plan plans[ITEM_PLANS_MAX];
};

enum feedback_kind {
    FEEDBACK_ACCEPTED,
    FEEDBACK_EDITED,
    FEEDBACK_REJECTED,
    FEEDBACK_ORDERED,
    FEEDBACK_RECEIVED,
    FEEDBACK_ACKNOWLEDGE,
    FEEDBACK_MUTE,
    FEEDBACK_NOT_ANOMALY,
    FEEDBACK_ROLL_BACK /* of learned weights: sku FEEDBACK_MODEL, location a shard or "all" */
};

#define FEEDBACK_MODEL "model"
#define FEEDBACK_ALL "all"

struct feedback_line {
    enum feedback_kind kind;
    struct slice proposal_id /* or alert_id */, sku, location, reason;
    int64_t quantity; /* < 0: not said */
    int64_t event_ms; /* < 0: not said */
};

enum tick_state { TICK_LIVE, TICK_IDLE, TICK_ENDED };
enum { TICK_GROUPS_MAX = 64, TICK_SLOTS_MAX = 64 };

/* What the source counted since its last tick, for one slot of event time and one group ("" = total
 * of all groups). */
struct tick_count {
    int64_t slot; /* number of the hour (UTC) */
    struct slice group;
    int64_t lines, invoices, units /* winsorised sales, base units */, returned;
};

struct tick_line {
    enum line_input input;
    int32_t partition;
    enum tick_state state;
    int64_t mark_ms; /* largest event time read; INT64_MIN: none yet */
    int64_t clock_ms; /* the clock that INGEST saw (replay: the mark) */
    int64_t written_ms; /* wall clock at the writer; tells one --until-end run from an earlier one,
                           nothing else */
    int32_t roster[TIME_INPUTS]; /* partitions of the time inputs; 0: the topic is not there */
    int32_t count_count;
    const struct tick_count *counts; /* borrowed: encoder's caller, or the decoder's arena */
};

struct line {
    enum line_kind kind;
    struct line_source source; /* not for ticks */
    union {
        struct order_line order;
        struct stock_line stock;
        struct item_line item;
        struct feedback_line feedback;
        struct tick_line tick;
    };
};

struct arena;

void line_encode(const struct line *line, struct buf *out);
/* False: not one of our lines; *reason says why. counts of ticks are allocated in arena. */
bool line_decode(struct slice bytes, struct arena *arena, struct line *out, const char **reason);
struct slice line_sku(const struct line *line); /* empty for ticks */

#endif
