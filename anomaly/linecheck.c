#include "anomaly/linecheck.h"

#include "anomaly/calibrate.h"
#include "anomaly/field.h"
#include "anomaly/nbtail.h"
#include "config/base/ensure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Raw scores, before the pools have their say:
 *   price     how far outside of the envelope of past prices, one decade per PRICE_DECADE of its
 * logarithm, if the ratio to the median is beyond PRICE_RATIO; the envelope is the extremes so far,
 * which creep back to the median quantity  normal tail of the logarithm, for lines larger than
 * nearly all before returns   negative binomial tail of the returned lines of the bucket under the
 * product's own past rate All are tests per line sold. */

#define LN10 2.302585092994045684
#define PRICE_DECADE 0.12
#define PRICE_RATIO 0.5306 /* ln 1.7 */
#define PRICE_MARGIN 0.02f
#define PRICE_STEP 0.02f
#define CREEP 0.002f
#define LEARN_ODD 0.1f
#define QUANTITY_RATE 0.02f
#define QUANTITY_FLOOR 0.05f
#define QUANTITY_NEAR 0.2f
#define BASKET_SHARE 0.5f /* of the logarithm of a basket's median that a line follows */
#define QUARTER 90.0f /* buckets */
#define RETURNS_KEEP 0.97f
#define RETURNS_PRIOR 0.02f
#define RETURNS_SPREAD 2.0
#define KEEP 0.992
#define TESTS_RATE 0.1
#define WEAK_SHARE 20.0
#define NEVER 1e9f

enum { LAYOUT = 1, KINDS = 3, PRICES_KNOWN = 25, QUANTITIES_KNOWN = 15, SMALL_BASKET = 4 };
enum pool_kind { POOL_PRICE, POOL_QUANTITY, POOL_RETURN };

static const enum alert_kind ALERTS[KINDS] = {ALERT_PRICE_ERROR, ALERT_BULK_ORDER,
                                              ALERT_RETURNS_BURST};

struct linecheck {
    struct alert_options options;
    int64_t bucket;
    uint8_t started;
    uint32_t closes; /* with tests, saturating at LINECHECK_SILENT */
    double budget;
    double tests[KINDS]; /* per close, smoothed */
    struct calibrate_pool pools[KINDS];
    float weak[KINDS], strong[KINDS]; /* raw; derived */
    float basket; /* ln of its median, 0 if unknown; for the next line only */
};

#define ROW(name, type)                                                                            \
    {                                                                                              \
        "linecheck." #name, type, COLUMN_HOT, 1, offsetof(struct linecheck_row, name)              \
    }
static const struct column ROWS[] = {
    {"linecheck", COLUMN_RECORD, COLUMN_DERIVED, sizeof(struct linecheck_row),
     offsetof(struct linecheck_cols, row)},
    ROW(price_median, COLUMN_F32),
    ROW(price_low, COLUMN_F32),
    ROW(price_high, COLUMN_F32),
    ROW(quantity_mean, COLUMN_F32),
    ROW(quantity_spread, COLUMN_F32),
    ROW(quantity_high, COLUMN_F32),
    ROW(returns_rate, COLUMN_F32),
    ROW(returns_bucket, COLUMN_U32),
    ROW(prices, COLUMN_U16),
    ROW(quantities, COLUMN_U16),
    ROW(returns_now, COLUMN_U16),
    ROW(activity, COLUMN_F32),
    ROW(activity_bucket, COLUMN_U32),
    ROW(lines[0], COLUMN_U16),
    ROW(lines[1], COLUMN_U16),
    ROW(lines[2], COLUMN_U16),
    ROW(lines[3], COLUMN_U16),
    ROW(lines[4], COLUMN_U16),
    ROW(lines[5], COLUMN_U16),
    ROW(lines[6], COLUMN_U16),
    ROW(lines[7], COLUMN_U16),
};
#undef ROW

_Static_assert(sizeof(struct linecheck_row) == 64, "one cache line per line sold");

const struct column_table linecheck_column_table = {"linecheck", ROWS, sizeof ROWS / sizeof *ROWS};

static void set_limits(struct linecheck *check)
{
    for (int kind = 0; kind < KINDS; kind++) {
        double alpha = fmin(check->budget / KINDS / fmax(check->tests[kind], 1), 0.01);
        bool any = alpha > 0 && check->closes >= LINECHECK_SILENT;
        check->strong[kind] =
            any ? calibrate_raw(&check->pools[kind], (float)-log10(alpha)) : NEVER;
        check->weak[kind] =
            any ? calibrate_raw(&check->pools[kind], (float)(-0.5 * log10(alpha / WEAK_SHARE)))
                : NEVER;
    }
}

struct linecheck *linecheck_create(const struct alert_options *options)
{
    struct linecheck *check = calloc(1, sizeof *check);
    if (check) {
        check->options = *options;
        for (int kind = 0; kind < KINDS; kind++) {
            calibrate_init(&check->pools[kind]);
        }
        set_limits(check);
    }
    return check;
}

void linecheck_destroy(struct linecheck *check)
{
    free(check);
}

void linecheck_begin_close(struct linecheck *check, int64_t bucket, double budget)
{
    if (check->started && bucket <= check->bucket) {
        return;
    }
    bool tested = false;
    check->pools[POOL_RETURN].fresh_tests = check->pools[POOL_QUANTITY].fresh_tests;
    for (int kind = 0; kind < KINDS; kind++) {
        double tests = (double)check->pools[kind].fresh_tests;
        if (tests > 0) {
            tested = true;
            check->tests[kind] +=
                (check->tests[kind] > 0 ? TESTS_RATE : 1) * (tests - check->tests[kind]);
        }
        calibrate_fold(&check->pools[kind], KEEP);
    }
    check->closes += tested && check->closes < LINECHECK_SILENT;
    check->started = 1;
    check->bucket = bucket;
    check->budget = budget * ALERT_SHARE_LINECHECK;
    set_limits(check);
}

static bool judge(const struct linecheck *check, enum pool_kind kind, float raw,
                  struct alert_signal *out)
{
    if (!(raw >= check->weak[kind])) {
        return false;
    }
    *out = (struct alert_signal){.kind = ALERTS[kind]};
    out->strength = raw >= check->strong[kind] ? ALERT_STRONG : ALERT_WEAK;
    out->score = calibrate_score(&check->pools[kind], raw);
    out->probability = powf(10, -out->score);
    return true;
}

static void describe(struct alert_signal *out, uint32_t row, int64_t bucket, double observed,
                     double expected)
{
    out->series = row;
    out->onset_bucket = bucket;
    out->observed = (float)observed;
    out->expected = (float)expected;
    alert_evidence(out, EVIDENCE_RATIO, expected > 0 ? observed / expected : 0);
    alert_evidence(out, EVIDENCE_USUAL, expected);
}

static void saturate(uint16_t *count)
{
    *count = *count < UINT16_MAX ? (uint16_t)(*count + 1) : UINT16_MAX;
}

static float clip(float x, float limit)
{
    return fminf(fmaxf(x, -limit), limit);
}

static bool busy(const struct linecheck *check, const struct linecheck_cols *cols, uint32_t i)
{
    return cols->row[i].activity >= (float)check->options.min_lines;
}

static uint32_t place(int64_t bucket)
{
    return (uint32_t)((bucket % LINECHECK_OPEN + LINECHECK_OPEN) % LINECHECK_OPEN);
}

static void learn_price(struct linecheck_cols *cols, uint32_t i, float x, bool odd)
{
    if (!cols->row[i].prices) {
        cols->row[i].price_median = cols->row[i].price_low = cols->row[i].price_high = x;
    }
    saturate(&cols->row[i].prices);
    float off = x - cols->row[i].price_median;
    bool known = cols->row[i].prices > PRICES_KNOWN;
    cols->row[i].price_median += known ? clip(off, PRICE_STEP) : off / (float)cols->row[i].prices;
    cols->row[i].price_low += CREEP * (cols->row[i].price_median - cols->row[i].price_low);
    cols->row[i].price_high += CREEP * (cols->row[i].price_median - cols->row[i].price_high);
    float share = odd ? LEARN_ODD : 1;
    if (x < cols->row[i].price_low) {
        cols->row[i].price_low += share * (x - cols->row[i].price_low);
    } else if (x > cols->row[i].price_high) {
        cols->row[i].price_high += share * (x - cols->row[i].price_high);
    }
}

bool linecheck_price(struct linecheck *check, struct linecheck_cols *cols, uint32_t row,
                     int64_t bucket, int64_t price_minor, struct alert_signal *out)
{
    if (price_minor <= 0) {
        return false;
    }
    float x = logf((float)price_minor), median = cols->row[row].price_median, raw = 0;
    bool known = busy(check, cols, row) && cols->row[row].prices >= PRICES_KNOWN;
    if (known) {
        float outside =
            fmaxf(x - cols->row[row].price_high, cols->row[row].price_low - x) - PRICE_MARGIN;
        bool far = fabs((double)(x - median)) > PRICE_RATIO;
        raw = far && outside > 0 ? outside / (float)PRICE_DECADE : 0;
        check->pools[POOL_PRICE].fresh_tests++;
        calibrate_count(&check->pools[POOL_PRICE], fminf(raw, check->strong[POOL_PRICE]));
    }
    bool odd = judge(check, POOL_PRICE, raw, out);
    if (odd) {
        describe(out, row, bucket, (double)price_minor, exp((double)median));
        alert_evidence(out, EVIDENCE_LOWER, exp((double)cols->row[row].price_low));
        alert_evidence(out, EVIDENCE_UPPER, exp((double)cols->row[row].price_high));
    }
    learn_price(cols, row, x, raw > 1);
    return odd;
}

static void learn_quantity(struct linecheck_cols *cols, uint32_t i, float x, bool odd)
{
    if (!cols->row[i].quantities) {
        cols->row[i].quantity_mean = cols->row[i].quantity_high = x;
    }
    saturate(&cols->row[i].quantities);
    float rate = fmaxf(1 / (float)cols->row[i].quantities, QUANTITY_RATE);
    float off = x - cols->row[i].quantity_mean, spread = cols->row[i].quantity_spread;
    if (cols->row[i].quantities > QUANTITIES_KNOWN) {
        off = clip(off, 3 * sqrtf(spread + QUANTITY_FLOOR));
    }
    cols->row[i].quantity_mean += rate * off;
    cols->row[i].quantity_spread += rate * ((1 - rate) * off * off - spread);
    cols->row[i].quantity_high += CREEP * (cols->row[i].quantity_mean - cols->row[i].quantity_high);
    if (x > cols->row[i].quantity_high) {
        cols->row[i].quantity_high += (odd ? LEARN_ODD : 1) * (x - cols->row[i].quantity_high);
    }
}

/* -log10 of the upper normal tail, z > 0: a bound that is close from z = 2 on (Mills' ratio). */
static float normal_score(float z)
{
    return z > 0 ? (float)((0.5 * (double)(z * z) +
                            log(sqrt(2 * 3.14159265358979) * ((double)z + 1 / ((double)z + 1)))) /
                           LN10)
                 : 0;
}

void linecheck_basket(struct linecheck *check, int64_t median_quantity, int32_t lines)
{
    /* The median of a small basket is the line itself, more or less: half of it is news. */
    float share = lines >= SMALL_BASKET ? 1 : 0.5f;
    check->basket = median_quantity > 1 ? share * logf((float)median_quantity) : 0;
}

/* Lines of the last QUARTER buckets, discounted, and counts of the newest LINECHECK_OPEN buckets.
 * Places are cleared when the newest bucket moves on, by an event: a close changes nothing here, so
 * that what was saved with the last event is whole. */
static void count_line(struct linecheck_cols *cols, uint32_t i, int64_t bucket)
{
    bool first = !(cols->row[i].activity > 0);
    int32_t passed = (int32_t)((uint32_t)bucket - cols->row[i].activity_bucket);
    if (first || passed > 0) {
        int32_t stale = first || passed > LINECHECK_OPEN ? LINECHECK_OPEN : passed;
        for (int32_t back = 0; back < stale; back++) {
            cols->row[i].lines[place(bucket - back)] = 0;
        }
        cols->row[i].activity *= first ? 1 : powf(1 - 1 / QUARTER, (float)passed);
        cols->row[i].activity_bucket = (uint32_t)bucket;
    }
    cols->row[i].activity += 1;
    if (passed > -LINECHECK_OPEN || first) {
        saturate(&cols->row[i].lines[place(bucket)]);
    }
}

bool linecheck_quantity(struct linecheck *check, struct linecheck_cols *cols, uint32_t row,
                        int64_t bucket, int64_t quantity, struct alert_signal *out)
{
    float basket = check->basket;
    check->basket = 0;
    if (quantity <= 0) {
        return false;
    }
    count_line(cols, row, bucket);
    float x = logf((float)quantity) - BASKET_SHARE * basket, raw = 0;
    if (busy(check, cols, row) && cols->row[row].quantities >= QUANTITIES_KNOWN) {
        float spread = cols->row[row].quantity_spread + QUANTITY_FLOOR;
        float z = (x - cols->row[row].quantity_mean) / sqrtf(spread);
        raw = x > cols->row[row].quantity_high - QUANTITY_NEAR ? normal_score(z) : 0;
        check->pools[POOL_QUANTITY].fresh_tests++;
        calibrate_count(&check->pools[POOL_QUANTITY], fminf(raw, check->strong[POOL_QUANTITY]));
    }
    bool odd = judge(check, POOL_QUANTITY, raw, out);
    if (odd) {
        float share = BASKET_SHARE * basket;
        describe(out, row, bucket, (double)quantity,
                 exp((double)(cols->row[row].quantity_mean + share)));
        alert_evidence(out, EVIDENCE_WORST, exp((double)(cols->row[row].quantity_high + share)));
    }
    learn_quantity(cols, row, x, odd && out->strength == ALERT_STRONG);
    return odd;
}

void linecheck_lines(const struct linecheck_cols *cols, uint32_t series, int64_t bucket,
                     uint16_t *lines)
{
    uint32_t at = place(bucket);
    for (uint32_t i = 0; i < series; i++) {
        int32_t back = (int32_t)(cols->row[i].activity_bucket - (uint32_t)bucket);
        bool kept = cols->row[i].activity > 0 && back >= 0 && back < LINECHECK_OPEN;
        lines[i] = kept ? cols->row[i].lines[at] : 0;
    }
}

static float returns_score(uint32_t count, float rate)
{
    return (
        float)(-nbtail_log_upper((double)count, (double)(rate + RETURNS_PRIOR), RETURNS_SPREAD) /
               LN10);
}

bool linecheck_return(struct linecheck *check, struct linecheck_cols *cols, uint32_t row,
                      int64_t bucket, struct alert_signal *out)
{
    /* Lines of an earlier bucket than the newest one count in the newest: they came now. */
    uint32_t now = (uint32_t)bucket;
    int32_t passed = (int32_t)(now - cols->row[row].returns_bucket);
    bool known = cols->row[row].returns_bucket || cols->row[row].returns_now;
    if (!known || passed > 0) {
        float keep = known ? powf(RETURNS_KEEP, (float)passed) : 0;
        cols->row[row].returns_rate =
            keep *
            (cols->row[row].returns_rate + (1 - RETURNS_KEEP) * (float)cols->row[row].returns_now);
        cols->row[row].returns_bucket = now;
        cols->row[row].returns_now = 0;
    }
    float rate = cols->row[row].returns_rate;
    float before = cols->row[row].returns_now ? returns_score(cols->row[row].returns_now, rate) : 0;
    saturate(&cols->row[row].returns_now);
    float raw = returns_score(cols->row[row].returns_now, rate);
    float most = check->strong[POOL_RETURN];
    calibrate_move(&check->pools[POOL_RETURN], fminf(before, most), fminf(raw, most));
    bool odd = busy(check, cols, row) && judge(check, POOL_RETURN, raw, out);
    if (odd) {
        describe(out, row, bucket, (double)cols->row[row].returns_now, (double)rate);
    }
    return odd;
}

void linecheck_quiet(const struct alert *alert, int64_t bucket, int64_t start_ms, bool had_lines,
                     struct alert_signal *out)
{
    *out = (struct alert_signal){.kind = (enum alert_kind)alert->kind,
                                 .series = alert->series,
                                 .onset_bucket = bucket,
                                 .probability = 1};
    if (alert->seen_ms > start_ms) {
        out->strength = ALERT_NEUTRAL;
    } else {
        out->strength =
            alert->kind == ALERT_PRICE_ERROR && !had_lines ? ALERT_MISSING : ALERT_QUIET;
    }
}

/* Layout 1: u8 layout, FIELDS, three pools. Limits are derived. */

#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct linecheck, name), sizeof(((struct linecheck *)0)->name)                    \
    }
static const struct field FIELDS[] = {FIELD(bucket), FIELD(started), FIELD(closes), FIELD(budget),
                                      FIELD(tests)};
#undef FIELD

void linecheck_save(const struct linecheck *check, struct buf *out)
{
    buf_byte(out, LAYOUT);
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        buf_put(out, (const char *)check + FIELDS[i].offset, FIELDS[i].bytes);
    }
    for (int kind = 0; kind < KINDS; kind++) {
        calibrate_save(&check->pools[kind], out);
    }
}

struct status *linecheck_load(struct linecheck *check, struct slice bytes)
{
    uint8_t layout = 0;
    struct linecheck read = *check;
    bool good = field_take(&bytes, &layout, 1) && layout == LAYOUT;
    for (size_t i = 0; good && i < sizeof FIELDS / sizeof *FIELDS; i++) {
        good = field_take(&bytes, (char *)&read + FIELDS[i].offset, FIELDS[i].bytes);
    }
    good = good && read.started <= 1 && read.closes <= LINECHECK_SILENT && isfinite(read.budget) &&
           read.budget >= 0;
    for (int kind = 0; good && kind < KINDS; kind++) {
        good = isfinite(read.tests[kind]) && read.tests[kind] >= 0;
    }
    if (!good) {
        return status_new(
            STATUS_CORRUPT,
            "read the state of the line checks: cut short, out of range, or of another version");
    }
    for (int kind = 0; kind < KINDS; kind++) {
        TRY(calibrate_load(&bytes, &read.pools[kind]));
    }
    if (bytes.bytes) {
        return status_new(STATUS_CORRUPT,
                          "read the state of the line checks: %zu bytes are left over",
                          bytes.bytes);
    }
    set_limits(&read);
    *check = read;
    return NULL;
}
