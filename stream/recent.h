/* Recent: the newest events of each output topic, kept in memory for the live page and the API.
 *
 *     struct recent *recent = recent_create();
 *     recent_take(recent, outbox);                    // a worker, when a transaction is committed
 *     recent_list(recent, TOPIC_ALERTS, "OPEN,UPDATE", 100, &json);    // the reader: [newest, ...]
 *     recent_destroy(recent);                         // after the last worker
 *
 * One event per key, the newest; a tombstone takes its key out. Bounded: alerts and proposals make
 * room by dropping the oldest, forecasts keep the first RECENT_FORECASTS series and those that were
 * asked for lately. Events are kept as they were written, so this needs output.format json.
 * Thread: any; one mutex, held for copies only. */
#ifndef RESTOCK_RECENT_H
#define RESTOCK_RECENT_H

#include "config/base/buf.h"
#include "stream/outbox.h"

enum {
    RECENT_FORECASTS = 4096,
    RECENT_ALERTS = 1000,
    RECENT_PROPOSALS = 1000,
    RECENT_EVENT_MAX = 65536
};

struct recent;

struct recent *recent_create(void); /* NULL: no memory */
void recent_destroy(struct recent *recent);
/* The events of a committed outbox; other records are passed over. */
void recent_take(struct recent *recent, const struct outbox *outbox);
/* JSON array of at most `limit` events of a topic, newest first, appended to json. states: only
 * events in one of these ("OPEN,UPDATE"); "": all. */
void recent_list(struct recent *recent, enum topic topic, const char *states, size_t limit,
                 struct buf *json);
/* The newest event of a key, appended; false: not kept. A forecast that is not kept will be, from
 * its next emission on. */
bool recent_get(struct recent *recent, enum topic topic, struct slice key, struct buf *json);
/* JSON array of the keys kept of a topic that contain `part`, at most `limit`. */
void recent_keys(struct recent *recent, enum topic topic, struct slice part, size_t limit,
                 struct buf *json);
size_t recent_count(struct recent *recent, enum topic topic);

#endif
