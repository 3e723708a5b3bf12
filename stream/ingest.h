/* Ingest: the pure core of an INGEST worker. Messages of the inputs go in; canonical lines, ticks
 * and dead letters come out in an outbox, with the offsets to commit. No Kafka, no clock but an
 * argument.
 *
 *     TRY(ingest_create(&options, outbox, &ingest));
 *     ingest_roster(ingest, orders_partitions, stock_partitions);
 *     for each partition of orders and stock, ours or not:      // after each assignment
 *         ingest_foreign(ingest, input, p, committed_metadata, committed_offset < high_watermark);
 *     for each of ours: ingest_assign(ingest, input, p, next_offset, committed_metadata);
 *     loop:
 *         ingest_clock(ingest, now_ms);
 *         for each record of partition 0 of `lines` without a key: ingest_foreign_tick(ingest,
 * value); for each source of ours with ingest_wants(): a message? TRY(ingest_read(ingest, input, p,
 * offset, key, value));   // or leave its queue alone nothing there and the end confirmed?
 * ingest_at_end(ingest, input, p); while (ingest_write(ingest) && outbox_bytes(outbox) < limit) {}
 *         ingest_tick(ingest);                                   // what the clock brings (live
 * mode) if (ingest_dirty(ingest) && time to commit): n = ingest_seal(ingest, offsets, max); // last
 * records into the outbox commit outbox + offsets as one (the same again after an abort)
 *             outbox_reset(outbox); ingest_committed(ingest);
 *     on revoke or loss: ingest_revoke(ingest); outbox_reset(outbox).
 *
 * Each source (partition of an input) keeps one decoded message, its head. Heads of orders and
 * stock are merged by event time, and a head more than max_lead ahead of the least mark that has
 * not ended is held; it raises its source's mark, so the slowest is never held and nothing can lock
 * up. A source of whom nothing certain is known yet (no word ever, or `ended` from an earlier run
 * while messages wait) holds all: PLAN would count it out. Items and feedback are written as they
 * come.
 *
 * Ticks: with mark t before the line at t whose t - lateness is the first in its bucket; in live
 * mode also by the clock. A sealing tick carries the counts of the transaction's lines and repeats
 * the mark told last, so where transactions end changes nothing but the places of these ticks. In
 * replay the `ended` and the wake-up tick repeat it too.
 *
 * Owner: one worker thread. Bad messages are dead letters in the outbox, never a status. */
#ifndef RESTOCK_INGEST_H
#define RESTOCK_INGEST_H

#include "config/base/bucket.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "schemas/wire.h"
#include "stream/line.h"
#include "stream/outbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ingest;
struct map;

enum {
    INGEST_METADATA_BYTES = 192, /* of one committed offset, NUL included */
    INGEST_LINES_MAX = 100000, /* lines of one message; more are refused */
    INGEST_FILTERS_MAX = 32,
};

struct ingest_options {
    struct wire_decoder *decoders[INPUT_COUNT]; /* borrowed; NULL: only ingest_read_datum */
    const struct map *maps[INPUT_COUNT]; /* borrowed; NULL: the canonical record */
    const char *topics[INPUT_COUNT]; /* borrowed names, for dead letters */
    const struct buckets *buckets; /* borrowed */
    const char *location; /* of messages that name none; NULL: "main" */
    int32_t lines_partitions; /* of `lines`: ticks go into each */
    bool replay; /* time.mode; false: live */
    bool end_is_final; /* files: the `ended` tick carries the true mark, which closes all it can */
    bool until_end; /* ingest_at_end means ended in live mode too */
    int64_t lateness_ms, max_lead_ms, idle_timeout_ms, tick_interval_ms, idle_tick_interval_ms,
        future_bound_ms;
    int64_t max_quantity; /* of one line, either sign; beyond is impossible and refused; 0: none */
    int64_t winsor_units; /* cap of one line in the counts of ticks; 0: 1000 */
};

struct ingest_offset {
    enum line_input input;
    int32_t partition;
    int64_t next_offset; /* to commit: of the first message not written */
    char metadata[INGEST_METADATA_BYTES];
};

struct ingest_reason {
    const char *reason; /* static */
    uint64_t count;
};

/* Of committed transactions since ingest_create. Order lines only; `read` of the report is
 * filtered + dead_letter here (PLAN counts the others). */
struct ingest_counts {
    uint64_t messages[INPUT_COUNT], lines; /* read; written into `lines` */
    uint64_t filtered, dead_letter;
    uint64_t other_filtered, other_dead_letter; /* of stock, items, feedback */
    size_t filter_count; /* by name of the filter; "null" for messages without a value */
    struct ingest_reason filters[INGEST_FILTERS_MAX];
    size_t reason_count; /* dead letters of all inputs by reason */
    struct ingest_reason reasons[INGEST_FILTERS_MAX];
};

struct ingest_source_view {
    enum line_input input;
    int32_t partition;
    bool own, held;
    enum tick_state state;
    int64_t mark_ms, next_offset; /* INT64_MIN none */
    int64_t lag; /* messages not read yet; only the worker knows, -1 here */
};

/* Options are copied, what they point to is borrowed, so is outbox. On error *out is untouched. */
struct status *ingest_create(const struct ingest_options *options, struct outbox *outbox,
                             struct ingest **out) __attribute__((warn_unused_result));
void ingest_destroy(struct ingest *ingest); /* NULL is fine */

/* Wall clock (simulated in the demo), ms. Never goes back: a smaller value is ignored. */
void ingest_clock(struct ingest *ingest, int64_t clock_ms);

/* Partition counts of the time sources, 0 where the topic is absent. May grow at any time. */
void ingest_roster(struct ingest *ingest, int32_t orders, int32_t stock);
/* What the committed metadata of a source says ("" or NULL: nothing committed). backlog: messages
 * wait behind the committed offset. For all sources of the roster, after each assignment; own ones
 * may be among them. */
void ingest_foreign(struct ingest *ingest, enum line_input input, int32_t partition,
                    const char *metadata, bool backlog);
/* Value of a record of `lines` without a key; own ticks and anything else are ignored. */
void ingest_foreign_tick(struct ingest *ingest, struct slice value);

/* next_offset: the first message to read. Metadata that is not ours counts as none. */
void ingest_assign(struct ingest *ingest, enum line_input input, int32_t partition,
                   int64_t next_offset, const char *metadata);
/* Drop all sources, heads, and counts that are not committed; the caller resets the outbox. Commit
 * first where that is possible. */
void ingest_revoke(struct ingest *ingest);

/* True: the source has no head, ingest_read may be called. */
bool ingest_wants(const struct ingest *ingest, enum line_input input, int32_t partition);
/* Decode and map the next message. Key and value: data NULL = null. A good message of orders or
 * stock becomes the head; all others are done with at once. A status (registry away, STATUS_RETRY):
 * nothing happened, give the same message again. */
struct status *ingest_read(struct ingest *ingest, enum line_input input, int32_t partition,
                           int64_t offset, struct slice key, struct slice value)
    __attribute__((warn_unused_result));
/* The same for a message that is decoded already (rows of a file). original: its bytes for a dead
 * letter. */
void ingest_read_datum(struct ingest *ingest, enum line_input input, int32_t partition,
                       int64_t offset, const struct datum *datum, struct slice original);
/* All messages up to the end (as of now; with until_end: as of the start) have been read. A head
 * may still be held. Call it again as long as it is true: it costs nothing. */
void ingest_at_end(struct ingest *ingest, enum line_input input, int32_t partition);

/* Write the head with the least event time that may be written. False: none. */
bool ingest_write(struct ingest *ingest);
/* Ticks that the clock brings; true: there were some. */
bool ingest_tick(struct ingest *ingest);
/* When ingest_tick has something to do next, if nothing comes; INT64_MAX: never. */
int64_t ingest_next_tick_ms(const struct ingest *ingest);

/* Something was written, or offsets moved, since the last seal. */
bool ingest_dirty(const struct ingest *ingest);
/* Sources assigned: the room that ingest_seal needs. */
size_t ingest_source_count(const struct ingest *ingest);
/* Last ticks into the outbox; offsets of all own sources. Returns their number (<= capacity,
 * ASSERTed). */
size_t ingest_seal(struct ingest *ingest, struct ingest_offset *offsets, size_t capacity);
void ingest_committed(struct ingest *ingest);

/* --until-end: all own time sources have ended and nothing is held or unsealed. */
bool ingest_ended(const struct ingest *ingest);
/* Say `ended` again for every own source that has ended (a PLAN that started later waits for it).
 */
void ingest_repeat_ended(struct ingest *ingest);

const struct ingest_counts *ingest_counts(const struct ingest *ingest);
void ingest_counts_add(struct ingest_counts *sum, const struct ingest_counts *more);
/* All known time sources, own and foreign; returns their number, writes at most capacity. */
size_t ingest_view(const struct ingest *ingest, struct ingest_source_view *views, size_t capacity);

#endif
