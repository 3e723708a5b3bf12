#include "model/lesson.h"

#include "tests/model/lessons.h"

#include <criterion/criterion.h>
#include <math.h>

enum { LAST = 150, ROWS = TRAIN_STEPS * TRAIN_BATCH };

static struct lessons all;
static struct tape *tape;
static struct lesson lesson;
static struct lesson_row row;
static struct lesson_view view;
static float x[ROWS * NET_INPUTS], twin[LAST + 1][NET_INPUTS], twin_level[LAST + 1];
static uint8_t live[ROWS];
static struct train_fork forks[LESSON_FORKS_MAX];

/* Features and levels of series 5 as they are made live, close by close. */
static void init(void)
{
    cr_assert_null(gemm_init());
    tape = calloc(1, sizeof *tape);
    lessons_init(&all, NULL, 2);
    for (int t = 0; t <= LAST; t++) {
        lessons_close(&all, t, tape);
        struct window window = shop_window(&all.shop, t, 0, TILE_SERIES);
        struct feature_source source = {.window = &window,
                                        .i = 5,
                                        .level = all.fc->level[5],
                                        .slow = all.fc->slow[5],
                                        .spread = all.fc->spread[5],
                                        .factor =
                                            forecaster_now(all.fc, &all.tile.cols, &window, 5),
                                        .shop = all.fc->shop};
        features_make(&source, twin[t]);
        twin_level[t] = all.fc->level[5];
    }
    row = lessons_row(&all, 5);
    view = lessons_view(&all);
}

static void fini(void)
{
    lessons_fini(&all);
    free(tape);
}

TestSuite(lesson, .init = init, .fini = fini);

Test(lesson, inputs_are_those_of_the_time)
{
    lesson_open(&lesson, &view, &row);
    cr_assert_eq(lesson_inputs(&lesson, x, live, 3), (uint32_t)TRAIN_STEPS);
    for (int step = 0; step < TRAIN_STEPS; step++) {
        int t = LAST - (TRAIN_STEPS - 1 - step);
        const float *found = x + ((size_t)step * TRAIN_BATCH + 3) * NET_INPUTS;
        cr_assert(live[step * TRAIN_BATCH + 3]);
        for (int f = 0; f < NET_INPUTS; f++) {
            if (f == 7 && step < 28) {
                continue; /* looks 56 buckets back: the ring does not reach so far */
            }
            /* own weekdays are known less well where the ring begins; that fades */
            cr_assert_float_eq(found[f], twin[t][f], step < 28 ? 0.15 : 0.1,
                               "step %d, input %d: %g, was %g", step, f, (double)found[f],
                               (double)twin[t][f]);
        }
    }
}

Test(lesson, a_young_series_lives_from_its_first_sale)
{
    row.age = 10;
    for (uint32_t k = 0; k < SHOP_WIDTH - 10; k++) {
        all.shop.window_flags[5 * SHOP_WIDTH + k] = WINDOW_ABSENT;
    }
    row.observed = 10;
    lesson_open(&lesson, &view, &row);
    cr_assert_eq(lesson_inputs(&lesson, x, live, 0), 10u);
    cr_assert(live[(TRAIN_STEPS - 10) * TRAIN_BATCH] && !live[(TRAIN_STEPS - 11) * TRAIN_BATCH]);
}

/* Every target again, slowly: ends at or before the newest bucket, and is the sum of its buckets.
 */
static void check_fork(const struct train_fork *fork)
{
    int origin = LAST - (TRAIN_STEPS - 1 - fork->step), end, begin;
    if ((int)fork->ask.row < NET_STEPS) {
        begin = end = origin + (int)fork->ask.row + 1;
    } else {
        begin = origin + 1;
        end = origin + net_lengths[(int)fork->ask.row - NET_STEPS];
    }
    cr_assert_leq(end, LAST);
    float sum = 0;
    for (int t = begin; t <= end; t++) {
        sum += all.shop.units[5][t];
    }
    cr_assert_eq(fork->y, sum);
    cr_assert_float_eq(fork->nb.mean,
                       twin_level[origin] * expf(fork->ask.side[0]) * (float)(end - begin + 1),
                       0.01 * (double)fork->nb.mean);
    cr_assert(fork->nb.size > 0 && fork->weight > 0);
}

Test(lesson, forks_end_with_what_has_closed)
{
    struct rng rng;
    rng_init(&rng, 1);
    lesson_open(&lesson, &view, &row);
    size_t found[2] = {0};
    for (int n = 0; n < 50; n++) {
        enum lesson_kind kind = n % 2 ? LESSON_ANY : LESSON_RECENT;
        size_t count = lesson_forks(&lesson, kind, &rng, 9, forks);
        cr_assert(count > 0 && count <= LESSON_FORKS_MAX);
        double weight = 0;
        for (size_t k = 0; k < count; k++) {
            check_fork(&forks[k]);
            cr_assert_eq(forks[k].member, 9);
            weight += (double)forks[k].weight;
        }
        cr_assert_float_eq(weight, 1, 1e-4);
        found[kind] += count;
    }
    cr_assert_gt(found[LESSON_ANY], 3 * found[LESSON_RECENT]);
}

Test(lesson, recent_forks_end_with_the_last_three_buckets)
{
    struct rng rng;
    rng_init(&rng, 1);
    lesson_open(&lesson, &view, &row);
    for (int n = 0; n < 50; n++) {
        size_t count = lesson_forks(&lesson, LESSON_RECENT, &rng, 0, forks);
        for (size_t k = 0; k < count; k++) {
            int back = TRAIN_STEPS - 1 - forks[k].step;
            int length = (int)forks[k].ask.row < NET_STEPS
                             ? (int)forks[k].ask.row + 1
                             : net_lengths[(int)forks[k].ask.row - NET_STEPS];
            cr_assert(back - length >= 0 && back - length < 3);
        }
    }
}

Test(lesson, no_target_holds_a_masked_bucket)
{
    struct rng rng;
    rng_init(&rng, 1);
    all.shop.window_flags[6 * SHOP_WIDTH - 10] =
        WINDOW_FEED_SILENT; /* nine before the newest one */
    all.shop.window_flags[6 * SHOP_WIDTH - 20] = WINDOW_OUT_OF_STOCK;
    lesson_open(&lesson, &view, &row);
    for (int n = 0; n < 50; n++) {
        size_t count = lesson_forks(&lesson, LESSON_ANY, &rng, 0, forks);
        for (size_t k = 0; k < count; k++) {
            int origin = TRAIN_STEPS - 1 - forks[k].step; /* buckets before the newest one */
            int end = origin - ((int)forks[k].ask.row < NET_STEPS
                                    ? (int)forks[k].ask.row + 1
                                    : net_lengths[(int)forks[k].ask.row - NET_STEPS]);
            int begin = (int)forks[k].ask.row < NET_STEPS ? end : origin - 1;
            cr_assert(!(begin >= 9 && end <= 9) && !(begin >= 19 && end <= 19));
        }
    }
}

Test(lesson, what_has_not_matured_is_no_fork)
{
    struct train_fork fork;
    lesson_open(&lesson, &view, &row);
    cr_assert(lesson_fork(&lesson, &(struct lesson_target){7, 7, 7}, 0, &fork));
    cr_assert(!lesson_fork(&lesson, &(struct lesson_target){6, 7, 7}, 0, &fork));
    cr_assert(!lesson_fork(&lesson, &(struct lesson_target){0, 1, 1}, 0, &fork));
    row.age = 6;
    cr_assert(!lesson_fork(&lesson, &(struct lesson_target){4, 1, 1}, 0, &fork));
}
