#include "optimize/track.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(track, without_receipts_or_trust_nothing_is_learned)
{
    struct track track = {0};
    double lead = 10, sd = 3;
    cr_assert_not(track_lead(&track, 10, &lead, &sd));
    track_add(&track, 20, 10, 0.3);
    cr_assert_not(track_lead(&track, 0, &lead, &sd));
    double none = 0;
    cr_assert_not(track_lead(&track, 10, &none, &sd));
    cr_assert(lead == 10 && sd == 3);
}

/* Ten receipts that take one and a half times as long, against a prior that weighs ten. */
Test(track, what_is_learned_is_shrunk_to_what_is_stated)
{
    struct track track = {0};
    for (int i = 0; i < 10; i++) {
        track_add(&track, 15, 10, 0);
    }
    double lead = 8, sd = 0;
    cr_assert(track_lead(&track, 10, &lead, &sd));
    cr_assert_float_eq(lead, 8 * 1.25, 1e-9);
    /* Shares are 0.25 off the learned mean: variance 10 x 0.0625 / 20. */
    cr_assert_float_eq(sd, 8 * sqrt(0.625 / 20), 1e-9);
}

Test(track, the_stated_spread_fades_with_receipts)
{
    struct track track = {0};
    double lead = 10, sd = 4;
    track_add(&track, 10, 10, 0.4);
    cr_assert(track_lead(&track, 1, &lead, &sd));
    cr_assert_float_eq(lead, 10, 1e-9);
    cr_assert_float_eq(sd, 10 * sqrt(0.16 / 2), 1e-9);
}

Test(track, old_receipts_fade_and_odd_ones_are_bounded)
{
    struct track track = {0};
    for (int i = 0; i < 100; i++) {
        track_add(&track, 10, 10, 0.1);
    }
    for (int i = 0; i < 60; i++) {
        track_add(&track, 20, 10, 0.1);
    }
    double lead = 10, sd = 1;
    cr_assert(track_lead(&track, 1, &lead, &sd));
    cr_assert(lead > 18.5 && lead < 20, "%g", lead);
    cr_assert_eq(track.receipts, 160);
    struct track odd = {0};
    track_add(&odd, 1e9, 10, 0.1);
    track_add(&odd, NAN, 10, 0.1);
    track_add(&odd, 5, 0, 0.1);
    cr_assert_eq(odd.receipts, 1);
    lead = 10;
    sd = 1;
    cr_assert(track_lead(&odd, 1, &lead, &sd) && lead == 30, "%g: at most thrice", lead);
    struct track quick = {0};
    for (int i = 0; i < 20; i++) {
        track_add(&quick, 0, 10, 0.1);
    }
    lead = 10;
    cr_assert(track_lead(&quick, 1, &lead, &sd) && lead == 5, "%g: at least half", lead);
}

Test(track, a_slip_needs_receipts_and_ends_when_the_word_is_kept_again)
{
    struct track track = {0};
    struct track_slip slip;
    track_slip(&track, 10, &slip);
    cr_assert(!slip.slips && slip.keeps && slip.ratio == 1 && slip.score == 0);
    for (int i = 0; i < 3; i++) {
        track_add(&track, 18, 10, 0.1);
    }
    track_slip(&track, 10, &slip);
    cr_assert_not(slip.slips, "three are no record");
    track_add(&track, 18, 10, 0.1);
    track_slip(&track, 10, &slip);
    cr_assert(slip.slips && !slip.keeps && slip.ratio > 1.15 && slip.score > 2);
    for (int i = 0; i < 40; i++) {
        track_add(&track, 10, 10, 0.1);
    }
    track_slip(&track, 10, &slip);
    cr_assert(!slip.slips && slip.keeps, "%g", slip.ratio);
    track_slip(&track, 0, &slip);
    cr_assert(!slip.slips && slip.keeps);
}

Test(track, as_stated_within_its_spread_is_no_slip)
{
    struct track track = {0};
    struct track_slip slip;
    const double days[] = {8, 13, 10, 12, 7, 11, 9, 14, 10, 9};
    for (int i = 0; i < 10; i++) {
        track_add(&track, days[i], 10, 0.3);
    }
    track_slip(&track, 10, &slip);
    cr_assert(!slip.slips && slip.keeps, "%g %g", slip.ratio, slip.score);
}

Test(track, saved_and_loaded_and_damage_refused)
{
    struct track track = {0}, got = {0};
    track_add(&track, 13, 10, 0.3);
    track_add(&track, 9, 10, 0.3);
    struct buf bytes = {0};
    track_save(&track, &bytes);
    cr_assert(track_load(buf_view(&bytes), &got));
    cr_assert(got.receipts == 2 && got.sum == track.sum && got.square == track.square &&
              got.weight == track.weight && got.stated == track.stated);
    struct track kept = got;
    cr_assert_not(track_load((struct slice){bytes.data, bytes.bytes - 1}, &got));
    double bad = NAN;
    memcpy(bytes.data + bytes.bytes - sizeof bad, &bad, sizeof bad);
    cr_assert_not(track_load(buf_view(&bytes), &got));
    bytes.data[0] = 9;
    cr_assert_not(track_load(buf_view(&bytes), &got));
    cr_assert_eq(memcmp(&kept, &got, sizeof got), 0);
    buf_fini(&bytes);
}
