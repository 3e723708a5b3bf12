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
    worker->view = *worker->work;
    pthread_mutex_unlock(&worker->mutex);
}

void worker_view(struct worker *worker, struct worker_view *out)
{
    pthread_mutex_lock(&worker->mutex);
    *out = worker->view;
    pthread_mutex_unlock(&worker->mutex);
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
