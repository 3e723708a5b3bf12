#include "stream/watch.h"

#include "tests/stream/play_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct shadow_terms TERMS = {
    .holding = 1, .shortage = 10, .typical = 20, .review = 3, .lead = 2};

static bool copy(struct outbox *outbox, struct watch *into)
{
    bool ok = true;
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        ok &= record.key.data[0] == 'n' && watch_restore(into, record.key, record.value);
    }
    outbox_reset(outbox);
    return ok;
}

Test(watch, series_come_back_from_their_records)
{
    struct watch *watch = watch_create(), *again = watch_create();
    struct outbox *outbox = outbox_create();
    shadow_open(watch_open(watch, 7), 30, &TERMS);
    shadow_open(watch_open(watch, 70000), 40, &TERMS);
    cr_assert(watch_find(watch, 7) && !watch_find(watch, 8));
    watch_count(watch, FORECAST_LUMPY, &(struct shadow_result){true, 2, 1});
    watch_seal(watch, outbox, 0);
    cr_assert(outbox_count(outbox) == 3 && copy(outbox, again));
    cr_assert(watch_find(again, 70000)->shop[SHADOW_EXACT].stock == 40);
    cr_assert(watch_record(again, FORECAST_LUMPY)->reviews == 1);
    cr_assert_not(watch_speaks(again, FORECAST_LUMPY));
    watch_seal(watch, outbox, 0);
    cr_assert(outbox_count(outbox) == 0); /* nothing new */
    watch_find(watch, 7)->shop[SHADOW_LEARNED].stock = 5;
    watch_touch(watch, 7);
    watch_drop(watch, 70000);
    watch_drop(watch, 70000);
    cr_assert_null(watch_find(watch, 70000));
    watch_seal(watch, outbox, 0);
    cr_assert(outbox_count(outbox) == 2 && copy(outbox, again));
    cr_assert(watch_find(again, 7)->shop[SHADOW_LEARNED].stock == 5);
    cr_assert_null(watch_find(again, 70000));
    outbox_destroy(outbox);
    watch_destroy(watch);
    watch_destroy(again);
}

Test(watch, no_more_than_so_many)
{
    struct watch *watch = watch_create();
    for (uint32_t series = 0; series < WATCH_MOST; series++) {
        cr_assert(watch_open(watch, series));
    }
    cr_assert_null(watch_open(watch, 1000));
    watch_drop(watch, 5);
    cr_assert_null(watch_open(watch, 1000)); /* until its end is written */
    struct outbox *outbox = outbox_create();
    watch_seal(watch, outbox, 0);
    cr_assert(watch_open(watch, 1000));
    outbox_destroy(outbox);
    watch_destroy(watch);
}

Test(watch, damaged_records_are_refused)
{
    struct watch *watch = watch_create();
    cr_assert_not(watch_restore(watch, slice_of("n"), slice_of("x")));
    cr_assert_not(watch_restore(watch, slice_of("n"), (struct slice){0}));
    cr_assert_not(watch_restore(watch, slice_of("nabcd"), slice_of("x")));
    cr_assert_not(watch_restore(watch, slice_of("nab"), slice_of("x")));
    cr_assert(watch_restore(watch, slice_of("nabcd"), (struct slice){0}));
    watch_destroy(watch);
}

/* A product with costs, whose buyer does nothing: the paper shops order for themselves. */
static void learn(struct play *play)
{
    static const char *const SETS[] = {"forecasts.emit=never", "replenish.policy=learned",
                                       "defaults.unit_cost=500", "defaults.price=900",
                                       "defaults.holding_cost_rate=2"};
    play_init_sets(play, SETS, sizeof SETS / sizeof SETS[0]);
    play_stocked(play);
}

static double reviews_of(const struct play *play)
{
    struct shard_view view;
    double sum = 0;
    shard_view(play->fixture.shard, &view);
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        sum += view.rivalry[c].reviews;
    }
    return sum;
}

Test(watch, a_shard_tries_both_policies_on_paper_and_remembers_it)
{
    struct play play, twin;
    learn(&play);
    play_days(&play, 30, 80, 8);
    cr_assert(reviews_of(&play) >= 5, "%g", reviews_of(&play));
    learn(&twin);
    for (int day = 30; day < 80; day += 10) {
        play_days(&twin, day, day + 10, 8);
        fixture_restart(&twin.fixture);
    }
    struct shard_view a, b;
    shard_view(play.fixture.shard, &a);
    shard_view(twin.fixture.shard, &b);
    cr_assert(memcmp(a.rivalry, b.rivalry, sizeof a.rivalry) == 0);
    cr_assert(fixture_same(&play.fixture.outputs, &twin.fixture.outputs));
    play_fini(&play);
    play_fini(&twin);
}

Test(watch, without_a_learned_policy_nothing_is_watched)
{
    struct play play;
    play_init(&play, "forecasts.emit=never");
    play_stocked(&play);
    play_days(&play, 30, 80, 8);
    cr_assert(reviews_of(&play) == 0);
    play_fini(&play);
}
