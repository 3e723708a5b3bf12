/* The threads of a process on the mock bus: what goes in comes out, is measured, and counts survive
 * a worker that is built anew. Guarantees are shown on a real broker (tests/e2e). */
#include "stream/runtime.h"

#include "stream/sender.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const int64_t START_MS = INT64_C(1600041600000), DAY_MS = 86400000;
enum { WAIT_MS = 40000, HEARTBEAT = 12 /* of the protocol */ };

static rd_kafka_t *owner;
static rd_kafka_mock_cluster_t *cluster;
static struct settings settings;
static struct runtime *runtime;
static char folder[] = "/tmp/restock-runtime-XXXXXX";

static void must(struct status *st)
{
    cr_assert(!st, "%s", status_message(st));
}

static void set_up(void)
{
    char address[128], state[128], error[256];
    owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof error);
    cluster = rd_kafka_mock_cluster_new(owner, 1);
    cr_assert(mkdtemp(folder));
    snprintf(address, sizeof address, "kafka.bootstrap.servers=%s",
             rd_kafka_mock_cluster_bootstraps(cluster));
    snprintf(state, sizeof state, "state_folder=%s", folder);
    const char *sets[] = {address,
                          state,
                          "instance=only",
                          "workers=1",
                          "log.level=error",
                          "kafka.log_level=2",
                          "kafka.session.timeout.ms=6000",
                          "kafka.heartbeat.interval.ms=500",
                          "time.mode=replay",
                          "forecasts.emit=always"};
    must(settings_load(NULL, sets, sizeof sets / sizeof sets[0], &settings));
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        cr_assert(!rd_kafka_mock_topic_create(cluster, settings.stream.topics[topic], 1, 1));
    }
}

static void tear_down(void)
{
    settings_fini(&settings);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(owner);
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect(system(command) == 0);
}

TestSuite(runtime, .init = set_up, .fini = tear_down);

static void send_days(int from, int to)
{
    struct sender *sender;
    must(sender_open(&settings, &sender));
    for (int day = from; day < to; day++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{\"order_id\":\"o%d\",\"line_no\":1,\"kind\":\"ORDER\",\"sku\":\"A\","
                 "\"location\":\"main\",\"quantity\":3,\"unit_price\":250,\"currency\":\"GBP\","
                 "\"event_time\":%" PRId64 "}",
                 day, START_MS + day * DAY_MS + DAY_MS / 2);
        must(sender_put(sender, settings.stream.topics[TOPIC_ORDERS], -1, slice_of("o"),
                        slice_of(text)));
    }
    must(sender_flush(sender, 10000));
    sender_close(sender);
}

/* Sums over the workers. */
struct seen {
    uint64_t applied, messages, commits, rebuilt, processed, forecasts, output;
};

static struct seen look(void)
{
    struct seen seen = {0};
    struct worker_view *view = calloc(1, sizeof *view);
    cr_assert(view);
    for (size_t i = 0; i < runtime_worker_count(runtime); i++) {
        enum worker_role role;
        int number;
        runtime_worker(runtime, i, &role, &number, view);
        seen.applied += view->counts.applied;
        seen.messages += view->ingest.messages[INPUT_ORDERS];
        seen.commits += view->transactions.commits;
        seen.rebuilt += view->rebuilt;
        seen.forecasts += view->counts.forecasts;
        for (int s = 0; s < LATENCY_SLOTS; s++) {
            seen.processed += view->process.count[s];
            seen.output += role == WORKER_PLAN ? view->output.count[s] : 0;
        }
    }
    free(view);
    return seen;
}

static void nap(void)
{
    struct timespec time = {.tv_nsec = 20 * 1000000};
    nanosleep(&time, NULL);
}

static struct seen wait_for(uint64_t applied, uint64_t messages, uint64_t rebuilt)
{
    struct seen seen = look(), before = seen;
    for (int64_t end = kafka_now_ms() + WAIT_MS;
         kafka_now_ms() < end &&
         (seen.applied < applied || seen.messages < messages || seen.rebuilt < rebuilt);
         nap()) {
        seen = look();
        cr_expect(seen.messages >= before.messages && seen.commits >= before.commits &&
                      seen.processed >= before.processed && seen.applied >= before.applied,
                  "a count went back");
        before = seen;
    }
    cr_assert(seen.applied >= applied && seen.messages >= messages && seen.rebuilt >= rebuilt,
              "%" PRIu64 " lines, rebuilt %" PRIu64, seen.applied, seen.rebuilt);
    return seen;
}

static void start(void)
{
    struct runtime_options options = {.roles = {true, true}};
    must(runtime_start(&settings, &options, &runtime));
}

static void stop(void)
{
    struct runtime_view view;
    struct status *st = runtime_stop(runtime, &view);
    cr_expect(!st, "%s", status_message(st));
    status_free(st);
}

Test(runtime, lines_come_out_as_forecasts_and_are_measured)
{
    send_days(0, 40);
    start();
    cr_expect_str_eq(runtime_topic(runtime, TOPIC_LINES), "restock.lines");
    struct seen seen = wait_for(40, 40, 0);
    cr_expect(seen.messages == 40);
    cr_expect(seen.forecasts >= 30, "%" PRIu64, seen.forecasts);
    cr_expect(seen.output == seen.forecasts, "each output has its time: %" PRIu64, seen.output);
    cr_expect(seen.processed >= 80, "orders here, lines there: %" PRIu64, seen.processed);
    stop();
}

Test(runtime, counts_do_not_fall_when_workers_are_built_anew)
{
    send_days(0, 20);
    start();
    struct seen before = wait_for(20, 20, 0);
    /* Both members are told that somebody else has their name. */
    rd_kafka_mock_push_request_errors(cluster, HEARTBEAT, 2, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
                                      RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    send_days(20, 30);
    struct seen after = wait_for(before.applied + 10, before.messages + 10, 2);
    cr_expect(after.commits > before.commits && after.processed > before.processed);
    stop();
}
