#include "optimize/answers.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(answers, those_accepted_unchanged_move_nothing)
{
    struct answers answers = {0};
    cr_assert_eq(answers_shift(&answers, 0.5), 0);
    for (int i = 0; i < 50; i++) {
        answers_add(&answers, PROPOSAL_CONFIRMED, 48, 48);
    }
    cr_assert(answers.accepted == 50 && answers.edited == 0);
    cr_assert_eq(answers_shift(&answers, 0.5), 0);
}

Test(answers, edits_move_the_target_within_the_bound)
{
    struct answers up = {0}, down = {0};
    answers_add(&up, PROPOSAL_EDITED, 100, 120);
    double one = answers_shift(&up, 2);
    cr_assert(one > 0 && one < 0.1, "%g", one);
    for (int i = 0; i < 100; i++) {
        answers_add(&up, i % 2 ? PROPOSAL_EDITED : PROPOSAL_ORDERED, 100, 120);
        answers_add(&down, PROPOSAL_CONFIRMED, 100, 80);
    }
    cr_assert(up.edited == 101 && down.edited == 100);
    cr_assert(answers_shift(&up, 2) > 8 * one);
    cr_assert_eq(answers_shift(&up, 0.25), 0.25);
    cr_assert_eq(answers_shift(&down, 0.25), -0.25);
    cr_assert_eq(answers_shift(&down, 0), 0);
}

Test(answers, a_change_of_mind_is_followed)
{
    struct answers answers = {0};
    for (int i = 0; i < 1000; i++) {
        answers_add(&answers, PROPOSAL_EDITED, 100, 120);
    }
    for (int i = 0; i < 1000; i++) {
        answers_add(&answers, PROPOSAL_CONFIRMED, 100, 100);
    }
    cr_assert(fabs(answers_shift(&answers, 2)) < 0.02, "%g", answers_shift(&answers, 2));
}

Test(answers, rejections_and_ends_say_nothing_of_quantities)
{
    struct answers answers = {0};
    answers_add(&answers, PROPOSAL_REJECTED, 100, 0);
    answers_add(&answers, PROPOSAL_RECEIVED, 100, 50);
    answers_add(&answers, PROPOSAL_CANCELLED, 100, 50);
    answers_add(&answers, PROPOSAL_EDITED, 100, 0);
    answers_add(&answers, PROPOSAL_EDITED, 0, 10);
    cr_assert(answers.rejected == 1 && answers.accepted == 0 && answers.edited == 0);
    cr_assert_eq(answers_shift(&answers, 2), 0);
    answers_add(&answers, PROPOSAL_EDITED, 1, 1000000);
    cr_assert(answers_shift(&answers, 2) < 0.5, "one odd edit is bounded");
}

Test(answers, saved_and_loaded_and_damage_refused)
{
    struct answers answers = {0}, got = {0};
    answers_add(&answers, PROPOSAL_EDITED, 100, 90);
    answers_add(&answers, PROPOSAL_REJECTED, 100, 0);
    struct buf bytes = {0};
    answers_save(&answers, &bytes);
    cr_assert(answers_load(buf_view(&bytes), &got));
    cr_assert_eq(memcmp(&answers, &got, sizeof got), 0);
    cr_assert_not(answers_load((struct slice){bytes.data, bytes.bytes - 1}, &got));
    double bad = INFINITY;
    memcpy(bytes.data + bytes.bytes - sizeof bad, &bad, sizeof bad);
    cr_assert_not(answers_load(buf_view(&bytes), &got));
    cr_assert_eq(memcmp(&answers, &got, sizeof got), 0);
    buf_fini(&bytes);
}
