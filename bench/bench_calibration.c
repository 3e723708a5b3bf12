/* Calibration proof: false alarms that calm shops really cost, over those that the budget allows.
 *
 * A calm shop is made here: negative binomial lines at the products' shares of a day with weekdays,
 * a closed day and moods of the whole shop, lognormal quantities in real baskets, two price
 * channels, returns at a steady rate; nothing is ever wrong. Means and spreads are estimated as the
 * forecaster does. Every judge sees what it sees in a shard. One JSON object a line, per judge and
 * alpha (false alarms per series-bucket; per line for the checks of lines): tests, budgeted,
 * realised, ratio, and the 95 % interval of the ratio (Garwood 1936, by the root of counts).
 *
 * usage: bench_calibration [LEAST_EXPECTED]    (50, so 5e7 series-buckets at 1e-6: 15 minutes) */
#include "anomaly/combine.h"
#include "anomaly/linecheck.h"
#include "anomaly/tails.h"
#include "config/base/ensure.h"
#include "config/base/rng.h"
#include "model/ewma.h"
#include "model/gemm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = TRACE_TILE, W = 84, WARM = 220, LINE_KINDS = 3, LEAST_CLOSES = 300, SHOPS = 2 };

static const struct alert_options OPTIONS = {.budget_per_day = 1, .min_age = 28, .min_lines = 20};

struct product {
    double rate, spread; /* lines a bucket, and variance over mean */
    double quantity, quantity_sd; /* of ln units of a line */
    int64_t price;
    double returns; /* share of lines that come back */
};

struct shop {
    uint32_t tiles, series;
    bool drifts; /* rates walk slowly */
    struct rng rng;
    double mood;
    int64_t bucket;
    struct product *product; /* [series] */
    struct trace_cols *traces; /* [tiles] each */
    struct tails_cols *tails;
    struct linecheck_cols *checks;
    unsigned char *block[3];
    float *units; /* [series, W] */
    uint8_t *flags; /* [N, W] */
    uint32_t *age; /* [series] from here on */
    uint16_t *lines;
    float *now, *factor, *level, *ratio, *mean, *variance;
    float *level_sum, *variance_sum, *slow;
    uint16_t *observed;
    uint8_t *learn, *class_of;
    int64_t *told[LINE_KINDS]; /* bucket of the last alarm of lines */
    struct ewma ewma;
};

struct judges {
    struct weigh *weigh;
    struct combine *combine;
    struct tails *tails;
    struct linecheck *check;
    uint64_t line_alarms[LINE_KINDS], line_tests;
};

static void *rows(size_t count, size_t bytes)
{
    void *block = calloc(count, bytes);
    ASSERT(block && "out of memory");
    return block;
}

static void bind_tiles(struct shop *shop, int which, const struct column_table *table, void *cols,
                       size_t cols_bytes)
{
    size_t bytes = column_table_bytes(table, N);
    shop->block[which] = aligned_alloc(64, bytes * shop->tiles);
    ASSERT(shop->block[which]);
    memset(shop->block[which], 0, bytes * shop->tiles);
    for (uint32_t t = 0; t < shop->tiles; t++) {
        column_bind(table, N, shop->block[which] + bytes * t, (char *)cols + cols_bytes * t);
    }
}

static void stock(struct shop *shop)
{
    for (uint32_t i = 0; i < shop->series; i++) {
        struct product *product = &shop->product[i];
        double heavy = rng_unit(&shop->rng);
        product->rate = exp(-2 + 3.5 * rng_unit(&shop->rng));
        product->spread = 1.05 + exp(-2 + 2.5 * rng_unit(&shop->rng));
        product->quantity = 3 * rng_unit(&shop->rng);
        product->quantity_sd = 0.3 + 0.9 * heavy * heavy;
        product->price = 50 + (int64_t)rng_below(&shop->rng, 2000);
        product->returns = 0.03 * rng_unit(&shop->rng);
        shop->learn[i] = 1;
        shop->class_of[i] = product->spread > 2 ? 3 : product->rate < 0.4 ? 2 : 0;
    }
}

static struct shop *open_shop(uint32_t tiles, bool drifts, uint64_t seed)
{
    struct shop *shop = rows(1, sizeof *shop);
    uint32_t series = tiles * N;
    shop->tiles = tiles;
    shop->series = series;
    shop->drifts = drifts;
    shop->bucket = 1000;
    rng_init(&shop->rng, seed);
    shop->product = rows(series, sizeof *shop->product);
    shop->traces = rows(tiles, sizeof *shop->traces);
    shop->tails = rows(tiles, sizeof *shop->tails);
    shop->checks = rows(tiles, sizeof *shop->checks);
    bind_tiles(shop, 0, &trace_column_table, shop->traces, sizeof *shop->traces);
    bind_tiles(shop, 1, &tails_column_table, shop->tails, sizeof *shop->tails);
    bind_tiles(shop, 2, &linecheck_column_table, shop->checks, sizeof *shop->checks);
    shop->units = rows((size_t)series * W, sizeof *shop->units);
    shop->flags = rows((size_t)N * W, 1);
    shop->age = rows(series, sizeof *shop->age);
    shop->lines = rows(series, sizeof *shop->lines);
    float **const floats[] = {&shop->now,       &shop->factor,       &shop->level,
                              &shop->ratio,     &shop->mean,         &shop->variance,
                              &shop->level_sum, &shop->variance_sum, &shop->slow};
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        *floats[i] = rows(series, sizeof(float));
    }
    shop->observed = rows(series, sizeof *shop->observed);
    shop->learn = rows(series, 1);
    shop->class_of = rows(series, 1);
    for (int kind = 0; kind < LINE_KINDS; kind++) {
        shop->told[kind] = rows(series, sizeof *shop->told[kind]);
    }
    ewma_init(&shop->ewma, 0.05, 8);
    stock(shop);
    return shop;
}

static void close_shop(struct shop *shop)
{
    void *const all[] = {shop->product,  shop->traces,    shop->tails,        shop->checks,
                         shop->block[0], shop->block[1],  shop->block[2],     shop->units,
                         shop->flags,    shop->age,       shop->lines,        shop->now,
                         shop->factor,   shop->level,     shop->ratio,        shop->mean,
                         shop->variance, shop->level_sum, shop->variance_sum, shop->slow,
                         shop->observed, shop->learn,     shop->class_of,     shop->told[0],
                         shop->told[1],  shop->told[2]};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
    free(shop);
}

/* --- one day -----------------------------------------------------------------------------------
 */

static void alarm_of_line(struct shop *shop, struct judges *judges, uint32_t i,
                          const struct alert_signal *signal)
{
    int kind = signal->kind == ALERT_PRICE_ERROR ? 0 : signal->kind == ALERT_BULK_ORDER ? 1 : 2;
    if (signal->strength == ALERT_STRONG && shop->told[kind][i] != shop->bucket) {
        shop->told[kind][i] = shop->bucket;
        judges->line_alarms[kind] += shop->bucket - 1000 >= WARM;
    }
}

static int64_t sell(struct shop *shop, struct judges *judges, uint32_t i)
{
    const struct product *product = &shop->product[i];
    struct linecheck_cols *checks = &shop->checks[i / N];
    struct trace_cols *traces = &shop->traces[i / N];
    uint32_t row = i % N;
    struct alert_signal signal;
    double basket = exp(1.2 + 0.8 * rng_normal(&shop->rng));
    double ln = product->quantity + product->quantity_sd * rng_normal(&shop->rng);
    int64_t quantity = (int64_t)fmin(fmax(round(exp(ln)), 1), 1e6), median = (int64_t)basket + 1;
    int64_t price = rng_unit(&shop->rng) < 0.1 ? product->price * 5 / 4 : product->price;
    int64_t units = quantity + median * (int64_t)(1 + rng_below(&shop->rng, 20));
    struct trace_line seen = {quantity, price, median, units};
    trace_line(traces, checks, row, shop->bucket, &seen);
    if (linecheck_price(judges->check, checks, row, shop->bucket, price, &signal)) {
        alarm_of_line(shop, judges, i, &signal);
    }
    linecheck_basket(judges->check, median, 12);
    if (linecheck_quantity(judges->check, checks, row, shop->bucket, quantity, &signal)) {
        alarm_of_line(shop, judges, i, &signal);
    }
    if (rng_unit(&shop->rng) < product->returns) {
        seen.quantity = 0;
        trace_line(traces, checks, row, shop->bucket, &seen);
        if (linecheck_return(judges->check, checks, row, shop->bucket, &signal)) {
            alarm_of_line(shop, judges, i, &signal);
        }
    }
    return quantity;
}

/* Lines of one bucket into everything that sees lines; returns them. */
static double sell_day(struct shop *shop, struct judges *judges, double *sellers)
{
    static const double WEEK[7] = {1.2, 1.1, 1, 1, 1.3, 0, 0.7};
    double all = 0;
    shop->mood = 0.7 * shop->mood + 0.1 * rng_normal(&shop->rng);
    double factor = WEEK[shop->bucket % 7] * exp(shop->mood);
    for (uint32_t i = 0; i < shop->series; i++) {
        struct product *product = &shop->product[i];
        if (shop->drifts) {
            product->rate *= exp(0.01 * rng_normal(&shop->rng));
            product->rate = fmin(fmax(product->rate, 0.05), 30);
        }
        double mean = product->rate * factor;
        uint64_t lines = mean > 0 ? rng_negbin(&shop->rng, mean, mean * product->spread) : 0;
        int64_t units = 0;
        for (uint64_t k = 0; k < lines; k++) {
            units += sell(shop, judges, i);
        }
        shop->lines[i] = (uint16_t)lines;
        shop->factor[i] = (float)WEEK[shop->bucket % 7];
        float *window = shop->units + (size_t)i * W;
        memmove(window, window + 1, (W - 1) * sizeof *window);
        window[W - 1] = shop->now[i] = (float)units;
        shop->age[i]++;
        shop->mean[i] = shop->level[i] * shop->factor[i];
        shop->variance[i] = shop->mean[i] * shop->ratio[i];
        all += (double)lines;
        *sellers += lines > 0;
    }
    judges->line_tests += shop->bucket - 1000 >= WARM ? (uint64_t)all : 0;
    return all;
}

static void judge_day(struct shop *shop, struct judges *judges)
{
    static struct alert_signal signals[N * TAILS_KINDS];
    for (uint32_t t = 0; t < shop->tiles; t++) {
        size_t at = (size_t)t * N;
        struct window window = {.series = N,
                                .width = W,
                                .bucket = shop->bucket,
                                .season = 7,
                                .units = shop->units + at * W,
                                .flags = shop->flags,
                                .age = shop->age + at};
        struct tails_input tails = {&window, shop->mean + at, shop->variance + at,
                                    shop->class_of + at, shop->lines + at};
        struct trace_input traces = {.window = &window,
                                     .lines = shop->lines + at,
                                     .next_mean = shop->mean + at,
                                     .next_variance = shop->variance + at,
                                     .tails = &shop->tails[t],
                                     .checks = &shop->checks[t],
                                     .min_age = OPTIONS.min_age,
                                     .min_lines = OPTIONS.min_lines};
        (void)tails_close(judges->tails, &shop->tails[t], &tails, signals, N * TAILS_KINDS);
        (void)combine_close(judges->combine, &shop->traces[t], &traces, signals, N);
    }
}

static void run_day(struct shop *shop, struct judges *judges, double alpha)
{
    double sellers = 0, lines = sell_day(shop, judges, &sellers);
    double tested = combine_tests(judges->combine);
    int32_t phase = (int32_t)(shop->bucket % 7);
    tails_begin_close(judges->tails, shop->bucket, phase, 7, lines,
                      alpha * tails_tests(judges->tails) / ALERT_SHARE_TAILS);
    tails_total(judges->tails, lines, sellers);
    combine_begin_close(judges->combine, shop->bucket, lines, alpha * tested / COMBINE_SHARE);
    judge_day(shop, judges);
    linecheck_begin_close(judges->check, shop->bucket, alpha * lines / ALERT_SHARE_LINECHECK);
    const struct ewma_rows all = {.series = shop->series,
                                  .level = shop->level_sum,
                                  .variance = shop->variance_sum,
                                  .slow = shop->slow,
                                  .observed = shop->observed};
    if (lines > 0) {
        ewma_update(&shop->ewma, &all, shop->factor, shop->now, shop->learn);
        ewma_read(&shop->ewma, &all, shop->level, shop->ratio);
    }
    shop->bucket++;
}

/* --- figures -----------------------------------------------------------------------------------
 */

static void tell(const char *judge, const struct shop *shop, double alpha, double tests,
                 double budgeted, double realised)
{
    double root = sqrt(realised + 1), low = fmax(realised - 1.96 * root, 0);
    printf("{\"bench\":\"calibration\",\"judge\":\"%s\",\"shop\":\"%s\",\"alpha\":%g,"
           "\"series\":%u,\"tests\":%.0f,\"budgeted\":%.1f,\"realised\":%.0f,\"ratio\":%.2f,"
           "\"least\":%.2f,\"most\":%.2f}\n",
           judge, shop->drifts ? "drifting" : "steady", alpha, shop->series, tests, budgeted,
           realised, realised / budgeted, low / budgeted, (realised + 1.96 * root) / budgeted);
    fflush(stdout);
}

static void run_shop(uint32_t tiles, bool drifts, double alpha, double expected)
{
    struct shop *shop = open_shop(tiles, drifts, (uint64_t)(1 / alpha) + drifts);
    struct judges judges = {0};
    ASSERT(!weigh_load(weigh_shipped(), &judges.weigh));
    judges.combine = combine_create(&OPTIONS, judges.weigh);
    judges.tails = tails_create(&OPTIONS, N);
    judges.check = linecheck_create(&OPTIONS);
    ASSERT(judges.combine && judges.tails && judges.check);
    for (int day = 0; day < WARM; day++) {
        run_day(shop, &judges, alpha);
    }
    struct combine_rates net = *combine_rates(judges.combine);
    struct tails_rates tails = *tails_rates(judges.tails);
    for (int day = 0;; day++) {
        const struct combine_rates *now = combine_rates(judges.combine);
        if (day >= LEAST_CLOSES && (double)(now->tests - net.tests) * alpha >= expected) {
            break;
        }
        run_day(shop, &judges, alpha);
    }
    const struct combine_rates *now = combine_rates(judges.combine);
    tell("net", shop, alpha, (double)(now->tests - net.tests), now->budgeted - net.budgeted,
         (double)(now->strong - net.strong));
    const struct tails_rates *last = tails_rates(judges.tails);
    tell("tails", shop, alpha, (double)(last->tests - tails.tests) / TAILS_KINDS,
         last->budgeted - tails.budgeted, (double)(last->strong - tails.strong));
    /* Each has a third of the budget. Calm prices keep to their two channels and returns are few
     * and whole: these two cannot spend theirs. */
    static const char *const KINDS[LINE_KINDS] = {"price_error", "bulk_order", "returns_burst"};
    for (int kind = 0; kind < LINE_KINDS; kind++) {
        tell(KINDS[kind], shop, alpha, (double)judges.line_tests,
             (double)judges.line_tests * alpha / LINE_KINDS, (double)judges.line_alarms[kind]);
    }
    combine_destroy(judges.combine);
    tails_destroy(judges.tails);
    linecheck_destroy(judges.check);
    weigh_free(judges.weigh);
    close_shop(shop);
}

int main(int argc, char **argv)
{
    /* Shops are as large as their budgets are strict: a pool remembers 124 closes. */
    static const struct {
        double alpha;
        uint32_t tiles;
    } RUNS[] = {{1e-3, 4}, {1e-4, 12}, {1e-5, 40}, {1e-6, 120}};
    double expected = argc > 1 ? strtod(argv[1], NULL) : 50;
    ASSERT(!gemm_init());
    for (size_t r = 0; r < sizeof RUNS / sizeof RUNS[0]; r++) {
        for (int drifts = 0; drifts < SHOPS; drifts++) {
            run_shop(RUNS[r].tiles, drifts, RUNS[r].alpha, expected);
        }
    }
    return 0;
}
