/* History of a panel as pre-training reads it: features, statistics and phase factors of every
 * series and bucket, made once by running the forecaster over the panel.
 *
 * Thread: one owner. */
#ifndef RESTOCK_HISTORY_H
#define RESTOCK_HISTORY_H

#include "config/base/rng.h"
#include "model/pretrain.h"

struct history {
    uint32_t series, buckets;
    float *units; /* [series, buckets] own copy */
    uint8_t *flags; /* [series, buckets] own copy */
    uint32_t *first; /* [series] bucket of the first sale; `buckets`: none */
    float *x; /* [buckets, series, F] */
    float *level, *spread; /* [buckets, series] */
    float
        *ahead; /* [buckets, NET_ROWS] sums of the phase factors that each row of the head spans */
};

/* twin: thin the series, or count them in packs, by rng; NULL: as they are. On error *history needs
 * no fini. */
struct status *history_init(struct history *history, const struct pretrain_panel *panel,
                            struct rng *twin) __attribute__((warn_unused_result));
void history_fini(struct history *history);

#endif
