#include "model/forecaster.h"

#include "model/forecaster_parts.h"
#include "tests/model/shop.h"

#include <criterion/criterion.h>
#include <math.h>

static struct shop shop;
static struct tile tile;
static struct forecaster *fc;
static struct buf saved;

static void init(void)
{
    struct forecaster_options options = shop_options();
    shop_make(&shop, 2);
    tile_init(&tile);
    fc = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    shop_run(&shop, fc, &tile.cols, 0, 120);
    saved = (struct buf){0};
    buf_text(&saved, "before"); /* save appends */
    forecaster_save(fc, &saved);
}

static void fini(void)
{
    forecaster_destroy(fc);
    tile_fini(&tile);
    buf_fini(&saved);
}

static struct slice state(void)
{
    return (struct slice){saved.data + 6, saved.bytes - 6};
}

TestSuite(forecaster_state, .init = init, .fini = fini);

Test(forecaster_state, after_a_load_everything_goes_on_bit_for_bit)
{
    struct forecaster_options options = shop_options();
    struct forecaster *other = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    struct tile copy;
    tile_init(&copy);
    memcpy(copy.block, tile.block, tile.bytes);
    cr_assert_null(forecaster_load(other, state()));
    shop_run(&shop, other, &copy.cols, 119,
             120); /* the same close again: begin does nothing, so learn must not be repeated */
    memcpy(copy.block, tile.block, tile.bytes);
    cr_assert_null(forecaster_load(other, state()));
    shop_run(&shop, fc, &tile.cols, 120, 200);
    shop_run(&shop, other, &copy.cols, 120, 200);
    cr_assert_eq(memcmp(copy.block, tile.block, tile.bytes), 0);
    struct buf a = {0}, b = {0};
    forecaster_save(fc, &a);
    forecaster_save(other, &b);
    cr_assert(slice_equal(buf_view(&a), buf_view(&b)));
    buf_fini(&a);
    buf_fini(&b);
    forecaster_destroy(other);
    tile_fini(&copy);
}

Test(forecaster_state, other_sums_keep_what_is_known_of_common_lengths)
{
    struct forecaster_options options = shop_options();
    options.sums = (struct option_list){.count = 2, .values = {5, 14}};
    struct forecaster *other = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    cr_assert_null(forecaster_load(other, state()));
    shop_run(&shop, other, &tile.cols, 120, 140); /* probes of lengths that are gone are dropped */
    struct buf again = {0};
    forecaster_save(other, &again);
    cr_assert_lt(again.bytes, saved.bytes);
    buf_fini(&again);
    forecaster_destroy(other);
}

Test(forecaster_state, a_fresh_forecaster_can_be_saved_and_loaded)
{
    struct forecaster_options options = shop_options();
    struct forecaster *fresh = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    struct buf empty = {0};
    forecaster_save(fresh, &empty);
    cr_assert_null(forecaster_load(fc, buf_view(&empty)));
    forecaster_destroy(fresh);
    buf_fini(&empty);
}

Test(forecaster_state, every_cut_and_every_flipped_byte_is_refused)
{
    struct slice whole = state();
    struct buf before = {0}, after = {0};
    forecaster_save(fc, &before);
    for (size_t bytes = 0; bytes < whole.bytes; bytes++) {
        struct status *st = forecaster_load(fc, (struct slice){whole.data, bytes});
        cr_assert_eq(status_code(st), STATUS_CORRUPT, "cut at %zu", bytes);
        status_free(st);
    }
    for (size_t at = 0; at < whole.bytes; at++) {
        saved.data[6 + at] = (char)(saved.data[6 + at] ^ 0x41);
        struct status *st = forecaster_load(fc, whole);
        cr_assert_eq(status_code(st), STATUS_CORRUPT, "byte %zu", at);
        status_free(st);
        saved.data[6 + at] = (char)(saved.data[6 + at] ^ 0x41);
    }
    forecaster_save(fc, &after);
    cr_assert(slice_equal(buf_view(&before), buf_view(&after)));
    buf_fini(&before);
    buf_fini(&after);
}

Test(forecaster_state, options_have_defaults_that_pass_the_check)
{
    cr_assert_eq(forecaster_option_table.struct_bytes, sizeof(struct forecaster_options));
    for (size_t i = 0; i < forecaster_option_table.count; i++) {
        const struct option *row = &forecaster_option_table.rows[i];
        cr_assert(row->path && row->default_text && row->help &&
                  row->offset < sizeof(struct forecaster_options));
    }
}

Test(forecaster_state, keeps_the_year_before_and_what_plans_do)
{
    struct forecaster_options options = shop_options();
    struct forecaster *other = forecaster_create(&options, TILE_SERIES, SHOP_WIDTH);
    struct known_case one = {
        .z = (float[WINDOW_KNOWN]){0, 1}, .expected = 3, .factor = 1, .spread = 2, .y = 9};
    for (int n = 0; n < 50; n++) {
        known_count(&fc->known_tally, &one);
    }
    (void)known_fold(&fc->effects, &fc->known_tally);
    known_count(&fc->known_tally, &one); /* of a close that is not whole yet */
    buf_reset(&saved);
    buf_text(&saved, "before");
    forecaster_save(fc, &saved);
    cr_assert_null(forecaster_load(other, state()));
    cr_assert_gt(other->effects.effect[WINDOW_PROMO], 0.05f);
    cr_assert_arr_eq(&other->effects, &fc->effects, sizeof fc->effects);
    cr_assert_arr_eq(&other->known_tally, &fc->known_tally, sizeof fc->known_tally);
    cr_assert_eq(other->annual.closes, 120);
    cr_assert_arr_eq(&other->annual, &fc->annual, sizeof fc->annual);
    cr_assert_arr_eq(other->year, fc->year, sizeof fc->year);
    cr_assert_gt(other->bulk.counted, 0);
    cr_assert_arr_eq(&other->bulk, &fc->bulk, sizeof fc->bulk);
    fc->bulk.sold = -1;
    buf_reset(&saved);
    buf_text(&saved, "before");
    forecaster_save(fc, &saved);
    struct status *impossible = forecaster_load(other, state());
    cr_assert(status_code(impossible) == STATUS_CORRUPT);
    status_free(impossible);
    fc->bulk = other->bulk;
    fc->effects.effect[WINDOW_SNAP] = NAN;
    buf_reset(&saved);
    buf_text(&saved, "before");
    forecaster_save(fc, &saved);
    struct status *st = forecaster_load(other, state());
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    forecaster_destroy(other);
}
