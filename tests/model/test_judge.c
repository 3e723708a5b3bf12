#include "model/judge.h"

#include "tests/model/lessons.h"

#include <criterion/criterion.h>
#include <math.h>

enum { LAST = 150 };

static struct lessons all;
static struct tape *tape;
static struct lesson lesson;
static struct lesson_row row;
static struct lesson_view view;
static struct judge_case cases[1 + NET_LENGTHS];

static void init(void)
{
    tape = calloc(1, sizeof *tape);
    lessons_init(&all, NULL, 2);
    for (int t = 0; t <= LAST; t++) {
        lessons_close(&all, t, tape);
    }
    row = lessons_row(&all, 5);
    view = lessons_view(&all);
    lesson_open(&lesson, &view, &row);
}

static void fini(void)
{
    lessons_fini(&all);
    free(tape);
}

TestSuite(judge, .init = init, .fini = fini);

Test(judge, cases_end_with_the_newest_bucket)
{
    struct judge_seen never = {INT64_MIN, INT64_MAX};
    cr_assert_eq(judge_cases(&lesson, &never, 0, cases), 1u + NET_LENGTHS);
    cr_assert_eq(cases[0].fork.y, all.shop.units[5][LAST]);
    cr_assert_eq(cases[0].span, JUDGE_STEP);
    cr_assert(cases[0].serving && !cases[0].challenger);
    float week = 0;
    for (int t = LAST - 6; t <= LAST; t++) {
        week += all.shop.units[5][t];
    }
    cr_assert_eq(cases[4].fork.y, week); /* 1, 2, 3, 5, 7 */
    cr_assert_eq(cases[4].span, JUDGE_WEEK);
    cr_assert_eq(cases[9].span, JUDGE_LEAD);
}

Test(judge, nobody_is_judged_by_what_it_was_trained_on)
{
    struct judge_seen seen = {LAST - 10, LAST - 3};
    size_t count = judge_cases(&lesson, &seen, 0, cases);
    cr_assert_eq(count, 6u); /* 1, 2, 3, 5, 7, 10 */
    for (size_t n = 0; n < count; n++) {
        cr_assert(cases[n].serving);
        cr_assert_eq(cases[n].challenger, n < 3);
    }
    seen.serving = LAST;
    cr_assert_eq(judge_cases(&lesson, &seen, 0, cases), 0u);
}

Test(judge, adds_up_what_a_forecast_was_worth)
{
    struct judge_score score = {0};
    struct judge_case one = {.fork = {.y = 4, .nb = {3, 5}}, .span = JUDGE_WEEK};
    struct judge_saying says = {3, {0, 0, 0.7f, 1, 2, 2.6f, 3, 4, 5, 6.2f, 7.3f, 9}};
    const float counted[FORECAST_LEVELS] = {0, 0, 0, 1, 2, 3, 3, 4, 5, 6, 8, 9};
    double expected = (double)levels_loss(4, counted);
    double loss = judge_add(&score, &one, &says);
    cr_assert_float_eq(loss, expected / 2, 1e-6);
    cr_assert_float_eq(score.pinball[JUDGE_WEEK], expected, 1e-6);
    cr_assert(score.units[JUDGE_WEEK] == 4 && score.mean[JUDGE_WEEK] == 3 && score.count == 1);
    cr_assert_eq(score.covered[JUDGE_WEEK], 1.0);
    says.mean = NAN;
    cr_assert(isnan(judge_add(&score, &one, &says)));
    cr_assert_eq(score.count, 1.0);
    judge_fade(&score, 0.5);
    cr_assert(score.count == 0.5 && score.units[JUDGE_WEEK] == 2);
}

Test(judge, page_hinkley_finds_a_rise_and_hardly_anything_else)
{
    struct rng rng;
    rng_init(&rng, 6);
    struct page_hinkley test = {0};
    int alarms = 0;
    for (int n = 0; n < 3000; n++) {
        alarms += page_hinkley_add(&test, 1 + 0.1 * rng_normal(&rng));
    }
    cr_assert_leq(alarms, 3);
    int wait = 0;
    while (!page_hinkley_add(&test, 1.3 + 0.1 * rng_normal(&rng))) {
        cr_assert_lt(++wait, 10);
    }
    struct page_hinkley fall = {0};
    for (int n = 0; n < 300; n++) {
        cr_assert(!page_hinkley_add(&fall, (n < 150 ? 1 : 0.5) + 0.02 * rng_normal(&rng)));
    }
}
