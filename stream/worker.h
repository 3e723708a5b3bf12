/* What the workers of one process share, and what they tell about themselves.
 *
 * A worker is one thread with one group member and one producer (plus helpers of its own). It
 * publishes a copy of its view every 200 ms and around commits, under a mutex that nobody holds for
 * long; it never waits for a reader of the view. */
#ifndef RESTOCK_WORKER_H
#define RESTOCK_WORKER_H

#include "stream/recent.h"
#include "stream/ingest.h"
#include "stream/kafka.h"
#include "stream/latency.h"
#include "stream/learning_report.h"
#include "stream/plan.h"
#include "stream/restore.h"
#include "stream/shard.h"
#include "stream/transaction.h"

#include <pthread.h>

enum {
    WORKER_SHARDS_MAX = 256,
    WORKER_SOURCES_MAX = 256,
    WORKER_NAME_BYTES = 200,
    WORKER_WAITING_BYTES = 512,
    WORKER_VIEW_MS = 200
};

enum worker_role { WORKER_INGEST, WORKER_PLAN };

/* End of one partition of an input, or of `lines`, as seen when the process started. */
struct worker_ends {
    int32_t count; /* partitions; 0: the topic is not there */
    int64_t *ends; /* [count] */
};

struct worker_shared {
    const struct settings *settings;
    const struct map *maps[INPUT_COUNT]; /* NULL: the canonical record, or the topic is not there */
    const struct plan *plan; /* NULL without the role plan */
    const char *instance;
    bool static_membership, until_end;
    bool roles[2]; /* which of enum worker_role run in this process */
    int64_t started_wall_ms;
    struct kafka *probe;
    struct recent *recent; /* NULL: nobody looks at events */
    struct worker_ends inputs[INPUT_COUNT], lines;
    _Atomic bool stop; /* finish the transaction and end */
    _Atomic int64_t deadline_ms; /* monotonic; 0: none; waits for the broker end here */
};

struct worker_view {
    bool joined, restored, done;
    int64_t loop_ms; /* monotonic time of the last turn of the loop */
    int64_t progress_ms; /* ... when a record was read, restored or committed */
    uint64_t rebalances, rebuilt;
    int64_t lag; /* records between here and the ends, as far as known */
    int64_t first_record_ms, last_commit_ms; /* monotonic; 0: none */
    int64_t rtt_us;
    struct transaction_figures transactions; /* since the process started, as all counts here */
    struct latency_figures process; /* a record was read .. what follows from it is committed */
    struct latency_figures output; /* its time stamp in Kafka .. the outputs are committed */
    struct shard_counts counts; /* PLAN: of committed transactions since the process started */
    struct ingest_counts ingest; /* INGEST: the same */
    struct restore_view restore;
    struct learning_view learning; /* PLAN: of all its shards */
    size_t shard_count;
    struct shard_view shards[WORKER_SHARDS_MAX];
    int64_t shard_lag[WORKER_SHARDS_MAX];
    size_t restoring_count;
    struct restore_part restoring[WORKER_SHARDS_MAX];
    size_t source_count;
    struct ingest_source_view sources[WORKER_SOURCES_MAX];
    char waiting_for[WORKER_WAITING_BYTES]; /* --until-end */
    char last_error[WORKER_WAITING_BYTES];
};

/* Counts of a worker's earlier lives: one that is built anew begins where the last one ended. */
struct worker_past {
    struct transaction_figures transactions;
    struct ingest_counts ingest;
    uint64_t rebalances;
};

/* A question that only the owner of a shard can answer: JSON of one series. */
struct worker_question {
    struct slice sku, location;
    struct buf *json;
    bool asked, found;
};

struct worker {
    struct worker_shared *shared;
    enum worker_role role;
    int number;
    char id[WORKER_NAME_BYTES]; /* "<application>-<role>-<instance>-<number>": transactional id and
                                   group instance */
    char group[WORKER_NAME_BYTES]; /* "<application>-<role>" */
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t answered;
    _Atomic(const char *) phase; /* what it is about, for messages when it hangs; static text */
    struct worker_view view; /* copy for readers */
    struct worker_question question;
    struct worker_view *work; /* owner: worker thread; copied into view */
    int64_t published_ms;
    struct worker_past past; /* owner: worker thread, as the two below */
    struct latency process, output;
};

void worker_init(struct worker *worker, struct worker_shared *shared, enum worker_role role,
                 int number);
void worker_fini(struct worker *worker);
/* Copy work into view if it is time to, or at once. */
void worker_publish(struct worker *worker, bool now);
void worker_view(struct worker *worker, struct worker_view *out); /* any thread */
/* Counts of this life into work, on top of those of the earlier ones; NULL: none of that sort. */
void worker_tell(struct worker *worker, const struct transaction_figures *transactions,
                 const struct ingest_counts *ingest, uint64_t rebalances);
/* Outputs that follow from this record are on their way. */
void worker_stamp(struct worker *worker, const rd_kafka_message_t *message);
/* This life ends: what was told last is the past. What was not committed will be read again. */
void worker_keep(struct worker *worker);
bool worker_stopping(const struct worker *worker);
/* Sleep in the face of a broker that does not answer; short when stopping. */
void worker_pause(const struct worker *worker, int64_t ms);
/* The thread bodies: until stop, --until-end's end, or an error. They build everything, and take
 * everything down again. */
struct status *worker_plan_run(struct worker *worker) __attribute__((warn_unused_result));
struct status *worker_ingest_run(struct worker *worker) __attribute__((warn_unused_result));

#endif
