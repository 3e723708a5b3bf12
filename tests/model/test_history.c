#include "model/history.h"

#include "config/base/window.h"

#include <criterion/criterion.h>
#include <math.h>

enum { SERIES = 30, BUCKETS = 90 };

static float units[SERIES * BUCKETS];
static uint8_t flags[SERIES * BUCKETS];
static struct pretrain_panel panel;

static void init(void)
{
    for (int i = 0; i < SERIES; i++) {
        for (int t = 0; t < BUCKETS; t++) {
            units[i * BUCKETS + t] = t < i ? 0 : (float)((t * (i + 3)) % 40);
            flags[i * BUCKETS + t] = t < i ? WINDOW_ABSENT : 0;
        }
    }
    panel = (struct pretrain_panel){.series = SERIES,
                                    .buckets = BUCKETS,
                                    .units = units,
                                    .flags = flags,
                                    .phase = 6,
                                    .season = 7};
}

TestSuite(history, .init = init);

Test(history, holds_levels_inputs_and_factors_of_every_bucket)
{
    struct history history;
    cr_assert_null(history_init(&history, &panel, NULL));
    for (int i = 1; i < SERIES; i++) {
        cr_assert_geq(history.first[i], (uint32_t)i);
        size_t last = (size_t)(BUCKETS - 1) * SERIES + (size_t)i;
        cr_assert_gt(history.level[last], 0.0f);
        cr_assert_gt(history.spread[last], 1.0f);
    }
    cr_assert_eq(history.level[20], 0.0f); /* bucket 0, series 20: not there yet */
    struct prospect prospect;
    history_look(&history, 5, BUCKETS - 1, false, &prospect);
    float week = 0;
    for (int step = 1; step <= 7; step++) {
        week += prospect.factor[step];
    }
    cr_assert_float_eq(week, 7, 1e-2);
    cr_assert_eq(prospect.there[1], 0);
    history_fini(&history);
}

Test(history, a_twin_sells_less_and_leaves_the_panel_alone)
{
    struct history plain, twin;
    struct rng rng;
    rng_init(&rng, 1);
    cr_assert_null(history_init(&plain, &panel, NULL));
    cr_assert_null(history_init(&twin, &panel, &rng));
    double all = 0, less = 0;
    for (int at = 0; at < SERIES * BUCKETS; at++) {
        float mine = history_units(&plain, (uint32_t)at / BUCKETS)[at % BUCKETS];
        float thin = history_units(&twin, (uint32_t)at / BUCKETS)[at % BUCKETS];
        cr_assert(thin <= mine && thin == rintf(thin));
        cr_assert_eq(mine, units[at]);
        all += (double)mine;
        less += (double)thin;
    }
    cr_assert(less > 0.01 * all && less < 0.7 * all);
    history_fini(&plain);
    history_fini(&twin);
}

Test(history, what_is_known_can_be_hidden)
{
    static float known[SERIES * BUCKETS * WINDOW_KNOWN];
    for (int at = 0; at < SERIES * BUCKETS; at++) {
        for (int k = 0; k < WINDOW_KNOWN; k++) {
            known[at * WINDOW_KNOWN + k] =
                k == WINDOW_PROMO ? (float)(at % BUCKETS % 10 == 0) : NAN;
        }
    }
    panel.known = known;
    struct history history;
    struct prospect seen, hidden;
    cr_assert_null(history_init(&history, &panel, NULL));
    history_look(&history, 4, 75, false, &seen); /* bucket 80 is on promotion */
    history_look(&history, 4, 75, true, &hidden);
    cr_assert(seen.z[5][WINDOW_PROMO] == 1 && seen.z[4][WINDOW_PROMO] == 0);
    cr_assert(seen.there[5] == 1u << WINDOW_PROMO && hidden.there[5] == 0);
    cr_assert_eq(seen.there[WINDOW_AHEAD], 0); /* beyond the panel nothing is known */
    history_fini(&history);
}
