#include "model/retrace.h"

#include "config/base/rng.h"
#include "config/base/window.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { W = 84, BUCKETS = 200 };

static struct ewma ewma;
static struct young young;
static float units[BUCKETS], factor[BUCKETS], level[BUCKETS], slow[BUCKETS], spread[BUCKETS];
static uint8_t flags[BUCKETS];
static float kept_level, kept_slow, kept_variance;
static uint16_t observed;

/* What the forecaster does live, and what it said after each bucket. */
static void live(void)
{
    struct ewma_rows row = {.series = 1,
                            .level = &kept_level,
                            .slow = &kept_slow,
                            .variance = &kept_variance,
                            .observed = &observed};
    kept_level = kept_slow = kept_variance = 0;
    observed = 0;
    for (int t = 0; t < BUCKETS; t++) {
        uint8_t learn = !(flags[t] & WINDOW_CENSORED);
        ewma_update(&ewma, &row, &factor[t], &units[t], &learn);
        ewma_read(&ewma, &row, &level[t], &spread[t]);
        ewma_read_slow(&ewma, &row, &slow[t]);
        young_correct(&young, observed, &level[t], &spread[t]);
    }
}

static void init(void)
{
    struct rng rng;
    rng_init(&rng, 4);
    ewma_init(&ewma, 0.04, 10);
    memset(&young, 0, sizeof young);
    memset(flags, 0, sizeof flags);
    for (int t = 0; t < BUCKETS; t++) {
        factor[t] = t % 7 == 5 ? 1.8f : 0.87f;
        units[t] = (float)rng_negbin(&rng, 3 * (double)factor[t], 9);
    }
}

static struct retrace_series newest(void)
{
    return (struct retrace_series){.units = units + BUCKETS - W,
                                   .flags = flags + BUCKETS - W,
                                   .factor = factor + BUCKETS - W,
                                   .width = W,
                                   .level = kept_level,
                                   .slow = kept_slow,
                                   .variance = kept_variance,
                                   .observed = observed};
}

static void compare(int from, float tolerance)
{
    float found_level[W], found_slow[W], found_spread[W];
    struct retrace_rows found = {found_level, found_slow, found_spread};
    struct retrace_series series = newest();
    retrace(&ewma, &young, &series, &found);
    for (int k = from; k < W; k++) {
        int t = BUCKETS - W + k;
        cr_assert_float_eq(found_level[k], level[t], tolerance * level[t] + 1e-6f,
                           "level %d: %g, was %g", k, (double)found_level[k], (double)level[t]);
        cr_assert_float_eq(found_slow[k], slow[t], tolerance * slow[t] + 1e-6f,
                           "slow %d: %g, was %g", k, (double)found_slow[k], (double)slow[t]);
        cr_assert_float_eq(found_spread[k], spread[t], tolerance * spread[t] + 1e-6f,
                           "spread %d: %g, was %g", k, (double)found_spread[k], (double)spread[t]);
    }
}

TestSuite(retrace, .init = init);

Test(retrace, the_past_comes_back)
{
    live();
    compare(0, 2e-3f);
}

Test(retrace, censored_buckets_taught_nothing)
{
    for (int t = 0; t < BUCKETS; t += 5) {
        flags[t] = WINDOW_OUT_OF_STOCK;
        units[t] = 0;
    }
    live();
    compare(0, 2e-3f);
}

Test(retrace, a_series_that_began_in_the_window_is_exact)
{
    for (int t = 0; t < BUCKETS - 40; t++) {
        flags[t] = WINDOW_ABSENT;
        units[t] = 0;
    }
    live();
    compare(0, 1e-5f);
}

Test(retrace, an_error_of_a_wild_or_corrected_bucket_fades)
{
    units[BUCKETS - 60] = 100000; /* winsorised when it came ... */
    live();
    units[BUCKETS - 20] = 0; /* ... and this one was corrected after it was learned from */
    float found_level[W], found_slow[W], found_spread[W];
    struct retrace_rows found = {found_level, found_slow, found_spread};
    struct retrace_series series = newest();
    retrace(&ewma, &young, &series, &found);
    for (int k = 0; k < W; k++) {
        cr_assert(isfinite(found_level[k]) && found_level[k] >= 0 && found_spread[k] >= 1);
    }
    cr_assert_float_eq(found_level[W - 1], level[BUCKETS - 1], 0.5f * level[BUCKETS - 1]);
}

Test(retrace, nothing_known_says_nothing)
{
    memset(flags, WINDOW_ABSENT, sizeof flags);
    memset(units, 0, sizeof units);
    live();
    float found_level[W], found_slow[W], found_spread[W];
    struct retrace_rows found = {found_level, found_slow, found_spread};
    struct retrace_series series = newest();
    retrace(&ewma, &young, &series, &found);
    for (int k = 0; k < W; k++) {
        cr_assert(found_level[k] == 0 && found_spread[k] >= 1);
    }
}
