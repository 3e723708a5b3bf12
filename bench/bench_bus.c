/* The benchmarks' clients of the broker and the raw peers.
 *
 *   bench_bus create BOOTSTRAP TOPIC PARTITIONS
 *   bench_bus fill BOOTSTRAP TOPIC < records           key, tab, value, a line each
 *   bench_bus copy BOOTSTRAP BROKER_PID TOPIC,TOPIC...  raw transactional copy of topics to
 * TOPIC.copy bench_bus consume BOOTSTRAP TOPIC                  raw read_committed consume
 *   bench_bus meter BROKER_PID COMMAND...              runs it; CPU of it and of the broker
 *
 * The copy is the floor of whoever writes these bytes exactly once: one thread, consume a batch of
 * committed records, produce the same bytes, send the offsets, commit every 200 ms; lz4 as the
 * product. Results are one JSON object on stdout.
 */
#include "bench/bench_kafka.h"

#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 1000, TRANSACTION_MS = 200, TOPICS_MAX = 8, PARTITIONS_MAX = 64, TAIL_BYTES = 4096 };

static void create(const char *bootstrap, const char *name, int partitions)
{
    static const char *const NONE[] = {NULL};
    char error[256];
    rd_kafka_t *rk = open_handle(RD_KAFKA_PRODUCER, bootstrap, NONE);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, 1, error, sizeof error);
    need(topic != NULL, error);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
    need(event && !rd_kafka_event_error(event), "cannot create the topic");
    size_t count = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    need(count == 1 && !rd_kafka_topic_result_error(results[0]), "cannot create the topic");
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    for (int i = 0; i < 200 && partitions_of(rk, name) != partitions; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    rd_kafka_destroy(rk);
}

static void fill(const char *bootstrap, const char *topic)
{
    static const char *const ROWS[] = {"linger.ms", "5", NULL};
    rd_kafka_t *rk = open_handle(RD_KAFKA_PRODUCER, bootstrap, ROWS);
    rd_kafka_topic_t *to = rd_kafka_topic_new(rk, topic, NULL);
    char *line = malloc(LINE_BYTES);
    need(line && to, "out of memory");
    unsigned long records = 0, bytes = 0;
    for (; fgets(line, LINE_BYTES, stdin); records++) {
        char *value = strchr(line, '\t');
        need(value != NULL, "expected key, tab, value");
        *value++ = 0;
        size_t length = strcspn(value, "\n");
        while (rd_kafka_produce(to, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, length, line,
                                strlen(line), NULL)) {
            need(rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL, "cannot produce");
            rd_kafka_poll(rk, 20);
        }
        bytes += length;
        rd_kafka_poll(rk, 0);
    }
    need(!rd_kafka_flush(rk, 4 * WAIT_MS), "the broker does not take our records");
    printf("{\"records\":%lu,\"bytes\":%lu}\n", records, bytes);
    rd_kafka_topic_destroy(to);
    rd_kafka_destroy(rk);
    free(line);
}

struct reading { /* all partitions of some topics, up to their ends */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    const char *topics[TOPICS_MAX];
    int count, partitions[TOPICS_MAX], open;
    int64_t ends[TOPICS_MAX][PARTITIONS_MAX], next[TOPICS_MAX][PARTITIONS_MAX];
};

static void start_reading(struct reading *reading, const char *bootstrap)
{
    static const char *const ROWS[] = {"group.id", "bench-raw", NULL};
    reading->rk = open_handle(RD_KAFKA_CONSUMER, bootstrap, ROWS);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(64);
    for (int topic = 0; topic < reading->count; topic++) {
        reading->partitions[topic] = partitions_of(reading->rk, reading->topics[topic]);
        need(reading->partitions[topic] <= PARTITIONS_MAX, "too many partitions");
        for (int p = 0; p < reading->partitions[topic]; p++) {
            int64_t low = 0, high = 0;
            need(!rd_kafka_query_watermark_offsets(reading->rk, reading->topics[topic], p, &low,
                                                   &high, WAIT_MS),
                 "cannot ask for the ends");
            reading->ends[topic][p] = high;
            reading->next[topic][p] = -1;
            reading->open += high > low;
            rd_kafka_topic_partition_list_add(list, reading->topics[topic], p)->offset = low;
        }
    }
    need(!rd_kafka_assign(reading->rk, list), "cannot assign");
    rd_kafka_topic_partition_list_destroy(list);
    reading->queue = rd_kafka_queue_get_consumer(reading->rk);
}

static int topic_of(const struct reading *reading, const rd_kafka_message_t *message)
{
    const char *name = rd_kafka_topic_name(message->rkt);
    int topic = 0;
    while (topic < reading->count && strcmp(reading->topics[topic], name) != 0) {
        topic++;
    }
    need(topic < reading->count, "a record of a foreign topic");
    return topic;
}

/* The end of a partition is an event: the last offset may be a commit marker. */
static void note_end(struct reading *reading, const rd_kafka_message_t *message)
{
    int topic = topic_of(reading, message), p = message->partition;
    if (reading->ends[topic][p] > 0 && message->offset >= reading->ends[topic][p]) {
        reading->ends[topic][p] = 0;
        reading->open--;
    }
}

static double broker_cpu_s(const char *pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    need(file != NULL, "the broker is gone");
    size_t count = fread(text, 1, sizeof text - 1, file);
    text[count] = 0;
    fclose(file);
    const char *after = strrchr(text, ')');
    unsigned long user = 0, kernel = 0;
    need(after && sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                         &kernel) == 2,
         "cannot read the broker's times");
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

struct copying {
    struct reading reading;
    rd_kafka_t *rk;
    rd_kafka_topic_t *to[TOPICS_MAX];
    unsigned long messages, bytes, transactions;
    double opened;
};

static void commit_copy(struct copying *copying)
{
    const struct reading *reading = &copying->reading;
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(64);
    for (int topic = 0; topic < reading->count; topic++) {
        for (int p = 0; p < reading->partitions[topic]; p++) {
            if (reading->next[topic][p] >= 0) {
                rd_kafka_topic_partition_list_add(offsets, reading->topics[topic], p)->offset =
                    reading->next[topic][p];
            }
        }
    }
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(reading->rk);
    need_ok(rd_kafka_send_offsets_to_transaction(copying->rk, offsets, group, WAIT_MS));
    need_ok(rd_kafka_commit_transaction(copying->rk, -1));
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
    copying->transactions++;
    copying->opened = 0;
}

static void copy_one(struct copying *copying, rd_kafka_message_t *message)
{
    int topic = topic_of(&copying->reading, message);
    if (copying->opened == 0) {
        need_ok(rd_kafka_begin_transaction(copying->rk));
        copying->opened = now_s();
    }
    while (rd_kafka_produce(copying->to[topic], message->partition, RD_KAFKA_MSG_F_COPY,
                            message->payload, message->len, message->key, message->key_len, NULL)) {
        need(rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL, "cannot produce");
        rd_kafka_poll(copying->rk, 5);
    }
    copying->reading.next[topic][message->partition] = message->offset + 1;
    copying->messages++;
    copying->bytes += message->len + message->key_len;
}

static void copy(const char *bootstrap, const char *broker, char *names)
{
    static const char *const ROWS[] = {"transactional.id", "bench-raw", "linger.ms", "5", NULL};
    struct copying copying = {0};
    struct reading *reading = &copying.reading;
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
        need(reading->count < TOPICS_MAX, "too many topics");
        reading->topics[reading->count++] = name;
    }
    copying.rk = open_handle(RD_KAFKA_PRODUCER, bootstrap, ROWS);
    need_ok(rd_kafka_init_transactions(copying.rk, WAIT_MS));
    for (int topic = 0; topic < reading->count; topic++) {
        char name[256];
        snprintf(name, sizeof name, "%s.copy", reading->topics[topic]);
        copying.to[topic] = rd_kafka_topic_new(copying.rk, name, NULL);
        (void)partitions_of(copying.rk, name); /* metadata before the clock starts */
    }
    double cpu = cpu_s(), broker_cpu = broker_cpu_s(broker), began = now_s();
    start_reading(reading, bootstrap);
    while (reading->open > 0) {
        rd_kafka_message_t *batch[BATCH];
        ssize_t count = rd_kafka_consume_batch_queue(reading->queue, 100, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            if (!batch[i]->err) {
                copy_one(&copying, batch[i]);
            } else if (batch[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                note_end(reading, batch[i]);
            }
            rd_kafka_message_destroy(batch[i]);
        }
        rd_kafka_poll(copying.rk, 0);
        if (copying.opened > 0 &&
            ((now_s() - copying.opened) * 1000 >= TRANSACTION_MS || reading->open == 0)) {
            commit_copy(&copying);
        }
    }
    printf("{\"messages\":%lu,\"bytes\":%lu,\"seconds\":%.3f,\"transactions\":%lu,\"cpu_s\":%.3f,"
           "\"broker_cpu_s\":%.3f}\n",
           copying.messages, copying.bytes, now_s() - began, copying.transactions, cpu_s() - cpu,
           broker_cpu_s(broker) - broker_cpu);
    fflush(stdout);
    _exit(0); /* nothing is left to say to the broker */
}

static void consume(const char *bootstrap, const char *topic)
{
    struct reading reading = {.topics = {topic}, .count = 1};
    double cpu = cpu_s(), began = now_s();
    unsigned long messages = 0, bytes = 0;
    start_reading(&reading, bootstrap);
    while (reading.open > 0) {
        rd_kafka_message_t *batch[BATCH];
        ssize_t count = rd_kafka_consume_batch_queue(reading.queue, 100, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            if (!batch[i]->err) {
                messages++;
                bytes += batch[i]->len + batch[i]->key_len;
            } else if (batch[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                note_end(&reading, batch[i]);
            }
            rd_kafka_message_destroy(batch[i]);
        }
    }
    printf("{\"messages\":%lu,\"bytes\":%lu,\"seconds\":%.3f,\"cpu_s\":%.3f}\n", messages, bytes,
           now_s() - began, cpu_s() - cpu);
    fflush(stdout);
    _exit(0);
}

/* Runs the command; its last line on stdout is the report. */
static int meter(const char *broker, char **command)
{
    int pipe_of[2];
    need(!pipe(pipe_of), "no pipe");
    double broker_cpu = broker_cpu_s(broker), began = now_s();
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_of[1], STDOUT_FILENO);
        close(pipe_of[0]);
        close(pipe_of[1]);
        execvp(command[0], command);
        _exit(127);
    }
    close(pipe_of[1]);
    char line[TAIL_BYTES] = "", last[TAIL_BYTES] = "null";
    FILE *out = fdopen(pipe_of[0], "r");
    while (fgets(line, sizeof line, out)) {
        line[strcspn(line, "\n")] = 0;
        memcpy(last, line, sizeof last);
    }
    fclose(out);
    int status = 0;
    struct rusage used;
    need(wait4(child, &status, 0, &used) == child, "cannot wait");
    printf("{\"seconds\":%.3f,\"cpu_s\":%.3f,\"broker_cpu_s\":%.3f,\"rss_kb\":%ld,\"report\":%s}\n",
           now_s() - began, seconds_of(&used), broker_cpu_s(broker) - broker_cpu, used.ru_maxrss,
           last);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "create") == 0 && argc == 5) {
        create(argv[2], argv[3], (int)strtol(argv[4], NULL, 10));
    } else if (strcmp(what, "fill") == 0 && argc == 4) {
        fill(argv[2], argv[3]);
    } else if (strcmp(what, "copy") == 0 && argc == 5) {
        copy(argv[2], argv[3], argv[4]);
    } else if (strcmp(what, "consume") == 0 && argc == 4) {
        consume(argv[2], argv[3]);
    } else if (strcmp(what, "meter") == 0 && argc >= 4) {
        return meter(argv[2], argv + 3);
    } else {
        fprintf(stderr, "bench_bus: unknown words; see the head of bench/bench_bus.c\n");
        return 2;
    }
    return 0;
}
