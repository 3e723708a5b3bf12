#include "stream/crowd.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct alert_signal signal_of(enum alert_kind kind, float score, int64_t onset)
{
    return (struct alert_signal){
        .kind = kind, .score = score, .onset_bucket = onset, .expected = 10, .observed = 2};
}

Test(crowd, adds_up_what_a_category_says_in_one_bucket)
{
    struct crowd crowd = {0};
    struct alert_signal one = signal_of(ALERT_DROP, 3, 100);
    struct alert_signal two = signal_of(ALERT_ZERO_RUN, 5, 98);
    (void)crowd_add(&crowd, 100, 7, ALERT_DROP, &one, 40);
    (void)crowd_add(&crowd, 100, 8, ALERT_DROP, &one, 40);
    (void)crowd_add(&crowd, 100, 7, ALERT_SPIKE, &one, 40);
    struct crowd_count *count = crowd_add(&crowd, 100, 7, ALERT_DROP, &two, 60);
    cr_assert_eq(count->found, 2);
    cr_assert_eq(count->onset, 98);
    cr_assert_eq(count->money, 100);
    cr_assert_eq(count->strongest, ALERT_ZERO_RUN);
    cr_assert_float_eq(count->expected, 20, 1e-6);
    cr_assert_float_eq(count->score, 5, 1e-6);
    cr_assert_eq(crowd.count, 3);
    count = crowd_add(&crowd, 101, 7, ALERT_DROP, &one, 40);
    cr_assert_eq(count->found, 1, "another bucket, another crowd");
    cr_assert_eq(crowd.count, 1);
}

Test(crowd, has_room_for_so_many_and_no_more)
{
    struct crowd crowd = {0};
    struct alert_signal one = signal_of(ALERT_SPIKE, 3, 5);
    for (uint64_t scope = 0; scope < CROWD_MOST; scope++) {
        cr_assert_not_null(crowd_add(&crowd, 5, scope, ALERT_SPIKE, &one, 1));
    }
    cr_assert_null(crowd_add(&crowd, 5, CROWD_MOST, ALERT_SPIKE, &one, 1));
    cr_assert_eq(crowd_add(&crowd, 5, 3, ALERT_SPIKE, &one, INT64_MAX)->found, 2);
    cr_assert_eq(crowd.counts[3].money, (int64_t)1e15, "money does not overflow");
}

Test(crowd, comes_back_as_it_was_and_refuses_the_rest)
{
    struct crowd crowd = {0}, again = {0};
    struct alert_signal one = signal_of(ALERT_SPIKE, 3, 5);
    for (uint64_t scope = 1; scope < 9; scope++) {
        crowd_add(&crowd, 5, scope, ALERT_SPIKE, &one, 1)->members = 40;
    }
    struct buf saved = {0}, saved_again = {0};
    crowd_save(&crowd, &saved);
    struct status *st = crowd_load(buf_view(&saved), &again);
    cr_assert_null(st);
    crowd_save(&again, &saved_again);
    cr_assert(slice_equal(buf_view(&saved), buf_view(&saved_again)));
    cr_assert_eq(again.counts[7].members, 40);
    for (size_t bytes = 0; bytes < saved.bytes; bytes++) {
        st = crowd_load((struct slice){saved.data, bytes}, &again);
        cr_assert_not_null(st, "%zu bytes", bytes);
        status_free(st);
    }
    saved.data[0] = 9;
    st = crowd_load(buf_view(&saved), &again);
    cr_assert_not_null(st, "another layout");
    status_free(st);
    saved.data[0] = 1;
    float nan = NAN;
    memcpy(saved.data + 10 + 8 + 8 + 8 + 4 + 4, &nan, sizeof nan);
    st = crowd_load(buf_view(&saved), &again);
    cr_assert_not_null(st, "not a number");
    status_free(st);
    cr_assert_eq(again.count, 8, "as it was");
    buf_fini(&saved);
    buf_fini(&saved_again);
}
