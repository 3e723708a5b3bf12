#include "stream/base_leak.h"

#include "config/base/zone.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct panel_series series[40];
static char names[40][16];
static struct panel panel = {.count = 40, .series = series};

static struct base_model *base_of(const char *manifest)
{
    struct buf bytes = {0};
    struct base_model *base = NULL;
    float *weights = calloc(net_floats(), sizeof *weights);
    base_model_save(weights, 86400, slice_of(manifest), &bytes);
    cr_assert(!base_model_load(buf_view(&bytes), &base));
    buf_fini(&bytes);
    free(weights);
    return base;
}

/* A base that saw every name of `from` on, to the end of May 2011. */
static struct base_model *base_from(int from)
{
    uint64_t hashes[40], sample[BASE_LEAK_SAMPLE];
    struct buf manifest = {0};
    for (int i = from; i < 40; i++) {
        hashes[i - from] = base_leak_hash(series[i].name);
    }
    uint32_t kept = base_leak_sample(hashes, (size_t)(40 - from), sample);
    buf_text(&manifest, "{\"panels\":[{\"last\":\"2011-05-31\",\"sample\":[");
    for (uint32_t i = 0; i < kept; i++) {
        buf_print(&manifest, "%s\"%016" PRIx64 "\"", i ? "," : "", sample[i]);
    }
    buf_text(&manifest, "]}]}");
    buf_byte(&manifest, '\0');
    struct base_model *base = base_of(manifest.data);
    buf_fini(&manifest);
    return base;
}

static int64_t day(const char *text)
{
    int64_t ms;
    bool offset;
    cr_assert(civil_parse(slice_of(text), &ms, &offset));
    return ms;
}

static void init(void)
{
    for (int i = 0; i < 40; i++) {
        (void)snprintf(names[i], sizeof names[i], "sku-%d", i);
        series[i].name = slice_of(names[i]);
    }
}

TestSuite(base_leak, .init = init);

Test(base_leak, the_sample_is_the_smallest_in_order)
{
    uint64_t hashes[50], sample[BASE_LEAK_SAMPLE];
    for (uint64_t i = 0; i < 50; i++) {
        hashes[i] = (i * 37) % 50;
    }
    cr_assert_eq(base_leak_sample(hashes, 50, sample), BASE_LEAK_SAMPLE);
    for (uint64_t i = 0; i < BASE_LEAK_SAMPLE; i++) {
        cr_assert_eq(sample[i], i);
    }
    cr_assert_eq(base_leak_sample(hashes, 4, sample), 4);
}

Test(base_leak, an_origin_inside_what_the_base_knows_leaks)
{
    struct base_model *base = base_from(0);
    cr_assert(base_leak_found(base, &panel, day("2011-05-14")));
    cr_assert_not(base_leak_found(base, &panel, day("2011-05-31")));
    panel.count = 20; /* a part of the same data */
    cr_assert(base_leak_found(base, &panel, day("2011-05-14")));
    panel.count = 40;
    base_model_free(base);
}

Test(base_leak, other_series_do_not_leak)
{
    struct base_model *base = base_from(10);
    panel.count = 10;
    cr_assert_not(base_leak_found(base, &panel, day("2011-05-14")));
    panel.count = 40;
    base_model_free(base);
    const char *odd[] = {"{}", "no json", "{\"panels\":3}",
                         "{\"panels\":[{\"last\":\"2011-05-31\",\"sample\":[1,\"zz\"]}]}"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        base = base_of(odd[i]);
        cr_assert_not(base_leak_found(base, &panel, day("2011-05-14")), "%s", odd[i]);
        base_model_free(base);
    }
}
