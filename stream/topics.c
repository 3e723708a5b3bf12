#include "stream/topics.h"

#include "config/base/ensure.h"
#include "stream/kafka.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTINGS_MAX = 8,
    VALUE_BYTES = 48,
    ASK_MS = 20000,
    OUTPUT_PARTITIONS = 4,
    DEAD_LETTER_EXTRA = 128 * 1024,
    DEFAULT_MESSAGE_MAX = 1048588
};

struct wanted_setting {
    const char *name;
    char value[VALUE_BYTES];
    char found[VALUE_BYTES]; /* "": not asked, or not known */
};

struct wanted_topic {
    const char *name;
    enum topic topic;
    bool ours, there;
    int32_t partitions, found_partitions;
    size_t setting_count;
    struct wanted_setting settings[SETTINGS_MAX];
};

struct topics_plan {
    int32_t replication;
    struct wanted_topic topics[TOPIC_COUNT];
};

static void want(struct wanted_topic *topic, const char *name, const char *value)
{
    ASSERT(topic->setting_count < SETTINGS_MAX);
    struct wanted_setting *setting = &topic->settings[topic->setting_count++];
    setting->name = name;
    snprintf(setting->value, sizeof setting->value, "%s", value);
}

static void want_compacted(struct wanted_topic *topic, const char *policy)
{
    want(topic, "cleanup.policy", policy);
    want(topic, "segment.bytes", "67108864");
    want(topic, "segment.ms", "600000");
    want(topic, "min.cleanable.dirty.ratio", "0.1");
}

static void describe(const struct settings *settings, int32_t partitions, struct topics_plan *plan)
{
    const char *month = "2592000000"; /* 30 days */
    for (int i = 0; i < TOPIC_COUNT; i++) {
        struct wanted_topic *topic = &plan->topics[i];
        topic->name = settings->stream.topics[i];
        topic->topic = (enum topic)i;
        topic->ours = i >= TOPIC_LINES;
        topic->partitions = topic->ours ? partitions : 0;
        switch ((enum topic)i) {
        case TOPIC_LINES:
            want(topic, "cleanup.policy", "delete");
            want(topic, "retention.ms", month);
            break;
        case TOPIC_STATE:
            want_compacted(topic, "compact");
            break;
        case TOPIC_FORECASTS:
            want_compacted(topic, "compact,delete");
            want(topic, "retention.ms", month);
            break;
        case TOPIC_ALERTS:
        case TOPIC_REPLENISHMENTS:
            want_compacted(topic, "compact");
            break;
        case TOPIC_DEAD_LETTERS:
            topic->partitions = 1;
            want(topic, "cleanup.policy", "delete");
            want(topic, "retention.ms", month);
            want(topic, "max.message.bytes", ""); /* known when the inputs were looked at */
            break;
        case TOPIC_ORDERS:
        case TOPIC_STOCK:
        case TOPIC_ITEMS:
        case TOPIC_FEEDBACK:
            want(topic, "max.message.bytes", "");
            break;
        case TOPIC_COUNT:
            break;
        }
    }
}

/* --- asking
 * ----------------------------------------------------------------------------------------------------------------------
 */

static rd_kafka_event_t *wait_event(rd_kafka_queue_t *queue, rd_kafka_event_type_t type)
{
    for (int64_t end = kafka_now_ms() + ASK_MS; kafka_now_ms() < end;) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 500);
        if (event && rd_kafka_event_type(event) == type) {
            return event;
        }
        rd_kafka_event_destroy(event);
    }
    return NULL;
}

static void take_config(struct wanted_topic *topic, const rd_kafka_ConfigResource_t *resource)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t s = 0; s < topic->setting_count; s++) {
            const char *value = rd_kafka_ConfigEntry_value(entries[i]);
            if (value &&
                strcmp(rd_kafka_ConfigEntry_name(entries[i]), topic->settings[s].name) == 0) {
                snprintf(topic->settings[s].found, sizeof topic->settings[s].found, "%s", value);
            }
        }
    }
}

static struct wanted_topic *by_name(struct topics_plan *plan, const char *name)
{
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (strcmp(plan->topics[i].name, name) == 0) {
            return &plan->topics[i];
        }
    }
    return NULL;
}

static struct status *ask_configs(struct kafka *admin, struct topics_plan *plan)
{
    rd_kafka_ConfigResource_t *resources[TOPIC_COUNT];
    size_t count = 0;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (plan->topics[i].there) {
            resources[count++] =
                rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, plan->topics[i].name);
        }
    }
    if (!count) {
        return NULL;
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->rk);
    rd_kafka_DescribeConfigs(admin->rk, resources, count, NULL, queue);
    rd_kafka_event_t *event = wait_event(queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT);
    struct status *st = NULL;
    if (!event || rd_kafka_event_error(event)) {
        st = status_new(STATUS_BROKER, "cannot ask for the configuration of topics: %s",
                        event ? rd_kafka_event_error_string(event) : "no answer from the broker");
    } else {
        size_t found = 0;
        const rd_kafka_ConfigResource_t **described = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &found);
        for (size_t i = 0; i < found; i++) {
            struct wanted_topic *topic = by_name(plan, rd_kafka_ConfigResource_name(described[i]));
            if (topic && !rd_kafka_ConfigResource_error(described[i])) {
                take_config(topic, described[i]);
            }
        }
    }
    if (event) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy_array(resources, count);
    return st;
}

/* A dead letter is an input's message and some headers: its topic must take more than any input
 * does. */
static void set_dead_letter_limit(struct topics_plan *plan)
{
    int64_t largest = DEFAULT_MESSAGE_MAX;
    for (int i = 0; i < TOPIC_LINES; i++) {
        int64_t limit = strtoll(plan->topics[i].settings[0].found, NULL, 10);
        largest = limit > largest ? limit : largest;
    }
    struct wanted_topic *letters = &plan->topics[TOPIC_DEAD_LETTERS];
    for (size_t s = 0; s < letters->setting_count; s++) {
        if (strcmp(letters->settings[s].name, "max.message.bytes") == 0) {
            snprintf(letters->settings[s].value, VALUE_BYTES, "%" PRId64,
                     largest + DEAD_LETTER_EXTRA);
        }
    }
}

static struct status *look(const struct settings *settings, int32_t partitions, int32_t replication,
                           struct topics_plan **out)
{
    struct kafka *admin = NULL;
    TRY(kafka_open(settings, KAFKA_ADMIN, NULL, &admin));
    struct topics_plan *plan = calloc(1, sizeof *plan);
    ASSERT(plan && "out of memory for topics");
    plan->replication = replication;
    describe(settings, partitions ? partitions : (int32_t)settings->stream.lines_partitions, plan);
    struct status *st = NULL;
    for (int i = 0; !st && i < TOPIC_COUNT; i++) {
        st = kafka_partitions(admin, plan->topics[i].name, ASK_MS,
                              &plan->topics[i].found_partitions);
        plan->topics[i].there = plan->topics[i].found_partitions > 0;
    }
    st = st ? st : ask_configs(admin, plan);
    kafka_close(admin);
    if (st) {
        free(plan);
        return st;
    }
    set_dead_letter_limit(plan);
    *out = plan;
    return NULL;
}

/* --- reporting
 * --------------------------------------------------------------------------------------------------------------------
 */

static bool setting_differs(const struct wanted_topic *topic, const struct wanted_setting *setting)
{
    if (!topic->there || !topic->ours || !*setting->found) {
        return false;
    }
    if (strcmp(setting->name, "max.message.bytes") == 0) {
        return strtoll(setting->found, NULL, 10) < strtoll(setting->value, NULL, 10);
    }
    return strcmp(setting->found, setting->value) != 0;
}

static bool partitions_differ(const struct wanted_topic *topic)
{
    return topic->there && topic->ours &&
           (topic->topic == TOPIC_LINES || topic->topic == TOPIC_STATE) &&
           topic->found_partitions != topic->partitions;
}

static void print(const struct topics_plan *plan, struct buf *out)
{
    for (int i = 0; i < TOPIC_COUNT; i++) {
        const struct wanted_topic *topic = &plan->topics[i];
        if (!topic->ours) {
            buf_print(out, "%-28s %s\n", topic->name,
                      topic->there ? "input, there" : "input, not there");
            continue;
        }
        buf_print(out, "%-28s %s, %" PRId32 " partitions", topic->name,
                  topic->there ? "there" : "to be created",
                  topic->there ? topic->found_partitions : topic->partitions);
        for (size_t s = 0; !topic->there && s < topic->setting_count; s++) {
            buf_print(out, ", %s=%s", topic->settings[s].name, topic->settings[s].value);
        }
        if (partitions_differ(topic)) {
            buf_print(out,
                      ", differs: %" PRId32
                      " partitions wanted (fixed at set-up; another `application` begins anew)",
                      topic->partitions);
        }
        for (size_t s = 0; s < topic->setting_count; s++) {
            if (setting_differs(topic, &topic->settings[s])) {
                buf_print(out, ", differs: %s=%s instead of %s", topic->settings[s].name,
                          topic->settings[s].found, topic->settings[s].value);
            }
        }
        buf_print(out, "\n");
    }
}

static size_t missing(const struct topics_plan *plan)
{
    size_t count = 0;
    for (int i = TOPIC_LINES; i < TOPIC_COUNT; i++) {
        count += !plan->topics[i].there;
    }
    return count;
}

static size_t differing(const struct topics_plan *plan)
{
    size_t count = 0;
    for (int i = TOPIC_LINES; i < TOPIC_COUNT; i++) {
        bool differs = partitions_differ(&plan->topics[i]);
        for (size_t s = 0; s < plan->topics[i].setting_count; s++) {
            differs = differs || setting_differs(&plan->topics[i], &plan->topics[i].settings[s]);
        }
        count += differs;
    }
    return count;
}

/* --- creating
 * -----------------------------------------------------------------------------------------------------------------------
 */

static rd_kafka_NewTopic_t *new_topic(const struct topics_plan *plan,
                                      const struct wanted_topic *topic)
{
    char error[256];
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(topic->name, topic->partitions,
                              plan->replication ? plan->replication : -1, error, sizeof error);
    for (size_t s = 0; made && s < topic->setting_count; s++) {
        rd_kafka_NewTopic_set_config(made, topic->settings[s].name, topic->settings[s].value);
    }
    return made;
}

static struct status *take_results(struct topics_plan *plan, rd_kafka_event_t *event,
                                   struct buf *out)
{
    size_t count = 0;
    struct status *st = NULL;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_topic_result_name(results[i]);
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        struct wanted_topic *topic = by_name(plan, name);
        if (code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            const char *why = rd_kafka_topic_result_error_string(results[i]);
            st = status_join(st, status_new(STATUS_BROKER, "cannot create topic `%s`: %s", name,
                                            why ? why : rd_kafka_err2str(code)));
            continue;
        }
        buf_print(out, "%s topic %s\n", code ? "found" : "created", name);
        if (topic) {
            topic->there = true;
            topic->found_partitions = topic->partitions;
        }
    }
    return st;
}

static struct status *apply(const struct settings *settings, struct topics_plan *plan,
                            struct buf *out)
{
    if (!missing(plan)) {
        return NULL;
    }
    struct kafka *admin = NULL;
    TRY(kafka_open(settings, KAFKA_ADMIN, NULL, &admin));
    rd_kafka_NewTopic_t *topics[TOPIC_COUNT];
    size_t count = 0;
    struct status *st = NULL;
    for (int i = TOPIC_LINES; i < TOPIC_COUNT; i++) {
        if (!plan->topics[i].there) {
            topics[count] = new_topic(plan, &plan->topics[i]);
            if (!topics[count]) {
                st = status_join(st, status_new(STATUS_CONFIG,
                                                "topic `%s`: the name, the number of partitions or "
                                                "the replication is impossible",
                                                plan->topics[i].name));
                continue;
            }
            count++;
        }
    }
    if (!st) {
        rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->rk);
        rd_kafka_CreateTopics(admin->rk, topics, count, NULL, queue);
        rd_kafka_event_t *event = wait_event(queue, RD_KAFKA_EVENT_CREATETOPICS_RESULT);
        if (!event || rd_kafka_event_error(event)) {
            st = status_new(STATUS_BROKER, "cannot create topics: %s",
                            event ? rd_kafka_event_error_string(event)
                                  : "no answer from the broker");
        } else {
            st = take_results(plan, event, out);
        }
        if (event) {
            rd_kafka_event_destroy(event);
        }
        rd_kafka_queue_destroy(queue);
    }
    rd_kafka_NewTopic_destroy_array(topics, count);
    kafka_close(admin);
    return st;
}

struct status *topics_run(const struct settings *settings, const struct topics_options *options,
                          struct buf *report)
{
    struct topics_plan *plan = NULL;
    if (options->partitions < 0 || options->partitions > 100000 || options->replication < 0 ||
        options->replication > 1000) {
        return status_new(STATUS_USAGE,
                          "topics: --partitions and --replication are small positive numbers");
    }
    TRY(look(settings, (int32_t)options->partitions, (int32_t)options->replication, &plan));
    struct status *st = options->action == TOPICS_APPLY ? apply(settings, plan, report) : NULL;
    print(plan, report);
    size_t absent = missing(plan), different = differing(plan);
    if (!st && options->action == TOPICS_VERIFY && (absent || different)) {
        st = status_new(
            STATUS_BROKER,
            "%zu topics are missing, %zu differ: `restock topics apply` creates what is missing",
            absent, different);
    }
    free(plan);
    return st;
}
