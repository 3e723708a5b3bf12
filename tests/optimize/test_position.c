#include "optimize/position.h"

#include "config/base/rng.h"
#include "tests/ref/ref_stock.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct position_rules AVAILABLE = {.count_on_hand = false, .horizon_ms = 1000000};
static const struct position_rules ON_HAND = {.count_on_hand = true, .horizon_ms = 1000000};

static struct position counted(int64_t quantity, int64_t at)
{
    struct position pos;
    position_init(&pos);
    position_count(&pos, &AVAILABLE, at, quantity);
    return pos;
}

static struct supply on_order(const char *reference, int64_t quantity, int64_t expected)
{
    return (struct supply){.quantity = quantity,
                           .ordered = expected - 5,
                           .expected = expected,
                           .reference = position_reference(slice_of(reference)),
                           .kind = SUPPLY_ON_ORDER};
}

static struct supply bought(const char *reference, int64_t quantity, int64_t ordered)
{
    struct supply supply = on_order(reference, quantity, ordered + 5);
    supply.kind = SUPPLY_ACCEPTED;
    return supply;
}

Test(position, unknown_until_counted)
{
    struct position pos;
    position_init(&pos);
    position_order(&pos, &AVAILABLE, 10, 3);
    cr_assert_not(pos.known);
    position_count(&pos, &AVAILABLE, 5, 20);
    cr_assert(pos.known);
    cr_assert_eq(pos.stock, 17); /* the order happened after the count */
}

Test(position, count_holds_as_of_its_event_time)
{
    struct position pos = counted(100, 1000);
    position_order(&pos, &AVAILABLE, 1100, 10);
    position_order(&pos, &AVAILABLE, 1300, 5);
    position_count(&pos, &AVAILABLE, 1200,
                   80); /* came late: the order of 1300 is applied to it again */
    cr_assert_eq(pos.stock, 75);
    position_order(&pos, &AVAILABLE, 1150, 7); /* came late and is in the count already */
    cr_assert_eq(pos.stock, 75);
    position_count(&pos, &AVAILABLE, 1100, 3); /* an older count changes nothing */
    cr_assert_eq(pos.stock, 75);
    position_order(&pos, &AVAILABLE, 1400, -5); /* a cancellation gives back */
    cr_assert_eq(pos.stock, 80);
}

Test(position, back_orders_and_adjustments)
{
    struct position pos = counted(4, 0);
    position_order(&pos, &AVAILABLE, 1, 6);
    cr_assert_eq(pos.stock, -2);
    cr_assert_eq(position_back_orders(&pos), 2);
    position_adjust(&pos, &AVAILABLE, 2, 12);
    cr_assert_eq(pos.stock, 10);
    cr_assert_eq(position_back_orders(&pos), 0);
}

Test(position, reservations_under_both_meanings_of_a_count)
{
    struct position pos = counted(50, 100);
    position_reserve(&pos, &AVAILABLE, 110, 8);
    cr_assert_eq(pos.stock, 42);
    position_reserve(&pos, &AVAILABLE, 90, 5); /* before the count: taken off already */
    cr_assert_eq(pos.stock, 42);
    position_count(&pos, &AVAILABLE, 120, 40);
    cr_assert_eq(pos.stock, 40);
    cr_assert_eq(pos.reserved, 0);

    position_init(&pos);
    position_reserve(&pos, &ON_HAND, 10, 8); /* an order held */
    position_count(&pos, &ON_HAND, 20, 50); /* the shelf, held units included */
    cr_assert_eq(pos.stock, 42);
    position_order(&pos, &ON_HAND, 30,
                   3); /* a new order moves stock, and its reservation does not do so again */
    position_reserve(&pos, &ON_HAND, 30, 3);
    cr_assert_eq(pos.stock, 39);
    position_reserve(&pos, &ON_HAND, 40, -8); /* shipped */
    position_count(&pos, &ON_HAND, 50, 42); /* 42 on the shelf, 3 of them held */
    cr_assert_eq(pos.stock, 39);
}

Test(position, receipts_reduce_their_order)
{
    struct position pos = counted(0, 0);
    position_on_order(&pos, on_order("PO-1", 30, 8));
    position_on_order(&pos, on_order("PO-2", 20, 9));
    cr_assert_eq(position_incoming(&pos), 50);
    position_receive(&pos, &AVAILABLE, 5, 10, position_reference(slice_of("PO-1")));
    cr_assert_eq(pos.stock, 10);
    cr_assert_eq(position_find(&pos, position_reference(slice_of("PO-1")))->quantity, 20);
    position_receive(&pos, &AVAILABLE, 6, 25,
                     position_reference(slice_of("PO-1"))); /* more than ordered */
    cr_assert_null(position_find(&pos, position_reference(slice_of("PO-1"))));
    cr_assert_eq(position_incoming(&pos), 20);
    position_on_order(&pos, on_order("PO-2", 0, 9)); /* cancelled */
    cr_assert_eq(pos.supplies, 0);
    cr_assert_eq(pos.stock, 35);
}

Test(position, the_shops_own_order_replaces_the_proposal_it_came_from)
{
    struct position pos = counted(0, 0);
    position_supply(&pos, bought("p1", 24, 100));
    position_supply(&pos, bought("p2", 12, 103));
    position_on_order(&pos, on_order("PO-7", 24, 110));
    cr_assert_eq(position_incoming(&pos), 36, "counted twice: %ld", (long)position_incoming(&pos));
    cr_assert_null(position_find(&pos, position_reference(slice_of("p1"))));
    position_on_order(&pos,
                      on_order("PO-7", 30, 111)); /* a change of the same one takes nothing over */
    cr_assert_eq(position_incoming(&pos), 42);
    position_receive(&pos, &AVAILABLE, 7, 12, 0); /* no reference: goes to the proposal */
    cr_assert_eq(position_incoming(&pos), 30);
}

Test(position, gives_up_overdue_proposals_only)
{
    struct position pos = counted(0, 0);
    position_supply(&pos, bought("p1", 24, 100)); /* expected 105 */
    position_on_order(&pos, on_order("PO-7", 5, 90));
    position_supply(&pos, bought("p3", 7, 110));
    cr_assert_eq(position_give_up(&pos, 119, 14), 0);
    cr_assert_eq(position_give_up(&pos, 120, 14), 19); /* PO-7 took 5 of p1 over */
    cr_assert_eq(pos.supplies, 2);
}

Test(position, more_supplies_than_places_lose_no_units)
{
    struct position pos = counted(0, 0);
    int64_t sum = 0;
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "PO-%d", i);
        position_on_order(&pos, on_order(name, 10 + i, 5 + (i * 7) % 13));
        sum += 10 + i;
        cr_assert_eq(position_incoming(&pos), sum);
        cr_assert(pos.supplies <= POSITION_SUPPLIES);
    }
    position_drop(&pos, 12345);
    cr_assert_eq(position_incoming(&pos), sum);
}

Test(position, hostile_quantities_stay_bounded)
{
    struct position pos = counted(INT64_MAX, 0);
    position_order(&pos, &AVAILABLE, 1, INT64_MIN);
    position_receive(&pos, &AVAILABLE, 2, INT64_MAX, 0);
    position_adjust(&pos, &AVAILABLE, INT64_MAX, INT64_MAX);
    position_reserve(&pos, &AVAILABLE, INT64_MIN, INT64_MIN);
    position_on_order(&pos, on_order("x", INT64_MAX, 5));
    position_on_order(&pos, on_order("y", INT64_MAX, 5));
    cr_assert(pos.stock <= INT64_C(1) << 53);
    cr_assert(position_incoming(&pos) <= INT64_C(1) << 53);
}

/* Random histories against the definition; few enough moments that the journal holds them all. */
Test(position, agrees_with_the_whole_history)
{
    struct rng rng;
    rng_init(&rng, 11);
    for (int trial = 0; trial < 20000; trial++) {
        const struct position_rules *rules = trial % 2 ? &ON_HAND : &AVAILABLE;
        struct ref_stock_event events[24];
        struct position pos;
        position_init(&pos);
        size_t count = 1 + rng_below(&rng, 24);
        for (size_t i = 0; i < count; i++) {
            struct ref_stock_event *event = events + i;
            *event =
                (struct ref_stock_event){.kind = (enum ref_stock_kind)rng_below(&rng, 3),
                                         .event_ms = (int64_t)rng_below(&rng, POSITION_JOURNAL),
                                         .quantity = (int64_t)rng_below(&rng, 41) - 20};
            if (event->kind == REF_COUNT) {
                position_count(&pos, rules, event->event_ms, event->quantity);
            } else if (event->kind == REF_MOVE) {
                position_adjust(&pos, rules, event->event_ms, event->quantity);
            } else {
                position_reserve(&pos, rules, event->event_ms, event->quantity);
            }
            int64_t truth = ref_stock_now(events, i + 1, rules->count_on_hand);
            /* Without any count reservations of the on_hand kind are only remembered. */
            if (pos.known) {
                cr_assert_eq(pos.stock, truth, "trial %d, event %zu: %ld, not %ld", trial, i,
                             (long)pos.stock, (long)truth);
            }
        }
    }
}

Test(position, a_full_journal_errs_to_the_low_side_by_one_movement)
{
    struct position pos = counted(1000, 0);
    for (int64_t i = 1; i <= 40; i++) {
        position_order(&pos, &AVAILABLE, i * 10 + i % 3, 1);
    }
    cr_assert_eq(pos.stock, 960);
    cr_assert_eq(pos.movements, POSITION_JOURNAL);
    position_count(&pos, &AVAILABLE, 205, 980);
    cr_assert(pos.stock <= 960 && pos.stock >= 960 - 40 / POSITION_JOURNAL * 4, "%ld",
              (long)pos.stock);
}

Test(position, journal_forgets_what_no_count_can_reach)
{
    struct position_rules narrow = {.horizon_ms = 50};
    struct position pos = counted(10, 0);
    position_order(&pos, &narrow, 100, 1);
    position_order(&pos, &narrow, 200, 1);
    cr_assert_eq(pos.movements, 1);
}

Test(position, save_and_load)
{
    struct position pos = counted(55, 1293840000000), got;
    position_on_order(&pos, on_order("PO-1", 30, 14975));
    position_supply(&pos, bought("p1", 12, 14970));
    position_order(&pos, &AVAILABLE, 1293840000500, 3);
    struct buf buf = {0};
    position_save(&pos, &buf);
    cr_assert(buf.bytes < 80);
    buf_byte(&buf, 77); /* what follows is the caller's */
    struct slice bytes = buf_view(&buf);
    cr_assert_null(position_load(&bytes, &got));
    cr_assert_eq(bytes.bytes, 1);
    struct buf again = {0};
    position_save(&got, &again);
    cr_assert_eq(again.bytes + 1, buf.bytes);
    cr_assert_arr_eq(again.data, buf.data, again.bytes);
    for (size_t cut = 0; cut + 1 < buf.bytes; cut++) {
        struct slice part = {buf.data, cut};
        struct status *st = position_load(&part, &got);
        cr_assert_eq(status_code(st), STATUS_CORRUPT, "cut at %zu", cut);
        cr_assert_eq(part.bytes, cut);
        status_free(st);
    }
    buf_fini(&buf);
    buf_fini(&again);
}

Test(position, hostile_bytes_are_refused_or_harmless)
{
    struct rng rng;
    rng_init(&rng, 3);
    struct position pos = counted(55, 1293840000000);
    for (int i = 0; i < POSITION_SUPPLIES; i++) {
        position_supply(&pos, bought((char[]){(char)('a' + i), 0}, 12, 14970 + i));
    }
    struct buf buf = {0};
    position_save(&pos, &buf);
    for (int trial = 0; trial < 100000; trial++) {
        char bytes[512];
        memcpy(bytes, buf.data, buf.bytes);
        for (int flips = 0; flips < 3; flips++) {
            bytes[rng_below(&rng, buf.bytes)] = (char)rng_below(&rng, 256);
        }
        struct slice slice = {bytes, buf.bytes};
        struct position got;
        struct status *st = position_load(&slice, &got);
        if (!st) {
            position_order(&got, &AVAILABLE, 5, 1);
            cr_assert(got.supplies <= POSITION_SUPPLIES && position_incoming(&got) >= 0);
        }
        status_free(st);
    }
    buf_fini(&buf);
}

Test(position, what_a_receipt_completes_is_told)
{
    struct position pos = counted(10, 1293840000000), before;
    position_supply(&pos, bought("a", 12, 14970));
    position_supply(&pos, bought("b", 6, 14971));
    struct supply nameless = bought("c", 5, 14972);
    nameless.reference = 0;
    position_supply(&pos, nameless);
    before = pos;
    struct supply done[POSITION_SUPPLIES];
    cr_assert_eq(position_completed(&before, &pos, done), 0);
    position_receive(&pos, &AVAILABLE, 1293840000001, 5, position_reference(slice_of("a")));
    cr_assert_eq(position_completed(&before, &pos, done), 0, "a part");
    position_receive(&pos, &AVAILABLE, 1293840000002, 7, position_reference(slice_of("a")));
    cr_assert_eq(position_completed(&before, &pos, done), 1);
    cr_assert_eq(done[0].reference, position_reference(slice_of("a")));
    cr_assert_eq(done[0].quantity, 12);
}
