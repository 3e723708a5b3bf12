/* What threads share, under ThreadSanitizer: settings, plan and column tables (read-only), log,
 * secrets, zones, BLAS, the newest events. Each thread has a shard of its own and applies a whole
 * log to it; all must write the same bytes. A plain program, because Criterion does not start under
 * ThreadSanitizer. */
#include "config/base/ensure.h"
#include "config/base/log.h"
#include "tests/stream/shard_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, PRODUCTS = 60, DAYS = 40, EVERY = 500 };

struct task {
    const struct settings *settings;
    const struct plan *plan;
    const struct fixture_log *log;
    uint64_t hash;
    size_t records;
    pthread_t thread;
};

static void must(struct status *st)
{
    if (st) {
        fprintf(stderr, "threads_flow: %s\n", status_message(st));
        exit(1);
    }
}

static void commit(struct task *task, struct shard *shard, struct outbox *outbox)
{
    int64_t offset;
    uint64_t sequence;
    shard_seal(shard, &offset, &sequence);
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        task->hash = hash_64(record.key.data, record.key.bytes, task->hash);
        task->hash = hash_64(record.value.data, record.value.bytes, task->hash);
        task->records++;
    }
    outbox_reset(outbox);
    shard_committed(shard);
}

static void *work(void *context)
{
    struct task *task = context;
    struct outbox *outbox = outbox_create();
    struct shard *shard;
    must(shard_create(task->plan, 0, outbox, &shard));
    for (size_t i = 0; i < task->log->count; i++) {
        const size_t *at = task->log->at[i];
        shard_apply(shard, (int64_t)i,
                    (struct slice){at[3] ? task->log->keys.data + at[2] : NULL, at[3]},
                    (struct slice){task->log->bytes.data + at[0], at[1]});
        while (shard_work(shard)) {
        }
        if (i % EVERY == EVERY - 1) {
            commit(task, shard, outbox);
            const char *secret;
            must(config_secret(task->settings->config, "env:PATH", &secret));
            LOG_INFO("threads", "committed", log_i64("records", (int64_t)task->records),
                     log_i64("secret_bytes", (int64_t)strlen(secret)));
        }
    }
    commit(task, shard, outbox);
    shard_destroy(shard);
    outbox_destroy(outbox);
    return NULL;
}

int main(void)
{
    static const char *const SETS[] = {"forecasts.emit=always", "time.zone=Europe/London"};
    struct settings settings;
    struct plan *plan;
    struct fixture_log log = {0};
    struct task tasks[THREADS];
    must(settings_load(NULL, SETS, 2, &settings));
    must(plan_create(&settings, 1, NULL, &plan));
    fixture_shop(&log, PRODUCTS, DAYS, 1);
    for (int i = 0; i < THREADS; i++) {
        tasks[i] = (struct task){.settings = &settings, .plan = plan, .log = &log};
        ASSERT(pthread_create(&tasks[i].thread, NULL, work, &tasks[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(tasks[i].thread, NULL);
        ASSERT(tasks[i].records > 1000 && tasks[i].hash == tasks[0].hash);
    }
    plan_destroy(plan);
    settings_fini(&settings);
    fixture_log_fini(&log);
    puts("threads_flow: ok");
    return 0;
}
