#include "stream/line.h"

#include "config/base/arena.h"
#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct slice text(const char *t)
{
    return slice_of(t);
}

static struct line order_line(void)
{
    return (struct line){.kind = LINE_ORDER,
                         .source = {INPUT_ORDERS, 3, INT64_C(1) << 40, 17},
                         .order = {.kind = ORDER_CANCEL,
                                   .event_ms = INT64_C(1291191960000),
                                   .sku = text("85123A"),
                                   .location = text("main"),
                                   .order_id = text("C536365"),
                                   .customer = text(""),
                                   .group = text("United Kingdom"),
                                   .currency = text("GBP"),
                                   .channel = text("web"),
                                   .quantity = -74215,
                                   .unit_price = -1,
                                   .promotion = true,
                                   .fingerprint = {1, UINT64_MAX},
                                   .basket_lines = 20,
                                   .line_rank = 19,
                                   .basket_units = -5,
                                   .basket_median = INT64_MIN}};
}

static struct line item_line(void)
{
    struct line line = {.kind = LINE_ITEM, .source = {INPUT_ITEMS, 0, 5, 0}};
    line.item = (struct item_line){.sku = text("A"),
                                   .supplier = text("S1"),
                                   .category = text("Home/Light"),
                                   .lead_time_days = 10.5,
                                   .lead_time_sd_days = -1,
                                   .volume = 0.25,
                                   .unit_cost = 120,
                                   .pack = 12,
                                   .maximum_order = -1,
                                   .plan_count = 2,
                                   .plans = {{1, 2, -1, true}, {3, 4, 99, false}}};
    return line;
}

static const struct tick_count COUNTS[] = {{358664, {"", 0}, 20, 1, 55, 0},
                                           {358664, {"France", 6}, 2, 1, 5, 7}};

static struct line tick_line(void)
{
    return (struct line){.kind = LINE_TICK,
                         .tick = {.input = INPUT_STOCK,
                                  .partition = 7,
                                  .state = TICK_IDLE,
                                  .mark_ms = INT64_MIN,
                                  .clock_ms = INT64_MAX,
                                  .written_ms = -1,
                                  .roster = {4, 1},
                                  .count_count = 2,
                                  .counts = COUNTS}};
}

static struct line stock_line(void)
{
    return (struct line){.kind = LINE_STOCK,
                         .source = {INPUT_STOCK, 0, 0, 0},
                         .stock = {.kind = STOCK_ON_ORDER,
                                   .event_ms = 5,
                                   .sku = text("A"),
                                   .location = text("main"),
                                   .reference = text("po-1"),
                                   .quantity = 40,
                                   .expected_ms = 99,
                                   .fingerprint = {7, 8}}};
}

static struct line feedback_line(void)
{
    return (struct line){.kind = LINE_FEEDBACK,
                         .source = {INPUT_FEEDBACK, 0, 1, 0},
                         .feedback = {.kind = FEEDBACK_NOT_ANOMALY,
                                      .proposal_id = text("a-1"),
                                      .sku = text("A"),
                                      .location = text("main"),
                                      .reason = text("why"),
                                      .quantity = -1,
                                      .event_ms = 12}};
}

/* Encoding what was decoded gives the same bytes: every field came through. */
static void check_round_trip(struct line line)
{
    struct arena *arena = arena_create(4096, 1 << 20);
    struct buf first = {0}, second = {0};
    struct line back;
    const char *reason = "";
    line_encode(&line, &first);
    cr_assert(line_decode(buf_view(&first), arena, &back, &reason), "%s", reason);
    cr_assert_eq(back.kind, line.kind);
    line_encode(&back, &second);
    cr_assert(slice_equal(buf_view(&first), buf_view(&second)));
    for (size_t bytes = 0; bytes < first.bytes; bytes++) { /* every cut is noticed */
        cr_assert_not(line_decode((struct slice){first.data, bytes}, arena, &back, &reason));
    }
    buf_byte(&first, 0);
    cr_assert_not(line_decode(buf_view(&first), arena, &back, &reason));
    cr_assert_str_eq(reason, "bytes behind the line");
    buf_fini(&first);
    buf_fini(&second);
    arena_destroy(arena);
}

Test(line, every_kind_comes_back)
{
    check_round_trip(order_line());
    check_round_trip(stock_line());
    check_round_trip(item_line());
    check_round_trip(feedback_line());
    check_round_trip(tick_line());
}

Test(line, fields_are_what_they_were)
{
    struct arena *arena = arena_create(4096, 1 << 20);
    struct line order = order_line(), tick = tick_line(), back;
    struct buf buf = {0};
    const char *reason;
    line_encode(&order, &buf);
    cr_assert(line_decode(buf_view(&buf), arena, &back, &reason));
    cr_assert_eq(back.source.offset, INT64_C(1) << 40);
    cr_assert_eq(back.source.number, 17);
    cr_assert_eq(back.order.quantity, -74215);
    cr_assert_eq(back.order.basket_median, INT64_MIN);
    cr_assert_eq(back.order.fingerprint.high, UINT64_MAX);
    cr_assert(slice_is(back.order.group, "United Kingdom"));
    cr_assert(slice_is(line_sku(&back), "85123A"));
    buf_reset(&buf);
    line_encode(&tick, &buf);
    cr_assert(line_decode(buf_view(&buf), arena, &back, &reason));
    cr_assert_eq(back.tick.mark_ms, INT64_MIN);
    cr_assert_eq(back.tick.count_count, 2);
    cr_assert_eq(back.tick.counts[1].returned, 7);
    cr_assert(slice_is(back.tick.counts[1].group, "France"));
    cr_assert_eq(line_sku(&back).bytes, 0);
    buf_fini(&buf);
    arena_destroy(arena);
}

Test(line, what_is_no_line_is_refused_with_a_reason)
{
    struct arena *arena = arena_create(4096, 1 << 20);
    struct line line = order_line(), back;
    struct buf buf = {0};
    const char *reason = NULL;
    line.order.sku = text("");
    line_encode(&line, &buf);
    cr_assert_not(line_decode(buf_view(&buf), arena, &back, &reason));
    cr_assert_str_eq(reason, "line without sku");
    buf.data[1] = 9;
    cr_assert_not(line_decode(buf_view(&buf), arena, &back, &reason));
    cr_assert_str_eq(reason, "unknown kind of line");
    buf.data[0] = 2;
    cr_assert_not(line_decode(buf_view(&buf), arena, &back, &reason));
    cr_assert_str_eq(reason, "unknown layout version");
    cr_assert_not(line_decode((struct slice){NULL, 0}, arena, &back, &reason));
    /* a tick that claims more counts than it has bytes for must not allocate them */
    struct line tick = tick_line();
    buf_reset(&buf);
    tick.tick.count_count = 0;
    line_encode(&tick, &buf);
    buf.bytes--;
    buf_varint(&buf, 4000);
    cr_assert_not(line_decode(buf_view(&buf), arena, &back, &reason));
    cr_assert_str_eq(reason, "more counts than bytes");
    cr_assert_lt(arena_used(arena), 4096);
    buf_fini(&buf);
    arena_destroy(arena);
}

Test(line, damaged_bytes_never_do_harm)
{
    struct arena *arena = arena_create(4096, 1 << 20);
    struct rng rng;
    rng_init(&rng, 1);
    struct line lines[] = {order_line(), stock_line(), item_line(), feedback_line(), tick_line()};
    struct buf buf = {0};
    for (int round = 0; round < 20000; round++) {
        struct line back;
        const char *reason;
        buf_reset(&buf);
        arena_reset(arena);
        line_encode(&lines[round % 5], &buf);
        for (int k = 0; k < 3; k++) {
            buf.data[rng_below(&rng, buf.bytes)] = (char)rng_below(&rng, 256);
        }
        (void)line_decode(buf_view(&buf), arena, &back, &reason);
    }
    buf_fini(&buf);
    arena_destroy(arena);
}
