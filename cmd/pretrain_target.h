/* `restock pretrain --target`: a learned target level from simulated shops
 * (optimize/target_learn.h), with what it is worth in others. Same seed and steps, same file on the
 * same kind of processor. */
#ifndef RESTOCK_PRETRAIN_TARGET_H
#define RESTOCK_PRETRAIN_TARGET_H

#include "config/base/status.h"

#include <stdint.h>

enum { PRETRAIN_TARGET_STEPS = 1500 };

struct status *pretrain_target(const char *out, int64_t seed, int64_t steps)
    __attribute__((warn_unused_result));

#endif
