#include "stream/slab.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdbool.h>
#include <string.h>

Test(slab, units_do_not_move_and_do_not_overlap)
{
    struct slab slab;
    slab_init(&slab, 128);
    enum { UNITS = 3000 };
    unsigned char *first = slab_at(&slab, slab_take(&slab));
    memset(first, 0, 128);
    for (uint32_t i = 1; i < UNITS; i++) {
        uint32_t unit = slab_take(&slab);
        cr_assert(unit == i && (uintptr_t)slab_at(&slab, unit) % 64 == 0);
        memset(slab_at(&slab, unit), (int)(i % 251), 128);
    }
    cr_expect(slab_at(&slab, 0) == first);
    for (uint32_t i = 0; i < UNITS; i++) {
        const unsigned char *at = slab_at(&slab, i);
        cr_assert(at[0] == i % 251 && at[127] == i % 251);
    }
    cr_expect(slab_bytes(&slab) >= UNITS * 128 && slab_bytes(&slab) < UNITS * 128 + 70000);
    slab_fini(&slab);
}

Test(slab, what_is_given_back_is_taken_first)
{
    struct slab slab;
    slab_init(&slab, 64);
    for (uint32_t i = 0; i < 5000; i++) {
        (void)slab_take(&slab);
    }
    size_t bytes = slab_bytes(&slab);
    for (uint32_t i = 0; i < 5000; i += 2) {
        slab_give(&slab, i);
    }
    bool taken[5000] = {false};
    for (uint32_t i = 0; i < 2500; i++) {
        uint32_t unit = slab_take(&slab);
        cr_assert(unit < 5000 && unit % 2 == 0 && !taken[unit]);
        taken[unit] = true;
    }
    cr_expect(slab_bytes(&slab) == bytes);
    cr_expect(slab_take(&slab) == 5000);
    slab_fini(&slab);
}

Test(slab, refuses_other_sizes, .signal = SIGABRT)
{
    struct slab slab;
    slab_init(&slab, 96);
}
