/* Lessons: one window of one series as a member of a training batch, and the forecasts in it whose
 * targets have matured.
 *
 *     row: .... [ 28 buckets only looked back at ][ step 0 ... fork ... fork ... step 55 ]
 *                                                                               newest bucket
 *
 * A window ends with the bucket that closed last. A fork `back` buckets before it learns steps 1 ..
 * back and sums of at most `back` buckets: never from a value that had not closed. Targets that
 * hold a censored bucket are left out. Features, level and spread are
 * those of that time (model/retrace.h, model/tape.h); of known inputs the rings keep nothing, so a
 * window of the past is seen as if none had been known.
 *
 * Pure; any thread. */
#ifndef RESTOCK_LESSON_H
#define RESTOCK_LESSON_H

#include "config/base/rng.h"
#include "model/ewma.h"
#include "model/prospect.h"
#include "model/tape.h"
#include "model/train.h"
#include "model/young.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LESSON_LOOK_BACK = 28, /* buckets before the first step */
    LESSON_WIDTH_MAX = FORECAST_WIDTH_MAX,
    LESSON_FORKS_MAX = (TRAIN_STEPS / TRAIN_FORK_EVERY + 1) * NET_ROWS, /* of one window */
};

/* What of a window is learned from. */
enum lesson_kind {
    LESSON_RECENT, /* forecasts whose target ended with one of the last three buckets */
    LESSON_ANY, /* forecasts at every fourth bucket of the window, beginning anywhere */
};

struct lesson_row { /* one series as of the last close; arrays as in struct window */
    const float *units; /* [W] oldest first */
    const uint8_t *flags; /* [W] */
    uint32_t width; /* W, at most LESSON_WIDTH_MAX */
    uint32_t age; /* buckets since the first sale; 0: never sold */
    float level, slow, variance; /* columns of the forecaster */
    uint16_t observed;
};

struct lesson_view { /* what all series of a shard share */
    const struct ewma *ewma;
    const struct young *young;
    const struct tape *tape; /* its newest bucket is the rows' newest */
};

struct lesson { /* one series, retraced */
    const struct lesson_view *view;
    const struct lesson_row *row;
    float factor[LESSON_WIDTH_MAX], level[LESSON_WIDTH_MAX], slow[LESSON_WIDTH_MAX],
        spread[LESSON_WIDTH_MAX];
    struct phase_factors phases; /* scratch: as of one close */
    uint32_t back; /* of the outlook, UINT32_MAX: none yet */
    struct prospect prospect;
};

/* Keeps both pointers. */
void lesson_open(struct lesson *lesson, const struct lesson_view *view,
                 const struct lesson_row *row);
/* Inputs of all steps: x [T, B, F], live [T, B] at column `member` of B. Returns the number of live
 * steps. */
uint32_t lesson_inputs(const struct lesson *lesson, float *x, uint8_t *live, uint32_t member);
/* One row of the head `back` buckets before the newest one, as a fork of weight 1; false: its
 * target has not matured, is masked, or the series was not known well enough. row: net_step_row or
 * net_length_row of `length`; length 1: the step of `ahead` buckets. */
struct lesson_target {
    uint32_t back, ahead, length; /* buckets back; of the target's end ahead of it; in the target */
};
bool lesson_fork(struct lesson *lesson, const struct lesson_target *target, uint32_t member,
                 struct train_fork *fork);
/* Forks of a window for learning, at most LESSON_FORKS_MAX; their weights add to 1. Returns their
 * number. */
size_t lesson_forks(struct lesson *lesson, enum lesson_kind kind, struct rng *rng, uint32_t member,
                    struct train_fork *forks);

#endif
