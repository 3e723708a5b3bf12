#include "stream/worker.h"

#include "config/base/ensure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void worker_init(struct worker *worker, struct worker_shared *shared, enum worker_role role,
                 int number)
{
    *worker = (struct worker){.shared = shared, .role = role, .number = number};
    const char *application = shared->settings->stream.application;
    const char *name = role == WORKER_PLAN ? "plan" : "ingest";
    snprintf(worker->id, sizeof worker->id, "%s-%s-%s-%d", application, name, shared->instance,
             number);
    snprintf(worker->group, sizeof worker->group, "%s-%s", application, name);
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->answered, NULL);
    atomic_store(&worker->phase, "starting");
    worker->work = calloc(1, sizeof *worker->work);
    ASSERT(worker->work && "out of memory for a worker");
    worker->view.loop_ms = worker->work->loop_ms = kafka_now_ms(); /* new, not hung */
}

void worker_fini(struct worker *worker)
{
    pthread_mutex_destroy(&worker->mutex);
    pthread_cond_destroy(&worker->answered);
    free(worker->work);
    worker->work = NULL;
}

void worker_publish(struct worker *worker, bool now)
{
    int64_t time = kafka_now_ms();
    worker->work->loop_ms = time;
    if (!now && time - worker->published_ms < WORKER_VIEW_MS) {
        return;
    }
    worker->published_ms = time;
    pthread_mutex_lock(&worker->mutex);
    worker->work->process = worker->process.figures;
    worker->work->output = worker->output.figures;
    worker->view = *worker->work;
    pthread_mutex_unlock(&worker->mutex);
}

void worker_view(struct worker *worker, struct worker_view *out)
{
    pthread_mutex_lock(&worker->mutex);
    *out = worker->view;
    pthread_mutex_unlock(&worker->mutex);
}

void worker_tell(struct worker *worker, const struct transaction_figures *transactions,
                 const struct ingest_counts *ingest, uint64_t rebalances)
{
    struct worker_view *work = worker->work;
    work->transactions = worker->past.transactions;
    work->ingest = worker->past.ingest;
    work->rebalances = worker->past.rebalances + rebalances;
    if (transactions) {
        transaction_figures_add(&work->transactions, transactions);
    }
    if (ingest) {
        ingest_counts_add(&work->ingest, ingest);
    }
}

void worker_stamp(struct worker *worker, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t ms = rd_kafka_message_timestamp(message, &type);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
        latency_begin(&worker->output, ms, 1);
    }
}

void worker_keep(struct worker *worker)
{
    worker->past = (struct worker_past){.transactions = worker->work->transactions,
                                        .ingest = worker->work->ingest,
                                        .rebalances = worker->work->rebalances};
    latency_drop(&worker->process);
    latency_drop(&worker->output);
}

bool worker_stopping(const struct worker *worker)
{
    return atomic_load(&worker->shared->stop);
}

void worker_pause(const struct worker *worker, int64_t ms)
{
    for (int64_t end = kafka_now_ms() + ms; kafka_now_ms() < end && !worker_stopping(worker);) {
        struct timespec time = {.tv_nsec = 10 * 1000000};
        nanosleep(&time, NULL);
    }
}
