/* Retracing: level and spread of one series as they were after each of the last buckets, from those
 * of today and the buckets themselves. The columns keep only today's statistics; to learn from a
 * window of the past one must know what was known then.
 *
 * Backwards the recursion of model/ewma.h is undone down to the oldest bucket, then it runs forward
 * again as it does live. Where nothing was corrected since, and no bucket was winsorised, the past
 * comes back as it was; otherwise an error of the oldest level fades by (1 - rate) a bucket, as any
 * start does. Pure. */
#ifndef RESTOCK_RETRACE_H
#define RESTOCK_RETRACE_H

#include "model/ewma.h"
#include "model/young.h"

#include <stdint.h>

struct retrace_series { /* as of the last close */
    const float *units; /* [W] oldest first */
    const uint8_t *flags; /* [W] enum window_flag */
    const float *factor; /* [W] what multiplied the level in each bucket, as known when it closed */
    uint32_t width; /* W */
    float level, slow, variance; /* columns of the forecaster */
    uint16_t observed;
};

struct retrace_rows { /* [W] each */
    float *level, *slow, *spread;
};

/* As the negative binomial expert had them after each bucket; 0, 0 and 1 before the first one. */
void retrace(const struct ewma *ewma, const struct young *young,
             const struct retrace_series *series, const struct retrace_rows *out);

#endif
