/* One thread boots (asks the broker for topics and ends, which may take as long as the broker is
 * away), starts the workers, and in
 * --until-end mode judges when all is done. Worker threads restart their own bodies; the first
 * error that may not be survived stops all. */
#include "stream/runtime.h"

#include "config/base/ensure.h"
#include "config/base/log.h"
#include "stream/instance.h"
#include "stream/map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BACKOFF_MS = 200,
    BACKOFF_MAX_MS = 5000,
    TOPIC_WAIT_MS = 5000,
    TURN_MS = 50,
    ALIVE_MS = 30000,
    PROGRESS_MS = 60000,
    GRACE_MS = 1000,
    SAY_MS = 5000
};

struct runtime {
    const struct settings *settings;
    struct runtime_options options;
    struct worker_shared shared;
    struct instance instance;
    struct map *maps[INPUT_COUNT];
    struct plan *plan;
    struct worker *workers;
    pthread_t *threads;
    _Atomic size_t worker_count; /* set when all are there */
    _Atomic size_t running;
    pthread_t boot;
    bool booted; /* the boot thread was started */
    _Atomic bool boot_ended, ended;
    pthread_mutex_t mutex; /* of result */
    struct status *result; /* the first error that may not be survived */
};

static const enum topic TOPIC_OF[INPUT_COUNT] = {TOPIC_ORDERS, TOPIC_STOCK, TOPIC_ITEMS,
                                                 TOPIC_FEEDBACK};

/* Takes st. */
static void fail(struct runtime *runtime, struct status *st)
{
    LOG_ERROR("runtime", status_message(st));
    pthread_mutex_lock(&runtime->mutex);
    if (runtime->result) {
        status_free(st);
    } else {
        runtime->result = st;
    }
    pthread_mutex_unlock(&runtime->mutex);
    atomic_store(&runtime->shared.stop, true);
    atomic_store(&runtime->ended, true);
}

/* --- workers
 * ------------------------------------------------------------------------------------------------------------------------
 */

/* Worth another try with everything built anew? */
static bool survivable(const struct status *st)
{
    switch (status_code(st)) {
    case STATUS_BROKER:
    case STATUS_FENCED:
    case STATUS_TIMEOUT:
    case STATUS_IO:
        return true;
    case STATUS_REGISTRY:
        return status_has(st, STATUS_RETRY);
    case STATUS_OK:
    case STATUS_NO_MEMORY:
    case STATUS_USAGE:
    case STATUS_CONFIG:
    case STATUS_CORRUPT:
    case STATUS_STATE:
    case STATUS_STOPPED:
        return false;
    }
    return false;
}

static void note_error(struct worker *worker, const struct status *st)
{
    snprintf(worker->work->last_error, sizeof worker->work->last_error, "%s", status_message(st));
    worker->work->rebuilt++;
    worker->work->done = false;
    worker_publish(worker, true);
}

struct thread_argument {
    struct runtime *runtime;
    struct worker *worker;
};

static void *worker_main(void *argument)
{
    struct thread_argument *given = argument;
    struct runtime *runtime = given->runtime;
    struct worker *worker = given->worker;
    free(given);
    int64_t backoff = BACKOFF_MS;
    while (!worker_stopping(worker)) {
        int64_t began = kafka_now_ms();
        struct status *st =
            worker->role == WORKER_PLAN ? worker_plan_run(worker) : worker_ingest_run(worker);
        if (!st) {
            break; /* told to stop, and all is committed */
        }
        st = status_wrap(st, "worker %s", worker->id);
        if (worker_stopping(worker) || !survivable(st)) {
            fail(runtime, st);
            break;
        }
        LOG_WARN("runtime", status_message(st), log_text("worker", worker->id),
                 log_i64("again_in_ms", backoff));
        note_error(worker, st);
        status_free(st);
        backoff = kafka_now_ms() - began > BACKOFF_MAX_MS * 4 ? BACKOFF_MS : backoff;
        worker_pause(worker, backoff);
        backoff = backoff * 2 < BACKOFF_MAX_MS ? backoff * 2 : BACKOFF_MAX_MS;
    }
    atomic_fetch_sub(&runtime->running, 1);
    return NULL;
}

/* --- boot
 * -----------------------------------------------------------------------------------------------------------------------------
 */

static bool give_up(const struct runtime *runtime, int64_t began)
{
    return atomic_load(&runtime->shared.stop) ||
           (runtime->options.until_end &&
            kafka_now_ms() - began > runtime->settings->stream.until_end_timeout_ms);
}

static void nap(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Partition count; a topic that must be there may take a moment to show after it was created. */
static struct status *ask_count(struct runtime *runtime, enum topic topic, bool needed,
                                int64_t began, int32_t *count)
{
    const char *name = runtime->settings->stream.topics[topic];
    for (int64_t said = kafka_now_ms();;) {
        struct status *st = kafka_partitions(runtime->shared.probe, name, 2000, count);
        bool waits = status_has(st, STATUS_RETRY) && !give_up(runtime, began);
        bool missing = !st && !*count && needed && kafka_now_ms() - began < TOPIC_WAIT_MS &&
                       !give_up(runtime, began);
        if (!waits && !missing) {
            return st;
        }
        if (waits && kafka_now_ms() - said > SAY_MS) {
            said = kafka_now_ms();
            LOG_WARN("runtime", "waiting for the broker", log_text("why", status_message(st)));
        }
        status_free(st);
        nap(100);
    }
}

static struct status *ask_ends(struct runtime *runtime, enum topic topic, int64_t began,
                               struct worker_ends *ends)
{
    ends->ends = calloc((size_t)ends->count + 1, sizeof *ends->ends);
    ASSERT(ends->ends);
    for (int32_t p = 0; p < ends->count; p++) {
        int64_t low = 0;
        struct status *st = NULL;
        while (status_has(st = kafka_ends(runtime->shared.probe,
                                          runtime->settings->stream.topics[topic], p, &low,
                                          &ends->ends[p]),
                          STATUS_RETRY) &&
               !give_up(runtime, began)) {
            status_free(st);
            nap(100);
        }
        TRY(st);
    }
    return NULL;
}

static struct status *missing(const struct runtime *runtime, enum topic topic)
{
    return status_new(
        STATUS_BROKER, "topic `%s` is missing: %s", runtime->settings->stream.topics[topic],
        topic == TOPIC_ORDERS ? "orders come in there; create it, or name it in `topics.orders`"
                              : "run `restock topics apply`");
}

static struct status *ask_topics(struct runtime *runtime)
{
    int64_t began = kafka_now_ms();
    struct worker_shared *shared = &runtime->shared;
    struct status *st = NULL;
    for (int topic = TOPIC_LINES; topic < TOPIC_COUNT; topic++) {
        int32_t count = 0;
        TRY(ask_count(runtime, (enum topic)topic, true, began, &count));
        if (!count) {
            st = status_join(st, missing(runtime, (enum topic)topic));
        }
        if (topic == TOPIC_LINES) {
            shared->lines.count = count;
        } else if (topic == TOPIC_STATE && count && count != shared->lines.count) {
            st = status_join(st, status_new(STATUS_STATE,
                                            "topic `%s` has %" PRId32
                                            " partitions and `%s` %" PRId32 ": they must be equal",
                                            runtime->settings->stream.topics[TOPIC_STATE], count,
                                            runtime->settings->stream.topics[TOPIC_LINES],
                                            shared->lines.count));
        }
    }
    for (int input = 0; runtime->options.roles[WORKER_INGEST] && input < INPUT_COUNT; input++) {
        struct status *more = ask_count(runtime, TOPIC_OF[input], input == INPUT_ORDERS, began,
                                        &shared->inputs[input].count);
        if (!more && !shared->inputs[input].count && input == INPUT_ORDERS) {
            more = missing(runtime, TOPIC_ORDERS);
        } else if (!more && !shared->inputs[input].count) {
            LOG_INFO("runtime", "an input topic is not there: going on without it",
                     log_text("topic", runtime->settings->stream.topics[TOPIC_OF[input]]));
        }
        st = status_join(st, more);
    }
    TRY(st);
    for (int input = 0; input < INPUT_COUNT; input++) {
        TRY(ask_ends(runtime, TOPIC_OF[input], began, &shared->inputs[input]));
    }
    return ask_ends(runtime, TOPIC_LINES, began, &shared->lines);
}

static struct status *create_plan(struct runtime *runtime)
{
    const struct stream_options *stream = &runtime->settings->stream;
    struct registry *registry = NULL;
    if (stream->output_format == WIRE_CONFLUENT) {
        TRY(settings_registry(runtime->settings, &registry));
    }
    struct status *st = NULL;
    int64_t began = kafka_now_ms();
    while (status_has(st = plan_create(runtime->settings, runtime->shared.lines.count, registry,
                                       &runtime->plan),
                      STATUS_RETRY) &&
           !give_up(runtime, began)) {
        LOG_WARN("runtime", status_message(st));
        status_free(st);
        nap(500);
    }
    registry_destroy(registry);
    return st;
}

static struct status *start_workers(struct runtime *runtime)
{
    size_t each = (size_t)runtime->settings->stream.workers, count = 0;
    size_t all = each * ((runtime->options.roles[WORKER_INGEST] ? 1u : 0u) +
                         (runtime->options.roles[WORKER_PLAN] ? 1u : 0u));
    runtime->workers = calloc(all, sizeof *runtime->workers);
    runtime->threads = calloc(all, sizeof *runtime->threads);
    ASSERT(runtime->workers && runtime->threads && "out of memory for workers");
    for (size_t i = 0; i < each; i++) {
        if (runtime->options.roles[WORKER_INGEST]) {
            worker_init(&runtime->workers[count++], &runtime->shared, WORKER_INGEST, (int)i);
        }
        if (runtime->options.roles[WORKER_PLAN]) {
            worker_init(&runtime->workers[count++], &runtime->shared, WORKER_PLAN, (int)i);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct thread_argument *argument = malloc(sizeof *argument);
        ASSERT(argument);
        *argument = (struct thread_argument){runtime, &runtime->workers[i]};
        atomic_fetch_add(&runtime->running, 1);
        int error = pthread_create(&runtime->threads[i], NULL, worker_main, argument);
        ASSERT(!error && "cannot start a worker thread");
    }
    atomic_store(&runtime->worker_count, count);
    return NULL;
}

/* --- --until-end
 * -----------------------------------------------------------------------------------------------------------------------
 */

static bool all_done(struct runtime *runtime, int64_t *progress_ms, struct buf *waiting)
{
    bool done = true;
    struct worker_view *view = malloc(sizeof *view);
    ASSERT(view);
    for (size_t i = 0; i < atomic_load(&runtime->worker_count); i++) {
        worker_view(&runtime->workers[i], view);
        *progress_ms = view->progress_ms > *progress_ms ? view->progress_ms : *progress_ms;
        if (!view->done) {
            done = false;
            buf_print(waiting, "%s%s waits for %s", waiting->bytes ? "; " : "",
                      runtime->workers[i].id,
                      !view->joined        ? "its group"
                      : *view->waiting_for ? view->waiting_for
                                           : "its last transaction");
        }
    }
    free(view);
    return done;
}

static void watch_until_end(struct runtime *runtime)
{
    int64_t progress = kafka_now_ms();
    struct buf waiting = {0};
    while (!atomic_load(&runtime->shared.stop)) {
        buf_reset(&waiting);
        if (all_done(runtime, &progress, &waiting)) {
            atomic_store(&runtime->ended, true);
            break;
        }
        if (kafka_now_ms() - progress > runtime->settings->stream.until_end_timeout_ms) {
            fail(runtime,
                 status_new(STATUS_TIMEOUT, "--until-end: no progress for %" PRId64 " s: %.*s",
                            runtime->settings->stream.until_end_timeout_ms / 1000,
                            (int)waiting.bytes, waiting.data));
            break;
        }
        nap(TURN_MS);
    }
    buf_fini(&waiting);
}

static void *boot_main(void *argument)
{
    struct runtime *runtime = argument;
    struct status *st = ask_topics(runtime);
    if (!st && runtime->options.roles[WORKER_PLAN]) {
        st = create_plan(runtime);
        runtime->shared.plan = runtime->plan;
    }
    if (st && atomic_load(&runtime->shared.stop) && status_has(st, STATUS_RETRY)) {
        fail(runtime, status_wrap(st, "stopped while the broker was away"));
    } else if (st) {
        fail(runtime, st);
    } else if (!atomic_load(&runtime->shared.stop)) {
        st = start_workers(runtime);
        if (!st && runtime->options.until_end) {
            watch_until_end(runtime);
        }
    }
    atomic_store(&runtime->boot_ended, true);
    return NULL;
}

/* --- life
 * --------------------------------------------------------------------------------------------------------------------------------
 */

static struct status *load_maps(struct runtime *runtime)
{
    struct status *st = NULL;
    for (int input = 0; input < TIME_INPUTS; input++) {
        const char *map = runtime->settings->stream.inputs[input].map;
        if (runtime->options.roles[WORKER_INGEST] && map && *map) {
            st = status_join(st, map_load(config_relative(runtime->settings->config, map),
                                          runtime->settings->zone, &runtime->maps[input]));
            runtime->shared.maps[input] = runtime->maps[input];
        }
    }
    return st;
}

static void destroy(struct runtime *runtime)
{
    if (!runtime) {
        return;
    }
    for (size_t i = 0; i < atomic_load(&runtime->worker_count); i++) {
        worker_fini(&runtime->workers[i]);
    }
    free(runtime->workers);
    free(runtime->threads);
    plan_destroy(runtime->plan);
    for (int input = 0; input < INPUT_COUNT; input++) {
        map_destroy(runtime->maps[input]);
        free(runtime->shared.inputs[input].ends);
    }
    free(runtime->shared.lines.ends);
    kafka_close(runtime->shared.probe);
    instance_close(&runtime->instance);
    status_free(runtime->result);
    pthread_mutex_destroy(&runtime->mutex);
    free(runtime);
}

struct status *runtime_start(const struct settings *settings, const struct runtime_options *options,
                             struct runtime **out)
{
    struct runtime *runtime = calloc(1, sizeof *runtime);
    if (!runtime) {
        return status_new(STATUS_NO_MEMORY, "cannot start: out of memory");
    }
    runtime->settings = settings;
    runtime->options = *options;
    runtime->instance.lock = -1;
    pthread_mutex_init(&runtime->mutex, NULL);
    runtime->shared = (struct worker_shared){.settings = settings,
                                             .until_end = options->until_end,
                                             .recent = options->recent,
                                             .started_wall_ms = kafka_wall_ms()};
    runtime->shared.roles[WORKER_INGEST] = options->roles[WORKER_INGEST];
    runtime->shared.roles[WORKER_PLAN] = options->roles[WORKER_PLAN];
    struct status *st = kafka_check(settings);
    st = st ? st : load_maps(runtime);
    st = st ? st : instance_open(settings, &runtime->instance);
    st = st ? st : kafka_open(settings, KAFKA_PROBE, NULL, &runtime->shared.probe);
    runtime->shared.instance = runtime->instance.name;
    runtime->shared.static_membership = runtime->instance.lasting && !options->until_end;
    if (!st && pthread_create(&runtime->boot, NULL, boot_main, runtime) != 0) {
        st = status_new(STATUS_IO, "cannot start a thread");
    }
    if (st) {
        atomic_store(&runtime->boot_ended, true);
        destroy(runtime);
        return st;
    }
    runtime->booted = true;
    *out = runtime;
    return NULL;
}

bool runtime_running(struct runtime *runtime)
{
    return !atomic_load(&runtime->ended);
}

/* --- views
 * ----------------------------------------------------------------------------------------------------------------------------------
 */

static void add_view(struct runtime_view *out, const struct worker_view *view, int64_t now)
{
    out->applied += view->counts.applied;
    out->duplicate += view->counts.duplicate;
    out->late += view->counts.late;
    out->filtered += view->ingest.filtered;
    out->dead_letter += view->ingest.dead_letter;
    out->forecasts += view->counts.forecasts;
    out->alerts += view->counts.alerts;
    out->replenishments += view->counts.replenishments;
    out->lag += view->lag;
    out->alive = out->alive && now - view->loop_ms < ALIVE_MS;
    out->ready = out->ready && view->joined && view->restored &&
                 (!view->lag || now - view->progress_ms < PROGRESS_MS);
}

void runtime_view(struct runtime *runtime, struct runtime_view *out)
{
    *out = (struct runtime_view){.ready = atomic_load(&runtime->worker_count) > 0, .alive = true};
    int64_t now = kafka_now_ms(), first = 0, last = 0;
    struct worker_view *view = malloc(sizeof *view);
    ASSERT(view);
    for (size_t i = 0; i < atomic_load(&runtime->worker_count); i++) {
        worker_view(&runtime->workers[i], view);
        add_view(out, view, now);
        first = view->first_record_ms && (!first || view->first_record_ms < first)
                    ? view->first_record_ms
                    : first;
        last = view->last_commit_ms > last ? view->last_commit_ms : last;
    }
    free(view);
    out->read = out->applied + out->duplicate + out->late + out->filtered + out->dead_letter;
    out->active_seconds = first && last > first ? (double)(last - first) / 1000 : 0;
}

size_t runtime_worker_count(struct runtime *runtime)
{
    return atomic_load(&runtime->worker_count);
}

void runtime_worker(struct runtime *runtime, size_t index, enum worker_role *role, int *number,
                    struct worker_view *out)
{
    ASSERT(index < atomic_load(&runtime->worker_count));
    *role = runtime->workers[index].role;
    *number = runtime->workers[index].number;
    worker_view(&runtime->workers[index], out);
}

const struct plan *runtime_plan(struct runtime *runtime)
{
    return atomic_load(&runtime->worker_count) ? runtime->plan : NULL;
}

const char *runtime_topic(const struct runtime *runtime, enum topic topic)
{
    return runtime->settings->stream.topics[topic];
}

const char *runtime_instance(const struct runtime *runtime)
{
    return runtime->instance.name;
}

static bool ask_worker(struct worker *worker, struct slice sku, struct slice location,
                       struct buf *json)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    pthread_mutex_lock(&worker->mutex);
    bool found = false;
    if (!worker->question.asked) { /* another asker's turn: try again later */
        worker->question =
            (struct worker_question){.sku = sku, .location = location, .json = json, .asked = true};
        while (worker->question.asked &&
               pthread_cond_timedwait(&worker->answered, &worker->mutex, &until) != ETIMEDOUT) {
        }
        found = !worker->question.asked && worker->question.found;
        worker->question = (struct worker_question){0};
    }
    pthread_mutex_unlock(&worker->mutex);
    return found;
}

bool runtime_series(struct runtime *runtime, struct slice sku, struct slice location,
                    struct buf *json)
{
    for (size_t i = 0; i < atomic_load(&runtime->worker_count); i++) {
        if (runtime->workers[i].role == WORKER_PLAN &&
            ask_worker(&runtime->workers[i], sku, location, json)) {
            return true;
        }
    }
    return false;
}

/* --- end */

static bool join_until(pthread_t thread, int64_t end_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t left = end_ms - kafka_now_ms();
    left = left > 0 ? left : 0;
    until.tv_sec += left / 1000;
    until.tv_nsec += left % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

struct status *runtime_stop(struct runtime *runtime, struct runtime_view *out)
{
    int64_t now = kafka_now_ms(), allowed = runtime->settings->stream.shutdown_timeout_ms;
    atomic_store(&runtime->shared.deadline_ms,
                 now + (allowed > 2 * GRACE_MS ? allowed - 2 * GRACE_MS : allowed / 2));
    atomic_store(&runtime->shared.stop, true);
    bool joined = !runtime->booted || join_until(runtime->boot, now + allowed);
    struct status *hung =
        joined
            ? NULL
            : status_new(STATUS_TIMEOUT,
                         "starting did not end within shutdown_timeout: does the broker answer?");
    runtime->booted = runtime->booted && !joined;
    for (size_t i = 0; i < atomic_load(&runtime->worker_count); i++) {
        if (!join_until(runtime->threads[i], now + allowed)) {
            joined = false;
            hung = status_join(
                hung, status_new(STATUS_TIMEOUT,
                                 "worker %s did not end within shutdown_timeout (%s): does the "
                                 "broker answer? Nothing is half-committed",
                                 runtime->workers[i].id, atomic_load(&runtime->workers[i].phase)));
        }
    }
    runtime_view(runtime, out);
    pthread_mutex_lock(&runtime->mutex);
    struct status *st = runtime->result;
    runtime->result = NULL;
    pthread_mutex_unlock(&runtime->mutex);
    if (!joined) {
        status_free(st);
        return hung;
    }
    destroy(runtime);
    return st;
}
