/* Calibration: what a score really means, learned from how often it was reached.
 *
 * A pool counts raw scores (-log10 of a model's tail probability, natural events included) in bins,
 * forgets slowly, and fits a generalised Pareto distribution to the peaks over a threshold (Siffer
 * et al. 2017), by moments, with a prior worth CALIBRATE_PRIOR peaks that says "the model is
 * right". A new pool therefore takes scores nearly as they are; an overconfident model is corrected
 * as peaks come in.
 *
 * Counts of one round are integers and act from the next calibrate_fold on, so their order does not
 * matter.
 *
 * Thread: one owner. */
#ifndef RESTOCK_CALIBRATE_H
#define RESTOCK_CALIBRATE_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"

#include <math.h>
#include <stdint.h>

/* Bin b begins at a raw score of 2^(b / CALIBRATE_PER_OCTAVE): scores below 1 (one in ten) are not
 * counted, the last bin holds all above 1,536. */
enum { CALIBRATE_BINS = 128, CALIBRATE_PER_OCTAVE = 12 };
#define CALIBRATE_PRIOR 30.0 /* peaks */
#define CALIBRATE_MOST 30.0f /* no calibrated score is higher */

struct calibrate_pool {
    int32_t fresh[CALIBRATE_BINS]; /* of this round; below 0 where older counts moved up */
    uint64_t fresh_tests;
    float seen[CALIBRATE_BINS]; /* discounted */
    double tests;
    /* derived by calibrate_fold */
    float base, base_score; /* raw score from which peaks are counted, and what it means */
    float scale, shape; /* of excess scores, in nats; the exact model has scale 1, shape 0 */
};

void calibrate_init(struct calibrate_pool *pool);

/* fresh_tests is counted by the caller, once per test, whatever the score. */
static inline int calibrate_bin(float raw_score)
{
    float bin = log2f(raw_score) * (float)CALIBRATE_PER_OCTAVE;
    return bin < (float)(CALIBRATE_BINS - 1) ? (int)bin : CALIBRATE_BINS - 1;
}

static inline void calibrate_count(struct calibrate_pool *pool, float raw_score)
{
    if (raw_score >= 1) {
        pool->fresh[calibrate_bin(raw_score)]++;
    }
}

/* An episode that was counted at one score has reached another (0: nothing yet). */
static inline void calibrate_move(struct calibrate_pool *pool, float from, float to)
{
    if (from >= 1) {
        pool->fresh[calibrate_bin(from)]--;
    }
    calibrate_count(pool, to);
}

/* Take the round's counts; keep: share of the old counts that stays, (0, 1]. */
void calibrate_fold(struct calibrate_pool *pool, double keep);
/* Calibrated score: -log10 of the share of tests that reach raw_score. Monotone. */
float calibrate_score(const struct calibrate_pool *pool, float raw_score);
/* The raw score at which the calibrated one reaches `score`. */
float calibrate_raw(const struct calibrate_pool *pool, float score);

void calibrate_save(const struct calibrate_pool *pool, struct buf *out);
/* Reads one pool from the front of *bytes and moves it on. STATUS_CORRUPT leaves *pool as it was.
 */
struct status *calibrate_load(struct slice *bytes, struct calibrate_pool *pool)
    __attribute__((warn_unused_result));

#endif
