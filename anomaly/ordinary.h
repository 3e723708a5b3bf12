/* Ordinary: what a score of the learned judge means where nothing is wrong, read from a pool that
 * true anomalies are in, too.
 *
 *     calibrate_fold(&pool, keep);
 *     ordinary_fit(&ordinary, &pool);
 *     float score = ordinary_score(&ordinary, raw);    // -log10 of the share of calm tests
 *
 * Log odds of ordinary rows fall off nearly as a normal law does: excesses are exponential in the
 * raw score to the power 1.75 (of the shipped net, on simulated and recorded shops). Their scale is
 * fitted to the common part of the tail, between ORDINARY_BASE and ORDINARY_CUT of the tests, by
 * maximum likelihood under censoring: what lies beyond is counted, not measured, so that anomalies,
 * a few in a thousand tests and as large as they like, hardly move it. From there it is
 * extrapolated. A shop whose far tail is really heavier is not believed blindly either: no
 * threshold spends less than ORDINARY_DOUBT of the share that was seen. What a score says of one
 * row may go further, to ORDINARY_FURTHER of it: where anomalies fill the tail, all sure ones would
 * else look alike, and their order would be that of the days on which they came.
 *
 * Derived from the pool, never saved. Thread: one owner. */
#ifndef RESTOCK_ORDINARY_H
#define RESTOCK_ORDINARY_H

#include "anomaly/calibrate.h"

#define ORDINARY_BASE 0.02
#define ORDINARY_CUT 0.003
#define ORDINARY_DOUBT 0.1f
#define ORDINARY_FURTHER 0.01f

struct ordinary {
    float base, base_score; /* raw score from which excesses are measured, and what it means */
    float scale; /* mean excess of the raw score to that power, over that of the base */
    float seen[CALIBRATE_BINS]; /* least score by what was seen, at the lower edge of each bin */
};

/* Takes folded counts (calibrate_fold) of raw scores on the scale of weigh_raw. A pool that knows
 * nothing yet: the tail that simulated and recorded shops have in common. */
void ordinary_fit(struct ordinary *ordinary, const struct calibrate_pool *pool);
/* Before a fold: takes from the round's counts what goes far beyond the fit. Where a part of the
 * shop fails at once, it is one anomaly, not a new idea of what is ordinary; a shop that really has
 * changed is followed within a few rounds. */
void ordinary_temper(const struct ordinary *ordinary, struct calibrate_pool *pool);
/* Monotone, at most CALIBRATE_MOST; 0 for a raw score that is not above 0. */
float ordinary_score(const struct ordinary *ordinary, float raw);
/* The raw score from which on a threshold of `score` is passed; ordinary_score of it is at least
 * that. */
float ordinary_raw(const struct ordinary *ordinary, float score);

#endif
