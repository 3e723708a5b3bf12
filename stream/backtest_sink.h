/* What a run on files writes: forecasts, alerts and proposals as CSV in the order they come, closed
 * buckets sorted by series at the end. Owner: backtest.c. */
#ifndef RESTOCK_BACKTEST_SINK_H
#define RESTOCK_BACKTEST_SINK_H

#include "stream/backtest.h"
#include "stream/plan.h"

struct backtest_sink;

/* Opens the files that are wanted. `unit`: what one base unit is worth in the panel's own numbers.
 */
struct status *backtest_sink_open(const struct backtest_options *options,
                                  struct backtest_sink **out) __attribute__((warn_unused_result));
void backtest_sink_unit(struct backtest_sink *sink, double unit);
/* Zone of the times in the file of alerts: that of the orders. Outlives the sink. */
void backtest_sink_zone(struct backtest_sink *sink, const struct zone *zone_ref);
/* Sinks for plan.sinks_ref; live as long as sink. Origins are numbers of buckets, ascending. */
const struct plan_sinks *backtest_sink_plan(struct backtest_sink *sink, const int64_t *origins,
                                            size_t origin_count);
/* Writes the panel, closes the files; the first error of any. sink is gone afterwards. */
struct status *backtest_sink_close(struct backtest_sink *sink) __attribute__((warn_unused_result));

#endif
