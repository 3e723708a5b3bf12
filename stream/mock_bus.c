#include "stream/mock_bus.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

struct mock_bus {
    rd_kafka_t *rk; /* the cluster's threads live in it */
    rd_kafka_mock_cluster_t *cluster;
};

struct status *mock_bus_open(struct mock_bus **out)
{
    struct mock_bus *bus = calloc(1, sizeof *bus);
    if (!bus) {
        return status_new(STATUS_NO_MEMORY, "cannot start the embedded bus: out of memory");
    }
    char error[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", error, sizeof error);
    bus->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (!bus->rk) {
        rd_kafka_conf_destroy(conf);
        mock_bus_close(bus);
        return status_new(STATUS_IO, "cannot start the embedded bus: %s", error);
    }
    bus->cluster = rd_kafka_mock_cluster_new(bus->rk, 1);
    if (!bus->cluster) {
        mock_bus_close(bus);
        return status_new(STATUS_IO, "cannot start the embedded bus: no port on 127.0.0.1");
    }
    *out = bus;
    return NULL;
}

void mock_bus_close(struct mock_bus *bus)
{
    if (!bus) {
        return;
    }
    if (bus->cluster) {
        rd_kafka_mock_cluster_destroy(bus->cluster);
    }
    if (bus->rk) {
        rd_kafka_destroy(bus->rk);
    }
    free(bus);
}

struct status *mock_bus_topic(struct mock_bus *bus, const char *topic, int32_t partitions)
{
    rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(bus->cluster, topic, partitions, 1);
    return code ? status_new(STATUS_BROKER, "cannot create topic `%s` on the embedded bus: %s",
                             topic, rd_kafka_err2str(code))
                : NULL;
}

const char *mock_bus_address(const struct mock_bus *bus)
{
    return rd_kafka_mock_cluster_bootstraps(bus->cluster);
}
