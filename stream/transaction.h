/* One transaction: outboxes of a worker, and the offsets of what they follow from, written as one.
 *
 *     TRY(transaction_open(&settings, "restock-plan-host0-0", deadline, &transaction));     // NULL
 * id: at_least_once st = transaction_commit(transaction, parts, count, member); NULL it is
 * committed STATUS_ABORT_TXN           nothing of it is committed, the producer is usable: check
 * that the parts are still ours, send again STATUS_FATAL               the outcome is unknown:
 * transaction_reopen, then compare committed offsets with the parts'
 *
 * Outboxes are not copied: they must not change before the commit is known or transaction_reopen /
 * _close returned. No transaction is ever open between two calls. `deadline` (0: none) is read
 * while waiting for the broker: beyond it calls end with STATUS_TIMEOUT. Owner: one worker thread.
 */
#ifndef RESTOCK_TRANSACTION_H
#define RESTOCK_TRANSACTION_H

#include "stream/member.h"
#include "stream/outbox.h"

struct transaction_part { /* one partition of the input: what was made of it, and how far */
    struct outbox *outbox; /* NULL: offsets only */
    const char *topic;
    int32_t partition;
    int64_t offset; /* next to read */
    const char *metadata; /* of the offset commit */
};

struct transaction_figures {
    uint64_t commits, aborts, reopened, records;
    uint64_t bytes;
    uint64_t latency_us_sum;
    uint64_t latency_count[16]; /* commits that took < 2^i ms; the last: longer */
};

struct transaction;

/* Waits for the broker (init_transactions, metadata of the output topics) until the deadline. On
 * error *out is untouched. */
struct status *transaction_open(const struct settings *settings, const char *id,
                                const _Atomic int64_t *deadline, struct transaction **out)
    __attribute__((warn_unused_result));
void transaction_close(struct transaction *transaction); /* NULL is fine */
/* A new producer under the same id: whatever was open is aborted, or its commit is completed. */
struct status *transaction_reopen(struct transaction *transaction)
    __attribute__((warn_unused_result));
struct status *transaction_commit(struct transaction *transaction,
                                  const struct transaction_part *parts, size_t count,
                                  struct member *member) __attribute__((warn_unused_result));
const struct transaction_figures *transaction_figures(const struct transaction *transaction);
void transaction_figures_add(struct transaction_figures *sum,
                             const struct transaction_figures *more);
/* Serve the client's callbacks while there is nothing to send. */
void transaction_poll(struct transaction *transaction);

#endif
