/* An excursion of one series: evidence in nats that adds up over buckets and restarts at zero,
 * against the level at which it began; and how the pool of its kind counts it.
 *
 * Pointers are borrowed from the columns of a tile for one call. Pure; one owner. */
#ifndef RESTOCK_EXCURSION_H
#define RESTOCK_EXCURSION_H

#include "anomaly/calibrate.h"

#include <stdint.h>

#define EXCURSION_LN10 2.302585093f

struct excursion {
    float *nats, *level, *spread;
    float *peak; /* NULL: nats never fall while it lasts */
    uint16_t *length;
    struct calibrate_pool *pool;
    float most; /* counts are cut here */
    float smear; /* share of a bucket taken off a run in counts, so that discrete runs count
                    smoothly */
};

/* Where nothing is under way: what the next excursion will be judged against. */
void excursion_anchor(struct excursion *excursion, float level, float spread);
/* Add nats (below 0: against it): begins, goes on, or ends where they are used up or where the new
 * state has lasted `accepted` buckets and is the usual one. An excursion is counted when it ends,
 * or as it grows from EXCURSION_COUNTED buckets on: many never end (products that died), but a
 * young one must not hide itself. */
enum { EXCURSION_COUNTED = 14 };
void excursion_add(struct excursion *excursion, float nats, uint16_t accepted);
void excursion_end(struct excursion *excursion);
/* ln NB(y; ratio * mean) - ln NB(y; mean), both of the same size mean / (spread - 1); spread > 1.
 */
float excursion_nats(float y, float mean, float spread, float ratio);

#endif
