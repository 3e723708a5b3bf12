/* One configuration, three layers: defaults < `kafka:` < guarantees. Keys of the last layer are
 * refused in the second, so that a file never seems to say something that does not hold. Names may
 * be dotted (bootstrap.servers) or nested mappings; in environment variables dots cannot stand, so
 * an unknown name with underscores is tried with dots. */
#include "stream/kafka_conf.h"

#include "config/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 200,
    DEPTH_MAX = 8,
    QUEUE_KBYTES = 128 << 10, /* of all partitions of a handle */
    QUEUE_MESSAGES = 400000,
    QUEUE_MESSAGES_MOST = 100000, /* of one partition */
    QUEUE_LEAST = 2000,
};

#define OF(kind) (1u << (kind))
#define CONSUMERS (OF(KAFKA_MEMBER) | OF(KAFKA_READER) | OF(KAFKA_PROBE))
#define PRODUCERS (OF(KAFKA_SENDER) | OF(KAFKA_PLAIN))
#define ALL (CONSUMERS | PRODUCERS | OF(KAFKA_ADMIN))

struct row {
    unsigned kinds;
    const char *name, *value;
};

/* The time-outs keep a transaction of a dead process from holding readers of committed data for
 * long. */
static const struct row DEFAULTS[] = {
    {ALL, "client.id", "restock"},
    {ALL, "socket.nagle.disable", "true"},
    {ALL, "socket.keepalive.enable", "true"},
    {ALL, "log.connection.close", "false"},
    {ALL, "reconnect.backoff.ms", "50"},
    {ALL, "reconnect.backoff.max.ms", "1000"},
    {ALL, "topic.metadata.refresh.interval.ms", "60000"},
    {ALL, "statistics.interval.ms", "5000"},
    {CONSUMERS, "check.crcs", "true"},
    {CONSUMERS, "fetch.wait.max.ms", "100"},
    {CONSUMERS, "fetch.error.backoff.ms", "100"},
    {OF(KAFKA_MEMBER), "session.timeout.ms", "15000"},
    {OF(KAFKA_MEMBER), "heartbeat.interval.ms", "2000"},
    {OF(KAFKA_PLAIN), "linger.ms", "1"},
    {OF(KAFKA_SENDER), "linger.ms",
     "5"}, /* larger batches; a commit flushes without waiting for it */
    {PRODUCERS, "compression.type", "lz4"},
    {PRODUCERS, "batch.num.messages", "10000"},
    {PRODUCERS, "batch.size", "900000"},
    {PRODUCERS, "queue.buffering.max.messages", "1000000"},
    {PRODUCERS, "queue.buffering.max.kbytes", "1048576"},
    {PRODUCERS, "retry.backoff.ms", "50"},
    {OF(KAFKA_SENDER), "transaction.timeout.ms", "10000"},
};

static const struct row GUARANTEES[] = {
    {CONSUMERS, "enable.auto.commit", "false"},
    {CONSUMERS, "enable.auto.offset.store", "false"},
    {CONSUMERS, "auto.offset.reset", "error"},
    {CONSUMERS, "enable.partition.eof", "true"},
    {CONSUMERS, "allow.auto.create.topics", "false"},
    {OF(KAFKA_MEMBER), "isolation.level", "read_committed"},
    {OF(KAFKA_READER), "isolation.level", "read_committed"},
    {OF(KAFKA_PROBE), "isolation.level", "read_uncommitted"},
    {OF(KAFKA_MEMBER), "partition.assignment.strategy", "range"},
    {PRODUCERS, "enable.idempotence", "true"},
    {PRODUCERS, "partitioner", "murmur2_random"},
    {PRODUCERS, "message.max.bytes", "16777216"},
};

static const struct {
    const char *name, *why;
} REFUSED[] = {
    {"enable.auto.commit", "offsets are committed with the outputs, in one transaction"},
    {"auto.commit.enable", "offsets are committed with the outputs, in one transaction"},
    {"auto.commit.interval.ms", "offsets are committed with the outputs, in one transaction"},
    {"enable.auto.offset.store", "offsets are committed with the outputs, in one transaction"},
    {"offset.store.method", "offsets are committed with the outputs, in one transaction"},
    {"isolation.level", "only committed records may be read"},
    {"enable.idempotence", "without it a retry could write a record twice"},
    {"acks", "all replicas must acknowledge, or a committed record could be lost"},
    {"request.required.acks", "all replicas must acknowledge, or a committed record could be lost"},
    {"transactional.id", "it follows from application, role, instance and worker"},
    {"group.id", "it follows from `application` and the role"},
    {"group.instance.id", "it follows from `instance`"},
    {"group.protocol.type", "only consumer groups are used"},
    {"auto.offset.reset", "the first start reads from the beginning; later an offset out of range "
                          "is an error, never a reset"},
    {"partition.assignment.strategy",
     "`range` gives equal partition numbers to one worker, which ownership of shards needs"},
    {"partitioner", "keys must meet the partitions that Java clients choose (murmur2)"},
    {"partitioner_cb", "keys must meet the partitions that Java clients choose (murmur2)"},
    {"enable.partition.eof", "the end of a log is confirmed by this event"},
    {"allow.auto.create.topics",
     "`restock topics apply` creates topics with the right configuration"},
    {"message.max.bytes", "dead letters must fit whatever the inputs carry"},
    {"retries", "a record that is given up would leave a gap"},
    {"message.send.max.retries", "a record that is given up would leave a gap"},
    {"max.in.flight", "the idempotent producer chooses it"},
    {"max.in.flight.requests.per.connection", "the idempotent producer chooses it"},
    {"delivery.report.only.error", "delivery is judged by the transaction"},
    {"queuing.strategy", "the order of records is part of the guarantee"},
};

const char *kafka_conf_refused(const char *name)
{
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        if (strcmp(REFUSED[i].name, name) == 0) {
            return REFUSED[i].why;
        }
    }
    return NULL;
}

struct walk {
    const struct settings *settings;
    enum kafka_kind kind;
    rd_kafka_conf_t *conf;
    struct status *errors;
};

static void complain(struct walk *walk, struct status *st)
{
    walk->errors = status_join(walk->errors, st);
}

/* The nearest name that the library knows, or NULL; lives as long as *dump. */
static const char *nearest(struct walk *walk, const char *name, const char ***dump,
                           size_t *dump_count)
{
    const char **all = rd_kafka_conf_dump(walk->conf, dump_count);
    *dump = all;
    const char **names = calloc(*dump_count / 2 + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; names && i + 1 < *dump_count; i += 2) {
        names[count++] = all[i];
    }
    const char *found = names ? yaml_nearest(name, names, count) : NULL;
    free((void *)names);
    return found;
}

static void unknown(struct walk *walk, const struct yaml_node *node, const char *name)
{
    const char **dump = NULL;
    size_t count = 0;
    const char *near = nearest(walk, name, &dump, &count);
    complain(walk,
             status_new(STATUS_CONFIG, "%skafka.%s: not supported by librdkafka %s%s%s%s",
                        config_place(walk->settings->config, node), name, rd_kafka_version_str(),
                        near ? " (did you mean `" : "", near ? near : "", near ? "`?)" : ""));
    rd_kafka_conf_dump_free(dump, count);
}

static rd_kafka_conf_res_t set_name(struct walk *walk, char *name, const char *value, char *error,
                                    size_t error_bytes)
{
    rd_kafka_conf_res_t result = rd_kafka_conf_set(walk->conf, name, value, error, error_bytes);
    if (result == RD_KAFKA_CONF_UNKNOWN && strchr(name, '_')) {
        char dotted[NAME_MAX_BYTES];
        snprintf(dotted, sizeof dotted, "%s", name);
        for (char *at = dotted; *at; at++) {
            *at = *at == '_' ? '.' : *at;
        }
        if (kafka_conf_refused(dotted)) {
            snprintf(error, error_bytes, "%s", kafka_conf_refused(dotted));
            return RD_KAFKA_CONF_INVALID;
        }
        result = rd_kafka_conf_set(walk->conf, dotted, value, error, error_bytes);
    }
    return result;
}

static void set_scalar(struct walk *walk, char *name, const struct yaml_node *node)
{
    const char *place = config_place(walk->settings->config, node);
    const char *why = kafka_conf_refused(name);
    if (why) {
        complain(walk,
                 status_new(STATUS_CONFIG, "%skafka.%s may not be set: %s", place, name, why));
        return;
    }
    const char *value = NULL;
    struct status *st = config_secret(walk->settings->config, node->text ? node->text : "", &value);
    if (st) {
        complain(walk, status_wrap(st, "%skafka.%s", place, name));
        return;
    }
    char error[512] = "";
    switch (set_name(walk, name, value, error, sizeof error)) {
    case RD_KAFKA_CONF_OK:
        break;
    case RD_KAFKA_CONF_UNKNOWN:
        unknown(walk, node, name);
        break;
    case RD_KAFKA_CONF_INVALID:
    default:
        complain(walk, status_new(STATUS_CONFIG, "%skafka.%s: %s", place, name, error));
        break;
    }
}

static const char *kind_section(enum kafka_kind kind)
{
    unsigned of = OF(kind);
    return of & CONSUMERS ? "consumer" : of & PRODUCERS ? "producer" : "admin";
}

static bool is_section(const char *name)
{
    return strcmp(name, "consumer") == 0 || strcmp(name, "producer") == 0 ||
           strcmp(name, "admin") == 0;
}

/* `producer.linger.ms`, as --set and the environment write it: what is behind the kind of handle,
 * "" for another kind, name itself where no kind stands in front. */
static const char *for_kind(const struct walk *walk, const char *name)
{
    char first[NAME_MAX_BYTES];
    size_t bytes = strcspn(name, ".");
    snprintf(first, sizeof first, "%.*s", (int)bytes, name);
    if (!name[bytes] || !is_section(first)) {
        return name;
    }
    return strcmp(first, kind_section(walk->kind)) == 0 ? name + bytes + 1 : "";
}

static void visit(struct walk *walk, const char *prefix, const struct yaml_node *node, int depth)
{
    if (node->kind != YAML_MAPPING || depth > DEPTH_MAX) {
        complain(walk,
                 status_new(STATUS_CONFIG, "%skafka.%s: expected one value, or names and values",
                            config_place(walk->settings->config, node), prefix));
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->items[i];
        const char *key = node->keys[i]->text;
        char name[NAME_MAX_BYTES];
        if (depth == 0 && is_section(key) && item->kind == YAML_MAPPING) {
            if (strcmp(key, kind_section(walk->kind)) == 0) {
                visit(walk, "", item, depth + 1);
            }
            continue;
        }
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (item->kind == YAML_SCALAR) {
            const char *mine = for_kind(walk, name);
            if (*mine) {
                memmove(name, mine, strlen(mine) + 1);
                set_scalar(walk, name, item);
            }
        } else {
            visit(walk, name, item, depth + 1);
        }
    }
}

static void set_rows(struct walk *walk, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char error[512] = "";
        if ((rows[i].kinds & OF(walk->kind)) &&
            rd_kafka_conf_set(walk->conf, rows[i].name, rows[i].value, error, sizeof error) !=
                RD_KAFKA_CONF_OK) {
            complain(walk, status_new(STATUS_CONFIG, "librdkafka %s refuses %s=%s: %s",
                                      rd_kafka_version_str(), rows[i].name, rows[i].value, error));
        }
    }
}

static void set_one(struct walk *walk, const char *name, const char *value)
{
    struct row row = {ALL, name, value};
    if (value && *value) {
        set_rows(walk, &row, 1);
    }
}

/* Read ahead: when the queues of all partitions are full, librdkafka 2.0 looks again after a whole
 * second only, so that they must hold more than a second's work, and no more than memory allows. */
static void set_queues(struct walk *walk, const struct kafka_options *options)
{
    int32_t share = options && options->partitions > 1 ? options->partitions : 1;
    int32_t messages = QUEUE_MESSAGES / share, kbytes = QUEUE_KBYTES / share;
    char text[2][16];
    messages = messages < QUEUE_MESSAGES_MOST ? messages : QUEUE_MESSAGES_MOST;
    snprintf(text[0], sizeof text[0], "%d", messages > QUEUE_LEAST ? messages : QUEUE_LEAST);
    snprintf(text[1], sizeof text[1], "%d", kbytes > QUEUE_LEAST ? kbytes : QUEUE_LEAST);
    const struct row rows[] = {{CONSUMERS, "queued.min.messages", text[0]},
                               {CONSUMERS, "queued.max.messages.kbytes", text[1]}};
    set_rows(walk, rows, 2);
}

struct status *kafka_conf_build(const struct settings *settings, enum kafka_kind kind,
                                const struct kafka_options *options, rd_kafka_conf_t **out)
{
    struct walk walk = {.settings = settings, .kind = kind, .conf = rd_kafka_conf_new()};
    set_rows(&walk, DEFAULTS, sizeof DEFAULTS / sizeof DEFAULTS[0]);
    set_queues(&walk, options);
    const struct yaml_node *section = config_node(settings->config, "kafka");
    if (section && !yaml_is_null(section)) {
        visit(&walk, "", section, 0);
    }
    set_rows(&walk, GUARANTEES, sizeof GUARANTEES / sizeof GUARANTEES[0]);
    if (kind == KAFKA_READER || kind == KAFKA_PROBE) {
        set_one(&walk, "group.id", "restock-reader"); /* assign() wants one; it is never joined, and
                                                         nothing is committed under it */
    }
    if (options) {
        set_one(&walk, "group.id", options->group);
        set_one(&walk, "group.instance.id", options->group_instance);
        set_one(&walk, "transactional.id", options->transactional_id);
    }
    if (walk.errors) {
        rd_kafka_conf_destroy(walk.conf);
        return walk.errors;
    }
    *out = walk.conf;
    return NULL;
}
