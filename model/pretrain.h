/* Pre-training: a base model from panels of history in memory. The statistical expert is run over
 * each panel first, bucket by bucket as it would be live; then the network learns, from forks at
 * random places, how far to depart from it.
 *
 * Each panel is joined by a twin made from it, with series thinned or counted in packs: other
 * levels, other shapes, the same seasons and moods, so that a shop unlike all panels is less of a
 * surprise. Same panels, options and seed: same weights (same binary, same CPU type).
 *
 * Thread: any; nothing is shared. Needs gemm_init. Memory: about 350 bytes for each series and
 * bucket. */
#ifndef RESTOCK_PRETRAIN_H
#define RESTOCK_PRETRAIN_H

#include "config/base/status.h"
#include "config/base/window.h"
#include "model/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRETRAIN_STEPS = 5000, PRETRAIN_STEPS_MAX = 1000000 };

struct pretrain_panel { /* nothing beyond its last bucket is known to pre-training */
    uint32_t series, buckets;
    const float *units; /* [series, buckets] counts */
    const uint8_t
        *flags; /* [series, buckets] enum window_flag; WINDOW_ABSENT before the first sale */
    const float *known; /* [series, buckets, WINDOW_KNOWN] NaN: not known; NULL: nothing is */
    int32_t phase, season; /* phase of the first bucket */
};

struct pretrain_options {
    int64_t steps; /* batches, 1 .. PRETRAIN_STEPS_MAX */
    double rate; /* peak of the learning rate; 0.002 is good */
    uint64_t seed;
};

struct pretrain_watch {
    void *context;
    /* After every 100 steps: mean loss since the last call, and that of the statistical expert on
     * the same targets. False: stop. */
    bool (*progress)(void *context, int64_t step, double loss, double without);
};

/* weights: [net_floats()], averaged over the last steps. Errors: nothing to learn from
 * (STATUS_USAGE), stopped (STATUS_STOPPED), memory. */
struct status *pretrain_run(const struct pretrain_panel *panels, size_t count,
                            const struct pretrain_options *options,
                            const struct pretrain_watch *watch, float *weights)
    __attribute__((warn_unused_result));

#endif
