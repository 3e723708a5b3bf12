/* The shard of one SKU as the state topic has it, for tools that look: nothing is written, nothing
 * is committed, the group is not joined.
 *
 *     struct state_shard state;
 *     TRY(state_shard_open(&settings, sku, &state));
 *     ... shard_dump_series(state.shard, ...) ...
 *     state_shard_close(&state);
 *
 * Thread: one owner; blocks while it reads. */
#ifndef RESTOCK_STATE_SHARD_H
#define RESTOCK_STATE_SHARD_H

#include "stream/settings.h"
#include "stream/shard.h"

struct state_shard {
    struct settings *settings; /* those given, but for the format of outputs */
    struct plan *plan;
    struct outbox *outbox;
    struct shard *shard;
    int32_t partition;
};

/* settings outlive it. On error *out needs no close. STATUS_CONFIG: the topics are not there. */
struct status *state_shard_open(const struct settings *settings, struct slice sku,
                                struct state_shard *out) __attribute__((warn_unused_result));
void state_shard_close(struct state_shard *state);

/* "SKU@LOCATION", or "SKU" for the location main. */
void state_shard_name(const char *name, struct slice *sku, struct slice *location);

#endif
