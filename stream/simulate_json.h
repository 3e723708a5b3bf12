/* Events of a simulated shop as canonical JSON messages (schemas/order.avsc, stock.avsc,
 * item.avsc), and what is odd as CSV. */
#ifndef RESTOCK_SIMULATE_JSON_H
#define RESTOCK_SIMULATE_JSON_H

#include "config/base/buf.h"
#include "stream/outbox.h"
#include "stream/simulate.h"

/* Topic, key and value of an event of kind ORDER, STOCK or ITEM, appended to key and value. */
enum topic simulate_json(const struct simulate_event *event, struct buf *key, struct buf *value);
/* `kind,sku,location,onset,end,size`, times in epoch ms. */
void simulate_label_csv(const struct simulate_label *label, struct buf *row);

#endif
