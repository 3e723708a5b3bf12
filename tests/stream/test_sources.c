#include "stream/sources.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>

enum { LATENESS = 100, IDLE = 1000 };

static void tick(struct sources *sources, enum line_input input, int32_t partition,
                 enum tick_state state, int64_t mark, int64_t clock)
{
    struct tick_line line = {.input = input,
                             .partition = partition,
                             .state = state,
                             .mark_ms = mark,
                             .clock_ms = clock,
                             .written_ms = clock,
                             .roster = {2, 1}};
    sources_tick(sources, &line);
}

static struct sources *three_live(int64_t mark)
{
    struct sources *sources = sources_create(LATENESS, IDLE);
    tick(sources, INPUT_ORDERS, 0, TICK_LIVE, mark, mark);
    tick(sources, INPUT_ORDERS, 1, TICK_LIVE, mark, mark);
    tick(sources, INPUT_STOCK, 0, TICK_LIVE, mark, mark);
    return sources;
}

Test(sources, there_is_no_watermark_before_all_have_spoken)
{
    struct sources *sources = sources_create(LATENESS, IDLE);
    cr_expect(sources_watermark(sources) == INT64_MIN);
    tick(sources, INPUT_ORDERS, 0, TICK_LIVE, 5000, 0);
    tick(sources, INPUT_ORDERS, 1, TICK_LIVE, 7000, 0);
    cr_expect(sources_watermark(sources) == INT64_MIN);
    tick(sources, INPUT_STOCK, 0, TICK_LIVE, 6000, 0);
    cr_expect(sources_watermark(sources) == 5000 - LATENESS);
    cr_expect(sources_roster(sources, INPUT_ORDERS) == 2);
    cr_expect(sources_roster(sources, INPUT_STOCK) == 1);
    sources_destroy(sources);
}

Test(sources, a_live_source_without_a_mark_holds_it_back)
{
    struct sources *sources = sources_create(LATENESS, IDLE);
    tick(sources, INPUT_ORDERS, 0, TICK_LIVE, 5000, 0);
    tick(sources, INPUT_ORDERS, 1, TICK_LIVE, INT64_MIN, 0);
    tick(sources, INPUT_STOCK, 0, TICK_ENDED, INT64_MIN, 0);
    cr_expect(sources_watermark(sources) == INT64_MIN);
    tick(sources, INPUT_ORDERS, 1, TICK_LIVE, 4000, 0);
    cr_expect(sources_watermark(sources) == 4000 - LATENESS);
    sources_destroy(sources);
}

Test(sources, an_idle_one_goes_with_its_clock)
{
    struct sources *sources = three_live(5000);
    tick(sources, INPUT_ORDERS, 0, TICK_LIVE, 90000, 90000);
    tick(sources, INPUT_ORDERS, 1, TICK_LIVE, 90000, 90000);
    cr_expect(sources_watermark(sources) == 5000 - LATENESS);
    tick(sources, INPUT_STOCK, 0, TICK_IDLE, 5000, 20000);
    cr_expect(sources_watermark(sources) == 20000 - IDLE - LATENESS);
    tick(sources, INPUT_STOCK, 0, TICK_IDLE, 5000, 5500); /* a clock that fell */
    cr_expect(sources_watermark(sources) == 20000 - IDLE - LATENESS);
    sources_destroy(sources);
}

Test(sources, ended_ones_are_not_asked_and_all_ended_leave_it)
{
    struct sources *sources = three_live(5000);
    tick(sources, INPUT_ORDERS, 0, TICK_LIVE, 8000, 8000);
    tick(sources, INPUT_ORDERS, 1, TICK_LIVE, 9000, 9000);
    tick(sources, INPUT_STOCK, 0, TICK_ENDED, 5000, 9000);
    cr_expect(sources_watermark(sources) == 8000 - LATENESS);
    tick(sources, INPUT_ORDERS, 0, TICK_ENDED, 8000, 9000);
    cr_expect(sources_watermark(sources) == 9000 - LATENESS);
    cr_expect(!sources_ended(sources, INT64_MIN));
    tick(sources, INPUT_ORDERS, 1, TICK_ENDED, 99000, 9500);
    cr_expect(sources_watermark(sources) == 9000 - LATENESS);
    cr_expect(sources_ended(sources, INT64_MIN) && sources_ended(sources, 9000));
    cr_expect(!sources_ended(sources, 9001));
    struct buf waiting = {0};
    sources_waiting_for(sources, 9001, &waiting);
    cr_expect(slice_is(buf_view(&waiting), "orders[0] stock[0]"));
    buf_fini(&waiting);
    sources_destroy(sources);
}

Test(sources, without_a_roster_nothing_has_ended)
{
    struct sources *sources = sources_create(LATENESS, IDLE);
    struct buf waiting = {0};
    cr_expect(!sources_ended(sources, INT64_MIN));
    sources_waiting_for(sources, INT64_MIN, &waiting);
    cr_expect(slice_is(buf_view(&waiting), "a first tick"));
    buf_fini(&waiting);
    sources_destroy(sources);
    sources_destroy(NULL);
}

Test(sources, ticks_of_nobody_on_the_roster_change_nothing)
{
    struct sources *sources = three_live(5000);
    tick(sources, INPUT_ORDERS, 2, TICK_LIVE, 1, 1);
    tick(sources, INPUT_ORDERS, -1, TICK_LIVE, 1, 1);
    tick(sources, INPUT_ITEMS, 0, TICK_LIVE, 1, 1);
    cr_expect(sources_watermark(sources) == 5000 - LATENESS);
    cr_expect(sources_roster(sources, INPUT_ORDERS) == 2);
    sources_destroy(sources);
}

Test(sources, the_watermark_never_falls_and_survives_saving)
{
    struct sources *sources = sources_create(LATENESS, IDLE), *twin;
    struct buf saved = {0}, again = {0};
    struct rng rng;
    rng_init(&rng, 3);
    int64_t last = INT64_MIN;
    for (int i = 0; i < 3000; i++) {
        enum line_input input = rng_below(&rng, 3) ? INPUT_ORDERS : INPUT_STOCK;
        tick(sources, input, (int32_t)rng_below(&rng, 2), (enum tick_state)rng_below(&rng, 3),
             i * 10 + (int64_t)rng_below(&rng, 4000), i * 10 + (int64_t)rng_below(&rng, 4000));
        cr_assert(sources_watermark(sources) >= last);
        last = sources_watermark(sources);
    }
    cr_expect(last > 0);
    sources_save(sources, &saved);
    twin = sources_create(LATENESS, IDLE);
    cr_assert(sources_load(twin, buf_view(&saved)));
    cr_expect(sources_watermark(twin) == last);
    sources_save(twin, &again);
    cr_expect(slice_equal(buf_view(&saved), buf_view(&again)));
    buf_fini(&saved);
    buf_fini(&again);
    sources_destroy(sources);
    sources_destroy(twin);
}

Test(sources, bytes_that_were_never_saved_are_refused)
{
    struct sources *sources = three_live(5000);
    struct buf saved = {0};
    sources_save(sources, &saved);
    sources_destroy(sources);
    for (size_t bytes = 0; bytes < saved.bytes; bytes++) {
        sources = sources_create(LATENESS, IDLE);
        cr_expect(!sources_load(sources, (struct slice){saved.data, bytes}), "%zu bytes", bytes);
        sources_destroy(sources);
    }
    buf_byte(&saved, 0);
    sources = sources_create(LATENESS, IDLE);
    cr_expect(!sources_load(sources, buf_view(&saved)), "one byte more");
    sources_destroy(sources);
    static const char HUGE_ROSTER[] = "\x02\x00\xfe\xff\xff\xff\x0f";
    sources = sources_create(LATENESS, IDLE);
    cr_expect(!sources_load(sources, (struct slice){HUGE_ROSTER, sizeof HUGE_ROSTER - 1}));
    sources_destroy(sources);
    buf_fini(&saved);
}
