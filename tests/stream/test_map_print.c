#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>

static bool equal(struct trial *trial, const char *one, const char *two)
{
    struct hash128 a = trial_order(trial, one)->fingerprint;
    struct hash128 b = trial_order(trial, two)->fingerprint;
    return a.low == b.low && a.high == b.high;
}

#define MESSAGE(more) "{\"a\":\"A\",\"q\":1,\"t\":1291161600000" more "}"

Test(map_print, without_a_list_every_field_counts)
{
    struct trial trial;
    trial_init(&trial, trial_fields(""));
    cr_assert(equal(&trial, MESSAGE(",\"x\":{\"k\":1,\"l\":[2.50]}"),
                    "{\"x\":{\"l\":[2.5],\"k\":1},\"t\":1291161600000,\"q\":1,\"a\":\"A\"}"));
    cr_assert_not(equal(&trial, MESSAGE(",\"x\":1"), MESSAGE(",\"x\":2")));
    cr_assert_not(equal(&trial, MESSAGE(",\"x\":1"), MESSAGE(",\"y\":1")));
    cr_assert_not(equal(&trial, MESSAGE(",\"x\":1"), MESSAGE(",\"x\":\"1\"")));
    cr_assert_not(equal(&trial, MESSAGE(",\"x\":null"), MESSAGE(",\"x\":false")));
    cr_assert_not(equal(&trial, MESSAGE(",\"x\":[[1],2]"), MESSAGE(",\"x\":[1,[2]]")));
    cr_assert_not(
        equal(&trial, MESSAGE(",\"x\":\"ab\",\"y\":\"c\""), MESSAGE(",\"x\":\"a\",\"y\":\"bc\"")));
    trial_fini(&trial);
}

Test(map_print, a_list_names_what_counts)
{
    struct trial trial;
    trial_init(
        &trial,
        trial_fields("  fingerprint: [$sku, {from: x, number: true}, {from: y, trim: true}]\n"));
    cr_assert(equal(&trial, MESSAGE(",\"x\":1,\"z\":1"), MESSAGE(",\"x\":\"1.0\",\"z\":2")));
    cr_assert(equal(&trial, MESSAGE(",\"y\":\" v\""), MESSAGE(",\"y\":\"v \"")));
    cr_assert_not(equal(&trial, MESSAGE(",\"x\":1"), MESSAGE(",\"x\":1.5")));
    cr_assert_not(equal(&trial, MESSAGE(""), MESSAGE(",\"x\":0")));
    trial_fini(&trial);
}
