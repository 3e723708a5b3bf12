/* Stock, stock-out alerts and proposals of a shard: stream/decide.c, seen through its outputs. */
#include "tests/stream/play_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct play play;

static void set_up(void)
{
    play_init(&play, "forecasts.emit=never");
    play_stocked(&play);
}

static void tear_down(void)
{
    play_fini(&play);
}

TestSuite(decide, .init = set_up, .fini = tear_down);

enum { LINE_BYTES = 8192, ID_BYTES = 33 };

static size_t proposals(char *line)
{
    return play_outputs(&play, TOPIC_REPLENISHMENTS, line, LINE_BYTES);
}

static int64_t number_in(const char *line, const char *name)
{
    char key[64];
    (void)snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(line, key);
    cr_assert(at, "%s in %s", name, line);
    return strtoll(at + strlen(key), NULL, 10);
}

static void id_in(const char *line, char id[ID_BYTES])
{
    const char *at = strstr(line, "\"proposal_id\":\"");
    cr_assert(at, "%s", line);
    memcpy(id, at + strlen("\"proposal_id\":\""), ID_BYTES - 1);
    id[ID_BYTES - 1] = '\0';
}

/* A count of 20 units brings a proposal at the next close. */
static int64_t make_need(char id[ID_BYTES])
{
    char line[LINE_BYTES];
    play_stock(&play, STOCK_COUNT, 30.1, 20, "count");
    play_days(&play, 30, 31, 8);
    cr_assert(proposals(line) == 1 && strstr(line, "\"PROPOSED\""), "%s", line);
    id_in(line, id);
    return number_in(line, "quantity");
}

Test(decide, enough_stock_is_no_reason_to_speak)
{
    char line[LINE_BYTES];
    cr_expect(proposals(line) == 0, "%s", line);
    cr_expect(!play_wrote(&play, "\"stockout\""));
    cr_expect(play_says(&play, "\"available\":760"));
}

Test(decide, the_last_unit_sold_is_announced_at_once)
{
    char line[LINE_BYTES];
    play_order(&play, 30.1, 760, "whole sale");
    play_apply(&play); /* no tick, no close */
    fixture_commit(&play.fixture);
    cr_assert(play_wrote(&play, "\"stockout\""));
    play_outputs(&play, TOPIC_ALERTS, line, sizeof line);
    struct shard_view view;
    shard_view(play.fixture.shard, &view);
    cr_expect(view.open_alerts >= 1);
    cr_expect(play_says(&play, "\"kind\":\"stockout\""));
}

Test(decide, a_proposal_covers_the_need_and_says_why)
{
    char id[ID_BYTES], line[LINE_BYTES];
    int64_t quantity = make_need(id);
    proposals(line);
    cr_expect(quantity > 20 && quantity < 400, "%lld", (long long)quantity);
    cr_expect(number_in(line, "on_hand") == 12 && number_in(line, "on_order") == 0, "%s", line);
    cr_expect(strstr(line, "\"supplier\":\"S1\"") && strstr(line, "\"why\":{"));
    cr_expect(number_in(line, "revision") == 1);
}

/* Day 31 is a Thursday, 15 October 2020. */
Test(decide, dates_of_a_proposal_obey_the_calendar_of_its_supplier)
{
    char id[ID_BYTES], line[LINE_BYTES];
    play_fini(&play);
    play_init(&play, "suppliers.S1={weekdays: [mon], delivers: [fri], closed: [2020-10-19]}");
    play_stocked(&play);
    int64_t quantity = make_need(id);
    proposals(line);
    cr_expect(number_in(line, "order_by") == play_ms(42), "the Monday after the closed one: %s",
              line);
    cr_expect(number_in(line, "expected_arrival") == play_ms(46), "a Friday: %s", line);
    cr_expect(quantity >= 7 * 8 && quantity < 14 * 8,
              "lasts a week from that Friday; what lacks before is lost: %lld",
              (long long)quantity);
}

static void with_rules(const char *rules)
{
    play_fini(&play);
    play_init(&play, rules);
    play_stocked(&play);
}

Test(decide, more_than_half_a_year_of_stock_is_told_and_taken_back)
{
    char line[LINE_BYTES];
    with_rules("alerts.min_age=14");
    cr_expect(!play_wrote(&play, "\"overstock\""));
    play_stock(&play, STOCK_COUNT, 30.1, 5000, "count");
    play_days(&play, 30, 33, 8);
    play_outputs(&play, TOPIC_ALERTS, line, sizeof line);
    cr_assert(strstr(line, "\"overstock\"") && strstr(line, "\"OPEN\""), "%s", line);
    cr_expect(number_in(line, "cover_days") > 180 && strstr(line, "enough for about"), "%s", line);
    play_stock(&play, STOCK_COUNT, 33.1, 300, "count");
    play_days(&play, 33, 48, 8);
    play_outputs(&play, TOPIC_ALERTS, line, sizeof line);
    cr_expect(strstr(line, "\"overstock\"") && strstr(line, "\"RESOLVED\""), "%s", line);
}

Test(decide, a_business_rule_has_the_last_word_and_is_named)
{
    char id[ID_BYTES], line[LINE_BYTES];
    with_rules("rules=[{name: shelf is small, sku: \"A*\", cap: 33}, {name: other, sku: B, forbid: "
               "true}]");
    cr_expect_eq(make_need(id), 33);
    proposals(line);
    cr_expect(strstr(line, "\"rules\":[\"shelf is small\"]"), "%s", line);
    cr_expect(strstr(line, "set by a business rule"), "%s", line);
}

Test(decide, a_rule_that_begins_revises_what_is_open_whatever_the_dampener_says)
{
    char id[ID_BYTES], line[LINE_BYTES], rule[256];
    int64_t free = make_need(id);
    (void)snprintf(rule, sizeof rule, "rules=[{name: less, from: 2020-10-16, cap: %lld}]",
                   (long long)free - 1);
    with_rules(rule);
    cr_expect_eq(make_need(id), free, "not yet");
    play_days(&play, 31, 33, 8);
    proposals(line);
    cr_expect(number_in(line, "quantity") < free && number_in(line, "revision") > 1, "%s", line);
}

Test(decide, a_rule_that_forbids_withdraws_what_is_open)
{
    char id[ID_BYTES], line[LINE_BYTES];
    with_rules("rules=[{name: no more, from: 2020-10-16, forbid: true}]");
    cr_expect(make_need(id) > 0);
    play_days(&play, 31, 33, 8);
    proposals(line);
    cr_expect(strstr(line, "\"SUPERSEDED\"") && strstr(line, "\"rules\":[\"no more\"]"), "%s",
              line);
}

Test(decide, frozen_proposals_stay_as_they_are)
{
    char id[ID_BYTES], line[LINE_BYTES];
    with_rules("rules=[{name: audit, from: 2020-10-16, freeze: true}]");
    make_need(id);
    size_t before = proposals(line);
    play_order(&play, 31.2, 15, "much");
    play_days(&play, 31, 40, 30);
    cr_expect_eq(proposals(line), before, "%s", line);
}

Test(decide, an_accepted_proposal_is_supply_and_is_not_proposed_again)
{
    char id[ID_BYTES], line[LINE_BYTES], on_order[64];
    int64_t quantity = make_need(id);
    play_feedback(&play, FEEDBACK_ACCEPTED, id, -1);
    play_run(&play);
    cr_assert(proposals(line) == 2 && strstr(line, "\"CONFIRMED\"") && strstr(line, id), "%s",
              line);
    (void)snprintf(on_order, sizeof on_order, "\"on_order\":%lld,", (long long)quantity);
    cr_expect(play_says(&play, on_order));
    play_feedback(&play, FEEDBACK_ACCEPTED, id, -1); /* again */
    play_run(&play);
    cr_expect(play_says(&play, on_order), "counted once");
    play_days(&play, 31, 32, 8);
    size_t after = proposals(line);
    cr_expect(after == 2 || number_in(line, "quantity") < quantity / 2,
              "what is on the way was ordered anew: %s", line);
}

Test(decide, a_receipt_ends_the_supply)
{
    char id[ID_BYTES], line[LINE_BYTES], available[64];
    int64_t quantity = make_need(id);
    play_feedback(&play, FEEDBACK_EDITED, id, 500);
    play_run(&play);
    cr_expect(play_says(&play, "\"on_order\":500,"), "as edited, not %lld", (long long)quantity);
    play_feedback(&play, FEEDBACK_ORDERED, id, -1);
    play_run(&play);
    proposals(line);
    cr_expect(strstr(line, "\"ORDERED\""), "%s", line);
    play_stock(&play, STOCK_RECEIPT, 32.1, 500, id);
    play_run(&play);
    (void)snprintf(available, sizeof available, "\"available\":%d,", 12 + 500);
    cr_expect(play_says(&play, available) && play_says(&play, "\"on_order\":0,"));
}

/* Promised for day 32; the lead time's spread is one day. */
Test(decide, a_supply_is_late_when_its_grace_is_over)
{
    struct line line = {.kind = LINE_STOCK,
                        .source = {.input = INPUT_STOCK},
                        .stock = {.kind = STOCK_ON_ORDER,
                                  .event_ms = play_ms(30.1),
                                  .sku = slice_of("A"),
                                  .location = slice_of("main"),
                                  .reference = slice_of("po-1"),
                                  .quantity = 50,
                                  .expected_ms = play_ms(32.5),
                                  .fingerprint = {1, 2}}};
    fixture_add(&play.log, &line);
    play_days(&play, 30, 33, 8);
    cr_expect(!play_wrote(&play, "supply_late"), "a day late is how suppliers are");
    play_days(&play, 33, 34, 8);
    char text[LINE_BYTES];
    cr_assert(play_outputs(&play, TOPIC_ALERTS, text, sizeof text) == 1);
    cr_expect(strstr(text, "A@main waits for 50 units due for 2 days"), "%s", text);
}

Test(decide, a_rejected_one_is_not_repeated_the_next_day)
{
    char id[ID_BYTES], line[LINE_BYTES];
    (void)make_need(id);
    play_feedback(&play, FEEDBACK_REJECTED, id, -1);
    play_run(&play);
    cr_assert(proposals(line) == 2 && strstr(line, "\"REJECTED\""), "%s", line);
    play_days(&play, 31, 32, 1);
    cr_expect(proposals(line) == 2, "%s", line);
}

Test(decide, answers_to_what_was_never_asked_change_nothing)
{
    char line[LINE_BYTES];
    play_feedback(&play, FEEDBACK_ACCEPTED, "00112233445566778899aabbccddeeff", 5);
    play_feedback(&play, FEEDBACK_ACCEPTED, "not an id", 5);
    play_feedback(&play, FEEDBACK_MUTE, "00112233445566778899aabbccddeeff", -1);
    play_run(&play);
    cr_expect(proposals(line) == 0);
    cr_expect(play_says(&play, "\"on_order\":0,") && play_says(&play, "\"available\":760,"));
}

/* A year of a shop whose sales and counts jitter; somebody buys once a week, and goods come four
 * days later. Returns events per day. */
static double jittery_year(int restart_every, struct buf *outputs)
{
    enum { FROM = 30, TO = 200 };
    struct rng rng;
    char line[LINE_BYTES], id[ID_BYTES], open[ID_BYTES] = "", coming[ID_BYTES] = "";
    int64_t due = -1, units = 0, stock = 760;
    size_t before = proposals(line), start = before;
    rng_init(&rng, 17);
    for (int day = FROM; day < TO; day++) {
        int64_t sold = 6 + (int64_t)rng_below(&rng, 5);
        sold = sold < stock ? sold : stock;
        if (due == day) {
            play_stock(&play, STOCK_RECEIPT, day + 0.1, units, coming);
            stock += units;
        }
        if (day % 3 == 0) { /* counted, and counted wrong by up to two */
            int64_t counted = stock + (int64_t)rng_below(&rng, 5) - 2;
            play_stock(&play, STOCK_COUNT, day + 0.2, counted > 0 ? counted : 0, "count");
        }
        play_days(&play, day, day + 1, sold);
        stock -= sold;
        size_t now = proposals(line);
        cr_assert(now - before <= 2, "%zu events in one day", now - before);
        if (now > before) {
            id_in(line, id);
            bool proposed = strstr(line, "\"PROPOSED\"") != NULL;
            cr_assert(!proposed || !open[0] || strcmp(open, id) == 0, "a second one while %s waits",
                      open);
            memcpy(open, proposed ? id : "", proposed ? ID_BYTES : 1);
        }
        if (day % 7 == 3 && open[0] && due <= day) {
            units = number_in(line, "quantity");
            memcpy(coming, open, ID_BYTES);
            due = day + 4;
            play_feedback(&play, FEEDBACK_ACCEPTED, open, -1);
            play_feedback(&play, FEEDBACK_ORDERED, open, -1);
            play_run(&play);
            now = proposals(line);
            open[0] = '\0';
        }
        before = now;
        if (restart_every && day % restart_every == 0) {
            fixture_restart(&play.fixture);
        }
    }
    cr_assert(stock > 0);
    buf_slice(outputs, buf_view(&play.fixture.outputs));
    return (double)(before - start) / (TO - FROM);
}

Test(decide, calm_under_jitter_one_open_at_a_time_and_the_same_after_restarts)
{
    struct buf first = {0}, again = {0};
    double events = jittery_year(0, &first);
    cr_expect(events > 0.05 && events <= 1.2, "%g events a day", events);
    tear_down();
    set_up();
    cr_assert(jittery_year(9, &again) == events);
    cr_assert(fixture_same(&first, &again));
    buf_fini(&first);
    buf_fini(&again);
}
