/* Early: the tails of a day before it is over, where the bucket is shorter than a day.
 *
 *     early_begin(early, 1.0 / 24, budget);                       // once per shard and close of a
 * bucket struct early_row row = {...};                     // a series whose bucket has closed
 *     struct alert_signal signals[EARLY_KINDS];
 *     uint32_t n = early_judge(early, &row, signals);   // strong ones only
 *
 * Three tests per series, of negative binomial distributions whose variance is that of the day,
 * split to its buckets (model/rest.h: `lump` per unit of mean, and the level that all buckets of a
 * day share): a bucket, or the day so far, far above what was expected (spike); the day so far far
 * below (drop); nothing at all since the last sale (zero run, of at most a day). They only open and
 * raise alerts, under the names that the close of the day (anomaly/tails.h) uses; whether those
 * stay is judged by days.
 *
 * Scores are calibrated in pools by demand class and kind, as those of days are, and compared with
 * one threshold that spends EARLY_SHARE of their false-alarm budget. What a close counts acts from
 * the next early_begin on.
 *
 * Thread: one owner. No allocation after create. */
#ifndef RESTOCK_EARLY_H
#define RESTOCK_EARLY_H

#include "anomaly/alert.h"

enum { EARLY_KINDS = 3, EARLY_CLASSES = 4 };

#define EARLY_SHARE 0.5 /* of the budget of tails; the other half is spent at closes of days */

struct early_row {
    int demand_class; /* enum forecast_class */
    uint32_t series;
    int64_t day; /* onset of what is found */
    /* Where the whole shop is slow nobody drops, where it is busy nobody spikes: expectations come
     * as the least and the most that the shop explains. */
    float units, most; /* of the bucket that closed, and expected of it */
    float day_units, day_least, day_most; /* of the day so far, this bucket included; in stock */
    float run_least; /* expected since the last sale */
    uint32_t run; /* buckets since then, 0: the bucket has sold */
    float lump, relative; /* of the day, as in model/rest.h */
};

struct early;

struct early *early_create(const struct alert_options *options); /* copied. NULL: no memory */
void early_destroy(struct early *early); /* NULL is fine */
/* days: length of the bucket; budget: false alarms that this close of this shard may cost. */
void early_begin(struct early *early, double days, double budget);
/* out: room for EARLY_KINDS. Rows of which nothing was expected are not counted. */
uint32_t early_judge(struct early *early, const struct early_row *row, struct alert_signal *out);
float early_threshold(const struct early *early); /* score from which a signal is told */

/* State, versioned. Load refuses what save did not write (STATUS_CORRUPT), *early as it was then.
 */
void early_save(const struct early *early, struct buf *out);
struct status *early_load(struct early *early, struct slice bytes)
    __attribute__((warn_unused_result));

#endif
