/* Forecasts at the end of a panel, for decisions from files: the experts replay the whole panel,
 * bucket by bucket, and forecast once.
 *
 *     struct demand_curve *curves = calloc(panel->count, sizeof *curves);
 *     TRY(panel_forecast(panel, zone, options, &watch, curves));        // curves[i]
 * belongs to panel->series[i]
 *
 * Totals of 1 to 42 days, or 1 to 8 weeks. Where a bucket was not fully in stock its demand is the
 * forecast of that bucket or what was sold, whichever is more: to mask such buckets would leave out
 * the days of large demand, which are those that run dry. Weeks are freed of the year's course
 * (stream/panel_season.h) and given it back in the forecast. Quantities in whole counting units of
 * the panel. Pure but for the progress call; one thread; memory for one tile at a time beside the
 * panel. */
#ifndef RESTOCK_PANEL_FORECAST_H
#define RESTOCK_PANEL_FORECAST_H

#include "model/forecaster.h"
#include "optimize/demand.h"
#include "stream/panel.h"

/* May be all NULL. progress: false stops (STATUS_STOPPED); the share starts anew for each replay.
 */
struct panel_watch {
    bool (*progress)(void *context, double share);
    void *context;
};

/* curves and classes (enum forecast_class; NULL: not asked for) are [panel->count]. options: rate,
 * winsor, sums and conformal are set by the kind of bucket, the rest is used. Buckets must be days
 * or weeks (STATUS_CONFIG). */
struct status *panel_forecast(const struct panel *panel, const struct zone *zone,
                              const struct forecaster_options *options,
                              const struct panel_watch *watch, struct demand_curve *curves,
                              uint8_t *classes) __attribute__((warn_unused_result));

#endif
