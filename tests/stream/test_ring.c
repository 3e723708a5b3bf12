#include "stream/ring.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>

enum { SERIES = 40, SLOTS = 33, STEPS = 60000 };

/* Small, at the escape value, and far beyond 16 bits. */
static int64_t any_value(struct rng *rng)
{
    switch (rng_below(rng, 4)) {
    case 0:
        return (int64_t)rng_below(rng, 100);
    case 1:
        return RING_ESCAPE - 2 + (int64_t)rng_below(rng, 5);
    case 2:
        return RING_ESCAPE + (int64_t)rng_below(rng, 1000000);
    default:
        return INT64_MAX - (int64_t)rng_below(rng, 3);
    }
}

static size_t count_escaped(int64_t model[SERIES][SLOTS])
{
    size_t count = 0;
    for (int i = 0; i < SERIES * SLOTS; i++) {
        count += model[i / SLOTS][i % SLOTS] >= RING_ESCAPE;
    }
    return count;
}

Test(ring, is_a_plain_array_whatever_the_values)
{
    static uint16_t cells[SERIES][SLOTS];
    static int64_t model[SERIES][SLOTS];
    struct ring_overflow *overflow = ring_overflow_create();
    struct rng rng;
    rng_init(&rng, 5);
    for (int step = 0; step < STEPS; step++) {
        uint32_t series = (uint32_t)rng_below(&rng, SERIES),
                 slot = (uint32_t)rng_below(&rng, SLOTS);
        model[series][slot] = any_value(&rng);
        ring_set(overflow, &cells[series][slot], series, slot, model[series][slot]);
        series = (uint32_t)rng_below(&rng, SERIES);
        slot = (uint32_t)rng_below(&rng, SLOTS);
        cr_assert(ring_get(overflow, &cells[series][slot], series, slot) == model[series][slot],
                  "step %d", step);
    }
    for (uint32_t i = 0; i < SERIES * SLOTS; i++) {
        cr_assert(ring_get(overflow, &cells[i / SLOTS][i % SLOTS], i / SLOTS, i % SLOTS) ==
                  model[i / SLOTS][i % SLOTS]);
    }
    cr_expect(ring_overflow_count(overflow) == count_escaped(model));
    ring_overflow_destroy(overflow);
}

Test(ring, only_values_of_the_escape_and_more_cost_an_entry)
{
    struct ring_overflow *overflow = ring_overflow_create();
    uint16_t cell = 0;
    ring_set(overflow, &cell, 7, 3, RING_ESCAPE - 1);
    cr_expect(cell == RING_ESCAPE - 1 && ring_overflow_count(overflow) == 0);
    ring_set(overflow, &cell, 7, 3, RING_ESCAPE);
    cr_expect(cell == RING_ESCAPE && ring_overflow_count(overflow) == 1);
    ring_set(overflow, &cell, 7, 3, 80995);
    cr_expect(ring_overflow_count(overflow) == 1);
    cr_expect(ring_get(overflow, &cell, 7, 3) == 80995);
    ring_set(overflow, &cell, 7, 3, 0);
    cr_expect(cell == 0 && ring_overflow_count(overflow) == 0);
    ring_overflow_destroy(overflow);
}

Test(ring, series_and_slots_at_their_ends_are_apart)
{
    struct ring_overflow *overflow = ring_overflow_create();
    uint16_t first = 0, last = 0;
    ring_set(overflow, &first, UINT32_MAX - 1, 65535, 100000);
    ring_set(overflow, &last, UINT32_MAX, 0, 200000);
    cr_expect(ring_get(overflow, &first, UINT32_MAX - 1, 65535) == 100000);
    cr_expect(ring_get(overflow, &last, UINT32_MAX, 0) == 200000);
    ring_overflow_destroy(overflow);
    ring_overflow_destroy(NULL);
}

Test(ring, units_and_flags_of_a_cell_do_not_touch_each_other)
{
    static const int64_t UNITS[] = {0, 1, RING_ESCAPE - 1, RING_ESCAPE, 80995, 5, 0};
    struct ring_overflow *overflow = ring_overflow_create();
    uint16_t cell = 0;
    for (uint8_t flag = 2; flag <= 32; flag = (uint8_t)(flag * 2)) {
        ring_flag(&cell, flag);
        for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
            ring_set(overflow, &cell, 9, 4, UNITS[i]);
            cr_assert(ring_get(overflow, &cell, 9, 4) == UNITS[i] && ring_flags(cell) == flag);
        }
        ring_flag(&cell, 1); /* WINDOW_ABSENT is not kept */
        ring_flag(&cell, 64);
        ring_unflag(&cell, (uint8_t)(RING_FLAGS ^ flag));
        cr_assert(ring_flags(cell) == flag && ring_get(overflow, &cell, 9, 4) == 0);
        ring_unflag(&cell, flag);
        cr_assert(cell == 0);
    }
    ring_overflow_destroy(overflow);
}
