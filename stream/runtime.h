/* The running program: worker threads per role, watched over, and what they tell.
 *
 *     struct runtime_options options = {.roles = {true, true}};
 *     TRY(runtime_start(&settings, &options, &runtime));       // configuration errors come back
 * here while (runtime_running(runtime) && !told_to_stop) { sleep a little; } st =
 * runtime_stop(runtime, &view);                       // NULL: exit 0; view: for the report
 *
 * A worker that loses its broker, its group or its producer is built anew, with a growing pause.
 * Only what would break a guarantee (state and offsets that disagree, records that are lost, a
 * missing topic) ends the process, with that error from runtime_stop. Thread: start and stop belong
 * to one thread; all others may be called by any, before stop. */
#ifndef RESTOCK_RUNTIME_H
#define RESTOCK_RUNTIME_H

#include "stream/worker.h"

struct runtime;

struct runtime_options {
    bool roles[2]; /* by enum worker_role */
    bool until_end;
    struct recent
        *recent; /* is given the committed events; NULL: none; borrowed until runtime_stop */
};

struct runtime_view { /* of committed transactions of this process since its start */
    uint64_t read, applied, duplicate, late, filtered, dead_letter;
    uint64_t forecasts, alerts, replenishments;
    double active_seconds; /* first record to last commit */
    bool ready; /* every worker joined, restored and progressing */
    bool alive; /* every loop turned within the last 30 s */
    int64_t lag;
};

struct status *runtime_start(const struct settings *settings, const struct runtime_options *options,
                             struct runtime **out) __attribute__((warn_unused_result));
/* False: --until-end is done, or an error ended the workers. */
bool runtime_running(struct runtime *runtime);
/* Finish the transactions, leave the groups, wait for the threads, at most shutdown_timeout, and
 * free everything. A status says what did not end well. After STATUS_TIMEOUT a thread may still
 * hang in the client and nothing was freed: leave with _exit soon. */
struct status *runtime_stop(struct runtime *runtime, struct runtime_view *out)
    __attribute__((warn_unused_result));

void runtime_view(struct runtime *runtime, struct runtime_view *out);
size_t runtime_worker_count(struct runtime *runtime); /* 0 while starting */
void runtime_worker(struct runtime *runtime, size_t index, enum worker_role *role, int *number,
                    struct worker_view *out);
const struct plan *
runtime_plan(struct runtime *runtime); /* NULL while starting, or without the role */
const char *runtime_topic(const struct runtime *runtime, enum topic topic); /* as configured */
const char *runtime_instance(const struct runtime *runtime);
/* JSON of one series, from the shard that holds it; false: none here holds it, or no answer within
 * a second. */
bool runtime_series(struct runtime *runtime, struct slice sku, struct slice location,
                    struct buf *json);

#endif
