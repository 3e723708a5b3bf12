/* The configuration of one client handle: our defaults, the free section `kafka:`, and what the
 * guarantees need. Used by stream/kafka.c. */
#ifndef RESTOCK_KAFKA_CONF_H
#define RESTOCK_KAFKA_CONF_H

#include "stream/kafka.h"

/* All errors at once, each with its file and line. On success *out is owned by the caller until
 * rd_kafka_new takes it. */
struct status *kafka_conf_build(const struct settings *settings, enum kafka_kind kind,
                                const struct kafka_options *options, rd_kafka_conf_t **out)
    __attribute__((warn_unused_result));
/* Why a key is refused, or NULL. */
const char *kafka_conf_refused(const char *name);

#endif
