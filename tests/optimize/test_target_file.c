#include "optimize/target_file.h"

#include "optimize/target.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct level_net some_net(void)
{
    struct level_net net;
    struct rng rng;
    rng_init(&rng, 5);
    level_net_init(&net, TARGET_INPUTS, &rng);
    net.w3[3] = 0.25F;
    return net;
}

static void refused(struct slice bytes)
{
    struct level_net net = {.inputs = 99};
    struct status *st = target_file_load(bytes, &net, NULL);
    cr_assert(st && status_code(st) == STATUS_CORRUPT);
    cr_assert(net.inputs == 99);
    status_free(st);
}

Test(target_file, comes_back_as_it_was)
{
    struct level_net net = some_net(), got;
    struct buf bytes = {0};
    struct slice manifest;
    target_file_save(&net, slice_of("{\"seed\":5}"), &bytes);
    cr_assert_null(target_file_load(buf_view(&bytes), &got, &manifest));
    cr_assert(memcmp(&net, &got, sizeof net) == 0 && slice_is(manifest, "{\"seed\":5}"));
    cr_assert_null(target_file_load(buf_view(&bytes), &got, NULL));
    buf_fini(&bytes);
}

Test(target_file, damage_is_refused)
{
    struct level_net net = some_net();
    struct buf bytes = {0};
    target_file_save(&net, slice_of("{}"), &bytes);
    for (size_t cut = 0; cut < bytes.bytes; cut += 97) {
        refused((struct slice){bytes.data, cut});
    }
    for (size_t i = 0; i < bytes.bytes; i += 31) {
        bytes.data[i] = (char)(bytes.data[i] ^ 4);
        refused(buf_view(&bytes));
        bytes.data[i] = (char)(bytes.data[i] ^ 4);
    }
    buf_reset(&bytes);
    net.w2[1][1] = NAN;
    target_file_save(&net, slice_of("{}"), &bytes);
    refused(buf_view(&bytes));
    buf_fini(&bytes);
}

Test(target_file, the_shipped_one_loads_and_says_how_it_was_made)
{
    struct level_net net;
    struct slice manifest;
    cr_assert_null(target_file_load(target_file_shipped(), &net, &manifest));
    cr_assert(net.inputs == TARGET_INPUTS);
    cr_assert(memmem(manifest.data, manifest.bytes, "\"seed\":", 7));
    cr_assert(memmem(manifest.data, manifest.bytes, "\"learned\":", 10));
}
