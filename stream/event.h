/* Events: one function per record of the output topics, written once for JSON and Avro
 * (schemas/emit.h).
 *
 * Pure: everything is an argument; nothing here reads a clock, an offset or a process name, so
 * replays write the same bytes. */
#ifndef RESTOCK_EVENT_H
#define RESTOCK_EVENT_H

#include "anomaly/alert.h"
#include "model/explain.h"
#include "optimize/proposal.h"
#include "optimize/why.h"
#include "stream/plan.h"

struct forecast_event {
    struct slice sku, location;
    int64_t origin_bucket;
    const struct forecast_block *block;
    uint32_t row;
    bool corrected, censored, cold; /* flags: a closed bucket changed; the last bucket was not fully
                                       seen; little history */
    const struct explanation *why; /* of the same sums; NULL: not asked for */
};

/* Append the framed event to out. */
void event_forecast(const struct plan *plan, const struct forecast_event *event, struct buf *out);

struct alert_event {
    const struct alert *alert;
    enum alert_change change;
    struct alert_subject subject;
    struct slice currency;
};

void event_alert(const struct plan *plan, const struct alert_event *event, struct buf *out);

struct replenishment_event {
    struct slice sku, location, supplier, currency;
    struct hash128 proposal_id;
    uint32_t revision;
    enum proposal_state state;
    int64_t quantity;
    int64_t watermark_bucket; /* the bucket whose close decided */
    int64_t order_by, arrival; /* slots */
    const struct decision *decision; /* NULL: the change came from feedback, not from a decision */
    const struct item_facts *facts;
    const struct why_calendar *calendar;
};

void event_replenishment(const struct plan *plan, const struct replenishment_event *event,
                         struct buf *out);

/* Start of slot `slot` of optimize/ (bucket number) in epoch ms. */
int64_t event_slot_ms(const struct plan *plan, int64_t slot);

#endif
