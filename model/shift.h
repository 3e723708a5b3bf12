/* Level shifts: an exponentially weighted level follows a product that sells twice as much from one
 * day to the next only after weeks. Where its newest buckets together say that the level is another
 * one, and no few wild ones among them do, forecasts believe them.
 *
 *     z = (S - E) / sqrt(spread * E * (1 + e / e'))
 *
 * for the newest 3 to 28 observed buckets (sum S, weight e), E what those before them (weight e')
 * let expect, spread as in those; the span with the largest |z| speaks, and is believed the more
 * the larger it is. As every bucket counts a limited number of deviations (Huber 1964), one order
 * of any size is no shift. The stored level is not changed: a shift that was none leaves no trace.
 * What is farther ahead is moved less (model/prospect.h): most of what looks like a shift does not
 * last. (WQL of days / sums of 28 on M5: .3474 / .1655 without, .3469 / .1644 with.)
 *
 * Pure; any thread. */
#ifndef RESTOCK_SHIFT_H
#define RESTOCK_SHIFT_H

#include <stdint.h>

enum { SHIFT_SPANS = 8, SHIFT_BUCKETS = 56 }; /* looked at */

struct shift_source { /* one series, newest bucket last */
    const float *units; /* [n] */
    const uint8_t *flags; /* [n] enum window_flag */
    const float *factor; /* [n] what was expected of each bucket over the level */
    uint32_t count; /* n; the newest SHIFT_BUCKETS of them are looked at */
    float level, spread;
};

/* What the level is to be multiplied by; 1: nothing has shifted. */
float shift_ratio(const struct shift_source *source);

#endif
