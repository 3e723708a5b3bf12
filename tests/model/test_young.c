#include "model/young.h"

#include <criterion/criterion.h>
#include <string.h>

Test(young, first_buckets_that_promise_too_much_are_corrected)
{
    struct young young = {0};
    struct young_tally tally = {0};
    for (int close = 0; close < 100; close++) {
        for (int n = 0; n < 10; n++) {
            young_count(&tally, 1, 4,
                        n % 5 ? 0 : 5); /* 1 in the mean, error 2 in the mean of squares + 9 */
        }
        young_fold(&young, &tally);
    }
    float level = 4, spread = 1.01f;
    young_correct(&young, 1, &level, &spread);
    cr_assert_float_eq(level, 1.2, 0.15);
    cr_assert_gt(spread, 5.0f);
    level = 4;
    young_correct(&young, 8, &level, &spread); /* another group knows nothing yet */
    cr_assert_eq(level, 4.0f);
}

Test(young, old_and_unknown_series_are_left_alone)
{
    struct young young = {0};
    struct young_tally tally = {0}, nothing = {0};
    young_count(&tally, 0, 1, 1);
    young_count(&tally, YOUNG_BUCKETS + 1, 1, 1);
    young_count(&tally, 3, 0.0f / 0.0f, 1);
    young_count(&tally, 3, 1e30f, 1);
    cr_assert_eq(memcmp(&tally, &nothing, sizeof tally), 0);
    young.sold[0] = 100;
    float level = 4, spread = 2;
    young_correct(&young, 0, &level, &spread);
    young_correct(&young, YOUNG_BUCKETS + 1, &level, &spread);
    cr_assert(level == 4 && spread == 2);
    young_correct(&young, YOUNG_BUCKETS, &level, &spread);
    cr_assert_eq(level, 4.0f);
}

Test(young, one_wild_order_counts_as_a_few_means)
{
    struct young_tally tally = {0};
    young_count(&tally, 2, 1, 1e9f);
    cr_assert_leq(tally.sold[1], 16 * 256);
}

Test(young, one_close_alone_moves_little)
{
    struct young young = {0};
    struct young_tally tally = {0};
    for (int n = 0; n < 1000; n++) {
        young_count(&tally, 1, 4, 1);
    }
    young_fold(&young, &tally);
    cr_assert_eq(tally.sold[0], 0);
    float level = 4, spread = 1.01f;
    young_correct(&young, 1, &level, &spread);
    cr_assert_gt(level, 3.0f);
}
