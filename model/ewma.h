/* Exponentially weighted level and one-step error variance of many series at once: the statistics
 * behind the negative binomial expert. Sums start at zero and are divided by the weight that they
 * have seen, as Adam's moments are, so a young series has no bias to zero.
 *
 * Pure; any thread. */
#ifndef RESTOCK_EWMA_H
#define RESTOCK_EWMA_H

#include <math.h>
#include <stdint.h>

enum { EWMA_SHARES = 1024, EWMA_SLOW = 4 };

struct ewma {
    float rate, winsor;
    float slow_share[EWMA_SHARES]; /* the same for the slow level */
    float share[EWMA_SHARES]; /* 1 - (1 - rate)^n: weight seen after n buckets */
};

struct ewma_rows { /* planes of N series */
    uint32_t series;
    float *level, *variance; /* weighted sums */
    float *slow; /* level with a memory EWMA_SLOW times as long */
    uint16_t *observed;
};

void ewma_init(struct ewma *ewma, double rate, double winsor);
/* One bucket. factor: [N] what it multiplies the level by (phase, known inputs); a bucket of which
 * more is expected tells more of the level. units: [N]; learn: [N] 0 where the bucket tells nothing
 * about demand. */
void ewma_update(const struct ewma *ewma, const struct ewma_rows *rows, const float *factor,
                 const float *units, const uint8_t *learn);
/* Slow level per bucket, [N]. */
void ewma_read_slow(const struct ewma *ewma, const struct ewma_rows *rows, float *slow);
/* Share of its error by which a level moves; fresh: weight seen with this bucket. */
static inline float ewma_gain(float rate, float fresh, float factor)
{
    const float most = 0.6f; /* of a young level, per unit of factor */
    return fminf(rate / fresh, most / fmaxf(factor, 1));
}
/* Variance per unit of mean of a sum whose factors add to `factors`: what is not known of the level
 * is shared by its buckets. */
static inline float ewma_sum_spread(float rate, float spread, float factors)
{
    return spread * (1 + factors * rate / (2 - rate));
}
/* Level per bucket, and variance per unit of mean. Both [N]; level 0 where nothing is known. */
void ewma_read(const struct ewma *ewma, const struct ewma_rows *rows, float *level, float *spread);

#endif
