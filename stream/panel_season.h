/* The year's course of a panel of weeks: how much of a year's demand falls on each of its 52 weeks,
 * mean 1.
 *
 *     struct panel_season season;
 *     panel_season_init(&season, panel, &buckets);
 *     float usual = units / panel_season_at(&season, i, bucket_phase(&buckets, bucket));
 *
 * Of the whole panel: each week over the mean of the 52 weeks around it (those at the ends: the
 * first or last 52), averaged over the years and smoothed over three weeks. Of a series: its own
 * course where it has sold much, drawn to the panel's by PANEL_SEASON_PRIOR units a week. All 1
 * where less than a year and a half is known. Owns its table. Thread: one owner. */
#ifndef RESTOCK_PANEL_SEASON_H
#define RESTOCK_PANEL_SEASON_H

#include "config/base/bucket.h"
#include "stream/panel.h"

enum { PANEL_SEASON_WEEKS = 52, PANEL_SEASON_LEAST = 78 };

struct panel_season {
    float *factor; /* [series, PANEL_SEASON_WEEKS] > 0; NULL: all 1 */
};

void panel_season_init(struct panel_season *season, const struct panel *panel,
                       const struct buckets *buckets);
void panel_season_fini(struct panel_season *season); /* zeroed is fine */

static inline float panel_season_at(const struct panel_season *season, size_t series, int32_t phase)
{
    return season->factor
               ? season->factor[series * PANEL_SEASON_WEEKS + (size_t)(phase % PANEL_SEASON_WEEKS)]
               : 1;
}

#endif
