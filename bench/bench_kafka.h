/* What the benchmarks' own clients of the broker share. */
#ifndef RESTOCK_BENCH_KAFKA_H
#define RESTOCK_BENCH_KAFKA_H

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { WAIT_MS = 30000, LINE_BYTES = 4 << 20, HANDLE_ROWS_MAX = 16 };

static inline void need(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

static inline void need_ok(rd_kafka_error_t *error)
{
    need(!error, error ? rd_kafka_error_string(error) : "");
}

static inline double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline double seconds_of(const struct rusage *used)
{
    return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
           (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) * 1e-6;
}

static inline double cpu_s(void) /* of this process so far */
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return seconds_of(&used);
}

/* rows: names and values, NULL at the end; on top of what all of them want. */
static inline rd_kafka_t *open_handle(rd_kafka_type_t type, const char *bootstrap,
                                      const char *const *rows)
{
    static const char *const COMMON[] = {"log_level", "2", "socket.nagle.disable", "true", NULL};
    static const char *const READER[] = {"isolation.level",
                                         "read_committed",
                                         "enable.partition.eof",
                                         "true",
                                         "enable.auto.commit",
                                         "false",
                                         "enable.auto.offset.store",
                                         "false",
                                         "auto.offset.reset",
                                         "earliest",
                                         "queued.min.messages",
                                         "100000",
                                         "fetch.wait.max.ms",
                                         "100",
                                         NULL};
    static const char *const WRITER[] = {"enable.idempotence",
                                         "true",
                                         "partitioner",
                                         "murmur2_random",
                                         "compression.type",
                                         "lz4",
                                         "batch.num.messages",
                                         "10000",
                                         "queue.buffering.max.messages",
                                         "1000000",
                                         NULL};
    const char *const *sets[] = {COMMON, type == RD_KAFKA_CONSUMER ? READER : WRITER, rows};
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    need(!rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, error, sizeof error), error);
    for (size_t set = 0; set < 3; set++) {
        for (const char *const *row = sets[set]; *row; row += 2) {
            need(!rd_kafka_conf_set(conf, row[0], row[1], error, sizeof error), error);
        }
    }
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof error);
    need(rk != NULL, error);
    return rk;
}

static inline int partitions_of(rd_kafka_t *rk, const char *topic)
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

#endif
