/* Cancellations: each takes the latest earlier sale of the same known customer, series and opposite
 * quantity, at most a horizon back, out of its bucket.
 *
 * Sales wait under the bucket of their event time; cancellations under the bucket at whose close
 * they are matched (their own, or the next to close when they come late). Matching happens in order
 * of event time when that bucket closes, never on arrival, so it does not matter which message came
 * first. An open sale costs 18 bytes in memory and 32 in its state record. Owner: the shard. */
#ifndef RESTOCK_CANCEL_H
#define RESTOCK_CANCEL_H

#include "config/base/slice.h"
#include "stream/outbox.h"

#include <stdbool.h>
#include <stdint.h>

struct cancel;

#define CANCEL_LINE_BYTES 18.4 /* of memory for an open sale, of a great many */

/* What became of a cancellation: the sale it takes back, or none. */
struct cancel_match {
    uint32_t series;
    bool matched;
    int64_t bucket; /* of the sale, when matched */
    int64_t quantity; /* > 0 */
    int64_t event_ms; /* of the cancellation */
    int64_t sale_ms; /* of the sale, when matched */
};

/* bucket_ms: length of a bucket, at most 7 days; event times of sales lie in their buckets. NULL:
 * no memory. */
struct cancel *cancel_create(int64_t bucket_ms);
void cancel_destroy(struct cancel *cancel);

/* customer must not be empty. */
void cancel_sale(struct cancel *cancel, int64_t bucket, uint32_t series, int64_t event_ms,
                 struct slice customer, int64_t quantity);
/* quantity > 0: how much is taken back. match_bucket: at whose close. */
void cancel_wait(struct cancel *cancel, int64_t match_bucket, uint32_t series, int64_t event_ms,
                 struct slice customer, int64_t quantity);
/* The close of `bucket`: match everything that waits for it (and for earlier ones) among sales of
 * buckets >= oldest. Calls found for each cancellation, in order of event time of the
 * cancellations. */
void cancel_close(struct cancel *cancel, int64_t bucket, int64_t oldest,
                  void (*found)(void *context, const struct cancel_match *match), void *context);
/* A retired series: its index may be given to another one. */
void cancel_forget(struct cancel *cancel, uint32_t series);
bool cancel_clean(const struct cancel *cancel);
void cancel_seal(struct cancel *cancel, struct outbox *outbox, int32_t partition);
bool cancel_restore(struct cancel *cancel, struct slice key,
                    struct slice value); /* kinds "o" (open sales) and "w" (waiting) */
bool cancel_restored(struct cancel *cancel);
size_t cancel_bytes(const struct cancel *cancel);
size_t cancel_count(const struct cancel *cancel); /* open sales, those taken back included */

#endif
