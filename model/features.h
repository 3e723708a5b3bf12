/* What the network sees of a series when a bucket closes: NET_INPUTS numbers, none of them larger
 * than a few units.
 *
 * Everything comes from the window and from the statistics of the forecaster, so that training and
 * serving are the same code. Pure; any thread. */
#ifndef RESTOCK_FEATURES_H
#define RESTOCK_FEATURES_H

#include "config/base/window.h"

struct feature_shop { /* of the whole shop, from the totals of all series */
    float week, fortnight; /* log of the last 7 (14) buckets' total over the last 28's, per bucket;
                              0: not known */
};

/* x: [NET_INPUTS]. level, spread: as the negative binomial expert has them after this bucket;
 * factor: what was expected of this bucket over the level. */
struct feature_source {
    const struct window *window;
    uint32_t i;
    float level, slow, spread, factor; /* slow: a level with a long memory */
    float usual; /* price */
    struct feature_shop shop;
};
void features_make(const struct feature_source *source, float *x);

/* Which inputs tell of what, for explanations. What tells of the calendar and of plans follows from
 * the source: they are hidden there. */
enum feature_group {
    FEATURE_SERIES, /* how large, wild and old the series is; plans; the place in the season */
    FEATURE_RECENT, /* what it sold of late, against its level */
    FEATURE_STOCK, /* stock-outs and silent feeds of late */
    FEATURE_SHOP, /* the whole shop of late */
    FEATURE_GROUPS
};
/* As if nothing out of the usual were known of the groups in `hidden` (bits 1 << enum
 * feature_group): x as features_make left it. What is usual: a negative binomial of the source's
 * level and spread, always in stock, in a shop at rest. */
void features_suppose(const struct feature_source *source, uint32_t hidden, float *x);

/* As if no plan and no calendar were known. */
void features_hide_known(float *x);
/* As if the whole shop were not known. */
void features_hide_shop(float *x);

#endif
