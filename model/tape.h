/* Tape: what the whole shop was like at each of the last closes, so that a window of the past can
 * be shown to the network as it was seen then: phase factors and the shop's mood.
 *
 * Thread: one owner. Plain data; zero = nothing known. */
#ifndef RESTOCK_TAPE_H
#define RESTOCK_TAPE_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "model/features.h"
#include "model/phase.h"

#include <stdbool.h>
#include <stdint.h>

enum { TAPE_CLOSES = 96, TAPE_AHEAD = 48 };

struct tape_close {
    int32_t phase;
    struct feature_shop shop;
    float annual[TAPE_AHEAD]; /* of buckets 0, 1, ... ahead, by the year before */
    float factor[FORECAST_SEASON_MAX]; /* by phase, as known after this close */
};

struct tape {
    int64_t bucket; /* newest, where count > 0 */
    uint32_t count; /* consecutive buckets that are known, at most TAPE_CLOSES */
    int32_t season;
    struct tape_close close[TAPE_CLOSES]; /* bucket b at b mod TAPE_CLOSES */
};

/* Take the close of `bucket` (its first `season` factors). A gap, or another season, starts anew;
 * the same bucket again changes nothing. */
void tape_add(struct tape *tape, int64_t bucket, const struct tape_close *close, int32_t season);
/* NULL: not known (any more). */
const struct tape_close *tape_at(const struct tape *tape, int64_t bucket);

void tape_save(const struct tape *tape, struct buf *out);
/* Takes its bytes from the front of *in. False: not what save wrote; *tape is untouched. */
bool tape_load(struct tape *tape, struct slice *in);

#endif
