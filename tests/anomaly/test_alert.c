#include "anomaly/alert.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define DAY 86400000LL

static const struct alert_options OPTIONS = {.budget_per_day = 10,
                                             .hold_ms = DAY,
                                             .cooldown_ms = 3 * DAY,
                                             .expire_ms = 30 * DAY,
                                             .update_every_ms = DAY / 6,
                                             .retention_ms = 30 * DAY,
                                             .quiet = 3,
                                             .warning_money = 10000,
                                             .critical_money = 100000,
                                             .min_age = 28};

static struct alert_signal signal_of(enum alert_strength strength, float score)
{
    return (struct alert_signal){.kind = ALERT_SPIKE,
                                 .strength = strength,
                                 .series = 7,
                                 .score = score,
                                 .probability = powf(10, -score),
                                 .expected = 31,
                                 .observed = 240,
                                 .onset_bucket = 100};
}

static enum alert_change step(struct alert *alert, enum alert_strength strength, float score,
                              int64_t day)
{
    struct alert_signal signal = signal_of(strength, score);
    enum alert_change change;
    bool again = alert_step(alert, &signal, &OPTIONS, day * DAY, &change);
    cr_assert(!again);
    return change;
}

Test(alert, strong_opens_at_once)
{
    struct alert alert = {0};
    cr_assert_eq(step(&alert, ALERT_STRONG, 7, 5), ALERT_OPENED);
    cr_assert_eq(alert.state, ALERT_OPEN);
    cr_assert_eq(alert.opened_ms, 5 * DAY);
    cr_assert_eq(alert.updated_ms, 5 * DAY);
    cr_assert_eq(alert.onset_bucket, 100);
    cr_assert_eq(alert.series, 7);
    cr_assert_eq(alert.told, 1);
    cr_assert_str_eq(alert_event_name(&alert, ALERT_OPENED), "OPEN");
}

Test(alert, nothing_opens_without_evidence)
{
    struct alert alert = {0};
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 1), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_NEUTRAL, 2, 2), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_MISSING, 0, 3), ALERT_UNCHANGED);
    cr_assert_eq(alert.state, ALERT_NONE);
    cr_assert(alert_spent(&alert, &OPTIONS, 3 * DAY));
}

Test(alert, two_weak_ones_within_three_steps_open)
{
    struct alert alert = {0};
    cr_assert_eq(step(&alert, ALERT_WEAK, 4, 1), ALERT_UNCHANGED);
    cr_assert_eq(alert.state, ALERT_PENDING);
    cr_assert_not(alert_spent(&alert, &OPTIONS, DAY));
    cr_assert_eq(step(&alert, ALERT_MISSING, 0, 2), ALERT_UNCHANGED); /* does not count */
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 3), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_WEAK, 4, 4), ALERT_OPENED);
    cr_assert_eq(alert.opened_ms, 4 * DAY);
}

Test(alert, a_lone_weak_one_is_forgotten)
{
    struct alert alert = {0};
    cr_assert_eq(step(&alert, ALERT_WEAK, 4, 1), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 2), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 3), ALERT_UNCHANGED);
    cr_assert_eq(alert.state, ALERT_NONE);
    cr_assert_eq(step(&alert, ALERT_WEAK, 4, 4), ALERT_UNCHANGED);
    cr_assert_eq(alert.state, ALERT_PENDING);
    cr_assert_eq(step(&alert, ALERT_STRONG, 7, 5), ALERT_OPENED);
}

Test(alert, resolves_after_three_quiet_steps_with_data)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 1);
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 2), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 3), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_NEUTRAL, 2, 4), ALERT_UNCHANGED); /* starts again */
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 5), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_MISSING, 0, 6), ALERT_UNCHANGED); /* neither helps nor hurts */
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 7), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_QUIET, 0, 8), ALERT_CLOSED);
    cr_assert_eq(alert.state, ALERT_RESOLVED);
    cr_assert_eq(alert.closed_ms, 8 * DAY);
    cr_assert_eq(alert.observed, 240); /* the evidence stays */
    cr_assert_str_eq(alert_event_name(&alert, ALERT_CLOSED), "RESOLVED");
}

Test(alert, minimum_hold)
{
    struct alert_options options = OPTIONS;
    options.hold_ms = 10 * DAY;
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 0);
    struct alert_signal quiet = signal_of(ALERT_QUIET, 0);
    for (int day = 1; day < 10; day++) {
        enum alert_change change;
        alert_step(&alert, &quiet, &options, day * DAY, &change);
        cr_assert_eq(change, ALERT_UNCHANGED, "day %d", day);
    }
    enum alert_change change;
    alert_step(&alert, &quiet, &options, 10 * DAY, &change);
    cr_assert_eq(change, ALERT_CLOSED);
}

Test(alert, missing_data_never_resolves_but_expires)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 0);
    for (int day = 1; day < 30; day++) {
        cr_assert_eq(step(&alert, ALERT_MISSING, 0, day), ALERT_UNCHANGED);
    }
    cr_assert_eq(step(&alert, ALERT_MISSING, 0, 30), ALERT_CLOSED);
    cr_assert_eq(alert.state, ALERT_EXPIRED);
    cr_assert_str_eq(alert_event_name(&alert, ALERT_CLOSED), "EXPIRED");
}

Test(alert, updates_on_material_change_only)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 1);
    cr_assert_eq(step(&alert, ALERT_STRONG, 7.5f, 2), ALERT_UNCHANGED);
    cr_assert_eq(step(&alert, ALERT_STRONG, 8.1f, 3), ALERT_UPDATED);
    cr_assert_str_eq(alert_event_name(&alert, ALERT_UPDATED), "UPDATE");
    struct alert_signal signal = signal_of(ALERT_STRONG, 8.1f);
    signal.money = 20000;
    enum alert_change change;
    alert_step(&alert, &signal, &OPTIONS, 3 * DAY + 1, &change);
    cr_assert_eq(change, ALERT_UPDATED, "severity may not wait");
    cr_assert_eq(alert.severity, ALERT_WARNING);
    signal.money = 35000;
    alert_step(&alert, &signal, &OPTIONS, 3 * DAY + 2, &change);
    cr_assert_eq(change, ALERT_UNCHANGED, "more money, but too soon");
    alert_step(&alert, &signal, &OPTIONS, 4 * DAY, &change);
    cr_assert_eq(change, ALERT_UPDATED);
}

static void resolve(struct alert *alert, int64_t day)
{
    step(alert, ALERT_QUIET, 0, day);
    step(alert, ALERT_QUIET, 0, day + 1);
    cr_assert_eq(step(alert, ALERT_QUIET, 0, day + 2), ALERT_CLOSED);
}

Test(alert, a_flap_keeps_its_id)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 1);
    resolve(&alert, 2); /* closed on day 4 */
    cr_assert_eq(step(&alert, ALERT_STRONG, 7.5f, 6), ALERT_OPENED);
    cr_assert_eq(alert.opened_ms, DAY);
    cr_assert_eq(alert.flaps, 1);
    cr_assert_eq(alert.closed_ms, 0);
}

Test(alert, after_the_cool_down_a_new_incident_drops_the_old_one)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 1);
    resolve(&alert, 2);
    struct alert_signal signal = signal_of(ALERT_STRONG, 7);
    enum alert_change change;
    cr_assert(alert_step(&alert, &signal, &OPTIONS, 7 * DAY, &change));
    cr_assert_eq(change, ALERT_DROPPED);
    cr_assert_eq(alert.opened_ms, DAY, "the id of the tombstone");
    cr_assert_not(alert_step(&alert, &signal, &OPTIONS, 7 * DAY, &change));
    cr_assert_eq(change, ALERT_OPENED);
    cr_assert_eq(alert.opened_ms, 7 * DAY);
    cr_assert_eq(alert.flaps, 0);
}

Test(alert, weak_confirmation_after_the_cool_down_opens_too)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 1);
    resolve(&alert, 2);
    cr_assert_eq(step(&alert, ALERT_WEAK, 4, 20), ALERT_UNCHANGED);
    cr_assert_eq(alert.state, ALERT_RESOLVED);
    struct alert_signal signal = signal_of(ALERT_WEAK, 4);
    enum alert_change change;
    cr_assert(alert_step(&alert, &signal, &OPTIONS, 21 * DAY, &change));
    cr_assert_eq(change, ALERT_DROPPED);
    cr_assert_not(alert_step(&alert, &signal, &OPTIONS, 21 * DAY, &change));
    cr_assert_eq(change, ALERT_OPENED);
}

Test(alert, a_much_stranger_onset_is_a_new_incident)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 1);
    step(&alert, ALERT_QUIET, 0, 2);
    struct alert_signal signal = signal_of(ALERT_STRONG, 9);
    enum alert_change change;
    cr_assert(alert_step(&alert, &signal, &OPTIONS, 3 * DAY, &change));
    cr_assert_eq(change, ALERT_CLOSED);
    cr_assert_eq(alert.state, ALERT_RESOLVED);
    cr_assert(alert_step(&alert, &signal, &OPTIONS, 3 * DAY, &change));
    cr_assert_eq(change, ALERT_DROPPED);
    cr_assert_not(alert_step(&alert, &signal, &OPTIONS, 3 * DAY, &change));
    cr_assert_eq(change, ALERT_OPENED);
    cr_assert_eq(alert.opened_ms, 3 * DAY);
}

Test(alert, money_sets_severity_and_a_floor)
{
    struct alert_options options = OPTIONS;
    options.min_money = 500;
    struct alert alert = {0};
    struct alert_signal signal = signal_of(ALERT_STRONG, 7);
    signal.money = 499;
    enum alert_change change;
    alert_step(&alert, &signal, &options, DAY, &change);
    cr_assert_eq(change, ALERT_UNCHANGED);
    signal.money = 100000;
    alert_step(&alert, &signal, &options, DAY, &change);
    cr_assert_eq(change, ALERT_OPENED);
    cr_assert_eq(alert.severity, ALERT_CRITICAL);
    struct alert doubtful = {0};
    signal.score = 3;
    alert_step(&doubtful, &signal, &options, DAY, &change);
    cr_assert_eq(doubtful.severity, ALERT_WARNING);
}

Test(alert, numbers_that_are_not_finite_never_open)
{
    struct alert alert = {0};
    cr_assert_eq(step(&alert, ALERT_STRONG, NAN, 1), ALERT_UNCHANGED);
    cr_assert_eq(alert.state, ALERT_NONE);
}

Test(alert, people_have_the_last_word)
{
    struct alert alert = {0};
    enum alert_change change;
    alert_judge(&alert, ALERT_NOT_ANOMALY, 0, &change);
    cr_assert_eq(change, ALERT_UNCHANGED);
    step(&alert, ALERT_STRONG, 7, 1);
    alert_judge(&alert, ALERT_MUTE, DAY, &change);
    cr_assert_eq(step(&alert, ALERT_STRONG, 9, 2), ALERT_UNCHANGED);
    alert_judge(&alert, ALERT_NOT_ANOMALY, 2 * DAY, &change);
    cr_assert_eq(change, ALERT_CLOSED);
    cr_assert_eq(step(&alert, ALERT_STRONG, 7, 3), ALERT_UNCHANGED, "not again while cooling down");
}

Test(alert, spent_after_retention)
{
    struct alert alert = {0};
    step(&alert, ALERT_STRONG, 7, 1);
    cr_assert_not(alert_spent(&alert, &OPTIONS, 1000 * DAY));
    resolve(&alert, 2);
    cr_assert_not(alert_spent(&alert, &OPTIONS, 33 * DAY));
    cr_assert(alert_spent(&alert, &OPTIONS, 34 * DAY));
}

Test(alert, one_incident_one_alert)
{
    cr_assert(alert_covered(ALERT_SPIKE, 1u << ALERT_BULK_ORDER));
    cr_assert(alert_covered(ALERT_DROP, 1u << ALERT_PRICE_ERROR | 1u << ALERT_ZERO_RUN));
    cr_assert_not(alert_covered(ALERT_ZERO_RUN, 1u << ALERT_DROP));
    cr_assert_not(alert_covered(ALERT_SPIKE, 1u << ALERT_SPIKE));
    cr_assert_not(alert_covered(ALERT_DUPLICATE_FEED, UINT32_MAX));
}

Test(alert, budget_is_divided)
{
    cr_assert_float_eq(alert_budget(&OPTIONS, DAY, 8), 1.25, 1e-12);
    cr_assert_float_eq(alert_budget(&OPTIONS, DAY / 24, 1), 10.0 / 24, 1e-12);
}

Test(alert, evidence_is_bounded)
{
    struct alert_signal signal = {0};
    alert_evidence(&signal, EVIDENCE_RATIO, NAN);
    cr_assert_eq(signal.evidence_count, 0);
    for (int i = 0; i < 20; i++) {
        alert_evidence(&signal, EVIDENCE_RATIO, i);
    }
    cr_assert_eq(signal.evidence_count, ALERT_EVIDENCE_MAX);
}

Test(alert, save_and_load_round_trip)
{
    struct alert alert = {0}, read = {0};
    struct alert_signal signal = signal_of(ALERT_STRONG, 7);
    alert_evidence(&signal, EVIDENCE_UPPER, 31);
    enum alert_change change;
    alert_step(&alert, &signal, &OPTIONS, 5 * DAY, &change);
    struct buf buf = {0};
    alert_save(&alert, &buf);
    cr_assert_null(alert_load(buf_view(&buf), &read));
    struct buf again = {0};
    alert_save(&read, &again);
    cr_assert(slice_equal(buf_view(&buf), buf_view(&again)));
    buf_fini(&buf);
    buf_fini(&again);
}

Test(alert, hostile_bytes_are_refused)
{
    struct alert alert = {0}, read = {.series = 99};
    step(&alert, ALERT_STRONG, 7, 1);
    struct buf buf = {0};
    alert_save(&alert, &buf);
    for (size_t cut = 0; cut < buf.bytes; cut++) {
        struct status *st = alert_load((struct slice){buf.data, cut}, &read);
        cr_assert_eq(status_code(st), STATUS_CORRUPT);
        status_free(st);
    }
    buf_byte(&buf, 0);
    struct status *st = alert_load(buf_view(&buf), &read);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    buf.bytes--;
    memset(buf.data + 1, 0xff, buf.bytes - 1);
    st = alert_load(buf_view(&buf), &read);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    cr_assert_eq(read.series, 99);
    buf_fini(&buf);
}

/* A spike that lasts: the same incident under the same id, called by another name, told at once. */
Test(alert, what_it_turns_out_to_be_is_told_under_the_id_it_began_with)
{
    struct alert alert = {0}, read = {0};
    struct alert_subject subject = {0};
    struct buf before = {0}, after = {0}, text = {0}, record = {0};
    enum alert_change change;
    cr_assert_eq(step(&alert, ALERT_STRONG, 7, 5), ALERT_OPENED);
    cr_assert_eq(alert_called(&alert), ALERT_SPIKE);
    alert_id(&before, &alert, &subject);
    struct alert_signal signal = signal_of(ALERT_STRONG, 7);
    signal.named = 1 + ALERT_LEVEL_SHIFT_UP;
    cr_assert_not(alert_step(&alert, &signal, &OPTIONS, 5 * DAY + 1, &change));
    cr_assert_eq(change, ALERT_UPDATED, "not before alerts.update_every, were it not for the name");
    cr_assert_eq(alert_called(&alert), ALERT_LEVEL_SHIFT_UP);
    cr_assert_eq(alert.kind, ALERT_SPIKE);
    alert_id(&after, &alert, &subject);
    cr_assert(slice_equal(buf_view(&before), buf_view(&after)));
    cr_assert_eq(step(&alert, ALERT_STRONG, 7, 6), ALERT_UNCHANGED, "no news: the name stays");
    cr_assert_eq(alert_called(&alert), ALERT_LEVEL_SHIFT_UP);
    alert_text(&text, &alert, &subject);
    cr_assert_gt(text.bytes, 0);
    alert_save(&alert, &record);
    cr_assert_null(alert_load(buf_view(&record), &read));
    cr_assert_eq(alert_called(&read), ALERT_LEVEL_SHIFT_UP);
    record.data[record.bytes - 1] = (char)(ALERT_KINDS + 1);
    struct status *st = alert_load(buf_view(&record), &read);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    record.data[0] = 1; /* layout 1 had no name */
    cr_assert_null(alert_load((struct slice){record.data, record.bytes - 1}, &read));
    cr_assert_eq(alert_called(&read), ALERT_SPIKE);
    buf_fini(&before);
    buf_fini(&after);
    buf_fini(&text);
    buf_fini(&record);
}
