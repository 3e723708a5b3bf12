/* How long an event takes to its committed answer.
 *
 *   bench_latency hops BOOTSTRAP SAMPLES                        two bare transactional hops
 *   bench_latency alerts BOOTSTRAP PREFIX SAMPLES PER_SECOND [MESSAGES_PER_SECOND < records]
 *   bench_latency first BOOTSTRAP PREFIX SAMPLE COMMAND...      start of a program to its first
 * alert
 *
 * hops: a record through topics bench.hop0, 1, 2; two threads, each consume, produce, commit at
 * once. alerts: an order that takes a sample's stock away, to its stock-out alert read committed;
 * with records, these are produced beside at the rate given and lend the orders their times;
 * samples begin when one order was answered. first: the order waits before the program starts.
 * Milliseconds as JSON on stdout.
 */
#include "bench/bench_figure.h"
#include "bench/bench_kafka.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAMPLES_MAX = 2000, FIRST_SAMPLE = 20000, SLOW_S = 30, PAUSE_US = 30000 };

static double sent[SAMPLES_MAX], took[SAMPLES_MAX]; /* s, ms */
static atomic_int seen_count;
static atomic_bool stop;

static void print_spread(int asked, double *values, int count)
{
    bench_sort(values, (size_t)count);
    need(count > 0, "nothing was answered");
    printf("{\"asked\":%d,\"answered\":%d,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n",
           asked, count, values[count / 2], values[count * 9 / 10], values[count * 99 / 100],
           values[count - 1]);
}

static rd_kafka_t *reader_of(const char *bootstrap, const char *topic, int64_t from)
{
    static const char *const ROWS[] = {"group.id", "bench-latency", "fetch.wait.max.ms", "100",
                                       NULL};
    rd_kafka_t *rk = open_handle(RD_KAFKA_CONSUMER, bootstrap, ROWS);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    int count = partitions_of(rk, topic);
    for (int p = 0; p < count; p++) {
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = from;
    }
    need(!rd_kafka_assign(rk, list), "cannot assign");
    rd_kafka_topic_partition_list_destroy(list);
    return rk;
}

static void put(rd_kafka_t *rk, const char *topic, const char *key, const char *value)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__QUEUE_FULL;
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        code = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key, strlen(key)),
                                 RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        rd_kafka_poll(rk, 0);
    }
    need(!code, "cannot produce");
}

/* --- hops */

struct hop {
    const char *bootstrap, *from, *to, *id;
};

static void *hop(void *argument)
{
    const struct hop *hop = argument;
    const char *rows[] = {"transactional.id", hop->id, "linger.ms", "0", NULL};
    rd_kafka_t *producer = open_handle(RD_KAFKA_PRODUCER, hop->bootstrap, rows);
    need_ok(rd_kafka_init_transactions(producer, WAIT_MS));
    (void)partitions_of(producer, hop->to);
    rd_kafka_t *consumer = reader_of(hop->bootstrap, hop->from, RD_KAFKA_OFFSET_END);
    while (!atomic_load(&stop)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        if (message && !message->err) {
            char key[32], value[32];
            snprintf(key, sizeof key, "%.*s", (int)message->key_len, (char *)message->key);
            snprintf(value, sizeof value, "%.*s", (int)message->len, (char *)message->payload);
            need_ok(rd_kafka_begin_transaction(producer));
            put(producer, hop->to, key, value);
            rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
            rd_kafka_topic_partition_list_add(offsets, hop->from, message->partition)->offset =
                message->offset + 1;
            rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
            need_ok(rd_kafka_send_offsets_to_transaction(producer, offsets, group, WAIT_MS));
            need_ok(rd_kafka_commit_transaction(producer, -1));
            rd_kafka_consumer_group_metadata_destroy(group);
            rd_kafka_topic_partition_list_destroy(offsets);
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
    }
    return NULL; /* the process ends soon: nothing is destroyed */
}

static void hops(const char *bootstrap, int samples)
{
    struct hop both[2] = {{bootstrap, "bench.hop0", "bench.hop1", "bench-hop-1"},
                          {bootstrap, "bench.hop1", "bench.hop2", "bench-hop-2"}};
    static const char *const ROWS[] = {"linger.ms", "0", NULL};
    rd_kafka_t *producer = open_handle(RD_KAFKA_PRODUCER, bootstrap, ROWS);
    (void)partitions_of(producer, "bench.hop0");
    rd_kafka_t *consumer = reader_of(bootstrap, "bench.hop2", RD_KAFKA_OFFSET_END);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        need(!pthread_create(&threads[i], NULL, hop, &both[i]), "no thread");
    }
    usleep(4000000);
    int answered = 0;
    for (int i = -5; i < samples; i++) {
        char text[32];
        snprintf(text, sizeof text, "%d", i);
        double began = now_s();
        put(producer, "bench.hop0", "k", text);
        rd_kafka_message_t *message = NULL;
        while (now_s() - began < SLOW_S) {
            message = rd_kafka_consumer_poll(consumer, 100);
            if (message && !message->err && message->len == strlen(text) &&
                memcmp(message->payload, text, message->len) == 0) {
                break;
            }
            if (message) {
                rd_kafka_message_destroy(message);
            }
        }
        if (message) {
            took[answered] = 1000 * (now_s() - began);
            answered += i >= 0; /* the first ones are warm-up */
            rd_kafka_message_destroy(message);
        }
        usleep((useconds_t)(PAUSE_US + i % 7 * 3000));
    }
    atomic_store(&stop, true);
    print_spread(samples, took, answered);
}

/* --- alerts */

struct watch {
    const char *bootstrap, *topic;
};

static void note_alert(const rd_kafka_message_t *message, double now)
{
    char text[4096];
    snprintf(text, sizeof text, "%.*s", (int)message->len, (char *)message->payload);
    const char *sku = strstr(text, "\"sku\":\"");
    long number = sku ? strtol(sku + 7, NULL, 10) - FIRST_SAMPLE : -1;
    if (strstr(text, "\"kind\":\"stockout\"") && number >= 0 && number < SAMPLES_MAX &&
        sent[number] > 0 && took[number] == 0) {
        took[number] = 1000 * (now - sent[number]);
        atomic_fetch_add(&seen_count, 1);
    }
}

static void *watch(void *argument)
{
    const struct watch *watch = argument;
    rd_kafka_t *rk = reader_of(watch->bootstrap, watch->topic, RD_KAFKA_OFFSET_END);
    while (!atomic_load(&stop)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 100);
        double now = now_s();
        if (message && !message->err && message->payload) {
            note_alert(message, now);
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
    }
    return NULL;
}

static void send_order(rd_kafka_t *rk, const char *topic, int sample, const char *stamp)
{
    char key[32], value[512], local[32];
    if (!stamp) {
        time_t now = time(NULL);
        struct tm date;
        localtime_r(&now, &date);
        strftime(local, sizeof local, "%Y-%m-%dT%H:%M:%S", &date);
        stamp = local;
    }
    snprintf(key, sizeof key, "9%05d", sample);
    snprintf(value, sizeof value,
             "{\"InvoiceNo\":\"9%05d\",\"InvoiceDate\":\"%.19s\",\"CustomerID\":\"1\",\"Country\":"
             "\"France\",\"lines\":[{\"StockCode\":\"%d\",\"Description\":\"SAMPLE\",\"Quantity\":"
             "990,\"UnitPrice\":2.5}]}",
             sample, stamp, FIRST_SAMPLE + sample);
    sent[sample] = now_s();
    put(rk, topic, key, value);
}

struct load { /* records from stdin at a rate; the time of the last one */
    char *line, stamp[32];
    double per_second, began;
    unsigned long sent;
    bool ended;
};

static void produce_due(struct load *load, rd_kafka_t *rk, const char *topic)
{
    while (!load->ended && (double)load->sent < (now_s() - load->began) * load->per_second) {
        char *value = fgets(load->line, LINE_BYTES, stdin) ? strchr(load->line, '\t') : NULL;
        if (!value) {
            load->ended = true;
            break;
        }
        *value++ = 0;
        value[strcspn(value, "\n")] = 0;
        const char *date = strstr(value, "\"InvoiceDate\":\"");
        if (date) {
            snprintf(load->stamp, sizeof load->stamp, "%.19s", date + 15);
        }
        put(rk, topic, load->line, value);
        load->sent++;
    }
}

static void alerts(const char *bootstrap, const char *prefix, int samples, double per_second,
                   double load_per_second)
{
    char orders[128], topic[128];
    snprintf(orders, sizeof orders, "%s.orders", prefix);
    snprintf(topic, sizeof topic, "%s.alerts", prefix);
    static const char *const ROWS[] = {"linger.ms", "0", NULL};
    rd_kafka_t *rk = open_handle(RD_KAFKA_PRODUCER, bootstrap, ROWS);
    (void)partitions_of(rk, orders);
    struct watch watched = {bootstrap, topic};
    pthread_t thread;
    need(!pthread_create(&thread, NULL, watch, &watched), "no thread");
    struct load load = {.line = malloc(LINE_BYTES), .per_second = load_per_second};
    usleep(1000000);
    load.began = now_s();
    produce_due(&load, rk, orders);
    double give_up = now_s() + 60, next = 0;
    int at = 0, warm = 5;
    while (at < samples && now_s() < give_up) {
        produce_due(&load, rk, orders);
        bool ready = at < warm ? at <= atomic_load(&seen_count) : true;
        if (ready && now_s() >= next) {
            send_order(rk, orders, at++, load.stamp[0] ? load.stamp : NULL);
            next = now_s() + 1 / per_second * (0.5 + (double)(at * 37 % 100) / 100);
        }
        rd_kafka_poll(rk, 0);
        usleep(500);
    }
    for (double end = now_s() + 10; atomic_load(&seen_count) < at && now_s() < end;) {
        produce_due(&load, rk, orders);
        rd_kafka_poll(rk, 1);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    int answered = 0;
    for (int i = warm; i < at; i++) {
        if (took[i] > 0) {
            took[answered++] = took[i];
        }
    }
    print_spread(at - warm, took, answered);
}

/* --- first */

static void first(const char *bootstrap, const char *prefix, int sample, char **command)
{
    char orders[128], topic[128];
    snprintf(orders, sizeof orders, "%s.orders", prefix);
    snprintf(topic, sizeof topic, "%s.alerts", prefix);
    static const char *const ROWS[] = {"linger.ms", "0", NULL};
    rd_kafka_t *rk = open_handle(RD_KAFKA_PRODUCER, bootstrap, ROWS);
    (void)partitions_of(rk, orders);
    struct watch watched = {bootstrap, topic};
    pthread_t thread;
    need(!pthread_create(&thread, NULL, watch, &watched), "no thread");
    usleep(1000000);
    send_order(rk, orders, sample, NULL);
    need(!rd_kafka_flush(rk, WAIT_MS), "the broker does not take our order");
    sent[sample] = now_s();
    pid_t child = fork();
    if (child == 0) {
        need(freopen("/dev/null", "w", stdout) != NULL, "no /dev/null");
        execvp(command[0], command);
        _exit(127);
    }
    for (double end = now_s() + SLOW_S; !atomic_load(&seen_count) && now_s() < end;) {
        usleep(500);
    }
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    need(atomic_load(&seen_count) == 1, "no output within 30 s");
    printf("{\"first_output_ms\":%.0f}\n", took[sample]);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    setenv("TZ", "Europe/London", 1);
    if (strcmp(what, "hops") == 0 && argc == 4) {
        hops(argv[2], (int)strtol(argv[3], NULL, 10));
    } else if (strcmp(what, "alerts") == 0 && argc >= 6) {
        int samples = (int)strtol(argv[4], NULL, 10);
        need(samples > 5 && samples <= SAMPLES_MAX, "expected 6 to 2000 samples");
        alerts(argv[2], argv[3], samples, strtod(argv[5], NULL),
               argc > 6 ? strtod(argv[6], NULL) : 0);
    } else if (strcmp(what, "first") == 0 && argc >= 6) {
        first(argv[2], argv[3], (int)strtol(argv[4], NULL, 10), argv + 5);
    } else {
        fprintf(stderr, "bench_latency: unknown words; see the head of bench/bench_latency.c\n");
        return 2;
    }
    fflush(stdout);
    _exit(0);
}
