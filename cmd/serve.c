#include "cmd/serve.h"

#include "cmd/command.h"
#include "cmd/http.h"
#include "cmd/metrics.h"
#include "cmd/notify.h"
#include "cmd/report.h"
#include "config/base/log.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum { NAP_MS = 20, SUMMARY_MS = 1000, SUMMARY_LINES_MS = 10000, NOTIFY_MS = 500 };

struct serving {
    const struct serve_options *options;
    struct runtime *runtime;
    struct recent *recent;
    struct http *http;
    int64_t began_ms, said_ms, notified_ms, watchdog_ms, watched_ms;
    uint64_t said_read;
    bool told_ready, terminal;
};

/* A port that is taken is no reason not to work: a second process of one configuration on a host
 * goes on without a page. */
static struct status *open_http(struct serving *serving)
{
    const struct serve_options *options = serving->options;
    struct http_options http = {.listen = options->settings->stream.http_listen,
                                .runtime = serving->runtime,
                                .recent = serving->recent,
                                .note = options->note};
    if (!http.listen[0]) {
        return NULL;
    }
    struct status *st = http_open(&http, &serving->http);
    if (status_code(st) == STATUS_IO) {
        LOG_WARN("http", "no live page, no metrics", log_text("why", status_message(st)));
        status_free(st);
        st = NULL;
    } else if (!st) {
        LOG_INFO("http", "listening", log_text("address", http_address(serving->http)));
    }
    return st;
}

/* Only what is marked as reloadable changes: nothing that shapes what a replay says. The rest is
 * checked, so that the next start finds no mistake, and named. */
static void reload(const struct serve_options *options)
{
    struct settings fresh;
    struct status *st =
        settings_load(options->config, options->sets->values, options->sets->count, &fresh);
    if (st) {
        LOG_ERROR("reload", "the configuration is wrong; going on with the old one",
                  log_text("why", status_message(st)));
        status_free(st);
        return;
    }
    log_set((enum log_level)fresh.stream.log_level, (enum log_format)fresh.stream.log_format);
    struct buf reloaded = {0}, restart = {0};
    settings_changes(options->settings, &fresh, &reloaded, &restart);
    buf_byte(&reloaded, '\0');
    buf_byte(&restart, '\0');
    if (restart.data[0]) {
        LOG_WARN("reload", "these options changed but need a restart; going on with the old ones",
                 log_text("options", restart.data));
    }
    LOG_WARN("reload", "configuration read again", log_text("config", options->config),
             log_text("follows", reloaded.data[0] ? reloaded.data : "nothing has changed"));
    buf_fini(&reloaded);
    buf_fini(&restart);
    settings_fini(&fresh);
}

static void tell_systemd(struct serving *serving, int64_t now)
{
    if (!serving->told_ready && now - serving->notified_ms >= NOTIFY_MS) {
        struct buf reasons = {0};
        serving->notified_ms = now;
        serving->told_ready = metrics_ready(serving->runtime, &reasons);
        if (serving->told_ready) {
            notify("READY=1\nSTATUS=ready");
            LOG_INFO("run", "ready");
        }
        buf_fini(&reasons);
    }
    if (serving->watchdog_ms && now - serving->watched_ms >= serving->watchdog_ms) {
        struct runtime_view view;
        runtime_view(serving->runtime, &view);
        serving->watched_ms = now;
        if (view.alive) {
            notify("WATCHDOG=1");
        }
    }
}

static void say_summary(struct serving *serving, int64_t now)
{
    int64_t every = serving->terminal ? SUMMARY_MS : SUMMARY_LINES_MS;
    if (!serving->options->announce || now - serving->said_ms < every) {
        return;
    }
    struct runtime_view view;
    runtime_view(serving->runtime, &view);
    double seconds = (double)(now - serving->said_ms) / 1000;
    fprintf(stderr,
            "%s%5" PRId64 " s   %8" PRIu64 " lines  %6.0f a second   %8" PRIu64
            " forecasts  %6" PRIu64 " alert events  %6" PRIu64 " proposal events%s",
            serving->terminal ? "\r" : "", (now - serving->began_ms) / 1000, view.read,
            (double)(view.read - serving->said_read) / seconds, view.forecasts, view.alerts,
            view.replenishments, serving->terminal ? "   " : "\n");
    fflush(stderr);
    serving->said_ms = now;
    serving->said_read = view.read;
}

static bool goes_on(const struct serving *serving, int64_t now)
{
    const struct serve_options *options = serving->options;
    return !atomic_load(&command_stop) && runtime_running(serving->runtime) &&
           (!options->seconds || now - serving->began_ms < options->seconds * 1000) &&
           (!options->running || options->running(options->context));
}

static void loop(struct serving *serving)
{
    for (int64_t now = kafka_now_ms(); goes_on(serving, now); now = kafka_now_ms()) {
        struct timespec nap = {.tv_nsec = NAP_MS * 1000000};
        nanosleep(&nap, NULL);
        if (atomic_exchange(&command_reload, false) && serving->options->config) {
            reload(serving->options);
        }
        tell_systemd(serving, now);
        say_summary(serving, now);
    }
    if (serving->options->announce && serving->terminal) {
        fputc('\n', stderr);
    }
}

static void report(const struct runtime_view *view)
{
    struct backtest_report report = {.read = view->read,
                                     .applied = view->applied,
                                     .duplicate = view->duplicate,
                                     .late = view->late,
                                     .filtered = view->filtered,
                                     .dead_letter = view->dead_letter,
                                     .forecasts = view->forecasts,
                                     .alerts = view->alerts,
                                     .replenishments = view->replenishments,
                                     .active_seconds = view->active_seconds};
    report_print(&report, stdout);
}

struct status *serve(const struct serve_options *options)
{
    struct serving serving = {.options = options,
                              .recent = recent_create(),
                              .began_ms = kafka_now_ms(),
                              .watchdog_ms = notify_watchdog_ms(),
                              .terminal = isatty(STDERR_FILENO)};
    if (!serving.recent) {
        return status_new(STATUS_NO_MEMORY, "cannot start: out of memory");
    }
    struct runtime_options runtime = options->runtime;
    runtime.recent = options->settings->stream.http_listen[0] ? serving.recent : NULL;
    struct status *st = runtime_start(options->settings, &runtime, &serving.runtime);
    if (st) {
        recent_destroy(serving.recent);
        return st;
    }
    st = open_http(&serving);
    serving.said_ms = serving.began_ms;
    if (!st) {
        if (options->announce && serving.http) {
            fprintf(stderr, "live page      %s\n", http_address(serving.http));
        }
        if (options->intro) {
            fputs(options->intro, stderr);
        }
        loop(&serving);
    }
    notify("STOPPING=1");
    http_close(serving.http);
    struct runtime_view view = {0};
    struct status *ended = runtime_stop(serving.runtime, &view);
    if (status_code(ended) != STATUS_TIMEOUT) {
        recent_destroy(serving.recent); /* after a time-out a thread may still write into it */
    }
    if (!st) {
        report(&view);
    }
    return status_join(st, ended);
}
