/* Restore: read partitions of the state topic from the beginning to the end seen at start,
 * committed records only.
 *
 *     TRY(restore_open(&settings, probe, &restore));
 *     TRY(restore_begin(restore, partition));            // any number, at any time; after the
 * committed offsets were asked for loop: TRY(restore_step(restore, budget_ms, on_record, context,
 * &done)); done >= 0: this partition is complete; ask again restore_drop(restore, partition); //
 * revoked meanwhile restore_close(restore);
 *
 * The end is the high watermark with open transactions (asked read_uncommitted); a partition is
 * done when an end-of-log event stands at or behind it, so an open transaction is waited out, and
 * it does not matter whether the tail was compacted away, is a control record, or the log is empty.
 * A log that became shorter than the end seen (truncated) ends at its new end; whether state and
 * offsets still agree is judged by shard_restored. Owner: one worker thread. */
#ifndef RESTOCK_RESTORE_H
#define RESTOCK_RESTORE_H

#include "config/base/slice.h"
#include "stream/kafka.h"

struct restore;

struct restore_view {
    uint64_t records, bytes;
    int64_t remaining; /* offsets between here and the ends, all partitions */
    size_t active;
};

/* One partition that is being restored. */
struct restore_part {
    int32_t partition;
    int64_t remaining;
};

/* Of one record; an error ends the restore of its partition and comes back from restore_step. */
typedef struct status *restore_record(void *context, int32_t partition, struct slice key,
                                      struct slice value);

/* probe: KAFKA_PROBE handle, borrowed. wake: called once with the reader's queue may be NULL. */
struct status *restore_open(const struct settings *settings, struct kafka *probe,
                            struct restore **out) __attribute__((warn_unused_result));
void restore_close(struct restore *restore); /* NULL is fine */
struct status *restore_begin(struct restore *restore, int32_t partition)
    __attribute__((warn_unused_result));
void restore_drop(struct restore *restore, int32_t partition);
/* Works for about budget_ms, waits at most that long. *done: a partition that is complete, else -1.
 * STATUS_TIMEOUT (retry): no progress for so long that the log must be broken or the broker away.
 */
struct status *restore_step(struct restore *restore, int64_t budget_ms, restore_record *record,
                            void *context, int32_t *done) __attribute__((warn_unused_result));
bool restore_active(const struct restore *restore);
void restore_view(const struct restore *restore, struct restore_view *out);
/* Returns their number, at most capacity. */
size_t restore_parts(const struct restore *restore, struct restore_part *parts, size_t capacity);

#endif
