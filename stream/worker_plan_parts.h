/* Inside of a PLAN worker; only worker_plan*.c include this. */
#ifndef RESTOCK_WORKER_PLAN_PARTS_H
#define RESTOCK_WORKER_PLAN_PARTS_H

#include "stream/worker.h"

enum { WORKER_PLAN_RETRY_MS = 50 };

enum slot_state { SLOT_FREE, SLOT_RESTORING, SLOT_RUNNING, SLOT_WARM };

/* What the group has, or would have, committed for the partition. */
struct mark {
    int64_t offset; /* -1: nothing */
    uint64_t sequence;
};

struct slot {
    enum slot_state state;
    int32_t partition;
    struct shard *shard;
    struct outbox *outbox;
    struct mark first, end; /* committed last; reached by the sealed outbox */
    bool sealed;
    int64_t position, warm_since_ms;
    int64_t first_stamp_ms, last_stamp_ms; /* of records in Kafka: first since the last commit, last
                                              one ever; 0: none */
    struct shard_counts counted; /* what the view holds already */
};

struct plan_worker {
    struct worker *worker;
    const struct settings *settings;
    struct member *member;
    struct transaction *transaction;
    struct restore *restore;
    struct slot *slots;
    size_t slot_count;
    uint64_t epoch; /* of the assignment that was adopted */
    bool fetch_due; /* partitions were started since the fetch list was given */
    bool begin_again; /* a shard was dropped though its partition may be ours */
    int64_t dirty_since_ms, committed_ms, retry_ms;
    struct status *fault; /* found where no status can be returned (the rebalance callback) */
};

static inline const char *worker_plan_topic(const struct plan_worker *plan)
{
    return plan->settings->stream.topics[TOPIC_LINES];
}

/* worker_plan_commit.c: the slot of a partition, or NULL. */
struct slot *worker_plan_slot(struct plan_worker *plan, int32_t partition);
void worker_plan_drop(struct plan_worker *plan, struct slot *slot);
struct slot *worker_plan_new(struct plan_worker *plan, int32_t partition);
struct mark worker_plan_mark(const struct member_place *place);
bool worker_plan_same(struct mark a, struct mark b);
/* The sealed outbox of a slot is in the log: forget it. */
void worker_plan_committed(struct plan_worker *plan, struct slot *slot);
/* Seal and send all that is dirty, or send again what is sealed. NULL also after a failure that can
 * be repeated: slots stay sealed. */
struct status *worker_plan_commit(struct plan_worker *plan) __attribute__((warn_unused_result));
bool worker_plan_any_sealed(const struct plan_worker *plan);

/* worker_plan_adopt.c: the group's revoke callback. */
void worker_plan_revoke(void *context);
/* Take over a new assignment, warm shards at once, others by restoring them. */
struct status *worker_plan_adopt(struct plan_worker *plan) __attribute__((warn_unused_result));
struct status *worker_plan_restore(struct plan_worker *plan) __attribute__((warn_unused_result));
struct status *worker_plan_fetch(struct plan_worker *plan) __attribute__((warn_unused_result));
/* Drop shards that were kept warm too long. */
void worker_plan_cool(struct plan_worker *plan);

#endif
