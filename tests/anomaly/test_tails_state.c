#include "anomaly/tails.h"

#include <criterion/criterion.h>

Test(tails_state, loads_what_it_saved_on_a_day_without_any_line)
{
    struct alert_options options = {.budget_per_day = 10, .min_age = 28};
    struct tails *tails = tails_create(&options, 8), *again = tails_create(&options, 8);
    tails_begin_close(tails, 100, 4, 7, 50, 0.5);
    tails_total(tails, 50, 20);
    tails_begin_close(tails, 101, 5, 7, 0, 0.5);
    tails_total(tails, 0, 0);
    struct buf saved = {0};
    tails_save(tails, &saved);
    struct status *st = tails_load(again, buf_view(&saved));
    cr_assert_null(st, "%s", status_message(st));
    buf_fini(&saved);
    tails_destroy(tails);
    tails_destroy(again);
}

Test(tails_state, another_layout_is_refused)
{
    struct alert_options options = {.budget_per_day = 10, .min_age = 28};
    struct tails *tails = tails_create(&options, 8);
    struct buf saved = {0};
    tails_save(tails, &saved);
    saved.data[0] = 99;
    struct status *st = tails_load(tails, buf_view(&saved));
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    buf_fini(&saved);
    tails_destroy(tails);
}
