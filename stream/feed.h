/* Feed: the newest events of each output topic, kept in memory for the live page and the API.
 *
 *     struct feed *feed = feed_create();
 *     feed_take(feed, outbox);                    // a worker, when a transaction is committed
 *     feed_list(feed, TOPIC_ALERTS, 100, &json);  // the reader: [newest, ...]
 *     feed_destroy(feed);                         // after the last worker
 *
 * One event per key, the newest; a tombstone takes its key out. Bounded: alerts and proposals make
 * room by dropping the oldest, forecasts keep the first FEED_FORECASTS series and those that were
 * asked for lately. Events are kept as they were written, so this needs output.format json.
 * Thread: any; one mutex, held for copies only. */
#ifndef RESTOCK_FEED_H
#define RESTOCK_FEED_H

#include "config/base/buf.h"
#include "stream/outbox.h"

enum { FEED_FORECASTS = 4096, FEED_ALERTS = 1000, FEED_PROPOSALS = 1000, FEED_EVENT_MAX = 65536 };

struct feed;

struct feed *feed_create(void); /* NULL: no memory */
void feed_destroy(struct feed *feed);
/* The events of a committed outbox; other records are passed over. */
void feed_take(struct feed *feed, const struct outbox *outbox);
/* JSON array of at most `limit` events of a topic, newest first, appended to json. */
void feed_list(struct feed *feed, enum topic topic, size_t limit, struct buf *json);
/* The newest event of a key, appended; false: not kept. A forecast that is not kept will be, from
 * its next emission on. */
bool feed_get(struct feed *feed, enum topic topic, struct slice key, struct buf *json);
/* JSON array of the keys kept of a topic that contain `part`, at most `limit`. */
void feed_keys(struct feed *feed, enum topic topic, struct slice part, size_t limit,
               struct buf *json);
size_t feed_count(struct feed *feed, enum topic topic);

#endif
