/* Shard: all series of one partition of `lines`. A pure function of its log: it reads no clock,
 * knows no Kafka, and gives the same outbox bytes for the same records, whatever the batches,
 * commits and restarts between them.
 *
 *     TRY(shard_create(plan, partition, outbox, &shard));
 *     for each state record:  TRY(shard_restore(shard, key, value));
 *     TRY(shard_restored(shard, committed_offset, committed_sequence, &next));      // where to go
 * on reading for each record of the log from next on: shard_apply(shard, offset, key, value), or
 * many at once by shard_apply_batch; while (shard_work(shard) && outbox_bytes(outbox) < limit) {}
 * // closes tile by tile shard_seal(shard, &offset, &sequence);      // state records into the
 * outbox: now commit outbox + offset + sequence as one outbox_reset(outbox);
 * shard_committed(shard);
 *
 * A close is cut at tiles: shard_work does one tile at a time, the header record names what is
 * left, and events go on in between (a line for a series whose tile has not closed yet closes that
 * tile first). The outbox belongs to the caller. Thread: one worker. Memory: grows at tile
 * boundaries only. Errors: bad records become dead letters in the outbox, never a status.
 */
#ifndef RESTOCK_SHARD_H
#define RESTOCK_SHARD_H

#include "anomaly/alert.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "model/explain.h"
#include "model/forecaster.h"
#include "model/learner.h"
#include "stream/outbox.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct plan; /* stream/plan.h: configuration and shared read-only tables of all shards of a process
              */
struct shard;

struct shard_counts { /* since shard_create; only what is in committed or sealed outboxes once
                         sealed */
    uint64_t applied, duplicate, late; /* order lines */
    uint64_t stock_lines, late_dropped; /* late lines too old for the ring (dead letters) */
    uint64_t forecasts, alerts, replenishments;
    uint64_t closes, tiles_closed;
    uint64_t alert_kinds[ALERT_KINDS]; /* of alerts */
};

struct rivalry { /* of a class of demand: the learned policy against the exact one, on paper */
    double reviews, exact, learned; /* mean costs of a review over what is typical */
    bool speaks;
};

struct shard_view { /* for /metrics, /api and readiness */
    int32_t partition;
    uint32_t series, stock_unknown, tiles;
    int64_t watermark_ms; /* INT64_MIN: none yet */
    int64_t closed_bucket; /* number of the last closed one; INT64_MIN: none */
    int64_t next_offset;
    uint64_t sequence;
    size_t memory_bytes, fingerprint_bytes;
    uint32_t open_alerts, open_proposals;
    uint32_t suppliers; /* of which a receipt was seen */
    struct answered { /* by enum forecast_class: what became of proposals */
        uint64_t accepted, edited, rejected;
        double service_shift; /* log odds, in use; replenish.learn_service */
    } answered[FORECAST_CLASSES];
    struct rivalry rivalry[FORECAST_CLASSES];
    bool closing;
    /* Calibration of what judges closes (the net, or tails alone), since the state began: series
     * and buckets judged, alarms raised, and false alarms that the budget allowed. */
    uint64_t judged, alarms;
    double alarms_budgeted;
};

struct shard_bytes { /* memory by part, and what there is of it */
    size_t columns; /* cells and columns of all tiles, used or not */
    size_t names; /* of series: texts, and the table that finds them */
    size_t other; /* item facts, alerts, stock positions, lists */
    size_t fingerprints, sales; /* what the horizons of lines cost */
    size_t fingerprint_count, sale_count;
};

/* outbox is borrowed until shard_destroy. On error *out is untouched. */
struct status *shard_create(const struct plan *plan, int32_t partition, struct outbox *outbox,
                            struct shard **out) __attribute__((warn_unused_result));
void shard_destroy(struct shard *shard);

/* One record of the state topic, in log order; value.data NULL is a tombstone. STATUS_CORRUPT names
 * the record. */
struct status *shard_restore(struct shard *shard, struct slice key, struct slice value)
    __attribute__((warn_unused_result));
/* After the last state record. committed_offset < 0: the group has no committed offset (expired, or
 * the first start): the header's counts, or the start of the log when there is no header. Otherwise
 * both numbers must be the header's: STATUS_STATE says what to do if not. *next_offset is where
 * reading goes on (-1: the beginning). */
struct status *shard_restored(struct shard *shard, int64_t committed_offset,
                              uint64_t committed_sequence, int64_t *next_offset)
    __attribute__((warn_unused_result));

/* One record of `lines`. Ticks may start a close; a second tick that closes more finishes the first
 * close at once. */
void shard_apply(struct shard *shard, int64_t offset, struct slice key, struct slice value);
/* Many records, in order of the log: the same result, byte for byte, as one by one, but memory that
 * the next lines need is asked for while the present ones are worked off. Stops early, with the
 * record done that makes outbox_bytes reach outbox_limit, or that makes a close pending; returns
 * how many were applied, at least one of count > 0. Keys and values are borrowed during the call.
 */
struct shard_record {
    int64_t offset;
    struct slice key, value;
};
size_t shard_apply_batch(struct shard *shard, const struct shard_record *records, size_t count,
                         size_t outbox_limit);
/* Closes one tile of a pending close; true while there is more to do. */
bool shard_work(struct shard *shard);
/* One piece of the learner's work, if any is left: also done after each tick, and all of it before
 * the next close. What it did shows at the next close, however it was cut. */
void shard_learn(struct shard *shard);
/* Nothing to write since the last commit: no transaction is needed. */
bool shard_clean(const struct shard *shard);
/* Write the changed state into the outbox. *offset: to commit for the partition (next to read);
 * *sequence: for the commit's metadata. */
void shard_seal(struct shard *shard, int64_t *offset, uint64_t *sequence);
/* The sealed outbox is known to be committed. */
void shard_committed(struct shard *shard);
int64_t shard_offset(const struct shard *shard); /* next offset to read */
uint64_t shard_sequence(const struct shard *shard); /* of the last sealed transaction */
/* Every source of the roster has said `ended` in a tick written at or after written_since_ms
 * (INT64_MIN: at any time). */
bool shard_ended(const struct shard *shard, int64_t written_since_ms);
/* Names of the sources that have not ended yet, for messages ("orders[0] orders[3]"). */
void shard_waiting_for(const struct shard *shard, int64_t written_since_ms, struct buf *out);
void shard_view(const struct shard *shard, struct shard_view *out);
void shard_bytes(const struct shard *shard, struct shard_bytes *out);
/* What is learned online; false: nothing is. */
bool shard_learning(const struct shard *shard, struct learner_facts *facts);
const struct shard_counts *shard_counts(const struct shard *shard);
/* JSON of one series ("SKU@LOCATION"), or false. Used by `inspect series` and /api/v1/series. */
bool shard_dump_series(const struct shard *shard, struct slice sku, struct slice location,
                       struct buf *json);
/* Why the forecast of one series says what it says, as of its last close; closes that are due are
 * made before. STATUS_USAGE: there is no such series, or none of its buckets has closed yet. */
struct status *shard_explain(struct shard *shard, struct slice sku, struct slice location,
                             struct explanation *out, int64_t *origin_bucket)
    __attribute__((warn_unused_result));
/* Give the closed buckets that are still in the ring to the plan's bucket sink, oldest first per
 * series: the end of a run on files. */
void shard_flush_buckets(const struct shard *shard);
/* A bucket of a series was not fully in stock: for panels, which say so beside their values. The
 * series must have a line already. */
bool shard_censor(struct shard *shard, struct slice sku, struct slice location, int64_t bucket);

#endif
