/* Options of alerts and of what raises them: alerts.*, anomaly.* */
#ifndef RESTOCK_ALERT_OPTIONS_H
#define RESTOCK_ALERT_OPTIONS_H

#include "config/option.h"

#include <stdbool.h>
#include <stdint.h>

struct weigh;

struct alert_options {
    double budget_per_day;
    double budget_per_10k; /* > 0: instead, per 10,000 series and buckets that are judged */
    int64_t hold_ms, cooldown_ms, expire_ms, update_every_ms, retention_ms;
    int64_t quiet;
    int64_t min_money, warning_money, critical_money; /* minor units */
    int64_t min_age; /* buckets of history before a series is judged */
    int64_t min_lines; /* order lines before it is judged by lines */
    const char *silence; /* rules of anomaly/silence.h */
    bool more_kinds; /* dead_stock, demand_shift, supplier_slip */
    bool autoencoder; /* of anomaly/autoencoder.h: raises alerts of its own */
    const char *detector; /* shipped, none, or a path: read by the process, see detector_ref */
    /* The net of anomaly/weigh.h, or NULL: exact tails decide alone. Not an option: set by the
     * process; owner: the caller, until the last user is gone. */
    const struct weigh *detector_ref;
};

extern const struct option_table alert_option_table;

/* How the parts of this folder share the false-alarm budget; together 1. */
#define ALERT_SHARE_TAILS 0.6
#define ALERT_SHARE_LINECHECK 0.3
#define ALERT_SHARE_FEED 0.1

#endif
