/* A plain idempotent producer for messages from outside the flow: simulated shops, replayed dead
 * letters. Waits where the client's queue is full; nothing is lost without a status. Thread: one
 * owner. */
#ifndef RESTOCK_SENDER_H
#define RESTOCK_SENDER_H

#include "config/base/slice.h"
#include "stream/settings.h"

struct sender;

struct status *sender_open(const struct settings *settings, struct sender **out)
    __attribute__((warn_unused_result));
void sender_close(struct sender *sender); /* NULL is fine; drops what is not flushed */
/* Copies key and value; data NULL: null. partition -1: by key (murmur2). */
struct status *sender_put(struct sender *sender, const char *topic, int32_t partition,
                          struct slice key, struct slice value) __attribute__((warn_unused_result));
/* Wait until everything is acknowledged. */
struct status *sender_flush(struct sender *sender, int timeout_ms)
    __attribute__((warn_unused_result));

#endif
