#include "anomaly/alert.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <math.h>

static const char *const KIND_NAMES[ALERT_KINDS] = {
    [ALERT_SPIKE] = "spike",
    [ALERT_DROP] = "drop",
    [ALERT_LEVEL_SHIFT_UP] = "level_shift_up",
    [ALERT_LEVEL_SHIFT_DOWN] = "level_shift_down",
    [ALERT_ZERO_RUN] = "zero_run",
    [ALERT_RETURNS_BURST] = "returns_burst",
    [ALERT_PRICE_ERROR] = "price_error",
    [ALERT_BULK_ORDER] = "bulk_order",
    [ALERT_DUPLICATE_FEED] = "duplicate_feed",
    [ALERT_MISSING_FEED] = "missing_feed",
    [ALERT_STOCKOUT] = "stockout",
    [ALERT_SUPPLY_LATE] = "supply_late",
    [ALERT_OVERSTOCK] = "overstock",
    [ALERT_DRIFT] = "drift",
    [ALERT_MODEL_ROLLBACK] = "model_rollback",
    [ALERT_SUPPLIER_SLIP] = "supplier_slip",
    [ALERT_DEAD_STOCK] = "dead_stock",
    [ALERT_DEMAND_SHIFT] = "demand_shift",
};

static const char *const EVIDENCE_TEXTS[EVIDENCE_NAMES] = {
    [EVIDENCE_NONE] = "none",
    [EVIDENCE_LOWER] = "lower",
    [EVIDENCE_UPPER] = "upper",
    [EVIDENCE_RUN_BUCKETS] = "run_buckets",
    [EVIDENCE_RATIO] = "ratio",
    [EVIDENCE_LINES] = "lines",
    [EVIDENCE_USUAL] = "usual",
    [EVIDENCE_WORST] = "worst",
    [EVIDENCE_THRESHOLD] = "threshold",
    [EVIDENCE_RAW_SCORE] = "raw_score",
    [EVIDENCE_ON_HAND] = "on_hand",
    [EVIDENCE_ON_ORDER] = "on_order",
    [EVIDENCE_LEAD_TIME_DAYS] = "lead_time_days",
    [EVIDENCE_DAYS_LEFT] = "days_left",
    [EVIDENCE_DAYS_LEFT_EARLY] = "days_left_early",
    [EVIDENCE_LOST_UNITS] = "lost_units",
    [EVIDENCE_DELAY_DAYS] = "delay_days",
    [EVIDENCE_COVER_DAYS] = "cover_days",
    [EVIDENCE_MODEL_VERSION] = "model_version",
    [EVIDENCE_SERIES] = "series",
    [EVIDENCE_RECEIPTS] = "receipts",
    [EVIDENCE_UNSOLD_DAYS] = "unsold_days",
    [EVIDENCE_EXCESS] = "excess",
};

const char *alert_kind_name(enum alert_kind kind)
{
    return (unsigned)kind < ALERT_KINDS ? KIND_NAMES[kind] : NULL;
}

const char *alert_evidence_name(enum evidence_name name)
{
    return (unsigned)name < EVIDENCE_NAMES ? EVIDENCE_TEXTS[name] : NULL;
}

const char *alert_state_name(enum alert_state state)
{
    switch (state) {
    case ALERT_NONE:
        return "NONE";
    case ALERT_PENDING:
        return "PENDING";
    case ALERT_OPEN:
        return "OPEN";
    case ALERT_RESOLVED:
        return "RESOLVED";
    case ALERT_EXPIRED:
        return "EXPIRED";
    }
    return NULL;
}

const char *alert_severity_name(enum alert_severity severity)
{
    switch (severity) {
    case ALERT_INFO:
        return "info";
    case ALERT_WARNING:
        return "warning";
    case ALERT_CRITICAL:
        return "critical";
    }
    return NULL;
}

const char *alert_event_name(const struct alert *alert, enum alert_change change)
{
    return change == ALERT_UPDATED ? "UPDATE" : alert_state_name((enum alert_state)alert->state);
}

void alert_evidence(struct alert_signal *signal, enum evidence_name name, double value)
{
    ASSERT((unsigned)name < EVIDENCE_NAMES);
    if (signal->evidence_count < ALERT_EVIDENCE_MAX && isfinite((float)value)) {
        signal->evidence_name[signal->evidence_count] = (uint8_t)name;
        signal->evidence[signal->evidence_count++] = (float)value;
    }
}

void alert_id(struct buf *out, const struct alert *alert, const struct alert_subject *subject)
{
    /* Lengths before texts keep ("a", "bc") and ("ab", "c") apart. */
    struct buf key = {0};
    const struct slice parts[] = {subject->tenant, slice_of(KIND_NAMES[alert->kind]), subject->sku,
                                  subject->location, subject->scope};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_varint(&key, (int64_t)parts[i].bytes);
        buf_slice(&key, parts[i]);
    }
    buf_varint(&key, alert->opened_ms);
    struct hash128 hash = hash_128(key.data, key.bytes);
    buf_fini(&key);
    buf_print(out, "%016llx%016llx", (unsigned long long)hash.high, (unsigned long long)hash.low);
}

static double evidence_of(const struct alert *alert, enum evidence_name name, double otherwise)
{
    for (size_t i = 0; i < alert->evidence_count; i++) {
        if (alert->evidence_name[i] == name) {
            return (double)alert->evidence[i];
        }
    }
    return otherwise;
}

/* Whole numbers from 100 on, three digits below. */
static void put_number(struct buf *out, double value)
{
    buf_print(out, fabs(value) >= 99.5 ? "%.0f" : "%.3g", value);
}

static void put_count(struct buf *out, double value, const char *one, const char *many)
{
    put_number(out, value);
    buf_print(out, " %s", value == 1 ? one : many); // NOLINT: counts are exact in float
}

static void put_until(struct buf *out, const struct alert *alert,
                      const struct alert_subject *subject)
{
    int64_t local =
        subject->zone ? zone_to_local(subject->zone, alert->updated_ms) : alert->updated_ms;
    struct civil civil = civil_of(local);
    buf_print(out, " up to %04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day,
              civil.hour, civil.minute);
}

static void put_who(struct buf *out, const struct alert *alert, const struct alert_subject *subject)
{
    buf_slice(out, subject->sku);
    if (subject->location.bytes) {
        buf_byte(out, '@');
        buf_slice(out, subject->location);
    }
    bool group = alert->kind <= ALERT_BULK_ORDER;
    if (!subject->sku.bytes && group) {
        buf_print(out, "%.0f products of ", evidence_of(alert, EVIDENCE_SERIES, 0));
        buf_slice(out, subject->scope);
    } else if (!subject->sku.bytes) {
        buf_text(out, alert->kind == ALERT_SUPPLIER_SLIP ? "supplier " : "feed ");
        buf_slice(out, subject->scope);
    }
}

static void put_sold(struct buf *out, const struct alert *alert,
                     const struct alert_subject *subject)
{
    bool low = alert->kind == ALERT_DROP || alert->kind == ALERT_LEVEL_SHIFT_DOWN;
    double run = evidence_of(alert, EVIDENCE_RUN_BUCKETS, 1);
    double bound = evidence_of(alert, low ? EVIDENCE_LOWER : EVIDENCE_UPPER, NAN);
    buf_text(out, " sold ");
    put_count(out, (double)alert->observed, "unit", "units");
    if (run > 1) {
        buf_text(out, " in ");
        put_count(out, run, "bucket", "buckets");
    }
    put_until(out, alert, subject);
    buf_text(out, isnan(bound) ? ", expected about "
                  : low        ? ", expected at least "
                               : ", expected at most ");
    put_number(out, isnan(bound) ? (double)alert->expected : bound);
}

static void put_feed(struct buf *out, const struct alert *alert,
                     const struct alert_subject *subject)
{
    if (alert->kind == ALERT_DUPLICATE_FEED) {
        buf_text(out, " repeated ");
        put_count(out, (double)alert->observed, "order", "orders");
        buf_text(out, " that had been delivered before,");
        put_until(out, alert, subject);
        return;
    }
    buf_text(out, " sent no order for ");
    put_count(out, evidence_of(alert, EVIDENCE_RUN_BUCKETS, 0), "hour", "hours");
    put_until(out, alert, subject);
    buf_text(out, ", expected about ");
    put_number(out, (double)alert->expected);
    buf_text(out, "; the worst normal gap missed ");
    put_number(out, evidence_of(alert, EVIDENCE_WORST, 0));
}

static void put_line(struct buf *out, const struct alert *alert,
                     const struct alert_subject *subject)
{
    if (alert->kind == ALERT_RETURNS_BURST) {
        buf_text(out, " came back in ");
        put_count(out, (double)alert->observed, "line", "lines");
    } else if (alert->kind == ALERT_PRICE_ERROR) {
        buf_print(out, " sold at a price of %.2f", (double)alert->observed / 100);
    } else {
        buf_text(out, " sold ");
        put_count(out, (double)alert->observed, "unit", "units");
        buf_text(out, " in a single line");
    }
    put_until(out, alert, subject);
    if (alert->kind == ALERT_PRICE_ERROR) {
        buf_print(out, ", usually %.2f", (double)alert->expected / 100);
        return;
    }
    buf_text(out, ", usually ");
    put_number(out, (double)alert->expected);
    double worst = evidence_of(alert, EVIDENCE_WORST, NAN);
    if (!isnan(worst)) {
        buf_text(out, ", at most ");
        put_number(out, worst);
    }
}

static void put_stock(struct buf *out, const struct alert *alert)
{
    if (alert->kind == ALERT_STOCKOUT) {
        double left = evidence_of(alert, EVIDENCE_DAYS_LEFT, NAN);
        double hand = evidence_of(alert, EVIDENCE_ON_HAND, 0);
        if (hand <= 0) {
            buf_text(out, " is out of stock with ");
        } else if (isnan(left)) {
            buf_text(out, " may run out of stock with ");
        } else if (left < 1) {
            buf_text(out, " will run out of stock today with ");
        } else {
            buf_text(out, " will run out of stock in about ");
            put_count(out, left, "day", "days");
            buf_text(out, " with ");
        }
        put_count(out, hand, "unit", "units");
        buf_print(out, " on hand (probability %.0f %% before the next receipt); about ",
                  100 * (double)alert->probability);
        put_count(out, evidence_of(alert, EVIDENCE_LOST_UNITS, 0), "unit", "units");
        buf_text(out, " of demand would be lost");
    } else if (alert->kind == ALERT_SUPPLY_LATE) {
        buf_text(out, " waits for ");
        put_count(out, evidence_of(alert, EVIDENCE_ON_ORDER, 0), "unit", "units");
        buf_text(out, " due for ");
        put_count(out, evidence_of(alert, EVIDENCE_DELAY_DAYS, 0), "day", "days");
    } else {
        buf_text(out, " has ");
        put_count(out, evidence_of(alert, EVIDENCE_ON_HAND, 0), "unit", "units");
        buf_text(out, " on hand, enough for about ");
        put_count(out, evidence_of(alert, EVIDENCE_COVER_DAYS, 0), "day", "days");
    }
}

static void put_risk(struct buf *out, const struct alert *alert)
{
    double ratio = evidence_of(alert, EVIDENCE_RATIO, 1);
    if (alert->kind == ALERT_SUPPLIER_SLIP) {
        buf_print(out, " takes %.0f %% longer than stated, as ", 100 * (ratio - 1));
        put_count(out, evidence_of(alert, EVIDENCE_RECEIPTS, 0), "receipt shows", "receipts show");
        buf_text(out, "; lead times are counted so");
    } else if (alert->kind == ALERT_DEAD_STOCK) {
        buf_text(out, " has ");
        put_count(out, evidence_of(alert, EVIDENCE_ON_HAND, 0), "unit", "units");
        buf_text(out, " on hand and sold none for ");
        put_count(out, evidence_of(alert, EVIDENCE_UNSOLD_DAYS, 0), "day", "days");
    } else {
        double excess = evidence_of(alert, EVIDENCE_EXCESS, 0);
        buf_print(out, " sells %.2g times what it did when orders were placed: of ", ratio);
        put_count(out, evidence_of(alert, EVIDENCE_ON_ORDER, 0), "unit", "units");
        buf_text(out, " on the way about ");
        put_number(out, fabs(excess));
        buf_text(out, excess < 0 ? " too few" : " too many");
    }
}

/* "3e-7", not "3e-07" */
static void put_probability(struct buf *out, double p)
{
    if (!(p > 0)) {
        return;
    }
    int exponent = (int)floor(log10(p));
    double digit = round(p / pow(10, exponent));
    if (digit >= 10) {
        digit = 1;
        exponent++;
    }
    if (exponent >= -2) {
        buf_print(out, " (p = %.2g)", p);
    } else {
        buf_print(out, " (p = %.0fe%d)", digit, exponent);
    }
}

void alert_text(struct buf *out, const struct alert *of, const struct alert_subject *subject)
{
    struct alert called = *of; /* told as what it turned out to be */
    const struct alert *alert = &called;
    called.kind = (uint8_t)alert_called(of);
    put_who(out, alert, subject);
    switch ((enum alert_kind)alert->kind) {
    case ALERT_SPIKE:
    case ALERT_DROP:
    case ALERT_LEVEL_SHIFT_UP:
    case ALERT_LEVEL_SHIFT_DOWN:
        put_sold(out, alert, subject);
        break;
    case ALERT_ZERO_RUN:
        buf_text(out, " sold nothing in ");
        put_count(out, evidence_of(alert, EVIDENCE_RUN_BUCKETS, 0), "bucket", "buckets");
        put_until(out, alert, subject);
        buf_text(out, ", expected about ");
        put_count(out, (double)alert->expected, "unit", "units");
        buf_text(out, ": is it really on the shelf?");
        break;
    case ALERT_RETURNS_BURST:
    case ALERT_PRICE_ERROR:
    case ALERT_BULK_ORDER:
        put_line(out, alert, subject);
        break;
    case ALERT_DUPLICATE_FEED:
    case ALERT_MISSING_FEED:
        put_feed(out, alert, subject);
        break;
    case ALERT_STOCKOUT:
    case ALERT_SUPPLY_LATE:
    case ALERT_OVERSTOCK:
        put_stock(out, alert);
        return;
    case ALERT_SUPPLIER_SLIP:
    case ALERT_DEAD_STOCK:
    case ALERT_DEMAND_SHIFT:
        put_risk(out, alert);
        return;
    case ALERT_DRIFT:
        buf_text(out, " is forecast worse than it used to be: loss ");
        put_number(out, (double)alert->observed);
        buf_text(out, ", usually ");
        put_number(out, (double)alert->expected);
        break;
    case ALERT_MODEL_ROLLBACK:
        buf_print(out, " went back to model version %.0f",
                  evidence_of(alert, EVIDENCE_MODEL_VERSION, 0));
        return;
    case ALERT_KINDS:
        break;
    }
    put_probability(out, (double)alert->probability);
}
