/* Settings: all options of one process in one struct, filled by settings_load from file,
 * environment and --set.
 *
 *     struct settings settings;
 *     TRY(settings_load(path, sets, set_count, &settings));
 *     ...
 *     settings_fini(&settings);
 *
 * Every module's table is bound here and nowhere else. Read-only after loading, shared by all
 * threads. Texts live until settings_fini.
 */
#ifndef RESTOCK_SETTINGS_H
#define RESTOCK_SETTINGS_H

#include "anomaly/alert.h"
#include "config/base/bucket.h"
#include "config/config.h"
#include "model/forecaster.h"
#include "model/learner.h"
#include "optimize/policy.h"
#include "optimize/proposal.h"
#include "schemas/wire.h"
#include "stream/calendars.h"
#include "stream/line.h"
#include "stream/outbox.h"
#include "stream/rules_config.h"

enum time_mode { TIME_LIVE, TIME_REPLAY };
enum delivery { DELIVERY_EXACTLY_ONCE, DELIVERY_AT_LEAST_ONCE };
enum emit_mode { EMIT_CHANGED, EMIT_ALWAYS, EMIT_NEVER };

struct input_options {
    int format; /* enum wire_format */
    const char *map, *schema; /* paths, relative to the configuration's folder; "" none */
};

struct stream_options {
    const char *application, *instance, *state_folder;
    const char *topics[TOPIC_COUNT];
    struct input_options inputs[INPUT_COUNT];
    int output_format; /* enum wire_format */
    const char *registry_url, *registry_user, *registry_password, *registry_ca;
    int64_t workers;
    int delivery; /* enum delivery */
    int64_t commit_interval_ms, commit_min_interval_ms, outbox_max_bytes;
    int64_t lines_partitions; /* for topics apply */
    int64_t until_end_timeout_ms, shutdown_timeout_ms,
        warm_ms /* how long a revoked shard is kept warm */;
    /* time */
    int time_mode; /* enum time_mode */
    int64_t bucket_ms;
    const char *zone;
    int64_t lateness_ms, idle_timeout_ms,
        max_lead_ms /* 0: 4 buckets, at least future_bound, lateness + 1 */, future_bound_ms;
    int64_t tick_interval_ms, idle_tick_interval_ms;
    /* plan */
    int64_t window; /* buckets in the ring */
    int64_t dedup_horizon_ms, cancel_horizon_ms, retire_after_ms;
    int stock_count_available; /* stock.count: available | on_hand */
    int emit; /* enum emit_mode */
    int64_t refresh; /* buckets */
    double change; /* material change of a forecast, relative */
    bool explain; /* forecasts say which inputs moved them */
    bool pipeline_forecast;
    int64_t max_quantity;
    /* operation */
    const char *http_listen;
    int log_level, log_format;
};

struct settings {
    struct config *config;
    struct stream_options stream;
    struct forecaster_options forecast;
    struct learner_options learner;
    struct alert_options alert;
    struct item_options item; /* defaults.* */
    struct proposal_options proposal; /* replenish.*, supply.* */
    struct zone *zone;
    struct buckets buckets; /* of the configuration: what closes */
    struct buckets
        days; /* of rings, sums and decisions: the same, or days where buckets are shorter */
    struct holidays holidays; /* of the section calendar, or of the country of time.zone */
    struct suppliers *suppliers; /* NULL: none has a calendar */
    struct rules rules; /* of the section rules */
    uint64_t state_hash;
    struct base_model *base; /* model.base; NULL: none */
    struct weigh *detector; /* anomaly.detector; NULL: none */
    struct level_net *target; /* replenish.learned_target; NULL: replenish.policy is not learned */
};

extern const struct option_table stream_option_table;

/* path NULL: defaults. On error *out is untouched. */
struct status *settings_load(const char *path, const char *const *sets, size_t set_count,
                             struct settings *out) __attribute__((warn_unused_result));
void settings_fini(struct settings *settings);
/* A client of the configured registry, credentials resolved; *out NULL where registry.url is empty.
 */
struct status *settings_registry(const struct settings *settings, struct registry **out)
    __attribute__((warn_unused_result));
/* Paths of what differs between two configurations, with a blank between: options that follow
 * SIGHUP, and those that need a restart (a free section stands with its whole path). */
void settings_changes(const struct settings *before, const struct settings *after,
                      struct buf *reloaded, struct buf *restart);
void settings_print(const struct settings *settings,
                    FILE *out); /* values in force, secrets hidden */
/* All tables and free sections, for the reference and the template. */
const struct option_table *const *settings_tables(size_t *count);
const struct config_section *settings_sections(size_t *count);
int64_t settings_max_lead_ms(const struct settings *settings); /* after defaults */
int64_t
settings_open_buckets(const struct settings *settings); /* lateness + max_lead, in buckets, + 1 */
int64_t settings_open_days(const struct settings *settings); /* the same for settings->days */

#endif
