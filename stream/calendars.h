/* The sections `calendar` and `suppliers` of a configuration.
 *
 *     calendar: {uk: calendars/uk.csv, own: closing-days.csv}
 *     suppliers:
 *       acme: {weekdays: [mon, thu], delivers: [tue, fri], closed: [2025-12-24,
 * 2025-12-27..2026-01-02], calendar: cn}
 *
 * A calendar file is sought beside the configuration. `calendars/de.csv` where there is no such
 * file, or `de` alone, is a calendar that the program brings along (config/calendar_file.h); `none`
 * is one without days. Several are one. Without the section: the country of time.zone, where one is
 * shipped.
 *
 * Thread: filled by one, then read by all. */
#ifndef RESTOCK_CALENDARS_H
#define RESTOCK_CALENDARS_H

#include "config/base/bucket.h"
#include "config/base/window.h"
#include "config/config.h"
#include "optimize/supplier.h"

struct suppliers;

/* Adds the days to *out; on error some may have been added. */
struct status *calendars_load(const struct config *config, const char *zone, struct holidays *out)
    __attribute__((warn_unused_result));

/* Plans of a tile where nobody says more: public holidays are known, nothing else. known: [rows, 1
 * + WINDOW_AHEAD, WINDOW_KNOWN] from bucket `last` on, as in config/base/window.h. */
void calendars_known(const struct holidays *holidays, const struct buckets *buckets, int64_t last,
                     uint32_t rows, float *known);

/* *out NULL where the section is empty. On error *out is untouched. */
struct status *suppliers_load(const struct config *config, struct suppliers **out)
    __attribute__((warn_unused_result));
void suppliers_destroy(struct suppliers *suppliers); /* NULL is fine */
/* Calendar of a supplier, or NULL: it has none. suppliers may be NULL. */
const struct supplier_calendar *suppliers_find(const struct suppliers *suppliers,
                                               struct slice name);

#endif
