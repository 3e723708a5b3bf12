/* Private to tails.c and tails_state.c: what struct tails holds. */
#ifndef RESTOCK_TAILS_STATE_H
#define RESTOCK_TAILS_STATE_H

#include "anomaly/calibrate.h"
#include "anomaly/tails.h"
#include "model/phase.h"

enum { TAILS_CLASSES = 4, TAILS_SPEEDS = 4, TAILS_COHORTS = TAILS_CLASSES * TAILS_SPEEDS };

struct tails_limits { /* raw scores */
    float quiet, weak, strong;
    float most; /* counts are cut here: an anomaly must not hide itself and the next ones */
};

struct tails {
    struct alert_options options;
    uint32_t tile_series;
    int64_t bucket;
    uint8_t started; /* 0, 1 */
    int32_t phase; /* of `bucket` */
    struct phase_factors phases;
    float factor; /* of the bucket that closed, as known before it */
    float share; /* lines of the bucket that closed over usual_lines */
    double usual_lines, usual_sellers; /* in a bucket, discounted; 0: nothing known */
    uint8_t by_lines, turned; /* lines are judged, not units; since this close */
    double budget;
    float threshold, weak;
    uint64_t tests; /* series counted in this close, integers of all tiles */
    uint64_t last_tests;
    float spread[TAILS_COHORTS]; /* usual variance over mean */
    uint64_t spread_sum[TAILS_COHORTS]; /* of this close, fixed point */
    uint64_t spread_count[TAILS_COHORTS];
    struct tails_rates rates;
    struct calibrate_pool pools[TAILS_COHORTS][TAILS_KINDS];
    struct tails_limits limits[TAILS_COHORTS][TAILS_KINDS]; /* derived */
    float *spike, *drop; /* [N] raw scores of the last tile */
    float *y, *mean, *variance; /* [N] what was judged, units or lines */
    uint8_t *cohort, *state; /* [N] of the last tile */
};

/* Raw limits of all pools for the present budget and number of tests. */
void tails_set_limits(struct tails *tails);

#endif
