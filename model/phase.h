/* Phase factors: how much of a season's demand falls on each of its phases (weekday, hour of the
 * week, week of the year), from the totals of the whole shop over the last eight seasons. Mean 1
 * over a season; 1 everywhere until a whole season is known.
 *
 * Thread: one owner. */
#ifndef RESTOCK_PHASE_H
#define RESTOCK_PHASE_H

#include "model/mat.h"

#include <stdint.h>

enum { PHASE_SEASONS = 8, PHASE_TOTALS = PHASE_SEASONS * FORECAST_SEASON_MAX };

/* A closed phase keeps a trace of a factor: one sale in it is surprising, not impossible. */
#define PHASE_LEAST 0.002f

struct phase_factors {
    int32_t season; /* 0: nothing known */
    uint32_t seen; /* buckets known, at most PHASE_SEASONS seasons */
    float total[PHASE_TOTALS]; /* the bucket of number b at (place of b) % (8 * season), newest at
                                  `place` */
    uint32_t place;
    float factor[FORECAST_SEASON_MAX]; /* derived, by phase */
};

/* Take the total of the bucket that closed, with its phase. Buckets before the first sale are none.
 * Another season than before starts anew.
 */
void phase_add(struct phase_factors *phases, int32_t phase, int32_t season, float total);
/* The newest total was `share` times what an ordinary bucket would have sold (0.2 .. 5). */
void phase_mend(struct phase_factors *phases, int32_t phase, float share);
/* Derived factors anew, for a newest bucket of `phase` (after a restore). */
void phase_rebuild(struct phase_factors *phases, int32_t phase);
/* Total of the newest `buckets`, or 0 where not so many are known. */
float phase_recent(const struct phase_factors *phases, uint32_t buckets);
/* Factor of the bucket `ahead` after one of `phase`. */
static inline float phase_ahead(const struct phase_factors *phases, int32_t phase, uint32_t ahead)
{
    return phases->factor[((uint32_t)phase + ahead) % (uint32_t)phases->season];
}

#endif
