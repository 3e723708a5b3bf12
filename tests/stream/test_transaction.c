/* Transactions against librdkafka's mock cluster: only for injected errors, because the mock keeps
 * no transactional offsets and fences nobody. What is claimed about committed data is tested on a
 * real broker (tests/e2e). */
#include "stream/transaction.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { API_PRODUCE = 0, API_ADD_OFFSETS = 25, API_END_TXN = 26, API_TXN_OFFSET_COMMIT = 28 };

struct fixture {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *cluster;
    struct settings settings;
    struct member *member;
    struct transaction *transaction;
    struct outbox *outbox;
    _Atomic int64_t deadline;
    int revoked;
};

static void on_revoke(void *context)
{
    struct fixture *f = context;
    f->revoked++;
}

static void join(struct fixture *f)
{
    struct member_options options = {
        .group = "g", .topics = {"orders"}, .topic_count = 1, .revoke = on_revoke, .context = f};
    struct status *st = member_open(&f->settings, &options, &f->member);
    cr_assert_null(st, "%s", status_message(st));
    for (int64_t stop = kafka_now_ms() + 15000;
         !member_joined(f->member) && kafka_now_ms() < stop;) {
        cr_assert_null(member_poll(f->member));
        member_wait(f->member, 20);
    }
    cr_assert(member_joined(f->member));
}

static void begin(struct fixture *f)
{
    *f = (struct fixture){0};
    char error[256], broker[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "client.id", "mock", error, sizeof error);
    f->owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    f->cluster = rd_kafka_mock_cluster_new(f->owner, 1);
    static const char *const TOPICS[] = {
        "orders", "restock.lines",  "restock.state",       "forecasts",
        "alerts", "replenishments", "restock.dead-letters"};
    for (size_t i = 0; i < sizeof TOPICS / sizeof TOPICS[0]; i++) {
        rd_kafka_mock_topic_create(f->cluster, TOPICS[i], 2, 1);
    }
    snprintf(broker, sizeof broker, "kafka.bootstrap.servers=%s",
             rd_kafka_mock_cluster_bootstraps(f->cluster));
    const char *sets[] = {broker, "kafka.session.timeout.ms=6000",
                          "kafka.producer.transaction.timeout.ms=5000"};
    struct status *st = settings_load(NULL, sets, 3, &f->settings);
    cr_assert_null(st, "%s", status_message(st));
    f->outbox = outbox_create();
    outbox_add(f->outbox, TOPIC_ALERTS, -1, slice_of("key"), slice_of("value"));
    outbox_add(f->outbox, TOPIC_LINES, 1, (struct slice){0}, slice_of("tick"));
    struct outbox_header header = {"reason", slice_of("bad")};
    outbox_add_headers(f->outbox, TOPIC_DEAD_LETTERS, -1, slice_of("k"), slice_of("v"), &header, 1);
    join(f);
    st = transaction_open(&f->settings, "t", &f->deadline, &f->transaction);
    cr_assert_null(st, "%s", status_message(st));
}

static void end(struct fixture *f)
{
    member_close(f->member, false);
    transaction_close(f->transaction);
    outbox_destroy(f->outbox);
    settings_fini(&f->settings);
    rd_kafka_mock_cluster_destroy(f->cluster);
    rd_kafka_destroy(f->owner);
}

static struct status *commit(struct fixture *f)
{
    struct transaction_part part = {
        .outbox = f->outbox, .topic = "orders", .partition = 0, .offset = 1, .metadata = "s=1"};
    return transaction_commit(f->transaction, &part, 1, f->member);
}

Test(transaction, commits_records_with_and_without_keys_and_headers)
{
    struct fixture f;
    begin(&f);
    struct status *st = commit(&f);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_null(commit(&f)); /* and the next */
    const struct transaction_figures *figures = transaction_figures(f.transaction);
    cr_assert_eq(figures->commits, 2);
    cr_assert_eq(figures->records, 6);
    cr_assert_eq(figures->aborts, 0);
    end(&f);
}

Test(transaction, passing_errors_are_ridden_out)
{
    struct fixture f;
    begin(&f);
    rd_kafka_mock_push_request_errors(f.cluster, API_ADD_OFFSETS, 2,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    rd_kafka_mock_push_request_errors(f.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    rd_kafka_mock_push_request_errors(f.cluster, API_END_TXN, 1,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    struct status *st = commit(&f);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_eq(transaction_figures(f.transaction)->commits, 1);
    end(&f);
}

Test(transaction, a_lost_generation_aborts_and_the_same_outbox_may_be_sent_again)
{
    struct fixture f;
    begin(&f);
    rd_kafka_mock_push_request_errors(f.cluster, API_TXN_OFFSET_COMMIT, 1,
                                      RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    struct status *st = commit(&f);
    cr_assert(status_has(st, STATUS_ABORT_TXN), "%s", status_message(st));
    cr_assert_not(status_has(st, STATUS_FATAL));
    status_free(st);
    cr_assert_eq(transaction_figures(f.transaction)->aborts, 1);
    cr_assert_eq(outbox_count(f.outbox), 3);
    st = commit(&f);
    cr_assert_null(st, "%s", status_message(st));
    end(&f);
}

Test(transaction, a_fenced_producer_is_fatal_and_is_replaced)
{
    struct fixture f;
    begin(&f);
    rd_kafka_mock_push_request_errors(f.cluster, API_END_TXN, 1,
                                      RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    struct status *st = commit(&f);
    cr_assert(status_has(st, STATUS_FATAL), "%s", status_message(st));
    cr_assert_eq(status_code(st), STATUS_FENCED);
    status_free(st);
    st = transaction_reopen(f.transaction);
    cr_assert_null(st, "%s", status_message(st));
    st = commit(&f);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_eq(transaction_figures(f.transaction)->reopened, 1);
    end(&f);
}

Test(transaction, the_deadline_ends_the_wait_for_a_broker_that_is_away)
{
    struct fixture f;
    begin(&f);
    rd_kafka_mock_broker_set_down(f.cluster, 1);
    f.deadline = kafka_now_ms() + 1000;
    int64_t began = kafka_now_ms();
    struct status *st = commit(&f);
    cr_assert_eq(status_code(st), STATUS_TIMEOUT, "%s", status_message(st));
    cr_assert_lt(kafka_now_ms() - began, 6000);
    status_free(st);
    rd_kafka_mock_broker_set_up(f.cluster, 1);
    end(&f);
}

Test(transaction, nothing_is_committed_without_a_membership)
{
    struct fixture f;
    begin(&f);
    member_close(f.member, false);
    f.member = NULL;
    struct member_options options = {.group = "other",
                                     .topics = {"orders"},
                                     .topic_count = 1,
                                     .revoke = on_revoke,
                                     .context = &f};
    cr_assert_null(
        member_open(&f.settings, &options, &f.member)); /* has not joined yet: generation -1 */
    cr_assert_null(member_metadata(f.member));
    struct status *st = commit(&f);
    cr_assert(status_has(st, STATUS_ABORT_TXN), "%s", status_message(st));
    status_free(st);
    end(&f);
}
