/* Combine: the learned judge of a shard. At each close the statistics of every series
 * (anomaly/trace.h) are weighed by a frozen net (anomaly/weigh.h); what comes out is calibrated
 * online by a pool and compared with the threshold that spends the false-alarm budget. It says at
 * most one thing of a series and close: the likeliest kind. Same interface as anomaly/tails.h,
 * which decides alone where there is no net.
 *
 *     combine_begin_close(combine, bucket, total_lines, budget);    // once per shard and close
 *     n = combine_close(combine, &cols, &in, signals, capacity);    // per tile; at most N
 *     combine_signal(combine, row, kind, &signal);                  // for alerts that are open
 *
 * The pool counts each episode of a series once, at its highest score, true anomalies too; what a
 * score means is read from the ordinary part of it (anomaly/ordinary.h), so that anomalies do not
 * raise the threshold under which the next ones are found. Thread: one owner. No allocation after
 * create. */
#ifndef RESTOCK_COMBINE_H
#define RESTOCK_COMBINE_H

#include "anomaly/calibrate.h"
#include "anomaly/trace.h"
#include "anomaly/weigh.h"

/* How the parts share the false-alarm budget where the net judges; feeds as in anomaly/alert.h. */
#define COMBINE_SHARE 0.87
#define COMBINE_SHARE_LINECHECK 0.03

struct combine;

/* weigh_ref: lives as long as combine. NULL: no memory. */
struct combine *combine_create(const struct alert_options *options, const struct weigh *weigh_ref);
void combine_destroy(struct combine *combine);

/* budget: from alert_budget. Again for the same bucket (after a restore) it does nothing. */
void combine_begin_close(struct combine *combine, int64_t bucket, double total_lines,
                         double budget);
/* As tails_close: signals have kind, strength, series = row, score, probability, expected,
 * observed, onset and evidence. */
uint32_t combine_close(struct combine *combine, struct trace_cols *cols,
                       const struct trace_input *in, struct alert_signal *out, uint32_t capacity);
/* What the last combine_close said about one row, for an alert of `kind` that is open. */
void combine_signal(const struct combine *combine, const struct trace_input *in, uint32_t row,
                    enum alert_kind kind, struct alert_signal *out);

/* Statistics of the last tile, for training: x [N,TRACE_INPUTS], judged [N]. */
const float *combine_rows(const struct combine *combine, const uint8_t **judged);

double combine_tests(const struct combine *combine); /* series judged in a close, lately */

struct combine_rates { /* since create or load, for metrics */
    uint64_t tests, strong;
    double budgeted;
};
const struct combine_rates *combine_rates(const struct combine *combine);

void combine_save(const struct combine *combine, struct buf *out);
/* What another net has left of calibration is not taken. STATUS_CORRUPT: *combine is as it was. */
struct status *combine_load(struct combine *combine, struct slice bytes)
    __attribute__((warn_unused_result));

#endif
