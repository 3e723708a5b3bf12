#include "stream/kafka.h"

#include "stream/kafka_conf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Settings from a file with the given `kafka:` section. */
static struct status *load(const char *section, struct settings *out)
{
    char path[] = "/tmp/restock-test-kafka-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fprintf(file, "kafka:\n%s", section);
    fclose(file);
    struct status *st = settings_load(path, NULL, 0, out);
    unlink(path);
    return st;
}

static void refuses(const char *section, const char *first, const char *second)
{
    struct settings settings;
    struct status *st = load(section, &settings);
    cr_assert_null(st, "%s", status_message(st));
    st = kafka_check(&settings);
    cr_assert_eq(status_code(st), STATUS_CONFIG, "%s: %s", section, status_message(st));
    cr_assert(strstr(status_message(st), first), "%s", status_message(st));
    cr_assert(strstr(status_message(st), second), "%s", status_message(st));
    status_free(st);
    settings_fini(&settings);
}

static char *value_of(const struct settings *settings, enum kafka_kind kind, const char *name,
                      char *out, size_t bytes)
{
    rd_kafka_conf_t *conf = NULL;
    struct status *st = kafka_conf_build(settings, kind, NULL, &conf);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_eq(rd_kafka_conf_get(conf, name, out, &bytes), RD_KAFKA_CONF_OK);
    rd_kafka_conf_destroy(conf);
    return out;
}

Test(kafka, passes_dotted_and_nested_names_through)
{
    struct settings settings;
    char value[128];
    cr_assert_null(load("  bootstrap.servers: 127.0.0.1:1\n  linger:\n    ms: 7\n", &settings));
    cr_assert_str_eq(value_of(&settings, KAFKA_SENDER, "bootstrap.servers", value, sizeof value),
                     "127.0.0.1:1");
    cr_assert_str_eq(value_of(&settings, KAFKA_SENDER, "linger.ms", value, sizeof value), "7");
    settings_fini(&settings);
}

Test(kafka, section_of_one_kind_is_for_that_kind)
{
    struct settings settings;
    char value[128];
    cr_assert_null(
        load("  consumer:\n    client.id: eater\n  producer:\n    client.id: maker\n", &settings));
    cr_assert_str_eq(value_of(&settings, KAFKA_READER, "client.id", value, sizeof value), "eater");
    cr_assert_str_eq(value_of(&settings, KAFKA_PLAIN, "client.id", value, sizeof value), "maker");
    cr_assert_str_eq(value_of(&settings, KAFKA_ADMIN, "client.id", value, sizeof value), "restock");
    settings_fini(&settings);
}

/* When all queues are full, librdkafka 2.0 fetches nothing for a second. */
Test(kafka, partitions_share_what_is_read_ahead)
{
    static const struct {
        int32_t partitions;
        const char *messages, *kbytes;
    } cases[] = {{0, "100000", "131072"},
                 {8, "50000", "16384"},
                 {100, "4000", "2000"},
                 {9999, "2000", "2000"}};
    struct settings settings, own;
    cr_assert_null(load("  bootstrap.servers: 127.0.0.1:1\n", &settings));
    for (size_t i = 0; i < 4; i++) {
        struct kafka_options options = {.group = "g", .partitions = cases[i].partitions};
        rd_kafka_conf_t *conf = NULL;
        char value[32];
        size_t bytes = sizeof value;
        cr_assert_null(kafka_conf_build(&settings, KAFKA_MEMBER, &options, &conf));
        rd_kafka_conf_get(conf, "queued.min.messages", value, &bytes);
        cr_assert_str_eq(value, cases[i].messages);
        bytes = sizeof value;
        rd_kafka_conf_get(conf, "queued.max.messages.kbytes", value, &bytes);
        cr_assert_str_eq(value, cases[i].kbytes);
        rd_kafka_conf_destroy(conf);
    }
    char value[32];
    cr_assert_null(load("  consumer: {queued.min.messages: 77}\n", &own));
    cr_assert_str_eq(value_of(&own, KAFKA_MEMBER, "queued.min.messages", value, sizeof value),
                     "77");
    settings_fini(&settings);
    settings_fini(&own);
}

Test(kafka, guarantees_are_set)
{
    struct settings settings;
    char value[128];
    cr_assert_null(load("  bootstrap.servers: 127.0.0.1:1\n", &settings));
    cr_assert_str_eq(value_of(&settings, KAFKA_SENDER, "partitioner", value, sizeof value),
                     "murmur2_random");
    cr_assert_str_eq(value_of(&settings, KAFKA_SENDER, "enable.idempotence", value, sizeof value),
                     "true");
    cr_assert_str_eq(value_of(&settings, KAFKA_MEMBER, "isolation.level", value, sizeof value),
                     "read_committed");
    cr_assert_str_eq(value_of(&settings, KAFKA_PROBE, "isolation.level", value, sizeof value),
                     "read_uncommitted");
    cr_assert_str_eq(value_of(&settings, KAFKA_MEMBER, "auto.offset.reset", value, sizeof value),
                     "error");
    cr_assert_str_eq(value_of(&settings, KAFKA_MEMBER, "enable.auto.commit", value, sizeof value),
                     "false");
    cr_assert_str_eq(
        value_of(&settings, KAFKA_MEMBER, "partition.assignment.strategy", value, sizeof value),
        "range");
    settings_fini(&settings);
}

Test(kafka, refuses_what_breaks_a_guarantee_with_the_reason_and_the_place)
{
    refuses("  enable.auto.commit: true\n", ":2:", "one transaction");
    refuses("  isolation.level: read_uncommitted\n", ":2:", "committed records");
    refuses("  partitioner: random\n", ":2:", "murmur2");
    refuses("  group:\n    id: mine\n", "kafka.group.id", "application");
    refuses("  producer:\n    acks: 1\n", ":3:", "replicas");
}

Test(kafka, refuses_unknown_properties_and_values)
{
    refuses("  sesion.timeout.ms: 1\n", ":2:", "session.timeout.ms");
    refuses("  group.protocol: consumer\n", "not supported by librdkafka", rd_kafka_version_str());
    refuses("  linger.ms: soon\n", ":2:", "linger.ms");
    refuses("  sesion.timeout.ms: 1\n  acks: 0\n", "session.timeout.ms",
            "replicas"); /* all at once */
    refuses("  socket: [1, 2]\n", ":2:", "expected one value");
}

Test(kafka, secrets_come_from_files_and_are_not_in_messages)
{
    char path[] = "/tmp/restock-test-secret-XXXXXX", section[256], value[128];
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, "hush", 4), 4);
    close(fd);
    snprintf(section, sizeof section, "  sasl.password: file:%s\n", path);
    struct settings settings;
    cr_assert_null(load(section, &settings));
    cr_assert_str_eq(value_of(&settings, KAFKA_READER, "sasl.password", value, sizeof value),
                     "hush");
    settings_fini(&settings);
    unlink(path);
    refuses("  sasl.password: file:/nowhere/at/all\n", "sasl.password", "/nowhere");
}

Test(kafka, errors_keep_their_flags)
{
    cr_assert_null(kafka_error(NULL, "x"));
    cr_assert_null(kafka_code(RD_KAFKA_RESP_ERR_NO_ERROR, "x"));
    struct status *st =
        kafka_error(rd_kafka_error_new(RD_KAFKA_RESP_ERR__TIMED_OUT, "slow"), "wait");
    cr_assert(status_has(st, STATUS_FATAL)); /* none of the three flags: not to be trusted */
    status_free(st);
    st = kafka_code(RD_KAFKA_RESP_ERR__TRANSPORT, "ask");
    cr_assert(status_has(st, STATUS_RETRY));
    status_free(st);
    st = kafka_code(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "ask");
    cr_assert(!status_has(st, STATUS_RETRY));
    status_free(st);
    st = kafka_code(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, "write");
    cr_assert_eq(status_code(st), STATUS_FENCED);
    status_free(st);
}

Test(kafka, broker_away_is_retriable_and_bounded)
{
    struct settings settings;
    cr_assert_null(load("  bootstrap.servers: 127.0.0.1:1\n", &settings));
    struct kafka *kafka = NULL;
    cr_assert_null(kafka_open(&settings, KAFKA_PROBE, NULL, &kafka));
    int32_t count = 0;
    int64_t began = kafka_now_ms();
    struct status *st = kafka_partitions(kafka, "t", 300, &count);
    cr_assert(status_has(st, STATUS_RETRY), "%s", status_message(st));
    cr_assert_lt(kafka_now_ms() - began, 3000);
    status_free(st);
    kafka_close(kafka);
    kafka_close(NULL);
    settings_fini(&settings);
}
