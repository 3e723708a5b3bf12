/* History of a panel as pre-training reads it: features, statistics and phase factors of every
 * series and bucket, made once by running the forecaster over the panel.
 *
 * Thread: one owner. */
#ifndef RESTOCK_HISTORY_H
#define RESTOCK_HISTORY_H

#include "config/base/rng.h"
#include "model/prospect.h"
#include "model/pretrain.h"

#include <stdbool.h>

enum { HISTORY_WIDTH = 84 };

struct history {
    uint32_t series, buckets;
    /* [series, HISTORY_WIDTH - 1 + buckets] own copies: a window that ends at any bucket lies in
     * its row. */
    float *units;
    uint8_t *flags;
    float *known; /* [series, buckets + WINDOW_AHEAD, WINDOW_KNOWN] own copy; NULL: nothing known */
    uint32_t *first; /* [series] bucket of the first sale; `buckets`: none */
    float *x; /* [buckets, series, F] */
    float *level, *spread, *usual; /* [buckets, series] */
    struct history_shop *shop; /* [buckets] */
    int32_t phase, season;
};

/* What the forecaster knew of the whole shop after a bucket. */
struct history_shop {
    struct phase_factors phases;
    struct known_effects effects;
    float year[PROSPECT_MOST + 1];
};

/* twin: thin the series, or count them in packs, by rng; NULL: as they are. On error *history needs
 * no fini. */
struct status *history_init(struct history *history, const struct pretrain_panel *panel,
                            struct rng *twin) __attribute__((warn_unused_result));
/* Row of units of a series, [buckets]; and of its flags. */
static inline float *history_units(const struct history *history, uint32_t i)
{
    return history->units + (size_t)i * (HISTORY_WIDTH - 1 + history->buckets) + HISTORY_WIDTH - 1;
}
static inline uint8_t *history_flags(const struct history *history, uint32_t i)
{
    return history->flags + (size_t)i * (HISTORY_WIDTH - 1 + history->buckets) + HISTORY_WIDTH - 1;
}
/* Prospect of a series after bucket t, as the forecaster had it; hidden: without known inputs. */
void history_look(const struct history *history, uint32_t i, uint32_t t, bool hidden,
                  struct prospect *prospect);
void history_fini(struct history *history);

#endif
