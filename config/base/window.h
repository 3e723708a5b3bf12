/* What the pure modules see of a tile when a bucket closes: dense history, one row per series, no
 * rings, no Kafka.
 *
 * Rows are gathered once per tile by stream/ into scratch memory; model/, anomaly/ and optimize/
 * read them. All arrays are row-major [N, W]: history of series i is units[i * W .. i * W + W - 1],
 * oldest first, the bucket that just closed last. A series younger than W has zeros and
 * WINDOW_ABSENT before its first bucket. */
#ifndef RESTOCK_WINDOW_H
#define RESTOCK_WINDOW_H

#include <stddef.h>
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

/* Slots of known inputs: what is known of a bucket before it begins, because a plan or a calendar
 * says so. */
enum window_known {
    WINDOW_PRICE, /* planned price, any unit, > 0 */
    WINDOW_PROMO, /* 1 on promotion, else 0 (or a share) */
    WINDOW_HOLIDAY, /* 1: public holiday */
    WINDOW_EVENT, /* 1: some other day out of the ordinary */
    WINDOW_SNAP, /* 1: a second calendar flag, such as a pay day */
    WINDOW_KNOWN
};
enum { WINDOW_AHEAD = 42 }; /* buckets ahead of the one that closed */

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
    const float *known; /* [N, 1 + WINDOW_AHEAD, WINDOW_KNOWN] of the bucket that closed and of
                           those after it; NaN: not known; NULL: nothing is known of any */
};

/* Mean units of up to 56 observed buckets of row i before its last `skip`; below 0: fewer than 7
 * are known. */
static inline float window_mean_before(const struct window *window, uint32_t i, uint32_t skip)
{
    enum { LEAST = 7, MOST = 56 };
    size_t row = (size_t)i * window->width;
    float sum = 0;
    uint32_t count = 0;
    for (uint32_t k = window->width; k-- > 0 && count < MOST;) {
        if (window->width - k > skip && !(window->flags[row + k] & WINDOW_CENSORED)) {
            sum += window->units[row + k];
            count++;
        }
    }
    return count >= LEAST ? sum / (float)count : -1;
}

#endif
