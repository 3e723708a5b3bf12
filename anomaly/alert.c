#include "anomaly/alert.h"

#include "anomaly/field.h"
#include "config/base/ensure.h"

#include <math.h>
#include <string.h>

/* The life cycle.
 *
 *     NONE --weak--> PENDING --strong, or weak again in time--> OPEN --quiet long enough-->
 * RESOLVED --cool-down over--> (spent)
 *       \----------------------strong---------------------------^  \---no data for long---> EXPIRED
 *                                                               ^----------again------------/  a
 * flap: same id
 *
 * A closed incident stays in its slot until alert_spent, because only so can a flap find its id.
 * When a new incident needs the slot earlier, the old one is dropped first (ALERT_DROPPED), in a
 * step of its own: one change per call. */

enum { FEED_COOLING = 6 }; /* part of the cool-down of products that one of a feed has */
#define RENEW_SCORE 1.0f /* ten times less probable than the old peak: not the same incident */

static bool closed(const struct alert *alert)
{
    return alert->state == ALERT_RESOLVED || alert->state == ALERT_EXPIRED;
}

static void enter(struct alert *alert, enum alert_state state, int64_t now_ms)
{
    alert->state = (uint8_t)state;
    alert->since_ms = now_ms;
    alert->quiet = 0;
    alert->pending = 0;
}

static enum alert_severity severity_of(const struct alert *alert,
                                       const struct alert_options *options)
{
    int level = ALERT_INFO;
    if (alert->money >= options->critical_money) {
        level = ALERT_CRITICAL;
    } else if (alert->money >= options->warning_money) {
        level = ALERT_WARNING;
    }
    /* Decisions carry the probability of the loss itself, anomalies that of the data under "all is
     * well". */
    bool decision = alert->kind == ALERT_STOCKOUT || alert->kind == ALERT_SUPPLY_LATE ||
                    alert->kind == ALERT_OVERSTOCK;
    bool sure = decision ? alert->probability >= 0.8f : alert->peak >= 10;
    bool doubtful = decision ? alert->probability < 0.3f : alert->peak < 4;
    if (sure && level == ALERT_INFO) {
        return ALERT_WARNING;
    }
    return doubtful && level > ALERT_INFO ? (enum alert_severity)(level - 1)
                                          : (enum alert_severity)level;
}

/* Take the numbers of a signal that speaks for the anomaly; a quiet one must not overwrite the
 * evidence. */
static void absorb(struct alert *alert, const struct alert_signal *signal)
{
    alert->score = signal->score;
    alert->peak = fmaxf(alert->peak, signal->score);
    alert->probability = signal->probability;
    alert->expected = signal->expected;
    alert->observed = signal->observed;
    alert->money = signal->money;
    alert->named = signal->named ? signal->named : alert->named;
    alert->evidence_count =
        signal->evidence_count <= ALERT_EVIDENCE_MAX ? signal->evidence_count : ALERT_EVIDENCE_MAX;
    memcpy(alert->evidence, signal->evidence, sizeof alert->evidence);
    memcpy(alert->evidence_name, signal->evidence_name, sizeof alert->evidence_name);
}

static void tell(struct alert *alert, int64_t now_ms)
{
    alert->updated_ms = now_ms;
    alert->told = 1;
    alert->told_score = alert->score;
    alert->told_money = alert->money;
    alert->told_severity = alert->severity;
}

static enum alert_change open_new(struct alert *alert, const struct alert_signal *signal,
                                  const struct alert_options *options, int64_t now_ms)
{
    int64_t onset = alert->state == ALERT_PENDING ? alert->onset_bucket : signal->onset_bucket;
    memset(alert, 0, sizeof *alert);
    alert->kind = (uint8_t)signal->kind;
    alert->series = signal->series;
    alert->scope = signal->scope;
    alert->opened_ms = alert->seen_ms = now_ms;
    alert->onset_bucket = onset < signal->onset_bucket ? onset : signal->onset_bucket;
    enter(alert, ALERT_OPEN, now_ms);
    absorb(alert, signal);
    alert->severity = (uint8_t)severity_of(alert, options);
    tell(alert, now_ms);
    return ALERT_OPENED;
}

static enum alert_change reopen(struct alert *alert, const struct alert_signal *signal,
                                const struct alert_options *options, int64_t now_ms)
{
    enter(alert, ALERT_OPEN, now_ms);
    alert->closed_ms = 0;
    alert->flaps = alert->flaps < UINT16_MAX ? (uint16_t)(alert->flaps + 1) : UINT16_MAX;
    absorb(alert, signal);
    alert->severity = (uint8_t)severity_of(alert, options);
    tell(alert, now_ms);
    return ALERT_OPENED;
}

static enum alert_change close_as(struct alert *alert, enum alert_state state, int64_t now_ms)
{
    enter(alert, state, now_ms);
    alert->closed_ms = now_ms;
    tell(alert, now_ms);
    return ALERT_CLOSED;
}

/* A strong signal, or the second weak one within ALERT_CONFIRM_STEPS steps. Missing steps do not
 * count. */
static bool confirmed(struct alert *alert, enum alert_strength strength)
{
    if (strength == ALERT_STRONG) {
        return true;
    }
    if (strength == ALERT_WEAK) {
        bool second = alert->pending > 0;
        alert->pending = second ? 0 : 1;
        return second;
    }
    if (alert->pending && strength != ALERT_MISSING && ++alert->pending >= ALERT_CONFIRM_STEPS) {
        alert->pending = 0;
    }
    return false;
}

static enum alert_change step_open(struct alert *alert, const struct alert_signal *signal,
                                   const struct alert_options *options, int64_t now_ms)
{
    switch (signal->strength) {
    case ALERT_MISSING:
        return now_ms - alert->seen_ms >= options->expire_ms
                   ? close_as(alert, ALERT_EXPIRED, now_ms)
                   : ALERT_UNCHANGED;
    case ALERT_QUIET:
        alert->quiet = alert->quiet < UINT8_MAX ? (uint8_t)(alert->quiet + 1) : UINT8_MAX;
        if (alert->quiet >= options->quiet && now_ms - alert->since_ms >= options->hold_ms) {
            return close_as(alert, ALERT_RESOLVED, now_ms);
        }
        return ALERT_UNCHANGED;
    case ALERT_NEUTRAL:
        alert->quiet = 0;
        return ALERT_UNCHANGED;
    case ALERT_WEAK:
    case ALERT_STRONG:
        break;
    }
    if (alert->quiet && signal->strength == ALERT_STRONG &&
        signal->score >= alert->peak + RENEW_SCORE) {
        return close_as(alert, ALERT_RESOLVED, now_ms);
    }
    alert->quiet = 0;
    uint8_t named = alert->named;
    absorb(alert, signal);
    enum alert_severity severity = severity_of(alert, options);
    bool graver = severity != alert->told_severity;
    bool changed = fabsf(alert->score - alert->told_score) >= 1 ||
                   fabs((double)alert->money - (double)alert->told_money) >
                       0.5 * fabs((double)alert->told_money);
    bool due = now_ms - alert->updated_ms >= options->update_every_ms;
    alert->severity = (uint8_t)severity;
    bool renamed = alert->named != named;
    if ((!graver && !renamed && !(changed && due)) || alert->verdicts & 1 << ALERT_MUTE) {
        return ALERT_UNCHANGED;
    }
    tell(alert, now_ms);
    return ALERT_UPDATED;
}

static enum alert_change step_closed(struct alert *alert, const struct alert_signal *signal,
                                     const struct alert_options *options, int64_t now_ms)
{
    /* Feeds are watched by the hour: what comes again the next day is another incident. */
    bool of_feed = alert->kind == ALERT_DUPLICATE_FEED || alert->kind == ALERT_MISSING_FEED;
    int64_t cooldown_ms = options->cooldown_ms / (of_feed ? FEED_COOLING : 1);
    bool cooling = now_ms - alert->closed_ms < cooldown_ms;
    /* "Not an anomaly" holds for the whole cool-down, unless something much stranger happens. */
    bool fresh = signal->strength == ALERT_STRONG && signal->score >= alert->peak + RENEW_SCORE;
    if (cooling && !fresh && alert->verdicts & 1 << ALERT_NOT_ANOMALY) {
        return ALERT_UNCHANGED;
    }
    if (!confirmed(alert, signal->strength)) {
        return ALERT_UNCHANGED;
    }
    if (cooling && !fresh) {
        return reopen(alert, signal, options, now_ms);
    }
    alert->state = ALERT_NONE;
    alert->pending = 1; /* what was confirmed stays so in the next call, even if weak */
    return ALERT_DROPPED;
}

static enum alert_change step_new(struct alert *alert, const struct alert_signal *signal,
                                  const struct alert_options *options, int64_t now_ms)
{
    if (confirmed(alert, signal->strength)) {
        return open_new(alert, signal, options, now_ms);
    }
    if (alert->pending == 1) {
        alert->kind = (uint8_t)signal->kind;
        alert->series = signal->series;
        alert->scope = signal->scope;
        alert->state = ALERT_PENDING;
        alert->since_ms = now_ms;
        alert->onset_bucket = signal->onset_bucket;
    } else if (!alert->pending) {
        alert->state = ALERT_NONE;
    }
    return ALERT_UNCHANGED;
}

bool alert_step(struct alert *alert, const struct alert_signal *signal,
                const struct alert_options *options, int64_t now_ms, enum alert_change *change)
{
    ASSERT((unsigned)signal->kind < ALERT_KINDS && (unsigned)signal->strength <= ALERT_STRONG);
    ASSERT(alert->state == ALERT_NONE || alert->kind == signal->kind);
    struct alert_signal used = *signal;
    if (used.strength > ALERT_NEUTRAL &&
        !(isfinite(used.score) && used.money >= options->min_money)) {
        used.strength = ALERT_NEUTRAL;
    }
    if (used.strength != ALERT_MISSING) {
        alert->seen_ms = now_ms;
    }
    if (alert->state == ALERT_OPEN) {
        *change = step_open(alert, &used, options, now_ms);
        return *change == ALERT_CLOSED && used.strength == ALERT_STRONG;
    }
    *change = closed(alert) ? step_closed(alert, &used, options, now_ms)
                            : step_new(alert, &used, options, now_ms);
    return *change == ALERT_DROPPED;
}

bool alert_covered(enum alert_kind kind, uint32_t open)
{
    static const uint32_t BY[ALERT_KINDS] = {
        [ALERT_SPIKE] = 1u << ALERT_BULK_ORDER | 1u << ALERT_LEVEL_SHIFT_UP,
        [ALERT_DROP] = 1u << ALERT_ZERO_RUN | 1u << ALERT_LEVEL_SHIFT_DOWN,
        [ALERT_LEVEL_SHIFT_DOWN] = 1u << ALERT_ZERO_RUN,
    };
    ASSERT((unsigned)kind < ALERT_KINDS);
    return (BY[kind] & open) != 0;
}

void alert_end(struct alert *alert, int64_t now_ms, enum alert_change *change)
{
    *change =
        alert->state == ALERT_OPEN ? close_as(alert, ALERT_RESOLVED, now_ms) : ALERT_UNCHANGED;
}

void alert_judge(struct alert *alert, enum alert_verdict verdict, int64_t now_ms,
                 enum alert_change *change)
{
    *change = ALERT_UNCHANGED;
    if (alert->state == ALERT_NONE || alert->state == ALERT_PENDING) {
        return;
    }
    alert->verdicts = (uint8_t)(alert->verdicts | 1 << verdict);
    if (verdict == ALERT_NOT_ANOMALY && alert->state == ALERT_OPEN) {
        *change = close_as(alert, ALERT_RESOLVED, now_ms);
    }
}

double alert_budget(const struct alert_options *options, int64_t bucket_ms, int32_t partitions)
{
    double days = (double)bucket_ms / 86400000.0;
    return options->budget_per_day * days / (double)(partitions > 0 ? partitions : 1);
}

bool alert_spent(const struct alert *alert, const struct alert_options *options, int64_t now_ms)
{
    int64_t keep =
        options->retention_ms > options->cooldown_ms ? options->retention_ms : options->cooldown_ms;
    return alert->state == ALERT_NONE || (closed(alert) && now_ms - alert->closed_ms >= keep);
}

enum alert_kind alert_called(const struct alert *alert)
{
    return (enum alert_kind)(alert->named ? alert->named - 1 : alert->kind);
}

/* Layout version 2: the fields in this order; version 1 had no name. */
enum { ALERT_LAYOUT = 2, NAMELESS = 1 };

#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct alert, name), sizeof(((struct alert *)0)->name)                            \
    }
static const struct field FIELDS[] = {
    FIELD(opened_ms),  FIELD(updated_ms),    FIELD(closed_ms),      FIELD(since_ms),
    FIELD(seen_ms),    FIELD(onset_bucket),  FIELD(money),          FIELD(told_money),
    FIELD(scope),      FIELD(series),        FIELD(score),          FIELD(peak),
    FIELD(told_score), FIELD(probability),   FIELD(expected),       FIELD(observed),
    FIELD(evidence),   FIELD(evidence_name), FIELD(evidence_count), FIELD(kind),
    FIELD(state),      FIELD(severity),      FIELD(told_severity),  FIELD(quiet),
    FIELD(pending),    FIELD(told),          FIELD(verdicts),       FIELD(flaps),
    FIELD(named),
};
#undef FIELD

void alert_save(const struct alert *alert, struct buf *out)
{
    buf_byte(out, ALERT_LAYOUT);
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        buf_put(out, (const char *)alert + FIELDS[i].offset, FIELDS[i].bytes);
    }
}

static bool sane(const struct alert *alert)
{
    bool numbers = isfinite(alert->score) && isfinite(alert->peak) && isfinite(alert->told_score) &&
                   isfinite(alert->probability) && isfinite(alert->expected) &&
                   isfinite(alert->observed);
    for (size_t i = 0; i < ALERT_EVIDENCE_MAX; i++) {
        numbers =
            numbers && isfinite(alert->evidence[i]) && alert->evidence_name[i] < EVIDENCE_NAMES;
    }
    return numbers && alert->kind < ALERT_KINDS && alert->state <= ALERT_EXPIRED &&
           alert->severity <= ALERT_CRITICAL && alert->told_severity <= ALERT_CRITICAL &&
           alert->evidence_count <= ALERT_EVIDENCE_MAX && alert->told <= 1 &&
           alert->named <= ALERT_KINDS && alert->verdicts < 1 << (ALERT_NOT_ANOMALY + 1);
}

struct status *alert_load(struct slice bytes, struct alert *alert)
{
    unsigned char layout = 0;
    struct alert read = {0};
    bool whole = field_take(&bytes, &layout, 1);
    if (whole && (layout < NAMELESS || layout > ALERT_LAYOUT)) {
        return status_new(
            STATUS_CORRUPT,
            "read an alert: layout %d is not known to this version, use the one that wrote it",
            layout);
    }
    size_t fields = sizeof FIELDS / sizeof *FIELDS - (layout == NAMELESS);
    for (size_t i = 0; whole && i < fields; i++) {
        whole = field_take(&bytes, (char *)&read + FIELDS[i].offset, FIELDS[i].bytes);
    }
    if (!whole || bytes.bytes || !sane(&read)) {
        return status_new(STATUS_CORRUPT, "read an alert: %s",
                          !whole        ? "the record is cut short"
                          : bytes.bytes ? "bytes are left over"
                                        : "a field is out of range");
    }
    *alert = read;
    return NULL;
}
