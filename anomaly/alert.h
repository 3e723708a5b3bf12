/* Alerts: one incident of one series (or of a whole feed) from first suspicion to its end, as a
 * pure state machine.
 *
 *     struct alert alert = {0};       // a slot of the shard's sparse table, key: series x kind
 *     bool again;
 *     do {
 *         again = alert_step(&alert, &signal, &options, now_ms, &change);
 *         if (change != ALERT_UNCHANGED) { write the event, or the tombstone if DROPPED }
 *     } while (again);
 *     if (alert_spent(&alert, &options, now_ms)) { free the slot; if (alert.told) tombstone }
 *
 * NONE -> PENDING on a weak signal, -> OPEN on a strong one or on a second weak one within
 * ALERT_CONFIRM_STEPS steps.
 * OPEN -> RESOLVED after `alerts.quiet` quiet steps in a row with data, not before `alerts.hold`;
 * missing data never resolves. OPEN -> EXPIRED when no data came for `alerts.expire`.
 * RESOLVED -> OPEN again within `alerts.cooldown` keeps id and opening time and counts a flap; a
 * new onset that is ten times less probable than the old peak is a new incident instead: the old
 * one is closed, a new id opens. UPDATE events on material change only.
 *
 * All times are event times in ms; no clock. Thread: any, plain data. */
#ifndef RESTOCK_ALERT_H
#define RESTOCK_ALERT_H

#include "anomaly/alert_options.h"
#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "config/base/zone.h"

#include <stdbool.h>
#include <stdint.h>

/* Stored in state: append only. */
enum alert_kind {
    ALERT_SPIKE,
    ALERT_DROP,
    ALERT_LEVEL_SHIFT_UP,
    ALERT_LEVEL_SHIFT_DOWN,
    ALERT_ZERO_RUN,
    ALERT_RETURNS_BURST,
    ALERT_PRICE_ERROR,
    ALERT_BULK_ORDER,
    ALERT_DUPLICATE_FEED,
    ALERT_MISSING_FEED,
    ALERT_STOCKOUT,
    ALERT_SUPPLY_LATE,
    ALERT_OVERSTOCK,
    ALERT_DRIFT,
    ALERT_MODEL_ROLLBACK,
    ALERT_SUPPLIER_SLIP,
    ALERT_DEAD_STOCK,
    ALERT_DEMAND_SHIFT,
    ALERT_KINDS
};

enum alert_state { ALERT_NONE, ALERT_PENDING, ALERT_OPEN, ALERT_RESOLVED, ALERT_EXPIRED };
enum alert_severity { ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL };
enum alert_change {
    ALERT_UNCHANGED,
    ALERT_OPENED,
    ALERT_UPDATED,
    ALERT_CLOSED, /* state says RESOLVED or EXPIRED */
    ALERT_DROPPED /* an old incident made room: write a tombstone under its id, which alert_id still
                     gives until the next call */
};

/* What one step says about one kind. MISSING: nothing was observed (zero value). QUIET: normal.
 * NEUTRAL: neither. */
enum alert_strength { ALERT_MISSING, ALERT_QUIET, ALERT_NEUTRAL, ALERT_WEAK, ALERT_STRONG };

/* Stored in state: append only. Units, buckets, days, ratios as the name says. */
enum evidence_name {
    EVIDENCE_NONE,
    EVIDENCE_LOWER, /* bounds of what would not have alerted */
    EVIDENCE_UPPER,
    EVIDENCE_RUN_BUCKETS, /* length of the run or shift so far */
    EVIDENCE_RATIO, /* observed over expected */
    EVIDENCE_LINES,
    EVIDENCE_USUAL, /* usual value of what was judged */
    EVIDENCE_WORST, /* largest one known before */
    EVIDENCE_THRESHOLD, /* score at which this kind alerts */
    EVIDENCE_RAW_SCORE, /* score before calibration */
    EVIDENCE_ON_HAND,
    EVIDENCE_ON_ORDER,
    EVIDENCE_LEAD_TIME_DAYS,
    EVIDENCE_DAYS_LEFT, /* median days until stock-out */
    EVIDENCE_DAYS_LEFT_EARLY, /* its 10 % quantile */
    EVIDENCE_LOST_UNITS,
    EVIDENCE_DELAY_DAYS,
    EVIDENCE_COVER_DAYS,
    EVIDENCE_MODEL_VERSION,
    EVIDENCE_SERIES, /* products that do the same at once */
    EVIDENCE_RECEIPTS, /* orders that have come in */
    EVIDENCE_UNSOLD_DAYS, /* since the last sale */
    EVIDENCE_EXCESS, /* units too many on order; below zero: too few */
    EVIDENCE_NAMES
};

enum { ALERT_EVIDENCE_MAX = 8, ALERT_CONFIRM_STEPS = 3 };
#define ALERT_NO_SERIES UINT32_MAX

/* Made by tails, feed, linecheck or stream/; input of alert_step. */
struct alert_signal {
    enum alert_kind kind;
    enum alert_strength strength;
    uint8_t named; /* 1 + the kind that an open alert of `kind` has turned out to be; 0: no news */
    uint32_t series; /* row in the tile for tails; ALERT_NO_SERIES for feeds */
    uint64_t scope; /* feeds: key of the source or group; else 0 */
    float score, probability; /* score = -log10 of the calibrated probability */
    float expected, observed;
    int64_t onset_bucket;
    int64_t money; /* at risk, minor units; the caller fills it in */
    uint8_t evidence_count;
    uint8_t evidence_name[ALERT_EVIDENCE_MAX]; /* enum evidence_name */
    float evidence[ALERT_EVIDENCE_MAX];
};

struct alert {
    int64_t opened_ms, updated_ms, closed_ms; /* 0 where not (yet) */
    int64_t since_ms; /* of the present state */
    int64_t seen_ms; /* last step with data */
    int64_t onset_bucket, money, told_money; /* told_*: as in the last event */
    uint64_t scope;
    uint32_t series;
    float score, peak, told_score, probability, expected, observed;
    float evidence[ALERT_EVIDENCE_MAX];
    uint8_t evidence_name[ALERT_EVIDENCE_MAX];
    uint8_t evidence_count;
    uint8_t kind, state, severity, told_severity;
    uint8_t quiet; /* quiet steps in a row */
    uint8_t pending; /* steps since the first weak signal */
    uint8_t told; /* an event has been written under this id */
    uint8_t verdicts; /* set of 1 << enum alert_verdict */
    uint16_t flaps;
    uint8_t
        named; /* 1 + the kind it turned out to be; 0: what it began as. Identity keeps `kind` */
};
_Static_assert(sizeof(struct alert) <= 192, "alerts are many and saved often");

enum alert_verdict { ALERT_ACKNOWLEDGE, ALERT_MUTE, ALERT_NOT_ANOMALY };

struct alert_subject { /* whom a sentence or an id is about; "" where it does not apply */
    struct slice tenant; /* application */
    struct slice sku, location;
    struct slice scope; /* feeds: "orders[3]" or the group's name */
    const struct zone *zone; /* of the dates in sentences; NULL: UTC */
};

const char *
alert_kind_name(enum alert_kind kind); /* "spike", "level_shift_up" ...; NULL beyond the last */
const char *alert_state_name(enum alert_state state); /* "OPEN" ... */
const char *alert_severity_name(enum alert_severity severity); /* "info", "warning", "critical" */
const char *alert_evidence_name(enum evidence_name name); /* "upper", "run_buckets" ... */
/* The `state` of the event that tells a change: OPEN, UPDATE, RESOLVED or EXPIRED. */
const char *alert_event_name(const struct alert *alert, enum alert_change change);

/* False alarms that one close of one shard may cost, for tails_begin_close and
 * linecheck_begin_close: budget_per_day over buckets and shards (partitions of `lines`). */
double alert_budget(const struct alert_options *options, int64_t bucket_ms, int32_t partitions);

/* Add one number to a signal; beyond ALERT_EVIDENCE_MAX, or not finite: left out. */
void alert_evidence(struct alert_signal *signal, enum evidence_name name, double value);

/* One step: a close, or an event that speaks for this series and kind. *change is what to tell the
 * world. True: call again with the same signal (the old incident was closed to make room for a new
 * one). now_ms never falls for one alert. */
bool alert_step(struct alert *alert, const struct alert_signal *signal,
                const struct alert_options *options, int64_t now_ms, enum alert_change *change);
/* What it is called now: a spike that lasts is a shift of level, under the id it began with. */
enum alert_kind alert_called(const struct alert *alert);
/* Another open alert of the same series says it already: a bulk order explains a spike, a zero run
 * explains a drop. open: set of 1 << enum alert_kind. What is covered need not be stepped. */
bool alert_covered(enum alert_kind kind, uint32_t open);
/* It is over, whatever the last step said: another incident takes its place. *change is CLOSED, or
 * UNCHANGED where it was not open. */
void alert_end(struct alert *alert, int64_t now_ms, enum alert_change *change);
/* A person's word: acknowledged and muted alerts stay open silently (muted: no UPDATE events); "not
 * an anomaly" resolves at once. */
void alert_judge(struct alert *alert, enum alert_verdict verdict, int64_t now_ms,
                 enum alert_change *change);
/* Nothing is pending, open, cooling down or kept any more: forget it. `told` says whether a
 * tombstone is due. */
bool alert_spent(const struct alert *alert, const struct alert_options *options, int64_t now_ms);

/* 32 hex digits of a hash of tenant, kind, sku, location, scope and opening time: the same after a
 * replay. Appended to out. */
void alert_id(struct buf *out, const struct alert *alert, const struct alert_subject *subject);
/* One plain sentence with numbers, appended to out: what happened, what was expected, how
 * improbable it is. */
void alert_text(struct buf *out, const struct alert *alert, const struct alert_subject *subject);

/* State record of one alert, versioned. Load refuses (STATUS_CORRUPT) what save did not write, and
 * then leaves *alert as it was. */
void alert_save(const struct alert *alert, struct buf *out);
struct status *alert_load(struct slice bytes, struct alert *alert)
    __attribute__((warn_unused_result));

#endif
