#include "optimize/shadow.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const struct shadow_terms TERMS = {
    .holding = 1, .shortage = 10, .typical = 20, .review = 3, .lead = 2};

Test(shadow, two_shops_live_through_the_same_days)
{
    struct shadow shadow;
    struct shadow_result result;
    struct position pos;
    shadow_open(&shadow, 10, &TERMS);
    cr_assert(shadow_pass(&shadow, 4, &TERMS, &result) && !result.counts); /* orders at once */
    shadow_order(&shadow, SHADOW_EXACT, 6, 2);
    shadow_order(&shadow, SHADOW_LEARNED, 0, 2);
    shadow_position(&shadow, SHADOW_EXACT, 500, &pos);
    cr_assert(pos.known && pos.stock == 6 && pos.supplies == 1 && pos.supply[0].quantity == 6);
    cr_assert(pos.supply[0].ordered == 500 && pos.supply[0].expected == 502);
    shadow_position(&shadow, SHADOW_LEARNED, 500, &pos);
    cr_assert(pos.stock == 6 && pos.supplies == 0);
    cr_assert_not(shadow_pass(&shadow, 4, &TERMS, &result)); /* 2 left in both */
    cr_assert_not(shadow_pass(&shadow, 4, &TERMS, &result)); /* 2 lost in both */
    cr_assert(shadow_pass(&shadow, 4, &TERMS, &result)); /* 6 came to one; the other loses 4 */
    cr_assert_float_eq(result.exact, (2 + 20 + 2) / 20.0, 1e-12);
    cr_assert_float_eq(result.learned, (2 + 20 + 40) / 20.0, 1e-12);
    cr_assert_not(result.counts);
}

Test(shadow, counts_once_its_own_orders_have_come)
{
    struct shadow shadow;
    struct shadow_result result;
    int reviews = 0, counted = 0;
    shadow_open(&shadow, 10, &TERMS);
    for (int slot = 0; slot < 40; slot++) {
        if (shadow_pass(&shadow, 1, &TERMS, &result)) {
            reviews++;
            counted += result.counts;
            cr_assert_eq(result.counts, slot + 1 > 10);
        }
    }
    cr_assert(reviews == 14 && counted == 10, "%d %d", reviews, counted);
}

Test(shadow, too_many_orders_become_one)
{
    struct shadow shadow;
    struct position pos;
    shadow_open(&shadow, 0, &TERMS);
    for (int i = 0; i < SHADOW_OPEN + 3; i++) {
        shadow_order(&shadow, SHADOW_EXACT, 5, 10);
    }
    shadow_position(&shadow, SHADOW_EXACT, 100, &pos);
    cr_assert(pos.supplies == SHADOW_OPEN && position_incoming(&pos) == 5 * (SHADOW_OPEN + 3));
}

static void feed(struct shadow_record *record, int reviews, double exact, double learned)
{
    for (int i = 0; i < reviews; i++) {
        struct shadow_result result = {true, exact + 0.1 * (i % 3), learned};
        shadow_count(record, &result);
    }
}

Test(shadow, speaks_only_where_it_has_cost_less)
{
    struct shadow_record record = {0};
    feed(&record, 59, 1, 0.9);
    cr_assert_not(shadow_speaks(&record)); /* too few */
    feed(&record, 1, 1, 0.9);
    cr_assert(shadow_speaks(&record));
    feed(&record, 30, 1, 1.4); /* still cheaper in sum? */
    cr_assert_eq(shadow_speaks(&record), record.exact >= record.learned);
    feed(&record, 60, 1, 1.4);
    cr_assert_not(shadow_speaks(&record));
    struct shadow_record luck = {0};
    for (int i = 0; i < 200; i++) { /* large differences, small gain: luck */
        struct shadow_result result = {true, 1, i % 2 ? 3 : -1.02};
        shadow_count(&luck, &result);
    }
    cr_assert_not(shadow_speaks(&luck));
    struct shadow_result odd = {true, NAN, 1}, early = {false, 5, 1};
    struct shadow_record kept = luck;
    shadow_count(&luck, &odd);
    shadow_count(&luck, &early);
    cr_assert(memcmp(&kept, &luck, sizeof kept) == 0);
}

Test(shadow, old_reviews_fade)
{
    struct shadow_record record = {0};
    feed(&record, 5000, 1, 0.9);
    cr_assert(record.reviews <= 1001 && record.exact < 1200);
}

Test(shadow, saved_and_loaded_and_damage_refused)
{
    struct shadow shadow, got = {.slot = 77};
    struct shadow_result result;
    struct shadow_record record = {0}, again = {0};
    shadow_open(&shadow, 12, &TERMS);
    (void)shadow_pass(&shadow, 3, &TERMS, &result);
    shadow_order(&shadow, SHADOW_LEARNED, 9, 4);
    feed(&record, 70, 1, 0.9);
    struct buf bytes = {0};
    shadow_save(&shadow, &bytes);
    for (size_t cut = 0; cut < bytes.bytes; cut += 7) {
        cr_assert_not(shadow_load((struct slice){bytes.data, cut}, &got));
    }
    bytes.data[12] = (char)0xff; /* a number below zero */
    bytes.data[8] = (char)0xff;
    cr_assert(!shadow_load(buf_view(&bytes), &got) && got.slot == 77);
    buf_reset(&bytes);
    shadow_save(&shadow, &bytes);
    cr_assert(shadow_load(buf_view(&bytes), &got));
    cr_assert(got.slot == shadow.slot && got.next == shadow.next &&
              got.shop[1].order[0].arrives == shadow.shop[1].order[0].arrives &&
              got.shop[0].cost == shadow.shop[0].cost);
    buf_reset(&bytes);
    shadow_record_save(&record, &bytes);
    cr_assert(shadow_record_load(buf_view(&bytes), &again) && again.speaks);
    cr_assert(again.reviews == record.reviews && again.square == record.square);
    bytes.data[1] = 2;
    cr_assert_not(shadow_record_load(buf_view(&bytes), &again));
    cr_assert_not(shadow_record_load((struct slice){bytes.data, bytes.bytes - 1}, &again));
    buf_fini(&bytes);
}
