#include "stream/simulate_json.h"

#include "config/base/ensure.h"
#include "schemas/emit.h"

#include <inttypes.h>

static struct slice or_null(struct slice text)
{
    return text.bytes ? text : (struct slice){0};
}

static void put_order(struct emit *w, const struct simulate_event *event)
{
    static const char *const KINDS[] = {"ORDER", "CANCEL", "RETURN"};
    const struct order_line *order = &event->order;
    emit_text(w, "order_id", order->order_id);
    emit_i32(w, "line_no", event->line_no);
    emit_enum(w, "kind", order->kind, KINDS[order->kind]);
    emit_text(w, "sku", order->sku);
    emit_optional_text(w, "location", order->location);
    emit_i64(w, "quantity", order->quantity);
    emit_optional_i64(w, "unit_price", order->unit_price >= 0, order->unit_price);
    emit_optional_text(w, "currency", or_null(order->currency));
    emit_optional_text(w, "customer", or_null(order->customer));
    emit_optional_text(w, "channel", or_null(order->channel));
    emit_optional_text(w, "group", or_null(order->group));
    emit_bool(w, "promotion", order->promotion);
    emit_i64(w, "event_time", order->event_ms);
}

static void put_stock(struct emit *w, const struct stock_line *stock)
{
    static const char *const KINDS[] = {"COUNT", "RECEIPT", "ADJUSTMENT", "RESERVATION",
                                        "ON_ORDER"};
    emit_text(w, "sku", stock->sku);
    emit_optional_text(w, "location", stock->location);
    emit_enum(w, "kind", stock->kind, KINDS[stock->kind]);
    emit_i64(w, "quantity", stock->quantity);
    emit_optional_text(w, "reference", or_null(stock->reference));
    emit_optional_i64(w, "expected", stock->expected_ms >= 0, stock->expected_ms);
    emit_i64(w, "event_time", stock->event_ms);
}

static void put_item(struct emit *w, const struct item_line *item)
{
    emit_text(w, "sku", item->sku);
    emit_optional_f64(w, "lead_time_days", item->lead_time_days >= 0, item->lead_time_days);
    emit_optional_f64(w, "lead_time_sd_days", item->lead_time_sd_days >= 0,
                      item->lead_time_sd_days);
    emit_optional_f64(w, "review_days", item->review_days >= 0, item->review_days);
    emit_optional_text(w, "supplier", or_null(item->supplier));
    emit_optional_i64(w, "unit_cost", item->unit_cost >= 0, item->unit_cost);
    emit_optional_i64(w, "price", item->price >= 0, item->price);
    emit_optional_f64(w, "holding_cost_rate", item->holding_cost_rate >= 0,
                      item->holding_cost_rate);
    emit_optional_i64(w, "minimum_order", item->minimum_order >= 0, item->minimum_order);
    emit_optional_i64(w, "pack", item->pack >= 0, item->pack);
    emit_optional_text(w, "currency", or_null(item->currency));
    emit_optional_text(w, "category", or_null(item->category));
}

enum topic simulate_json(const struct simulate_event *event, struct buf *key, struct buf *value)
{
    struct emit w;
    enum topic topic = TOPIC_ITEMS;
    emit_init(&w, value, EMIT_JSON, NULL);
    emit_record_begin(&w, NULL);
    if (event->kind == SIMULATE_ORDER) {
        topic = TOPIC_ORDERS;
        buf_slice(key, event->order.order_id);
        put_order(&w, event);
    } else if (event->kind == SIMULATE_STOCK) {
        topic = TOPIC_STOCK;
        buf_slice(key, event->stock.sku);
        put_stock(&w, &event->stock);
    } else {
        ASSERT(event->kind == SIMULATE_ITEM);
        buf_slice(key, event->item.sku);
        put_item(&w, &event->item);
    }
    emit_record_end(&w);
    emit_end(&w);
    return topic;
}

void simulate_label_csv(const struct simulate_label *label, struct buf *row)
{
    buf_print(row, "%s,%.*s,%.*s,%" PRId64 ",%" PRId64 ",%.3g\n", alert_kind_name(label->kind),
              (int)label->sku.bytes, label->sku.data, (int)label->location.bytes,
              label->location.data, label->onset_ms, label->end_ms, label->size);
}
