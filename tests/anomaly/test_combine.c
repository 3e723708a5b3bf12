#include "anomaly/combine.h"

#include "tests/anomaly/trace_bench.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ODD = 40, DAYS = 90 };

static const struct alert_options OPTIONS = {.budget_per_day = 10, .min_age = 28, .min_lines = 20};

struct court {
    struct trace_bench bench;
    struct weigh *weigh;
    struct combine *combine;
    struct alert_signal signals[TRACE_TILE];
    uint32_t count;
    uint64_t strong;
};

static void session(struct court *court, double budget)
{
    double lines = trace_bench_day(&court->bench);
    combine_begin_close(court->combine, court->bench.bucket, lines, budget);
    court->count = combine_close(court->combine, &court->bench.cols, &court->bench.in,
                                 court->signals, TRACE_TILE);
    court->strong += court->count;
    court->bench.bucket++;
}

static struct court *open_court(uint64_t seed, int days)
{
    struct court *court = calloc(1, sizeof *court);
    trace_bench_init(&court->bench, seed);
    court->bench.odd = ODD;
    cr_assert_null(weigh_load(weigh_shipped(), &court->weigh));
    court->combine = combine_create(&OPTIONS, court->weigh);
    for (int day = 0; day < days; day++) {
        session(court, 0.05);
    }
    return court;
}

static void close_court(struct court *court)
{
    combine_destroy(court->combine);
    weigh_free(court->weigh);
    trace_bench_fini(&court->bench);
    free(court);
}

static const struct alert_signal *about_odd(const struct court *court)
{
    for (uint32_t k = 0; k < court->count; k++) {
        if (court->signals[k].series == ODD) {
            return &court->signals[k];
        }
    }
    return NULL;
}

/* At one in 125 tests, so that many are allowed; the shop is small, so its pool is young, too.
 */
Test(combine, ordinary_days_cost_what_the_budget_allows)
{
    struct court *court = open_court(1, DAYS);
    struct combine_rates before = *combine_rates(court->combine);
    for (int day = 0; day < 3000; day++) {
        session(court, 0.008 * combine_tests(court->combine) / COMBINE_SHARE);
    }
    const struct combine_rates *rates = combine_rates(court->combine);
    double budgeted = rates->budgeted - before.budgeted;
    double realised = (double)(rates->strong - before.strong);
    cr_assert(budgeted > 1000, "%.1f", budgeted);
    cr_assert(realised > 0.5 * budgeted && realised < 2 * budgeted, "%.0f of %.1f", realised,
              budgeted);
    close_court(court);
}

Test(combine, names_what_is_wrong)
{
    static const struct {
        double rate;
        int64_t quantity, price, returns;
        enum alert_kind kind;
    } CASES[] = {
        {10, 0, 0, 0, ALERT_SPIKE},
        {1, 900, 0, 0, ALERT_BULK_ORDER},
        {1, 0, 30, 0, ALERT_PRICE_ERROR},
        {1, 0, 0, 14, ALERT_RETURNS_BURST},
    };
    for (size_t c = 0; c < sizeof CASES / sizeof CASES[0]; c++) {
        struct court *court = open_court(10 + c, DAYS);
        court->bench.rate = CASES[c].rate;
        court->bench.quantity = CASES[c].quantity;
        court->bench.price = CASES[c].price;
        court->bench.returns = CASES[c].returns;
        session(court, 0.05);
        const struct alert_signal *signal = about_odd(court);
        cr_assert(signal, "case %zu says nothing", c);
        cr_assert_eq(signal->kind, CASES[c].kind, "case %zu: %s", c, alert_kind_name(signal->kind));
        cr_assert_eq(signal->strength, ALERT_STRONG);
        cr_assert_gt(signal->score, 2);
        close_court(court);
    }
}

Test(combine, an_open_alert_hears_when_it_is_quiet_again)
{
    struct court *court = open_court(20, DAYS);
    struct alert_signal signal;
    combine_signal(court->combine, &court->bench.in, ODD, ALERT_SPIKE, &signal);
    cr_assert(signal.strength == ALERT_QUIET || signal.strength == ALERT_NEUTRAL);
    court->bench.age[ODD] = 3; /* too young to be judged */
    session(court, 0.05);
    combine_signal(court->combine, &court->bench.in, ODD, ALERT_SPIKE, &signal);
    cr_assert_eq(signal.strength, ALERT_MISSING);
    close_court(court);
}

Test(combine, without_budget_nothing_is_said)
{
    struct court *court = open_court(21, DAYS);
    court->bench.rate = 20;
    session(court, 0);
    session(court, 0);
    cr_assert_eq(court->count, 0);
    close_court(court);
}

Test(combine, state_comes_back_and_goes_on_the_same)
{
    struct court *court = open_court(22, DAYS);
    struct buf one = {0}, two = {0};
    combine_save(court->combine, &one);
    struct combine *other = combine_create(&OPTIONS, court->weigh);
    cr_assert_null(combine_load(other, buf_view(&one)));
    combine_save(other, &two);
    cr_assert(slice_equal(buf_view(&one), buf_view(&two)));
    combine_destroy(court->combine);
    court->combine = other;
    session(court, 0.05);
    for (size_t cut = 0; cut < one.bytes; cut += 61) {
        struct status *st = combine_load(other, (struct slice){one.data, cut});
        cr_assert_eq(status_code(st), STATUS_CORRUPT);
        status_free(st);
    }
    one.data[0] = 9;
    struct status *st = combine_load(other, buf_view(&one));
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    buf_fini(&one);
    buf_fini(&two);
    close_court(court);
}
