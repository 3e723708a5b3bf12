#include "model/prospect.h"

#include "model/net.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { W = 84, ROW = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };

static float units[W], known[ROW];
static uint8_t flags[W];
static uint32_t age[1] = {W};
static struct phase_factors phases;
static struct known_effects effects;
static struct window window;
static float year[PROSPECT_MOST + 1];

/* The newest bucket has phase 6; the shop sells twice as much on phase 5 as on others. */
static void init(void)
{
    memset(&phases, 0, sizeof phases);
    memset(&effects, 0, sizeof effects);
    memset(flags, 0, sizeof flags);
    for (int t = 0; t < 56; t++) {
        phase_add(&phases, t % 7, 7, t % 7 == 5 ? 20 : 10);
    }
    for (int w = 0; w < W; w++) {
        units[w] = 4 * phases.factor[w % 7];
    }
    for (int s = 0; s <= PROSPECT_MOST; s++) {
        year[s] = 1;
    }
    for (int k = 0; k < ROW; k++) {
        known[k] = NAN;
    }
    window = (struct window){.series = 1,
                             .width = W,
                             .phase = 6,
                             .season = 7,
                             .units = units,
                             .flags = flags,
                             .age = age};
}

TestSuite(prospect, .init = init);

static struct prospect_source source(void)
{
    return (struct prospect_source){.window = &window,
                                    .phases = &phases,
                                    .effects = &effects,
                                    .annual = year,
                                    .usual = 10,
                                    .level = 4,
                                    .spread = 1.5f};
}

Test(prospect, a_series_like_its_shop_has_the_factors_of_the_shop)
{
    struct prospect_source like = source();
    struct prospect prospect;
    prospect_make(&like, 14, &prospect);
    for (uint32_t s = 0; s <= 14; s++) {
        cr_assert_float_eq(prospect.factor[s], phases.factor[(6 + s) % 7], 1e-5, "step %u", s);
    }
}

Test(prospect, its_own_days_count_more_the_more_it_sells)
{
    float few[PROSPECT_PHASES], many[PROSPECT_PHASES];
    for (int w = 0; w < W; w++) {
        units[w] = w % 7 == 2 ? 8 : 4;
    }
    struct prospect_source own = source();
    prospect_own(&own, 0, few);
    for (int w = 0; w < W; w++) {
        units[w] *= 50;
    }
    own.level = 200;
    prospect_own(&own, 0, many);
    cr_assert(few[2] > 1.1f && many[2] > few[2] && many[5] < few[5] && few[5] < 1);
    float before = 0, after = 0;
    for (int p = 0; p < 7; p++) {
        before += phases.factor[p];
        after += phases.factor[p] * many[p];
    }
    cr_assert_float_eq(before, after, 1e-4);
    phases.season = 52;
    prospect_own(&own, 0, many);
    cr_assert_eq(many[2], 1.0f);
}

Test(prospect, buckets_without_stock_and_the_newest_can_be_left_out)
{
    float with[PROSPECT_PHASES], without[PROSPECT_PHASES], skipped[PROSPECT_PHASES];
    struct prospect_source own = source();
    prospect_own(&own, 0, with);
    for (int w = 2; w < W; w += 7) {
        units[w] = 0;
        flags[w] = WINDOW_OUT_OF_STOCK;
    }
    prospect_own(&own, 0, without);
    cr_assert_float_eq(without[2], with[2], 1e-5);
    units[W - 1] = 30;
    prospect_own(&own, 0, with);
    prospect_own(&own, 1, skipped);
    cr_assert(with[6] > 1.02f && fabsf(skipped[6] - 1) < 1e-4f);
}

Test(prospect, what_is_known_moves_its_bucket_alone)
{
    struct prospect_source own = source();
    struct prospect plain, promoted;
    float z[WINDOW_KNOWN];
    effects.effect[WINDOW_PROMO] = 0.5f;
    prospect_make(&own, 60, &plain);
    window.known = known;
    known[3 * WINDOW_KNOWN + WINDOW_PROMO] = 1;
    known[WINDOW_PROMO] = 1;
    prospect_make(&own, 60, &promoted);
    for (uint32_t s = 1; s <= 60; s++) {
        float times = s == 3 ? expf(0.5f) : 1;
        cr_assert_float_eq(promoted.factor[s], plain.factor[s] * times, 1e-5, "step %u", s);
    }
    cr_assert(promoted.there[3] == 1u << WINDOW_PROMO && promoted.there[4] == 0);
    cr_assert_float_eq(prospect_now(&own, z), phases.factor[6], 1e-5);
    cr_assert_eq(z[WINDOW_PROMO], 1.0f);
}

Test(prospect, the_network_is_asked_with_means_over_the_target)
{
    struct prospect_source own = source();
    struct prospect prospect;
    struct net_ask ask;
    effects.effect[WINDOW_PROMO] = 0.5f;
    window.known = known;
    for (int s = 1; s <= 14; s++) {
        known[s * WINDOW_KNOWN + WINDOW_PROMO] = s <= 7;
    }
    prospect_make(&own, 42, &prospect);
    prospect_ask(&prospect, 1, 14, 33, &ask);
    cr_assert_eq(ask.row, 33);
    cr_assert_float_eq(ask.side[0], 0, 1e-4); /* two whole weeks */
    cr_assert_float_eq(ask.side[1], logf((expf(0.5f) + 1) / 2), 1e-4);
    cr_assert_float_eq(ask.side[2 + WINDOW_PROMO], 0.5f, 1e-5);
    cr_assert_float_eq(ask.side[2 + WINDOW_KNOWN + WINDOW_PROMO], 1, 1e-5);
    cr_assert_eq(ask.side[2 + WINDOW_KNOWN + WINDOW_PRICE], 0.0f);
    prospect_ask(&prospect, 8, 8, 7, &ask);
    cr_assert_eq(ask.side[2 + WINDOW_PROMO], 0.0f);
    cr_assert_float_eq(ask.side[0], logf(phases.factor[0]), 1e-4);
}

Test(prospect, the_network_is_told_of_a_day_of_its_own_and_of_a_day_of_late)
{
    struct prospect_source own = source();
    struct prospect prospect;
    struct net_ask ask;
    for (int w = 0; w < W; w++) {
        units[w] *= w % 7 == 2 ? 2 : 1; /* since ever */
        units[w] *= w % 7 == 4 && w >= W - 28 ? 3 : 1; /* four weeks */
    }
    prospect_make(&own, 14, &prospect);
    prospect_ask(&prospect, 3, 3, 2, &ask); /* phase 2 */
    cr_assert(ask.side[NET_SIDE_OWN] > 0.3f && ask.side[NET_SIDE_OWN + 1] > 0.3f);
    prospect_ask(&prospect, 5, 5, 4, &ask);
    float whole = ask.side[NET_SIDE_OWN], late = ask.side[NET_SIDE_OWN + 1];
    cr_assert(late > 0.6f && late < logf(3) && whole > 0 && whole < late);
    prospect_ask(&prospect, 12, 12, 11, &ask); /* the same phase a week later */
    cr_assert(ask.side[NET_SIDE_OWN] == whole && ask.side[NET_SIDE_OWN + 1] == late);
    prospect_ask(&prospect, 4, 5, 30, &ask); /* the mean of both */
    cr_assert_float_eq(ask.side[NET_SIDE_OWN + 1], (prospect.late[3] + late) / 2, 1e-6);
}

Test(prospect, of_late_nothing_is_told_where_stock_was_out_or_nothing_is_to_be_known)
{
    struct prospect_source own = source();
    struct prospect prospect;
    for (int w = W - 28; w < W; w++) {
        units[w] = 0;
        flags[w] = WINDOW_OUT_OF_STOCK;
    }
    prospect_make(&own, 14, &prospect);
    for (int p = 0; p < 7; p++) {
        cr_assert(prospect.late[p] == 0 && fabsf(prospect.whole[p]) < 1e-4f);
    }
    for (int w = W - 28; w < W; w++) {
        flags[w] = 0;
    }
    prospect_make(&own, 14, &prospect);
    cr_assert_lt(prospect.late[3], -0.5f);
    own.settled = true;
    prospect_make(&own, 14, &prospect);
    cr_assert_eq(prospect.late[3], 0.0f);
}

Test(prospect, a_season_too_long_for_own_days_tells_the_network_of_none)
{
    struct prospect_source own = source();
    struct prospect prospect;
    struct net_ask ask;
    phases.season = 52;
    prospect_make(&own, 14, &prospect);
    prospect_ask(&prospect, 1, 7, 30, &ask);
    cr_assert(ask.side[NET_SIDE_OWN] == 0 && ask.side[NET_SIDE_OWN + 1] == 0);
}

Test(prospect, the_year_before_moves_what_lies_ahead)
{
    struct prospect_source own = source();
    struct prospect prospect;
    year[9] = 1.5f;
    prospect_make(&own, 14, &prospect);
    cr_assert_float_eq(prospect.factor[9], 1.5f * phases.factor[(6 + 9) % 7], 1e-5);
    cr_assert_float_eq(prospect.factor[10], phases.factor[(6 + 10) % 7], 1e-5);
}
