/* Feed checks: is the feed itself whole? For order sources (partitions) and groups (countries,
 * categories), not for products.
 *
 *     feed_count(feed, key, hour, invoices);                     // per count of a tick
 *     n = feed_hour(feed, hour, phase, holiday, out, capacity);  // per hour the watermark passed
 *     if (feed_line(feed, &line, &signal)) ...                   // per order line, in log order
 *
 * missing_feed: invoices that were to be expected in the present empty stretch, by the hour of the
 * week, against the worst such stretch ever seen. duplicate_feed: consecutive orders of one source
 * that are all known already and older than what it sent before.
 *
 * Every shard counts; only the one that owns the source (hash of its key) need act on signals. Keys
 * are hashes chosen by the caller, one per source partition and one per group; beyond FEED_STREAMS
 * the least busy stream is forgotten. Thread: one owner. */
#ifndef RESTOCK_FEED_H
#define RESTOCK_FEED_H

#include "anomaly/alert.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FEED_STREAMS = 40,
    FEED_WEEK = 168, /* hours */
    FEED_AHEAD = 192, /* hours that counts may run ahead of the watermark; further ones count in the
                         last of them */
};

struct feed;

struct feed *
feed_create(const struct alert_options *options); /* options are copied. NULL: no memory */
void feed_destroy(struct feed *feed);

/* invoices: of this tick for one hour (number of the hour, UTC). An hour that the watermark has
 * passed counts for nothing. */
void feed_count(struct feed *feed, uint64_t key, int64_t hour, int64_t invoices);
/* Evaluate one hour; phase: hour of the week in local time, 0 = Monday 0:00; holiday: nothing is
 * expected. Writes one missing_feed signal per stream known long enough (MISSING on holidays ..
 * STRONG; scope = key; onset_bucket = the hour the silence began, UTC), and for three days after
 * a repeated block one duplicate_feed signal that lets its alert end. Returns their number;
 * capacity 2 * FEED_STREAMS is always enough. Hours not above the last one evaluated do nothing. */
uint32_t feed_hour(struct feed *feed, int64_t hour, int32_t phase, bool holiday,
                   struct alert_signal *out, uint32_t capacity);
/* The stream is silent beyond doubt now: its buckets are censored, drops and zero runs beneath it
 * are inhibited. */
bool feed_silent(const struct feed *feed, uint64_t key);
/* ... any stream is. */
bool feed_any_silent(const struct feed *feed);
/* The present silence was a normal one after all (feedback): remember it as the worst known. */
void feed_forgive(struct feed *feed, uint64_t key);
/* Something else said why it was silent, and that is over: it counts anew from now on. */
void feed_explain(struct feed *feed, uint64_t key);

struct feed_line {
    uint64_t key; /* of the source partition */
    uint64_t order; /* hash of the order id */
    int64_t event_ms;
    bool duplicate; /* fingerprint known */
};

/* True: *out has a strong duplicate_feed signal (scope = key); its end is told by feed_hour. */
bool feed_line(struct feed *feed, const struct feed_line *line, struct alert_signal *out);

void feed_save(const struct feed *feed, struct buf *out);
struct status *feed_load(struct feed *feed, struct slice bytes) __attribute__((warn_unused_result));

#endif
