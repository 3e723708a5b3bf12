#include "model/profile.h"

#include <criterion/criterion.h>
#include <math.h>

static struct profile profile;

static void set_up(void)
{
    profile_init(&profile, 24);
}

TestSuite(profile, .init = set_up);

static float sum_of(const float *share)
{
    float sum = 0;
    for (int slot = 0; slot < 24; slot++) {
        sum += share[slot];
    }
    return sum;
}

Test(profile, shares_are_equal_until_a_day_is_over)
{
    float share[PROFILE_SLOTS_MAX];
    cr_expect(!profile_begin(&profile, 100, 3));
    profile_add(&profile, PROFILE_SHOP, 10, 500, 50);
    profile_shares(&profile, PROFILE_NO_CATEGORY, 3, share);
    for (int slot = 0; slot < 24; slot++) {
        cr_expect_float_eq(share[slot], 1.0f / 24, 1e-6f);
    }
    cr_expect(profile_begin(&profile, 101, 4));
    profile_shares(&profile, PROFILE_SHOP, 4, share);
    cr_expect(share[10] > 0.3f && share[9] < 0.04f, "one weekday teaches the others at first");
    cr_expect_float_eq(sum_of(share), 1, 1e-5f);
}

Test(profile, a_weekday_has_its_own_hours_and_a_category_too)
{
    uint32_t toys = profile_row(&profile, 77);
    float share[PROFILE_SLOTS_MAX];
    for (int64_t day = 0; day < 70; day++) {
        int32_t weekday = (int32_t)(day % 7);
        profile_begin(&profile, day, weekday);
        profile_add(&profile, PROFILE_SHOP, weekday < 5 ? 9 : 15, 900, 300);
        profile_add(&profile, toys, 20, 300, 100);
    }
    profile_begin(&profile, 70, 0);
    profile_shares(&profile, PROFILE_SHOP, 2, share);
    cr_expect(share[9] > 0.95f, "%g", (double)share[9]);
    profile_shares(&profile, PROFILE_SHOP, 6, share);
    cr_expect(share[15] > 0.95f, "%g", (double)share[15]);
    profile_shares(&profile, toys, 2, share);
    cr_expect(share[20] > 0.85f && share[9] > 0.02f, "shrunk to the shop: %g", (double)share[20]);
    cr_expect_float_eq(sum_of(share), 1, 1e-5f);
}

Test(profile, what_is_old_is_forgotten)
{
    float share[PROFILE_SLOTS_MAX];
    for (int64_t week = 0; week < 40; week++) {
        profile_begin(&profile, week * 7, 0);
        profile_add(&profile, PROFILE_SHOP, week < 20 ? 8 : 18, 1000, 500);
    }
    profile_begin(&profile, 40 * 7, 0);
    profile_shares(&profile, PROFILE_SHOP, 0, share);
    cr_expect(share[18] > 0.9f && share[8] < 0.05f);
}

Test(profile, without_ticks_the_rows_are_the_shop)
{
    float share[PROFILE_SLOTS_MAX];
    profile_begin(&profile, 0, 0);
    profile_add(&profile, PROFILE_NO_CATEGORY, 7, 600, 600);
    profile_begin(&profile, 7, 0);
    profile_shares(&profile, profile_row(&profile, 5), 0, share);
    cr_expect(share[7] > 0.85f, "%g", (double)share[7]);
}

Test(profile, categories_beyond_the_last_row_and_bad_counts_change_nothing)
{
    for (uint64_t key = 1; key <= 16; key++) {
        cr_expect(profile_row(&profile, key) == key + 1);
    }
    cr_expect(profile_row(&profile, 99) == PROFILE_NO_CATEGORY);
    cr_expect(profile_row(&profile, 3) == 4 && profile_row(&profile, 0) == PROFILE_NO_CATEGORY);
    profile_begin(&profile, 5, 1);
    profile_add(&profile, PROFILE_SHOP, 3, NAN, 1);
    profile_add(&profile, PROFILE_SHOP, 3, -4, 1);
    profile_add(&profile, PROFILE_SHOP, 3, INFINITY, 1);
    cr_expect(!profile_begin(&profile, 4, 0), "a day before counts to the one under way");
    cr_expect(profile.weekday == 1 && profile.today[PROFILE_SHOP][3] == 0);
}

Test(profile, comes_back_from_its_two_records_and_refuses_others)
{
    struct buf weeks = {0}, today = {0};
    uint32_t row = profile_row(&profile, 1234);
    profile_begin(&profile, 10, 2);
    profile_add(&profile, row, 3, 7, 2);
    profile_begin(&profile, 11, 3);
    profile_save_weeks(&profile, &weeks);
    profile_add(&profile, PROFILE_SHOP, 4, 9, 3);
    profile_add(&profile, profile_row(&profile, 55), 4, 1, 1);
    profile_save_today(&profile, &today);
    static struct profile back;
    profile_init(&back, 24);
    cr_assert(!profile_load_weeks(&back, buf_view(&weeks)));
    cr_assert(!profile_load_today(&back, buf_view(&today)));
    cr_expect(memcmp(&back, &profile, sizeof back) == 0);
    profile_init(&back, 24);
    cr_assert(!profile_load_today(&back, buf_view(&today)), "in any order");
    cr_assert(!profile_load_weeks(&back, buf_view(&weeks)));
    cr_expect(memcmp(&back, &profile, sizeof back) == 0);
    for (size_t cut = 0; cut < today.bytes; cut += 7) {
        struct status *st = profile_load_today(&back, (struct slice){today.data, cut});
        cr_expect(status_code(st) == STATUS_CORRUPT);
        status_free(st);
    }
    profile_init(&back, 12);
    struct status *st = profile_load_weeks(&back, buf_view(&weeks));
    cr_expect(status_code(st) == STATUS_CORRUPT, "another bucket");
    status_free(st);
    memset(weeks.data + weeks.bytes - 4, 0xff, 4);
    profile_init(&back, 24);
    st = profile_load_weeks(&back, buf_view(&weeks));
    cr_expect(status_code(st) == STATUS_CORRUPT, "no number");
    status_free(st);
    buf_fini(&weeks);
    buf_fini(&today);
}
