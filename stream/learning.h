/* The learner's work between two closes of a shard. Nothing happens without a learner. Inside of a
 * shard, as shard_state.h.
 *
 * Thread: the shard's. */
#ifndef RESTOCK_LEARNING_H
#define RESTOCK_LEARNING_H

#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdint.h>

struct shard;

struct status *learning_create(struct shard *shard) __attribute__((warn_unused_result));
void learning_fini(struct shard *shard);
/* At a close: after forecaster_begin_close, before the tiles; after the last tile. */
void learning_begin(struct shard *shard, int64_t bucket);
void learning_end(struct shard *shard);
void learning_step(struct shard *shard); /* one piece, after a tick */
/* All that is left: before the next close, and before a closed bucket changes. */
void learning_finish(struct shard *shard);
void learning_roll_back(struct shard *shard); /* at the next close */
void learning_seal(struct shard *shard);
struct status *learning_restore(struct shard *shard, struct slice key, struct slice value)
    __attribute__((warn_unused_result));
struct status *learning_restored(struct shard *shard) __attribute__((warn_unused_result));

#endif
