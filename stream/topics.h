/* The topics of the product: what they should be, what they are, and making them so.
 *
 *     struct topics_plan *plan;
 *     TRY(topics_look(&settings, partitions, replication, &plan));
 *     topics_print(plan, stdout);                       // plan
 *     TRY(topics_apply(&settings, plan, stdout));       // apply: creates what is missing, reports what differs, changes nothing there
 *     if (topics_missing(plan) || topics_differing(plan)) ...           // verify
 *     topics_plan_free(plan);
 *
 * Inputs belong to the shop: they are looked at (the message limit of dead letters follows theirs), never created. */
#ifndef RESTOCK_TOPICS_H
#define RESTOCK_TOPICS_H

#include "stream/settings.h"

#include <stdio.h>

struct topics_plan;

/* partitions: of `lines` and `state` where they are made; 0: the configuration's. replication 0: the broker's default. */
struct status *topics_look(const struct settings *settings, int32_t partitions, int32_t replication, struct topics_plan **out)
    __attribute__((warn_unused_result));
void topics_plan_free(struct topics_plan *plan);
void topics_print(const struct topics_plan *plan, FILE *out);
size_t topics_missing(const struct topics_plan *plan);
size_t topics_differing(const struct topics_plan *plan);
/* Create what is missing. A topic that somebody else made meanwhile is fine. */
struct status *topics_apply(const struct settings *settings, struct topics_plan *plan, FILE *out) __attribute__((warn_unused_result));

#endif
