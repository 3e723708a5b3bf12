/* What the pure modules see of a tile when a bucket closes: dense history, one row per series, no
 * rings, no Kafka.
 *
 * Rows are gathered once per tile by stream/ into scratch memory; model/, anomaly/ and optimize/
 * read them. All arrays are row-major [N, W]: history of series i is units[i * W .. i * W + W - 1],
 * oldest first, the bucket that just closed last. A series younger than W has zeros and
 * WINDOW_ABSENT before its first bucket. */
#ifndef RESTOCK_WINDOW_H
#define RESTOCK_WINDOW_H

#include <stdint.h>

enum window_flag {
    WINDOW_ABSENT = 1, /* before the first sale of the series: no observation */
    WINDOW_OUT_OF_STOCK =
        2, /* at least a part of the bucket was out of stock: units are a lower bound of demand */
    WINDOW_FEED_SILENT = 4, /* the feed was down: nothing was observed */
    WINDOW_CORRECTED = 8, /* changed after it closed (late line, cancellation), and no forecast has
                             been told since */
    WINDOW_PROMOTION = 16, /* at least one line of the bucket was on promotion */
    WINDOW_ANOMALOUS = 32, /* an open point anomaly: not to be learned from */
};

/* Not observed as demand: masked in learning and scoring. */
#define WINDOW_CENSORED (WINDOW_ABSENT | WINDOW_OUT_OF_STOCK | WINDOW_FEED_SILENT)

struct window {
    uint32_t series; /* N: rows in use (<= tile size) */
    uint32_t width; /* W */
    int64_t bucket; /* number of the bucket that just closed (config/base/bucket.h) */
    int32_t phase; /* bucket_phase() of that bucket */
    int32_t season; /* phases in a season: 7 (days), 168 (hours), 52 (weeks) */
    const float *units; /* [N, W] demand in base units */
    const uint8_t *flags; /* [N, W] enum window_flag */
    const uint32_t
        *age; /* [N] buckets since the first sale, the closed one included; 0: never sold */
};

#endif
