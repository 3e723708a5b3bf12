/* A stranger's view of the bus, for the end-to-end tests: makes topics and orders, reads committed
 * records back.
 *
 *   bus create BOOTSTRAP TOPIC PARTITIONS [NAME=VALUE]...
 *   bus orders COUNT SEED                         invoices of a small simulated shop: key, tab,
 * JSON, a line each bus stock SEED | bus items SEED               counts and facts of its products,
 * the same way bus produce BOOTSTRAP TOPIC [PER_SECOND]      from stdin bus dump BOOTSTRAP TOPIC
 * committed records that have a key: "partition key value", keys sorted, order kept within a key
 *   bus lag BOOTSTRAP GROUP TOPIC                 records not committed by the group
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PRODUCTS = 120, LINE_BYTES = 1 << 20, WAIT_MS = 30000 };

static void need(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bus: %s\n", what);
        exit(1);
    }
}

static rd_kafka_t *handle(rd_kafka_type_t type, const char *bootstrap, const char *group)
{
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *const rows[][2] = {{"bootstrap.servers", bootstrap},
                                   {"log_level", "2"},
                                   {"group.id", group},
                                   {"isolation.level", "read_committed"},
                                   {"enable.partition.eof", "true"},
                                   {"enable.auto.commit", "false"},
                                   {"auto.offset.reset", "earliest"},
                                   {"enable.idempotence", "true"},
                                   {"partitioner", "murmur2_random"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        need(rd_kafka_conf_set(conf, rows[i][0], rows[i][1], error, sizeof error) ==
                 RD_KAFKA_CONF_OK,
             error);
    }
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof error);
    need(rk != NULL, error);
    return rk;
}

static int partitions_of(rd_kafka_t *rk, const char *topic)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *one = rd_kafka_topic_new(rk, topic, NULL);
    need(!rd_kafka_metadata(rk, 0, one, &metadata, WAIT_MS) && metadata->topic_cnt == 1,
         "no metadata");
    int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(one);
    return count;
}

static int create(int argc, char **argv)
{
    char error[256];
    rd_kafka_t *rk = handle(RD_KAFKA_PRODUCER, argv[2], "bus");
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(argv[3], atoi(argv[4]), 1, error, sizeof error);
    need(topic != NULL, error);
    for (int i = 5; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        need(value != NULL, "expected NAME=VALUE");
        *value++ = 0;
        rd_kafka_NewTopic_set_config(topic, argv[i], value);
    }
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
    for (int i = 0; i < 100 && partitions_of(rk, argv[3]) == 0; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    rd_kafka_destroy(rk);
    return 0;
}

static uint64_t random_of(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15ULL;
    uint64_t x = *state;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

static int below(uint64_t *state, int bound)
{
    return (int)(random_of(state) % (uint64_t)bound);
}

/* Invoices at rising minutes, ten a day, of one to eight lines; some are repeated, some cancel an
 * earlier sale, a few are poison. */
static int orders(int count, uint64_t seed)
{
    int last_product = 0, last_units = 1, last_customer = 1;
    for (int i = 0; i < count; i++) {
        uint64_t rng = seed * 1000003 + (uint64_t)i;
        int day = i / 10, minute = i % 10 * 50 + below(&rng, 40), number = 500000 + i,
            kind = below(&rng, 100);
        char stamp[32];
        struct tm date = {.tm_year = 111,
                          .tm_mon = 0,
                          .tm_mday = 1 + day,
                          .tm_hour = 8 + minute / 60,
                          .tm_min = minute % 60};
        time_t when = timegm(&date);
        gmtime_r(&when, &date);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:00", &date);
        if (kind == 0) {
            printf("%d\t{\"InvoiceNo\":\"%d\",\"InvoiceDate\":\"not a "
                   "time\",\"lines\":[{\"StockCode\":\"10000\"}]}\n",
                   number, number);
            continue;
        }
        if (kind < 4) {
            printf("C%d\t{\"InvoiceNo\":\"C%d\",\"InvoiceDate\":\"%s\",\"CustomerID\":\"%d\","
                   "\"Country\":\"France\",\"lines\":[{\"StockCode\":\"%d\","
                   "\"Description\":\"x\",\"Quantity\":%d,\"UnitPrice\":2.5}]}\n",
                   number, number, stamp, last_customer, 10000 + last_product, -last_units);
            continue;
        }
        last_customer = 10000 + below(&rng, 50);
        printf("%d\t{\"InvoiceNo\":\"%d\",\"InvoiceDate\":\"%s\",\"CustomerID\":\"%d\",\"Country\":"
               "\"United Kingdom\",\"lines\":[",
               number, number, stamp, last_customer);
        int lines = 1 + below(&rng, 8);
        for (int line = 0; line < lines; line++) {
            last_product = below(&rng, PRODUCTS) * below(&rng, PRODUCTS) / PRODUCTS;
            last_units = 1 + below(&rng, 12);
            printf("%s{\"StockCode\":\"%d\",\"Description\":\"product "
                   "%d\",\"Quantity\":%d,\"UnitPrice\":%d.95}",
                   line ? "," : "", 10000 + last_product, last_product, last_units,
                   1 + last_product % 9);
        }
        printf("]}\n");
    }
    return 0;
}

static int stock(uint64_t seed)
{
    for (int i = 0; i < PRODUCTS; i++) {
        uint64_t rng = seed * 77 + (uint64_t)i;
        printf("%d\t{\"sku\":\"%d\",\"location\":\"main\",\"kind\":\"COUNT\",\"quantity\":%d,"
               "\"reference\":\"c%d\",\"event_time\":1293840000000}\n",
               10000 + i, 10000 + i, 20 + below(&rng, 300), i);
    }
    return 0;
}

static int items(uint64_t seed)
{
    for (int i = 0; i < PRODUCTS; i++) {
        uint64_t rng = seed * 99 + (uint64_t)i;
        printf(
            "%d\t{\"sku\":\"%d\",\"lead_time_days\":%d.0,\"lead_time_sd_days\":2.0,\"review_days\":"
            "7.0,\"supplier\":\"S%d\",\"unit_cost\":120,\"price\":255,"
            "\"holding_cost_rate\":0.25,\"minimum_order\":24,\"pack\":12,\"currency\":\"GBP\"}\n",
            10000 + i, 10000 + i, 3 + below(&rng, 10), i % 5);
    }
    return 0;
}

static int produce(const char *bootstrap, const char *topic, double per_second)
{
    rd_kafka_t *rk = handle(RD_KAFKA_PRODUCER, bootstrap, "bus");
    char *line = malloc(LINE_BYTES);
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (long number = 0; fgets(line, LINE_BYTES, stdin); number++) {
        char *value = strchr(line, '\t');
        need(value != NULL, "expected key, tab, value");
        *value++ = 0;
        value[strcspn(value, "\n")] = 0;
        while (rd_kafka_producev(
                   rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                   RD_KAFKA_V_KEY(line, strlen(line)), RD_KAFKA_V_VALUE(value, strlen(value)),
                   RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(rk, 50);
        }
        for (struct timespec now; per_second > 0;) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            double passed =
                (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) * 1e-9;
            if (passed * per_second >= (double)number) {
                break;
            }
            rd_kafka_poll(rk, 5);
        }
        rd_kafka_poll(rk, 0);
    }
    need(rd_kafka_flush(rk, 120000) == RD_KAFKA_RESP_ERR_NO_ERROR,
         "the broker does not take our messages");
    rd_kafka_destroy(rk);
    free(line);
    return 0;
}

struct record {
    int partition;
    int64_t offset;
    size_t key_bytes, value_bytes;
    char *key, *value;
};

static int by_key(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    size_t least = x->key_bytes < y->key_bytes ? x->key_bytes : y->key_bytes;
    int order = memcmp(x->key, y->key, least);
    if (!order) {
        order = (x->key_bytes > y->key_bytes) - (x->key_bytes < y->key_bytes);
    }
    if (!order) {
        order = (x->partition > y->partition) - (x->partition < y->partition);
    }
    return order ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

static char *copy(const void *data, size_t bytes)
{
    char *out = malloc(bytes + 1);
    need(out != NULL, "out of memory");
    if (bytes) {
        memcpy(out, data, bytes);
    }
    out[bytes] = 0;
    return out;
}

static void print_record(const struct record *record)
{
    printf("%d ", record->partition);
    fwrite(record->key, 1, record->key_bytes, stdout);
    putchar(' ');
    for (size_t i = 0; i < record->value_bytes;
         i++) { /* lines are binary: keep one record a line */
        unsigned char byte = (unsigned char)record->value[i];
        if (byte < 32 || byte > 126 || byte == '\\') {
            printf("\\%02x", byte);
        } else {
            putchar(byte);
        }
    }
    putchar('\n');
}

static int dump(const char *bootstrap, const char *topic)
{
    rd_kafka_t *rk = handle(RD_KAFKA_CONSUMER, bootstrap, "bus-reader");
    int count = partitions_of(rk, topic), waiting = 0;
    int64_t *ends = calloc((size_t)count + 1, sizeof *ends);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_t *probe = rk;
    for (int p = 0; p < count; p++) {
        int64_t low = 0;
        need(!rd_kafka_query_watermark_offsets(probe, topic, p, &low, &ends[p], WAIT_MS),
             "cannot ask for the ends");
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
        waiting++;
    }
    need(!rd_kafka_assign(rk, list), "cannot assign");
    struct record *records = NULL;
    size_t have = 0, room = 0;
    time_t stop = time(NULL) + 120;
    while (waiting) {
        need(time(NULL) < stop, "an open transaction hides the end of the topic");
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 200);
        if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF &&
            message->offset >= ends[message->partition] && ends[message->partition] >= 0) {
            ends[message->partition] = -1;
            waiting--;
        } else if (message && !message->err && message->key) {
            if (have == room) {
                room = room ? room * 2 : 1024;
                records = realloc(records, room * sizeof *records);
                need(records != NULL, "out of memory");
            }
            records[have++] = (struct record){message->partition,
                                              message->offset,
                                              message->key_len,
                                              message->len,
                                              copy(message->key, message->key_len),
                                              copy(message->payload, message->len)};
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
    }
    qsort(records, have, sizeof *records, by_key);
    for (size_t i = 0; i < have; i++) {
        print_record(&records[i]);
        free(records[i].key);
        free(records[i].value);
    }
    free(records);
    free(ends);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return 0;
}

static int lag(const char *bootstrap, const char *group, const char *topic)
{
    rd_kafka_t *rk = handle(RD_KAFKA_CONSUMER, bootstrap, group);
    int count = partitions_of(rk, topic);
    int64_t left = 0;
    for (int p = 0; p < count; p++) {
        int64_t low = 0, high = 0;
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, topic, p);
        need(!rd_kafka_query_watermark_offsets(rk, topic, p, &low, &high, WAIT_MS),
             "cannot ask for the end");
        need(!rd_kafka_committed(rk, list, WAIT_MS), "cannot ask for the committed offset");
        int64_t at = list->elems[0].offset < 0 ? low : list->elems[0].offset;
        left += high - at;
        rd_kafka_topic_partition_list_destroy(list);
    }
    printf("%" PRId64 "\n", left);
    rd_kafka_destroy(rk);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "create") == 0 && argc >= 5) {
        return create(argc, argv);
    }
    if (strcmp(what, "orders") == 0 && argc == 4) {
        return orders(atoi(argv[2]), strtoull(argv[3], NULL, 10));
    }
    if (strcmp(what, "stock") == 0 && argc == 3) {
        return stock(strtoull(argv[2], NULL, 10));
    }
    if (strcmp(what, "items") == 0 && argc == 3) {
        return items(strtoull(argv[2], NULL, 10));
    }
    if (strcmp(what, "produce") == 0 && argc >= 4) {
        return produce(argv[2], argv[3], argc > 4 ? strtod(argv[4], NULL) : 0);
    }
    if (strcmp(what, "dump") == 0 && argc == 4) {
        return dump(argv[2], argv[3]);
    }
    if (strcmp(what, "lag") == 0 && argc == 5) {
        return lag(argv[2], argv[3], argv[4]);
    }
    fprintf(stderr, "bus: unknown words; see the head of tests/e2e/bus.c\n");
    return 2;
}
