#include "model/gru_expert.h"

#include "model/levels.h"
#include "tests/model/base.h"
#include "tests/model/shop.h"

#include <criterion/criterion.h>
#include <math.h>

enum { SERIES = 100 }; /* more than one batch, not a multiple of it */

static float units[SERIES * SHOP_WIDTH], level[SERIES], spread[SERIES];
static uint8_t flags[SERIES * SHOP_WIDTH];
static uint32_t age[SERIES];
static uint16_t state[NET_HIDDEN * SERIES];
static struct base_model *base;
static struct gru_expert *expert;

static struct window window_of(int close)
{
    for (uint32_t i = 0; i < SERIES; i++) {
        level[i] = 0.1f * (float)i;
        spread[i] = 2;
        age[i] = i == 7 ? 0 : (uint32_t)close + 50;
        for (int w = 0; w < SHOP_WIDTH; w++) {
            units[i * SHOP_WIDTH + (uint32_t)w] = (float)((i * 7 + (uint32_t)(w + close) * 3) % 5);
        }
    }
    return (struct window){.series = SERIES,
                           .width = SHOP_WIDTH,
                           .bucket = close,
                           .phase = close % 7,
                           .season = 7,
                           .units = units,
                           .flags = flags,
                           .age = age};
}

static float factor[SERIES], usual[SERIES];

static struct gru_view view_of(const struct window *window)
{
    for (int i = 0; i < SERIES; i++) {
        factor[i] = 1;
    }
    return (struct gru_view){.window = window,
                             .level = level,
                             .slow = level,
                             .spread = spread,
                             .factor = factor,
                             .usual = usual,
                             .tile = SERIES};
}

static void init(void)
{
    base = base_make(0.5);
    expert = gru_expert_create(base, SERIES);
    cr_assert_not_null(expert);
    for (int close = 0; close < 5; close++) {
        struct window window = window_of(close);
        struct gru_view view = view_of(&window);
        gru_expert_step(expert, &view, state);
        gru_expert_look(expert, &view, state, NULL);
    }
}

static void fini(void)
{
    gru_expert_destroy(expert);
    base_model_free(base);
}

TestSuite(gru_expert, .init = init, .fini = fini);

/* What the network makes of a mean of 2 and a size of 3. */
static float say(uint32_t i, const struct net_ask *ask, float *q)
{
    static struct negbin_table table;
    static const struct likelihood nb = {2, 3};
    struct direct_base distribution;
    negbin_init(&table);
    direct_begin(&table, &nb, &distribution);
    float out[NET_WIDE];
    gru_expert_say(expert, i, ask, out);
    return direct_read(&distribution, out, q);
}

Test(gru_expert, corrections_are_bounded_and_depend_on_the_series)
{
    int different = 0;
    float first = 0;
    for (uint32_t i = 0; i < SERIES; i += 7) {
        struct net_ask ask = {.row = net_length_row(14)};
        float q[FORECAST_LEVELS], mean = say(i, &ask, q);
        cr_assert(mean > 0.4f && mean < 9.1f);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            cr_assert(q[k] >= (k ? q[k - 1] : 0) && isfinite(q[k]));
        }
        first = i ? first : q[LEVEL_P70];
        different += q[LEVEL_P70] != first;
    }
    cr_assert_gt(different, SERIES / 14);
}

Test(gru_expert, other_weights_are_used_from_then_on)
{
    struct base_model *blank = base_model_blank(86400);
    float q[FORECAST_LEVELS];
    cr_assert_neq(say(93, &(struct net_ask){0}, q), 2);
    struct window window = window_of(4);
    struct gru_view view = view_of(&window);
    gru_expert_use(expert, base_model_net(blank));
    gru_expert_look(expert, &view, state, NULL);
    cr_assert_eq(say(93, &(struct net_ask){0}, q), 2); /* blank: as the statistical expert */
    base_model_free(blank);
}

/* As explanations ask: from what is supposed, without a look before. */
Test(gru_expert, speaks_without_a_look)
{
    struct gru_expert *fresh = gru_expert_create(base, SERIES);
    static float x[GRU_BATCH * NET_INPUTS], h[GRU_BATCH * NET_HIDDEN], u[GRU_BATCH * NET_DECODER];
    float out[NET_WIDE], expected[NET_WIDE];
    h[3] = x[2] = 0.5f;
    gru_expert_suppose(fresh, x, h, u);
    gru_expert_place(fresh, 5, u);
    gru_expert_place(expert, 5, u);
    gru_expert_say(fresh, 5, &(struct net_ask){0}, out);
    gru_expert_say(expert, 5, &(struct net_ask){0}, expected);
    cr_assert_arr_eq(out, expected, sizeof out);
    cr_assert_neq(out[NET_OUTPUTS - 1], 0.0f);
    gru_expert_destroy(fresh);
}

Test(gru_expert, a_series_that_never_sold_has_no_state)
{
    for (int j = 0; j < NET_HIDDEN; j++) {
        cr_assert_eq(state[j * SERIES + 7], 0);
        cr_assert_neq(state[j * SERIES + 8], 0);
    }
}

Test(gru_expert, looking_again_says_the_same_and_changes_no_state)
{
    uint16_t kept[NET_HIDDEN * SERIES];
    memcpy(kept, state, sizeof kept);
    float before[FORECAST_LEVELS], after[FORECAST_LEVELS];
    struct net_ask ask = {.side = {0.3f}};
    float mean = say(93, &ask, before);
    struct window window = window_of(4);
    struct gru_view view = view_of(&window);
    uint8_t want[SERIES] = {0};
    want[93] = 1;
    gru_expert_look(expert, &view, state, want);
    cr_assert_eq(say(93, &ask, after), mean);
    cr_assert_arr_eq(before, after, sizeof before);
    cr_assert_arr_eq(kept, state, sizeof kept);
}
