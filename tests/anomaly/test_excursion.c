#include "anomaly/excursion.h"

#include <criterion/criterion.h>
#include <math.h>

struct place {
    float nats, level, spread, peak;
    uint16_t length;
    struct calibrate_pool pool;
};

static struct excursion of(struct place *place)
{
    return (struct excursion){&place->nats,
                              &place->level,
                              &place->spread,
                              &place->peak,
                              &place->length,
                              &place->pool,
                              100,
                              0};
}

static int counts(const struct calibrate_pool *pool)
{
    int count = 0;
    for (int i = 0; i < CALIBRATE_BINS; i++) {
        count += pool->fresh[i];
    }
    return count;
}

Test(excursion, begins_grows_and_ends_at_zero)
{
    struct place place = {0};
    struct excursion excursion = of(&place);
    excursion_anchor(&excursion, 4, 2);
    excursion_add(&excursion, -1, 28);
    cr_assert_eq(place.length, 0);
    excursion_add(&excursion, 5, 28);
    excursion_anchor(&excursion, 9, 3); /* it is under way: the anchor holds */
    cr_assert_eq(place.level, 4);
    excursion_add(&excursion, -2, 28);
    cr_assert_eq(place.nats, 3);
    cr_assert_eq(place.peak, 5);
    cr_assert_eq(place.length, 2);
    cr_assert_eq(counts(&place.pool), 0, "young: not counted yet");
    excursion_add(&excursion, -9, 28);
    cr_assert_eq(place.nats, 0);
    cr_assert_eq(place.length, 0);
    cr_assert_eq(counts(&place.pool), 1, "its peak");
}

Test(excursion, a_long_one_is_counted_once_and_accepted)
{
    struct place place = {0};
    struct excursion excursion = of(&place);
    for (int bucket = 0; bucket < 28; bucket++) {
        excursion_add(&excursion, 3, 28);
        cr_assert_eq(counts(&place.pool), place.length > EXCURSION_COUNTED ? 1 : 0);
    }
    cr_assert(place.nats > 70);
    excursion_add(&excursion, 3, 28);
    cr_assert_eq(place.length, 0, "the new state is the usual one");
    cr_assert_eq(counts(&place.pool), 1);
}

Test(excursion, nats_are_the_log_likelihood_ratio)
{
    /* size k = 4 / (2 - 1) = 4: NB(0; 8) / NB(0; 4) = (4 / 12)^4 / (4 / 8)^4 */
    cr_assert_float_eq(excursion_nats(0, 4, 2, 2), 4 * logf(8.0f / 12), 1e-5);
    cr_assert(excursion_nats(12, 4, 2, 2) > 1);
    cr_assert(excursion_nats(0, 4, 2, 0.5f) > 0.8f);
}
