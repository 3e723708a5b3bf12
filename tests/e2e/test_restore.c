/* Restore of state partitions on a real broker, each edge case of the log by itself. Run by
 * tests/e2e/restore, which starts the broker and says where it is in RESTOCK_E2E_BOOTSTRAP. */
#include "stream/restore.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_MS = 20000 };

struct fixture {
    struct settings settings;
    struct kafka *probe, *admin;
    char topic[64];
};

static void make_topic(struct fixture *f, const char *const *config, size_t config_count)
{
    char error[256];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(f->topic, 1, 1, error, sizeof error);
    for (size_t i = 0; i + 1 < config_count; i += 2) {
        rd_kafka_NewTopic_set_config(topic, config[i], config[i + 1]);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f->admin->rk);
    rd_kafka_CreateTopics(f->admin->rk, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
    cr_assert(event && !rd_kafka_event_error(event));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    int32_t count = 0;
    for (int i = 0; i < 100 && !count; i++) {
        cr_assert_null(kafka_partitions(f->admin, f->topic, WAIT_MS, &count));
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    cr_assert_eq(count, 1);
}

static void begin(struct fixture *f, const char *name, const char *const *config,
                  size_t config_count)
{
    const char *bootstrap = getenv("RESTOCK_E2E_BOOTSTRAP");
    cr_assert(bootstrap, "run tests/e2e/restore");
    char broker[128], state[128];
    snprintf(f->topic, sizeof f->topic, "restore-%s-%d", name, rand() % 100000);
    snprintf(broker, sizeof broker, "kafka.bootstrap.servers=%s", bootstrap);
    snprintf(state, sizeof state, "topics.state=%s", f->topic);
    const char *sets[] = {broker, state};
    struct status *st = settings_load(NULL, sets, 2, &f->settings);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_null(kafka_open(&f->settings, KAFKA_PROBE, NULL, &f->probe));
    cr_assert_null(kafka_open(&f->settings, KAFKA_ADMIN, NULL, &f->admin));
    make_topic(f, config, config_count);
}

static void end(struct fixture *f)
{
    kafka_close(f->probe);
    kafka_close(f->admin);
    settings_fini(&f->settings);
}

static struct kafka *sender(struct fixture *f, const char *id)
{
    struct kafka_options options = {.transactional_id = id};
    struct kafka *kafka = NULL;
    cr_assert_null(kafka_open(&f->settings, KAFKA_SENDER, &options, &kafka));
    rd_kafka_error_t *error = rd_kafka_init_transactions(kafka->rk, WAIT_MS);
    cr_assert_null(error, "%s", error ? rd_kafka_error_string(error) : "");
    return kafka;
}

static void write_records(struct fixture *f, struct kafka *kafka, int from, int to)
{
    for (int i = from; i < to; i++) {
        char key[16], value[16];
        int key_bytes = snprintf(key, sizeof key, "k%d", i),
            value_bytes = snprintf(value, sizeof value, "v%d", i);
        cr_assert_eq(
            rd_kafka_producev(kafka->rk, RD_KAFKA_V_TOPIC(f->topic), RD_KAFKA_V_PARTITION(0),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_KEY(key, (size_t)key_bytes),
                              RD_KAFKA_V_VALUE(value, (size_t)value_bytes), RD_KAFKA_V_END),
            RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    cr_assert_eq(rd_kafka_flush(kafka->rk, WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void transact(struct fixture *f, struct kafka *kafka, int from, int to, bool commit)
{
    cr_assert_null(rd_kafka_begin_transaction(kafka->rk));
    write_records(f, kafka, from, to);
    cr_assert_null(commit ? rd_kafka_commit_transaction(kafka->rk, WAIT_MS)
                          : rd_kafka_abort_transaction(kafka->rk, WAIT_MS));
}

struct seen {
    int count, last;
};

static struct status *on_record(void *context, int32_t partition, struct slice key,
                                struct slice value)
{
    struct seen *seen = context;
    cr_assert_eq(partition, 0);
    cr_assert(key.bytes > 1 && value.bytes > 1);
    seen->count++;
    seen->last = atoi(key.data + 1);
    return NULL;
}

/* Reads to the end; true when that took less than `limit_ms`. */
static bool read_all(struct fixture *f, struct seen *seen, int64_t limit_ms)
{
    struct restore *restore = NULL;
    cr_assert_null(restore_open(&f->settings, f->probe, &restore));
    struct status *st = restore_begin(restore, 0);
    cr_assert_null(st, "%s", status_message(st));
    int32_t done = -1;
    for (int64_t stop = kafka_now_ms() + limit_ms; done < 0 && kafka_now_ms() < stop;) {
        st = restore_step(restore, 20, on_record, seen, &done);
        cr_assert_null(st, "%s", status_message(st));
    }
    cr_assert_eq(restore_active(restore), done < 0);
    restore_close(restore);
    return done == 0;
}

Test(restore, empty_log)
{
    struct fixture f;
    struct seen seen = {0};
    begin(&f, "empty", NULL, 0);
    cr_assert(read_all(&f, &seen, WAIT_MS));
    cr_assert_eq(seen.count, 0);
    end(&f);
}

Test(restore, control_record_last)
{
    struct fixture f;
    struct seen seen = {0};
    begin(&f, "control", NULL, 0);
    struct kafka *kafka = sender(&f, f.topic);
    transact(&f, kafka, 0, 10, true);
    cr_assert(read_all(&f, &seen, WAIT_MS));
    cr_assert_eq(seen.count, 10);
    cr_assert_eq(seen.last, 9);
    kafka_close(kafka);
    end(&f);
}

Test(restore, aborted_records_are_not_seen_not_even_at_the_end)
{
    struct fixture f;
    struct seen seen = {0};
    begin(&f, "aborted", NULL, 0);
    struct kafka *kafka = sender(&f, f.topic);
    transact(&f, kafka, 0, 5, false);
    transact(&f, kafka, 5, 8, true);
    transact(&f, kafka, 8, 20, false);
    cr_assert(read_all(&f, &seen, WAIT_MS));
    cr_assert_eq(seen.count, 3);
    cr_assert_eq(seen.last, 7);
    kafka_close(kafka);
    end(&f);
}

Test(restore, an_open_transaction_is_waited_out)
{
    struct fixture f;
    struct seen seen = {0};
    begin(&f, "open", NULL, 0);
    struct kafka *kafka = sender(&f, f.topic);
    transact(&f, kafka, 0, 5, true);
    cr_assert_null(rd_kafka_begin_transaction(kafka->rk));
    write_records(&f, kafka, 5, 9);
    cr_assert_not(read_all(&f, &seen, 1500),
                  "ended in front of records that may still be committed");
    cr_assert_eq(seen.count, 5);
    cr_assert_null(rd_kafka_commit_transaction(kafka->rk, WAIT_MS));
    seen = (struct seen){0};
    cr_assert(read_all(&f, &seen, WAIT_MS));
    cr_assert_eq(seen.count, 9);
    kafka_close(kafka);
    end(&f);
}

Test(restore, log_start_above_zero)
{
    struct fixture f;
    struct seen seen = {0};
    begin(&f, "start", NULL, 0);
    struct kafka *kafka = sender(&f, f.topic);
    transact(&f, kafka, 0, 10, true);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, f.topic, 0)->offset = 6;
    rd_kafka_DeleteRecords_t *order = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f.admin->rk);
    rd_kafka_DeleteRecords(f.admin->rk, &order, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
    cr_assert(event && !rd_kafka_event_error(event));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(order);
    rd_kafka_topic_partition_list_destroy(list);
    cr_assert(read_all(&f, &seen, WAIT_MS));
    cr_assert_eq(seen.count, 4);
    cr_assert_eq(seen.last, 9);
    kafka_close(kafka);
    end(&f);
}

Test(restore, compacted_tail)
{
    static const char *const CONFIG[] = {"cleanup.policy",
                                         "compact",
                                         "segment.ms",
                                         "500",
                                         "min.cleanable.dirty.ratio",
                                         "0.01",
                                         "delete.retention.ms",
                                         "100",
                                         "max.compaction.lag.ms",
                                         "500"};
    struct fixture f;
    begin(&f, "compacted", CONFIG, sizeof CONFIG / sizeof CONFIG[0]);
    struct kafka *kafka = sender(&f, f.topic);
    transact(&f, kafka, 0, 6, true);
    for (int i = 0; i < 12; i++) { /* the same keys again and again, and aborted ones behind:
                                      offsets vanish all over the log */
        transact(&f, kafka, 0, 6, true);
        transact(&f, kafka, 6, 9, false);
        nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
    }
    struct seen seen = {0};
    cr_assert(read_all(&f, &seen, WAIT_MS));
    cr_assert_lt(seen.count, 13 * 6, "nothing was compacted: the test shows nothing");
    cr_assert_geq(seen.count, 6);
    cr_assert_eq(seen.last, 5);
    kafka_close(kafka);
    end(&f);
}

/* The topic is made anew, shorter, while it is read: the end seen at start never comes. */
Test(restore, truncated_log_ends_at_its_new_end)
{
    struct fixture f;
    begin(&f, "truncated", NULL, 0);
    struct kafka *kafka = sender(&f, f.topic);
    transact(&f, kafka, 0, 5, true);
    cr_assert_null(rd_kafka_begin_transaction(kafka->rk));
    write_records(&f, kafka, 5, 40);
    struct restore *restore = NULL;
    struct seen seen = {0};
    int32_t done = -1;
    cr_assert_null(restore_open(&f.settings, f.probe, &restore));
    cr_assert_null(restore_begin(restore, 0));
    for (int i = 0; i < 50; i++) {
        cr_assert_null(restore_step(restore, 20, on_record, &seen, &done));
    }
    cr_assert_eq(done, -1);
    rd_kafka_DeleteTopic_t *order = rd_kafka_DeleteTopic_new(f.topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f.admin->rk);
    rd_kafka_DeleteTopics(f.admin->rk, &order, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
    cr_assert(event && !rd_kafka_event_error(event));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteTopic_destroy(order);
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    make_topic(&f, NULL, 0);
    struct status *st = NULL;
    for (int64_t stop = kafka_now_ms() + 30000; !st && done < 0 && kafka_now_ms() < stop;) {
        st = restore_step(restore, 20, on_record, &seen, &done);
    }
    cr_assert(st || done == 0, "neither ended nor told");
    cr_assert(!st || status_has(st, STATUS_RETRY), "%s", status_message(st));
    status_free(st);
    restore_close(restore);
    kafka_close(kafka);
    end(&f);
}

Test(restore, dropped_partitions_are_not_read_on)
{
    struct fixture f;
    struct seen seen = {0};
    int32_t done = -1;
    begin(&f, "dropped", NULL, 0);
    struct kafka *kafka = sender(&f, f.topic);
    transact(&f, kafka, 0, 5, true);
    struct restore *restore = NULL;
    cr_assert_null(restore_open(&f.settings, f.probe, &restore));
    cr_assert_null(restore_begin(restore, 0));
    restore_drop(restore, 0);
    cr_assert_not(restore_active(restore));
    cr_assert_null(restore_step(restore, 100, on_record, &seen, &done));
    cr_assert_eq(done, -1);
    cr_assert_eq(seen.count, 0);
    cr_assert_null(restore_begin(restore, 0)); /* and may come back */
    while (done < 0) {
        cr_assert_null(restore_step(restore, 20, on_record, &seen, &done));
    }
    cr_assert_eq(seen.count, 5);
    restore_close(restore);
    kafka_close(kafka);
    end(&f);
}
