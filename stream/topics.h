/* The topics of the product: what they should be, what they are, and making them so (`restock
 * topics plan|apply|verify`).
 *
 * Inputs belong to the shop: they are looked at (the message limit of dead letters follows theirs),
 * never created. A topic that is there already is left as it is; what differs is reported. */
#ifndef RESTOCK_TOPICS_H
#define RESTOCK_TOPICS_H

#include "config/base/buf.h"
#include "stream/settings.h"

enum topics_action { TOPICS_PLAN, TOPICS_APPLY, TOPICS_VERIFY };

struct topics_options {
    enum topics_action action;
    int64_t
        partitions; /* of `lines`, `state` and outputs where they are made; 0: lines.partitions */
    int64_t replication; /* 0: the broker's default */
};

/* report: text for people, a line per topic; filled on errors too. VERIFY fails where something is
 * missing or differs. */
struct status *topics_run(const struct settings *settings, const struct topics_options *options,
                          struct buf *report) __attribute__((warn_unused_result));

#endif
