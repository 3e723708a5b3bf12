#include "anomaly/early.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

static struct early *early;

static void set_up(void)
{
    struct alert_options options = {.budget_per_day = 10};
    early = early_create(&options);
    cr_assert(early);
}

static void tear_down(void)
{
    early_destroy(early);
}

TestSuite(early, .init = set_up, .fini = tear_down);

/* A usual hour of a usual series. */
static struct early_row usual(void)
{
    return (struct early_row){.series = 7,
                              .day = 100,
                              .units = 1,
                              .most = 1,
                              .day_units = 10,
                              .day_least = 10,
                              .day_most = 10,
                              .lump = 1.5f,
                              .relative = 0.05f};
}

static void hour(int rows)
{
    struct alert_signal out[EARLY_KINDS];
    early_begin(early, 1.0 / 24, 10.0 / 24);
    for (int i = 0; i < rows; i++) {
        struct early_row row = usual();
        cr_assert(early_judge(early, &row, out) == 0);
    }
}

static uint32_t judge(const struct early_row *row, struct alert_signal *out)
{
    hour(1000);
    early_begin(early, 1.0 / 24, 10.0 / 24);
    return early_judge(early, row, out);
}

Test(early, a_spike_of_one_hour_and_one_of_the_day_so_far)
{
    struct alert_signal out[EARLY_KINDS];
    struct early_row row = usual();
    row.units = 25;
    row.day_units = 34;
    cr_expect(judge(&row, out) == 1);
    cr_expect(out[0].kind == ALERT_SPIKE && out[0].strength == ALERT_STRONG && out[0].series == 7 &&
              out[0].onset_bucket == 100);
    cr_expect(out[0].score >= early_threshold(early) && out[0].observed == 25 &&
              out[0].expected == 1);
    row.units = 2;
    row.day_units = 60;
    cr_expect(judge(&row, out) == 1 && out[0].observed == 60 && out[0].expected == 10);
    row.most = row.day_most = 60; /* the whole shop is that busy */
    cr_expect(judge(&row, out) == 0);
}

Test(early, a_drop_and_a_run_of_nothing)
{
    struct alert_signal out[EARLY_KINDS];
    struct early_row row = usual();
    row.day_units = 3;
    row.day_least = row.day_most = 80;
    row.relative = 0.005f;
    cr_expect(judge(&row, out) == 1 && out[0].kind == ALERT_DROP && out[0].observed == 3);
    row = usual();
    row.units = row.day_units = 0;
    row.run = 9;
    row.run_least = 30;
    row.day_least = row.day_most = 30;
    row.relative = 0.01f;
    cr_expect(judge(&row, out) == 1 && out[0].kind == ALERT_ZERO_RUN && out[0].observed == 0);
    cr_expect(out[0].expected == 30 && out[0].probability < 1e-3f);
    row.run_least = 3; /* the shop is slow */
    row.day_least = 3;
    cr_expect(judge(&row, out) == 0);
}

Test(early, nothing_expected_is_nothing_judged)
{
    struct alert_signal out[EARLY_KINDS];
    struct early_row row = {.units = 5, .day_units = 5, .lump = 2};
    cr_expect(judge(&row, out) == 0);
    row.day_most = NAN;
    cr_expect(judge(&row, out) == 0);
}

/* Where the model is right, false alarms stay near the budget: three of five a day, half of which
 * are of days. */
Test(early, false_alarms_keep_to_the_budget)
{
    struct rng rng;
    rng_init(&rng, 5);
    struct alert_signal out[EARLY_KINDS];
    uint64_t alarms = 0;
    enum { DAYS = 40, ROWS = 500 };
    for (int h = 0; h < DAYS * 24; h++) {
        early_begin(early, 1.0 / 24, 10.0 / 24);
        for (int i = 0; i < ROWS; i++) {
            double level = rng_gamma(&rng, 20) / 20;
            struct early_row row = usual();
            row.units = (float)rng_poisson(&rng, level);
            row.day_units = row.units + (float)rng_poisson(&rng, 9 * level);
            row.lump = 1.01f;
            alarms += early_judge(early, &row, out);
        }
    }
    cr_expect_lt(alarms, DAYS * 10 * ALERT_SHARE_TAILS * EARLY_SHARE * 2, "%d", (int)alarms);
}

Test(early, a_quiet_night_does_not_loosen_the_morning)
{
    hour(5000);
    hour(5000);
    float noon = early_threshold(early);
    for (int h = 0; h < 10; h++) {
        hour(0);
    }
    early_begin(early, 1.0 / 24, 10.0 / 24);
    cr_expect(early_threshold(early) > noon - 0.2f && early_threshold(early) <= noon);
}

Test(early, comes_back_as_it_was_and_refuses_what_is_not_its_own)
{
    struct alert_signal out[EARLY_KINDS], again[EARLY_KINDS];
    hour(300);
    struct buf bytes = {0};
    early_save(early, &bytes);
    struct alert_options options = {.budget_per_day = 10};
    struct early *back = early_create(&options);
    cr_assert(!early_load(back, buf_view(&bytes)));
    struct early_row row = usual();
    row.units = 25;
    cr_expect(early_judge(early, &row, out) == 1 && early_judge(back, &row, again) == 1);
    cr_expect(out[0].score == again[0].score && early_threshold(early) == early_threshold(back));
    for (size_t cut = 0; cut < bytes.bytes; cut += 5) {
        struct status *st = early_load(back, (struct slice){bytes.data, cut});
        cr_expect(status_code(st) == STATUS_CORRUPT);
        status_free(st);
    }
    buf_fini(&bytes);
    early_destroy(back);
}
