/* Risks of stock and what receipts teach, seen through the outputs of a shard. */
#include "tests/stream/play_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct play play;

static void begin(const char *set)
{
    play_init_sets(&play, (const char *const[]){"alerts.more_kinds=on", set}, 2);
}

static void set_up(void)
{
    begin("forecasts.emit=never");
    play_stocked(&play);
}

static void tear_down(void)
{
    play_fini(&play);
}

TestSuite(risk, .init = set_up, .fini = tear_down);

enum { LINE_BYTES = 8192 };

/* Events of a kind and state so far. */
static int alert_told(const char *kind, const char *state)
{
    char words[2][64];
    (void)snprintf(words[0], sizeof words[0], "\"kind\":\"%s\"", kind);
    (void)snprintf(words[1], sizeof words[1], "\"state\":\"%s\"", state);
    const struct buf *outputs = &play.fixture.outputs;
    int count = 0;
    for (size_t at = 0; at < outputs->bytes;) {
        const char *line = outputs->data + at;
        size_t size = (size_t)((const char *)memchr(line, '\n', outputs->bytes - at) - line);
        count += memmem(line, size, words[0], strlen(words[0])) &&
                 memmem(line, size, words[1], strlen(words[1]));
        at += size + 1;
    }
    return count;
}

/* An order of 5 units that takes so many days, on the stated three. */
static void deliver(int from, int days)
{
    char reference[32];
    (void)snprintf(reference, sizeof reference, "po-%d", from);
    play_stock(&play, STOCK_ON_ORDER, from + 0.1, 5, reference);
    play_days(&play, from, from + days, 8);
    play_stock(&play, STOCK_RECEIPT, from + days + 0.1, 5, reference);
}

Test(risk, receipts_teach_how_long_a_supplier_takes)
{
    cr_expect(play_says(&play, "\"receipts\":0,\"lead_time_days\":3,"));
    deliver(30, 6);
    play_days(&play, 36, 37, 8);
    /* One receipt of twice the time against ten as stated. */
    cr_expect(play_says(&play, "\"receipts\":1,\"lead_time_days\":3.27,"));
    cr_expect(play_says(&play, "\"stated_days\":3}"));
    play_stock(&play, STOCK_RECEIPT, 37.1, 50, "unknown");
    play_days(&play, 37, 38, 8);
    cr_expect(play_says(&play, "\"receipts\":1,"), "what was not ordered took no time");
}

Test(risk, a_part_of_an_order_teaches_nothing_yet)
{
    play_stock(&play, STOCK_ON_ORDER, 30.1, 50, "po");
    play_days(&play, 30, 33, 8);
    play_stock(&play, STOCK_RECEIPT, 33.1, 20, "po");
    play_days(&play, 33, 36, 8);
    cr_expect(play_says(&play, "\"receipts\":0,") && play_says(&play, "\"on_order\":30,"));
    play_stock(&play, STOCK_RECEIPT, 36.1, 30, "po");
    play_days(&play, 36, 37, 8);
    cr_expect(play_says(&play, "\"receipts\":1,") && play_says(&play, "\"on_order\":0,"));
}

Test(risk, trust_of_zero_keeps_to_what_is_stated)
{
    tear_down();
    begin("supply.trust=0");
    play_stocked(&play);
    deliver(30, 9);
    play_days(&play, 39, 40, 8);
    cr_expect(play_says(&play, "\"receipts\":1,\"lead_time_days\":3,"));
}

Test(risk, a_supplier_that_slips_is_told_once_and_taken_back)
{
    int day = 30;
    for (int i = 0; i < 5; i++, day += 7) {
        deliver(day, 7);
    }
    play_days(&play, day, day + 1, 8);
    cr_assert(play_wrote(&play, "\"supplier_slip\""));
    cr_assert(play_wrote(&play, "% longer than stated, as 4 receipts show"));
    for (int i = 0; i < 14; i++) {
        deliver(++day, 2);
        day += 2;
    }
    play_days(&play, day + 1, day + 10, 8);
    cr_expect(alert_told("supplier_slip", "OPEN") == 1);
    cr_expect(alert_told("supplier_slip", "RESOLVED") == 1);
}

Test(risk, proposals_name_the_stated_lead_time_and_count_the_learned_one)
{
    char line[LINE_BYTES];
    deliver(30, 9);
    deliver(40, 9);
    play_days(&play, 49, 50, 8);
    play_stock(&play, STOCK_COUNT, 50.2, 20, "count");
    play_days(&play, 50, 51, 8);
    cr_assert(play_outputs(&play, TOPIC_REPLENISHMENTS, line, sizeof line) >= 1);
    cr_expect(strstr(line, "\"lead_time_stated_days\":3"), "%s", line);
    cr_expect(strstr(line, "\"service_shift\":null"), "%s", line);
}

Test(risk, stock_that_nobody_buys_is_dead_once)
{
    tear_down();
    begin("replenish.dead_days=20");
    play_stocked(&play);
    play_days(&play, 30, 49, 0);
    cr_expect(!play_wrote(&play, "\"dead_stock\""));
    play_days(&play, 49, 60, 0);
    cr_assert(play_wrote(&play, "\"dead_stock\"") && play_wrote(&play, "sold none for 20 days"));
    cr_expect(play_wrote(&play, "\"money_at_risk\":91200"), "760 units at 120");
    play_days(&play, 60, 80, 8);
    cr_expect(alert_told("dead_stock", "OPEN") == 1 && alert_told("dead_stock", "RESOLVED") == 1);
    cr_expect(alert_told("overstock", "OPEN") == 0, "one incident, one alert");
}

/* The kinds of the contract with readers are told alone unless more are asked for. */
Test(risk, without_more_kinds_dead_stock_is_overstock)
{
    play_fini(&play);
    play_init_sets(
        &play, (const char *const[]){"replenish.dead_days=20", "replenish.overstock_days=30"}, 2);
    play_stocked(&play);
    play_days(&play, 30, 60, 0);
    cr_expect(!play_wrote(&play, "\"dead_stock\""));
    cr_expect(alert_told("overstock", "OPEN") >= 1);
}

Test(risk, what_was_not_there_could_not_be_sold)
{
    tear_down();
    begin("replenish.dead_days=20");
    play_stocked(&play);
    play_stock(&play, STOCK_COUNT, 30.1, 0, "count");
    play_days(&play, 30, 50, 0);
    play_stock(&play, STOCK_COUNT, 50.1, 500, "count");
    play_days(&play, 50, 60, 0);
    cr_expect(!play_wrote(&play, "\"dead_stock\""));
}

/* A day of `units` of A, and eight of each of the others: the shop as a whole goes on. */
static void shop_day(int day, int64_t units)
{
    static const char *const OTHERS[] = {"B", "C", "D", "E", "F", "G"};
    int64_t total = units;
    play_order(&play, day + 0.5, units, "usual");
    for (int i = 0; i < 6; i++) {
        fixture_order(&play.log, OTHERS[i], play_ms(day + 0.5), 7 + (day + i) % 3, "usual",
                      play.next_fingerprint++);
        total += 7 + (day + i) % 3;
    }
    fixture_tick(&play.log, 0, play_ms(day + 1.25), TICK_LIVE, total);
    play_run(&play);
}

/* A large order is under way when demand falls to a quarter for good. */
Test(risk, demand_that_left_its_open_orders_behind)
{
    tear_down();
    begin("anomaly.detector=none"); /* tails alone: a shop of seven is no shop for it */

    fixture_item(&play.log, "A", 3, 7, 1, 1);
    play_stock(&play, STOCK_COUNT, 0, 1000, "count");
    for (int day = 0; day < 70; day++) {
        shop_day(day, 7 + day % 3);
    }
    play_stock(&play, STOCK_COUNT, 70.05, 60, "count");
    struct line line = {.kind = LINE_STOCK,
                        .source = {.input = INPUT_STOCK},
                        .stock = {.kind = STOCK_ON_ORDER,
                                  .event_ms = play_ms(70.1),
                                  .sku = slice_of("A"),
                                  .location = slice_of("main"),
                                  .reference = slice_of("po-big"),
                                  .quantity = 400,
                                  .expected_ms = play_ms(120),
                                  .fingerprint = {1, 2}}};
    fixture_add(&play.log, &line);
    for (int day = 70; day < 86; day++) {
        shop_day(day, 2);
    }
    cr_assert(play_wrote(&play, "\"level_shift_down\""));
    cr_assert(play_wrote(&play, "\"demand_shift\""));
    cr_expect(play_wrote(&play, "of 400 units on the way about"));
    cr_expect(alert_told("demand_shift", "OPEN") == 1);
    play_stock(&play, STOCK_ON_ORDER, 86.1, 0, "po-big");
    for (int day = 86; day < 96; day++) {
        shop_day(day, 2);
    }
    cr_expect(alert_told("demand_shift", "RESOLVED") == 1);
}

/* The first undecided proposal's id, from the last replenishment. */
static void id_of_last(char id[33])
{
    char line[LINE_BYTES];
    cr_assert(play_outputs(&play, TOPIC_REPLENISHMENTS, line, sizeof line) > 0);
    const char *at = strstr(line, "\"proposal_id\":\"");
    cr_assert(at, "%s", line);
    memcpy(id, at + strlen("\"proposal_id\":\""), 32);
    id[32] = '\0';
}

Test(risk, answers_move_the_service_target_where_the_shop_lets_them)
{
    tear_down();
    begin("replenish.learn_service=0.5");
    play_stocked(&play);
    char id[33], line[LINE_BYTES];
    for (int i = 0; i < 3; i++) {
        int day = 30 + 10 * i;
        play_stock(&play, STOCK_COUNT, day + 0.1, 20, "count");
        play_days(&play, day, day + 1, 8);
        id_of_last(id);
        play_feedback(&play, FEEDBACK_EDITED, id, 400);
        play_run(&play);
        play_stock(&play, STOCK_RECEIPT, day + 3.1, 400, id);
        play_days(&play, day + 1, day + 10, 8);
    }
    struct shard_view view;
    shard_view(play.fixture.shard, &view);
    double most = 0;
    uint64_t edited = 0;
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        most = view.answered[c].service_shift > most ? view.answered[c].service_shift : most;
        edited += view.answered[c].edited;
    }
    cr_assert(edited == 3 && most > 0 && most <= 0.5, "%g", most);
    play_stock(&play, STOCK_COUNT, 60.1, 20, "count");
    play_days(&play, 60, 61, 8);
    play_outputs(&play, TOPIC_REPLENISHMENTS, line, sizeof line);
    cr_expect(strstr(line, "\"service_shift\":0."), "%s", line);
}

static double shift_of(const struct play *shop)
{
    struct shard_view view;
    double most = 0;
    shard_view(shop->fixture.shard, &view);
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        most = view.answered[c].service_shift > most ? view.answered[c].service_shift : most;
    }
    return most;
}

Test(risk, what_answers_taught_is_the_same_after_a_restart)
{
    struct buf outputs[2] = {{0}, {0}};
    double shift[2];
    for (int run = 0; run < 2; run++) {
        tear_down();
        begin("replenish.learn_service=0.5");
        play_stocked(&play);
        char id[33];
        for (int i = 0; i < 3; i++) {
            int day = 30 + 10 * i;
            play_stock(&play, STOCK_COUNT, day + 0.1, 20, "count");
            play_days(&play, day, day + 1, 8);
            id_of_last(id);
            play_feedback(&play, FEEDBACK_EDITED, id, 400);
            play_run(&play);
            if (run) {
                fixture_restart(&play.fixture);
            }
            play_stock(&play, STOCK_RECEIPT, day + 3.1, 400, id);
            play_days(&play, day + 1, day + 10, 8);
        }
        play_stock(&play, STOCK_COUNT, 60.1, 20, "count");
        play_days(&play, 60, 61, 8);
        shift[run] = shift_of(&play);
        buf_slice(&outputs[run], buf_view(&play.fixture.outputs));
    }
    cr_assert(shift[0] > 0 && shift[0] == shift[1], "%g %g", shift[0], shift[1]);
    cr_assert(fixture_same(&outputs[0], &outputs[1]));
    buf_fini(&outputs[0]);
    buf_fini(&outputs[1]);
}

/* Everything that is learned here survives, whatever the commits and restarts between. */
Test(risk, a_replay_with_restarts_gives_the_same_bytes)
{
    int day = 30;
    for (int i = 0; i < 6; i++, day += 7) {
        deliver(day, 7);
    }
    play_stock(&play, STOCK_COUNT, day + 0.05, 20, "count");
    play_days(&play, day, day + 8, 8);
    fixture_sort(&play.fixture.outputs);
    for (size_t every = 1; every <= 16; every *= 4) {
        struct fixture fixture;
        const char *const sets[] = {"alerts.more_kinds=on", "forecasts.emit=never"};
        fixture_init(&fixture, sets, 2);
        for (size_t i = 0; i < play.log.count; i++) {
            fixture_apply(&fixture, &play.log, i);
            if (i % every == 0) {
                fixture_commit(&fixture);
            }
            if (i % (7 * every) == 0) {
                i = (size_t)fixture_restart(&fixture) - 1;
            }
        }
        while (shard_work(fixture.shard)) {
        }
        fixture_commit(&fixture);
        fixture_sort(&fixture.outputs);
        cr_assert(fixture_same(&play.fixture.outputs, &fixture.outputs), "every %zu", every);
        fixture_fini(&fixture);
    }
    cr_assert(play_wrote(&play, "\"supplier_slip\""));
}
