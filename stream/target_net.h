/* The network of replenish.learned_target: the one that was shipped in the program, or a file. */
#ifndef RESTOCK_TARGET_NET_H
#define RESTOCK_TARGET_NET_H

#include "config/config.h"
#include "optimize/level_net.h"
#include "optimize/proposal.h"

/* name: shipped, or a path relative to the configuration's folder. Errors name the file; then *out
 * is untouched. The caller frees *out. */
struct status *target_net_load(const struct config *config, const char *name,
                               struct level_net **out) __attribute__((warn_unused_result));
/* What options ask for: *out stays NULL unless replenish.policy is learned. STATUS_CONFIG where a
 * learned target has no meaning: with a fixed service target, and in buckets longer than a day. */
struct status *target_net_for(const struct config *config, const struct proposal_options *options,
                              int64_t bucket_ms, struct level_net **out)
    __attribute__((warn_unused_result));

#endif
