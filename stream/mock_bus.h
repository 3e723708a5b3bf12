/* An order bus inside the process: librdkafka's mock cluster, for `restock demo`.
 *
 *     struct mock_bus *bus;
 *     TRY(mock_bus_open(&bus));
 *     TRY(mock_bus_topic(bus, "orders", 2));
 *     ... bootstrap.servers = mock_bus_address(bus) ...
 *     mock_bus_close(bus);                         // after every client
 *
 * It speaks Kafka's protocol, so other clients can look in, but it keeps 5 MiB per partition in
 * memory, forgets offsets sent in transactions and shows aborted records: nothing that claims a
 * guarantee may run on it. Thread: one owner. */
#ifndef RESTOCK_MOCK_BUS_H
#define RESTOCK_MOCK_BUS_H

#include "config/base/status.h"

#include <stdint.h>

struct mock_bus;

struct status *mock_bus_open(struct mock_bus **out) __attribute__((warn_unused_result));
void mock_bus_close(struct mock_bus *bus); /* NULL is fine */
struct status *mock_bus_topic(struct mock_bus *bus, const char *topic, int32_t partitions)
    __attribute__((warn_unused_result));
const char *mock_bus_address(const struct mock_bus *bus); /* lives as long as bus */

#endif
