#include "model/tape.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct tape *tape;

static void add(int64_t bucket, float mood)
{
    struct tape_close close = {.phase = (int32_t)((bucket % 7 + 7) % 7),
                               .shop = {.week = mood, .fortnight = -mood}};
    for (int p = 0; p < 7; p++) {
        close.factor[p] = 1 + (float)p / 10;
    }
    for (int ahead = 0; ahead < TAPE_AHEAD; ahead++) {
        close.annual[ahead] = 1 + (float)ahead / 100;
    }
    tape_add(tape, bucket, &close, 7);
}

static void init(void)
{
    tape = calloc(1, sizeof *tape);
}

static void fini(void)
{
    free(tape);
}

TestSuite(tape, .init = init, .fini = fini);

Test(tape, keeps_the_newest_closes)
{
    for (int64_t b = 10; b < 10 + TAPE_CLOSES + 5; b++) {
        add(b, (float)b);
    }
    cr_assert_eq(tape->count, TAPE_CLOSES);
    cr_assert_null(tape_at(tape, 14));
    cr_assert_null(tape_at(tape, 10 + TAPE_CLOSES + 5));
    const struct tape_close *close = tape_at(tape, 15);
    cr_assert_not_null(close);
    cr_assert_eq(close->phase, 1);
    cr_assert(close->shop.week == 15 && close->shop.fortnight == -15);
    cr_assert(close->factor[2] == 1.2f && close->annual[10] == 1.1f);
}

Test(tape, the_same_close_twice_is_one)
{
    add(3, 1);
    add(3, 2);
    cr_assert_eq(tape->count, 1u);
    cr_assert_eq(tape_at(tape, 3)->shop.week, 1.0f);
}

Test(tape, a_gap_starts_anew)
{
    add(3, 1);
    add(4, 1);
    add(6, 1);
    cr_assert_eq(tape->count, 1u);
    cr_assert_null(tape_at(tape, 4));
}

Test(tape, comes_back_as_saved_and_refuses_damage)
{
    for (int64_t b = -3; b < 200; b++) {
        add(b, (float)b / 8);
    }
    struct buf bytes = {0}, again = {0};
    struct tape *other = calloc(1, sizeof *other);
    tape_save(tape, &bytes);
    struct slice in = buf_view(&bytes);
    cr_assert(tape_load(other, &in));
    cr_assert_eq(in.bytes, 0u);
    tape_save(other, &again);
    cr_assert_eq(again.bytes, bytes.bytes);
    cr_assert_eq(memcmp(again.data, bytes.data, bytes.bytes), 0);
    for (size_t cut = 0; cut < bytes.bytes; cut += 7) {
        in = (struct slice){bytes.data, cut};
        cr_assert(!tape_load(other, &in));
    }
    uint32_t many = TAPE_CLOSES + 1;
    memcpy(bytes.data + 8, &many, sizeof many);
    in = buf_view(&bytes);
    cr_assert(!tape_load(other, &in));
    buf_fini(&bytes);
    buf_fini(&again);
    free(other);
}
