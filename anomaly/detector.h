/* Anomaly scores of one plain series, row by row, in constant memory: `restock detect`.
 *
 *     struct detector *detector = detector_create();
 *     while (more rows) {
 *         double score = detector_score(detector, time_ms, value);   // before the next row is read
 *         if (score >= DETECTOR_ALARM) ...
 *     }
 *     detector_destroy(detector);
 *
 * Four tests, one parameter set for every series: a value outside of the range so far; the error of
 * a linear prediction from the last rows; the deviation of the last rows from what this time of day
 * usually brings; the mean of the last 48 rows against the mean of all. Each is turned into a tail
 * probability by its own history in this series (generalised Pareto beyond the 98 % quantile), the
 * least probable one counts. A score is -log10 of that probability over DETECTOR_FULL, cut to
 * [0, 1]. After an alarm only something clearly stranger is told, until the memory of it has faded.
 *
 * Nothing is known of the file: no length, no range, no name. Thread: one owner. */
#ifndef RESTOCK_DETECTOR_H
#define RESTOCK_DETECTOR_H

#include <stdint.h>

#define DETECTOR_FULL 10.0 /* -log10 of the probability that is a score of 1 */
#define DETECTOR_ALARM 0.33 /* budget: one false alarm in 2,000 rows (a week of 5-minute rows) */

struct detector;

struct detector *detector_create(void); /* NULL: no memory */
void detector_destroy(struct detector *detector);

/* Score of the next row, 0 .. 1. time_ms: in the zone whose days matter. A value that is not finite
 * scores 0 and teaches nothing. */
double detector_score(struct detector *detector, int64_t time_ms, double value);

#endif
