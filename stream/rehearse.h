/* Rehearsal: a shop with injected anomalies runs through a shard as if it were live, and what the
 * detector is shown at each close becomes a row to learn from. Only what the shard is shown live is
 * ever in a row.
 *
 * Rows while an incident lasts have its kind; rows after it, until the product has recovered, are
 * left out; all others say "nothing wrong": days that are odd by nature (stream/odd.h) with weight
 * REHEARSE_ODD, dull ones thinned, with weights that make up for it. */
#ifndef RESTOCK_REHEARSE_H
#define RESTOCK_REHEARSE_H

#include "anomaly/weigh_train.h"
#include "stream/inject.h"

#define REHEARSE_ODD 0.05f

/* odd: from odd_mark. */
struct status *rehearse(const struct till *shop, const struct injected *injected,
                        const uint8_t *odd, const struct settings *settings,
                        struct weigh_rows *rows) __attribute__((warn_unused_result));

#endif
