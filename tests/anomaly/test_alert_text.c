#include "anomaly/alert.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct alert_subject SUBJECT = {
    .tenant = {"restock", 7}, .sku = {"85123A", 6}, .location = {"main", 4}};

static void expect(const struct alert *alert, const struct alert_subject *subject,
                   const char *sentence)
{
    struct buf buf = {0};
    alert_text(&buf, alert, subject);
    buf_byte(&buf, 0);
    cr_assert_str_eq(buf.data, sentence);
    buf_fini(&buf);
}

static struct alert alert_of(enum alert_kind kind)
{
    return (struct alert){.kind = (uint8_t)kind,
                          .state = ALERT_OPEN,
                          .opened_ms = 1307059200000, /* 2011-06-03 00:00 UTC */
                          .updated_ms = 1307059200000,
                          .observed = 240,
                          .expected = 12,
                          .probability = 3e-7f};
}

static void add(struct alert *alert, enum evidence_name name, float value)
{
    alert->evidence_name[alert->evidence_count] = (uint8_t)name;
    alert->evidence[alert->evidence_count++] = value;
}

Test(alert_text, spike)
{
    struct alert alert = alert_of(ALERT_SPIKE);
    add(&alert, EVIDENCE_UPPER, 31);
    expect(&alert, &SUBJECT,
           "85123A@main sold 240 units up to 2011-06-03 00:00, expected at most 31 (p = 3e-7)");
}

Test(alert_text, level_shift_names_its_length)
{
    struct alert alert = alert_of(ALERT_LEVEL_SHIFT_DOWN);
    alert.expected = 600;
    add(&alert, EVIDENCE_RUN_BUCKETS, 14);
    expect(&alert, &SUBJECT,
           "85123A@main sold 240 units in 14 buckets up to 2011-06-03 00:00, expected about 600 (p "
           "= 3e-7)");
}

Test(alert_text, zero_run)
{
    struct alert alert = alert_of(ALERT_ZERO_RUN);
    alert.expected = 14.2f;
    add(&alert, EVIDENCE_RUN_BUCKETS, 9);
    expect(&alert, &SUBJECT,
           "85123A@main sold nothing in 9 buckets up to 2011-06-03 00:00, expected about 14.2 "
           "units: is it really on the shelf? "
           "(p = 3e-7)");
}

Test(alert_text, one_is_not_many)
{
    struct alert alert = alert_of(ALERT_ZERO_RUN);
    alert.expected = 1;
    add(&alert, EVIDENCE_RUN_BUCKETS, 1);
    expect(&alert, &SUBJECT,
           "85123A@main sold nothing in 1 bucket up to 2011-06-03 00:00, expected about 1 unit: is "
           "it really on the shelf? (p = 3e-7)");
    alert = alert_of(ALERT_SUPPLY_LATE);
    add(&alert, EVIDENCE_ON_ORDER, 1);
    add(&alert, EVIDENCE_DELAY_DAYS, 1);
    expect(&alert, &SUBJECT, "85123A@main waits for 1 unit due for 1 day");
    alert = alert_of(ALERT_SUPPLY_LATE);
    add(&alert, EVIDENCE_ON_ORDER, 48);
    add(&alert, EVIDENCE_DELAY_DAYS, 3);
    expect(&alert, &SUBJECT, "85123A@main waits for 48 units due for 3 days");
}

static void expect_stockout(float left, float hand, const char *start)
{
    struct alert alert = alert_of(ALERT_STOCKOUT);
    struct buf buf = {0};
    add(&alert, EVIDENCE_ON_HAND, hand);
    add(&alert, EVIDENCE_LOST_UNITS, 1);
    if (left >= 0) {
        add(&alert, EVIDENCE_DAYS_LEFT, left);
    }
    alert_text(&buf, &alert, &SUBJECT);
    buf_byte(&buf, 0);
    cr_expect(strncmp(buf.data, start, strlen(start)) == 0, "%s", buf.data);
    cr_expect(strstr(buf.data, "; about 1 unit of demand would be lost"), "%s", buf.data);
    buf_fini(&buf);
}

Test(alert_text, a_stockout_says_when)
{
    expect_stockout(6, 20,
                    "85123A@main will run out of stock in about 6 days with 20 units on hand");
    expect_stockout(1, 1, "85123A@main will run out of stock in about 1 day with 1 unit on hand");
    expect_stockout(0, 3, "85123A@main will run out of stock today with 3 units on hand");
    expect_stockout(0, 0, "85123A@main is out of stock with 0 units on hand");
    expect_stockout(-1, 9, "85123A@main may run out of stock with 9 units on hand");
}

Test(alert_text, missing_feed_speaks_of_the_feed)
{
    struct alert alert = alert_of(ALERT_MISSING_FEED);
    struct alert_subject subject = {.scope = {"orders[3]", 9}};
    alert.expected = 22;
    add(&alert, EVIDENCE_RUN_BUCKETS, 2);
    add(&alert, EVIDENCE_WORST, 9.5f);
    expect(&alert, &subject,
           "feed orders[3] sent no order for 2 hours up to 2011-06-03 00:00, expected about 22; "
           "the worst normal gap missed 9.5 "
           "(p = 3e-7)");
}

Test(alert_text, every_kind_has_a_name_and_a_sentence)
{
    for (int kind = 0; kind < ALERT_KINDS; kind++) {
        cr_assert_not_null(alert_kind_name((enum alert_kind)kind));
        struct alert alert = alert_of((enum alert_kind)kind);
        struct buf buf = {0};
        alert_text(&buf, &alert, &SUBJECT);
        cr_assert(buf.bytes > strlen("85123A@main") + 10);
        buf_fini(&buf);
    }
    cr_assert_null(alert_kind_name(ALERT_KINDS));
    for (int name = 0; name < EVIDENCE_NAMES; name++) {
        cr_assert_not_null(alert_evidence_name((enum evidence_name)name));
    }
    cr_assert_str_eq(alert_kind_name(ALERT_LEVEL_SHIFT_UP), "level_shift_up");
    cr_assert_str_eq(alert_severity_name(ALERT_CRITICAL), "critical");
}

static void id_of(char *out, const struct alert *alert, const struct alert_subject *subject)
{
    struct buf buf = {0};
    alert_id(&buf, alert, subject);
    cr_assert_eq(buf.bytes, 32);
    memcpy(out, buf.data, 32);
    out[32] = 0;
    buf_fini(&buf);
}

Test(alert_text, ids_depend_on_what_they_name_and_on_nothing_else)
{
    struct alert alert = alert_of(ALERT_SPIKE), later = alert, other = alert;
    char first[33], second[33];
    id_of(first, &alert, &SUBJECT);
    later.updated_ms += 1000;
    later.score = 9;
    id_of(second, &later, &SUBJECT);
    cr_assert_str_eq(first, second);
    other.kind = ALERT_DROP;
    id_of(second, &other, &SUBJECT);
    cr_assert_str_neq(first, second);
    other = alert;
    other.opened_ms++;
    id_of(second, &other, &SUBJECT);
    cr_assert_str_neq(first, second);
    struct alert_subject moved = SUBJECT;
    moved.sku = slice_of("85123");
    moved.location = slice_of("Amain");
    id_of(second, &alert, &moved);
    cr_assert_str_neq(first, second);
}
