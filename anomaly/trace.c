#include "anomaly/trace.h"

#include "anomaly/excursion.h"
#include "anomaly/field.h"
#include "config/base/bound.h"
#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "model/fast.h"

#include <math.h>
#include <string.h>

/* Levels are shares: lines of the product over lines of the shop, both discounted by KEEP a bucket.
 * What lies inside of a window is taken out of the discounted sums exactly, from the rings. */

#define KEEP 0.985f
#define KEEP_RETURNS 0.97f
#define USUAL_RATE 0.03f
#define RECORD_CREEP 0.002f
#define ERROR_PRIOR 10.0f /* expected lines */
#define SPREAD_PRIOR 1.5f
#define LEAST_SPREAD 1.05f
#define QUARTER 90.0f
#define AGED 365u /* buckets: no shop that the net learned from was older, and age says no more */
#define ODD_PRICE 0.45f /* of the logarithm */
#define NO_EVENT 0
#define GAP_KEEP 0.997f
#define SWING_RATE 0.02f
#define SWING_MOST 4.0f
#define LARGE_Z 2.0f

const uint16_t trace_windows[TRACE_WINDOWS] = {1, 2, 3, 5, 7, 14, 21, TRACE_DAYS};

#define ROW(name, type, life, width)                                                               \
    {                                                                                              \
        "trace." #name, type, life, width, offsetof(struct trace_row, name)                        \
    }
static const struct column ROWS[] = {
    {"trace", COLUMN_RECORD, COLUMN_DERIVED, sizeof(struct trace_row),
     offsetof(struct trace_cols, row)},
    ROW(event, COLUMN_U8, COLUMN_HOT, TRACE_OPEN *TRACE_EVENTS),
    ROW(event_bucket, COLUMN_U32, COLUMN_HOT, 1),
    ROW(record, COLUMN_F32, COLUMN_HOT, 1),
    ROW(last, COLUMN_U8, COLUMN_COLD, TRACE_EVENTS),
    ROW(lines, COLUMN_U8, COLUMN_COLD, TRACE_DAYS),
    ROW(sold, COLUMN_F32, COLUMN_COLD, 1),
    ROW(shop, COLUMN_F32, COLUMN_COLD, 1),
    ROW(error, COLUMN_F32, COLUMN_COLD, 1),
    ROW(mean, COLUMN_F32, COLUMN_COLD, 1),
    ROW(returned, COLUMN_F32, COLUMN_COLD, 1),
    ROW(odd_prices, COLUMN_F32, COLUMN_COLD, 1),
    ROW(gap, COLUMN_F32, COLUMN_COLD, 1),
    ROW(swing7, COLUMN_F32, COLUMN_COLD, 1),
    ROW(swing28, COLUMN_F32, COLUMN_COLD, 1),
    ROW(large, COLUMN_F32, COLUMN_COLD, 1),
    ROW(peak, COLUMN_F32, COLUMN_COLD, 1),
};
#undef ROW

_Static_assert(sizeof(struct trace_row) == 128 && offsetof(struct trace_row, sold) <= 64,
               "a line sold touches one cache line");

const struct column_table trace_column_table = {"trace", ROWS, sizeof ROWS / sizeof *ROWS};

/* --- events --- */

static const float EVENT_STEP[TRACE_EVENTS] = {
    [EVENT_QUANTITY] = 0.0625f, [EVENT_RECORD] = 0.0625f, [EVENT_BASKET] = 0.0625f,
    [EVENT_SHARE] = 0.01f,      [EVENT_CHEAP] = 0.05f,    [EVENT_DEAR] = 0.05f,
    [EVENT_PRICE] = 0.05f,      [EVENT_ODD_PRICES] = 1,   [EVENT_RETURNS] = 1,
};

static uint8_t encode(enum trace_event event, float value)
{
    float code = value / EVENT_STEP[event] + 128;
    return (uint8_t)lrintf(at_most(at_least(code, 1), 255));
}

static float decode(enum trace_event event, uint8_t code)
{
    return code == NO_EVENT ? 0 : ((float)code - 128) * EVENT_STEP[event];
}

static uint32_t place_of(int64_t bucket, int64_t places)
{
    return (uint32_t)((bucket % places + places) % places);
}

/* [TRACE_EVENTS] of a bucket. */
static uint8_t *events_of(const struct trace_cols *cols, uint32_t row, int64_t bucket)
{
    return &cols->row[row].event[place_of(bucket, TRACE_OPEN) * TRACE_EVENTS];
}

static void saturate(uint8_t *count)
{
    *count = *count < UINT8_MAX ? (uint8_t)(*count + 1) : UINT8_MAX;
}

/* Clears the places between the newest bucket so far and this one. False: too old to be kept. */
static bool turn(struct trace_cols *cols, uint32_t i, int64_t bucket)
{
    int32_t passed = (int32_t)((uint32_t)bucket - cols->row[i].event_bucket);
    bool first = cols->row[i].event_bucket == 0;
    if (first || passed > 0) {
        int32_t stale = first || passed > TRACE_OPEN ? TRACE_OPEN : passed;
        for (int32_t back = 0; back < stale; back++) {
            memset(events_of(cols, i, bucket - back), NO_EVENT, TRACE_EVENTS);
        }
        cols->row[i].event_bucket = (uint32_t)bucket;
        return true;
    }
    return passed > -TRACE_OPEN;
}

static void raise(uint8_t *code, uint8_t value)
{
    *code = value > *code ? value : *code;
}

static void note_quantity(struct trace_row *row, const struct linecheck_row *check, uint8_t *events,
                          const struct trace_line *line)
{
    float x = logf((float)line->quantity);
    float median = line->basket_median > 1 ? logf((float)line->basket_median) : 0;
    float off = x - 0.5f * median - check->quantity_mean;
    float z = check->quantities ? off / sqrtf(check->quantity_spread + 0.05f) : 0;
    uint8_t code = encode(EVENT_QUANTITY, z);
    if (code > events[EVENT_QUANTITY]) {
        float share =
            line->basket_units > 0 ? (float)line->quantity / (float)line->basket_units : 1;
        events[EVENT_QUANTITY] = code;
        events[EVENT_BASKET] = encode(EVENT_BASKET, x - median);
        events[EVENT_SHARE] = encode(EVENT_SHARE, at_most(share, 1));
    }
    bool known = check->quantities > 0;
    raise(&events[EVENT_RECORD], encode(EVENT_RECORD, known ? x - row->record : 0));
    if (!known || x > row->record) {
        row->record = x;
    } else {
        row->record += RECORD_CREEP * (check->quantity_mean - row->record);
    }
}

static void note_price(const struct linecheck_row *check, uint8_t *events, float x)
{
    float off = x - check->price_median;
    raise(&events[EVENT_CHEAP], encode(EVENT_CHEAP, check->price_low - x));
    raise(&events[EVENT_DEAR], encode(EVENT_DEAR, x - check->price_high));
    uint8_t *furthest = &events[EVENT_PRICE];
    if (*furthest == NO_EVENT || fabsf(off) > fabsf(decode(EVENT_PRICE, *furthest))) {
        *furthest = encode(EVENT_PRICE, off);
    }
    if (fabsf(off) > ODD_PRICE) {
        saturate(&events[EVENT_ODD_PRICES]);
    }
}

void trace_line(struct trace_cols *cols, const struct linecheck_cols *checks, uint32_t row,
                int64_t bucket, const struct trace_line *line)
{
    if (!turn(cols, row, bucket)) {
        return;
    }
    uint8_t *events = events_of(cols, row, bucket);
    if (line->quantity <= 0) {
        saturate(&events[EVENT_RETURNS]);
        return;
    }
    const struct linecheck_row *check = &checks->row[row];
    note_quantity(&cols->row[row], check, events, line);
    if (line->price_minor > 0 && check->prices) {
        note_price(check, events, logf((float)line->price_minor));
    }
}

/* --- close --- */

void trace_begin_close(struct trace *trace, int64_t bucket, double total_lines)
{
    if (trace->started && bucket <= trace->bucket) {
        return;
    }
    for (int64_t b = trace->started ? trace->bucket + 1 : bucket; b < bucket; b++) {
        trace->total[place_of(b, TRACE_TOTALS)] = 0;
    }
    float total = (float)fmin(fmax(total_lines, 0), 1e15);
    trace->started = 1;
    trace->bucket = bucket;
    trace->total[place_of(bucket, TRACE_TOTALS)] = total;
    if (total > 0) {
        trace->usual += (trace->usual > 0 ? USUAL_RATE : 1) * (total - trace->usual);
    }
}

struct shop_past { /* of all series, the same for each: newest first */
    float total[TRACE_TOTALS], sum[TRACE_TOTALS + 1]; /* sum[n]: of the newest n */
    /* What a bucket in the last 7 (28) still weighs in the discounted sums, which the one that
     * closed is not in yet. */
    float keep7[TRACE_DAYS], keep28[TRACE_DAYS];
};

static void look_back(const struct trace *trace, struct shop_past *past)
{
    uint32_t place = place_of(trace->bucket, TRACE_TOTALS);
    past->sum[0] = 0;
    for (int k = 0; k < TRACE_TOTALS; k++) {
        past->total[k] = trace->total[place];
        past->sum[k + 1] = past->sum[k] + past->total[k];
        place = (place ? place : TRACE_TOTALS) - 1;
    }
    float keep = 1;
    past->keep7[0] = past->keep28[0] = 0;
    for (int k = 1; k < TRACE_DAYS; k++, keep *= KEEP) {
        past->keep28[k] = keep;
        past->keep7[k] = k < 7 ? keep : 0;
    }
}

/* Of one series, while its vector is made. */
struct view {
    uint32_t i;
    float y[TRACE_DAYS], shop[TRACE_DAYS]; /* lines and totals, newest first */
    float sum[TRACE_WINDOWS], shop_sum[TRACE_WINDOWS];
    const struct shop_past *past;
    float level7, level28; /* shares before the last 7 and 28 buckets */
    /* Of the windows: lines expected by the share before, deviance and logarithm of their ratio. */
    float expected[TRACE_WINDOWS], off[TRACE_WINDOWS], over[TRACE_WINDOWS];
    float last_run; /* ... in the stretch that ended today */
    float run; /* lines that were to be expected since the last one */
    int run_length;
    float spread;
};

static float clip(float x)
{
    return isfinite(x) ? at_most(at_least(x, -TRACE_MOST), TRACE_MOST) : 0;
}

/* Signed root of the deviance of y under a negative binomial (McCullagh, Nelder 1989). */
static inline float deviance(float y, float mean, float spread)
{
    mean = at_least(mean, 1e-4f);
    float k = mean / (spread - 1), some = at_least(y, 1e-30f);
    float hit = y > 0 ? y * fast_log(some / mean) : 0;
    float nats = hit - (y + k) * fast_log((y + k) / (mean + k));
    return copysignf(sqrtf(at_least(2 * nats, 0)), y - mean);
}

/* TRACE_WINDOWS of them side by side, and logarithms of y over mean. */
CLONES static void deviances(const float *restrict y, const float *restrict mean, float spread,
                             float *restrict off, float *restrict over)
{
    for (int w = 0; w < TRACE_WINDOWS; w++) {
        off[w] = deviance(y[w], mean[w], spread);
        over[w] = fast_log((y[w] + 0.5f) / (mean[w] + 0.5f));
    }
}

static float ratio(float y, float mean)
{
    return logf((y + 0.5f) / (mean + 0.5f));
}

/* Share of the shop's lines without those of a stretch: sold and shop, what of them is still in the
 * discounted sums. */
static float level_without(const struct trace_row *row, float sold, float shop)
{
    float before = row->shop - shop;
    /* A young series has nothing before the window: what there is, with the window. */
    return before > 0.1f * row->shop ? at_least(row->sold - sold, 0) / before
                                     : row->sold / at_least(row->shop, 1);
}

enum { LANES = 4 };
_Static_assert(TRACE_DAYS % LANES == 0, "sums of the days have no rest");

static float product(const float *a, const float *b)
{
    float lane[LANES] = {0};
    for (int k = 0; k < TRACE_DAYS; k += LANES) {
        for (int l = 0; l < LANES; l++) {
            lane[l] += a[k + l] * b[k + l];
        }
    }
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

static float largest(const float *y, int count)
{
    float most = 0;
    for (int k = 0; k < count; k++) {
        most = at_least(most, y[k]);
    }
    return most;
}

/* Windows against their levels, and the stretch without lines that lasts or has just ended. */
static void compare(struct view *view)
{
    for (int w = 0; w < TRACE_WINDOWS; w++) {
        float level = trace_windows[w] <= 7 ? view->level7 : view->level28;
        view->expected[w] = level * view->shop_sum[w];
    }
    deviances(view->sum, view->expected, view->spread, view->off, view->over);
    view->run = view->last_run = 0;
    view->run_length = 0;
    bool sold = view->y[0] > 0;
    for (int k = 0; k < TRACE_DAYS && (sold ? !k || !(view->y[k] > 0) : !(view->y[k] > 0)); k++) {
        *(sold ? &view->last_run : &view->run) += view->level28 * (sold && !k ? 0 : view->shop[k]);
        view->run_length += !sold;
    }
}

static void look(const struct trace *trace, const struct trace_cols *cols,
                 const struct trace_input *in, uint32_t i, struct view *view)
{
    const struct trace_row *row = &cols->row[i];
    view->i = i;
    int known = (int)(in->window->age[i] < TRACE_DAYS ? in->window->age[i] : TRACE_DAYS);
    uint32_t plane = place_of(trace->bucket, TRACE_DAYS);
    memset(view->y, 0, sizeof view->y);
    memset(view->shop, 0, sizeof view->shop);
    memcpy(view->shop, view->past->total, (size_t)known * sizeof *view->shop);
    view->y[0] = in->lines[i];
    for (int k = 1; k < known; k++) {
        plane = (plane ? plane : TRACE_DAYS) - 1;
        view->y[k] = row->lines[plane];
    }
    float sum = 0;
    for (int k = 0, w = 0; k < TRACE_DAYS; k++) {
        sum += view->y[k];
        if (k + 1 == trace_windows[w]) {
            view->sum[w] = sum;
            view->shop_sum[w++] = view->past->sum[k < known ? k + 1 : known];
        }
    }
    view->level7 = level_without(row, product(view->past->keep7, view->y),
                                 product(view->past->keep7, view->shop));
    view->level28 = level_without(row, product(view->past->keep28, view->y),
                                  product(view->past->keep28, view->shop));
    view->spread = at_least((row->error + ERROR_PRIOR * SPREAD_PRIOR) / (row->mean + ERROR_PRIOR),
                            LEAST_SPREAD);
    compare(view);
}

static float *put_rates(const struct trace *trace, const struct view *view, float *x)
{
    for (int w = 0; w < TRACE_WINDOWS; w++) {
        *x++ = view->off[w];
        *x++ = view->over[w];
    }
    float largest7 = largest(view->y, 7), largest28 = largest(view->y, TRACE_DAYS);
    *x++ = logf(1 + (float)view->run_length);
    *x++ = sqrtf(2 * view->run * logf(view->spread) / (view->spread - 1));
    *x++ = logf((largest7 + 0.5f) / (view->sum[4] / 7 + 0.5f));
    *x++ = logf((largest28 + 0.5f) / (view->sum[7] / TRACE_DAYS + 0.5f));
    *x++ = logf(view->level7 * trace->usual + 0.01f);
    *x++ = logf((view->level7 * trace->usual + 0.02f) / (view->level28 * trace->usual + 0.02f));
    *x++ = logf(view->spread);
    *x++ = logf((view->shop[0] + 1) / (trace->usual + 1));
    return x;
}

/* Sum and squares of the newest n of units that end before `end`, on top of those of the newest
 * from. */
static void add_units(const float *end, int from, int n, float *sum, float *square)
{
    float lane[LANES] = {0}, lane_square[LANES] = {0};
    const float *at = end - n;
    int count = n - from, k = 0;
    for (; k + LANES <= count; k += LANES) {
        for (int l = 0; l < LANES; l++) {
            lane[l] += at[k + l];
            lane_square[l] += at[k + l] * at[k + l];
        }
    }
    for (; k < count; k++) {
        lane[0] += at[k];
        lane_square[0] += at[k] * at[k];
    }
    *sum += (lane[0] + lane[2]) + (lane[1] + lane[3]);
    *square += (lane_square[0] + lane_square[2]) + (lane_square[1] + lane_square[3]);
}

static float *put_units(const struct trace_input *in, const struct view *view, float *x)
{
    static const int DAYS[] = {1, 3, 7, 28};
    const struct window *window = in->window;
    const float *end = window->units + ((size_t)view->i + 1) * window->width;
    float sum = 0, square = 0, at[TRACE_WINDOWS] = {0}, expected[TRACE_WINDOWS] = {0};
    uint32_t most = window->width < TRACE_TOTALS ? window->width : TRACE_TOTALS;
    int known = (int)(window->age[view->i] < most ? window->age[view->i] : most), from = 0;
    for (int w = 0; w < 4; w++) {
        int days = DAYS[w] < known ? DAYS[w] : known;
        add_units(end, from, days, &sum, &square);
        at[w] = sum;
        from = days;
    }
    add_units(end, from, known, &sum, &square);
    float shop = view->past->sum[known], mean = sum / (float)known;
    float spread = at_least((square - sum * mean + 5) / (sum + 2), LEAST_SPREAD);
    for (int w = 0; w < 4; w++) {
        float past = view->past->sum[DAYS[w] < known ? DAYS[w] : known], rest = shop - past;
        expected[w] = rest > 0 ? (sum - at[w]) / rest * past : 0;
    }
    float off[TRACE_WINDOWS], over[TRACE_WINDOWS];
    deviances(at, expected, spread, off, over);
    for (int w = 0; w < 4; w++) {
        *x++ = off[w];
        *x++ = over[w];
    }
    *x++ = logf(spread);
    float u = end[-1], next = in->next_mean[view->i], variance = in->next_variance[view->i];
    *x++ = next > 0 ? ratio(u, next) : 0;
    *x++ =
        next > 0 && variance > 0 ? deviance(u, next, at_least(variance / next, LEAST_SPREAD)) : 0;
    return x;
}

static float now(const struct trace_cols *cols, const struct trace *trace, uint32_t i, int event)
{
    int32_t back = (int32_t)(cols->row[i].event_bucket - (uint32_t)trace->bucket);
    bool kept = cols->row[i].event_bucket && back >= 0 && back < TRACE_OPEN;
    uint8_t code = kept ? events_of(cols, i, trace->bucket)[event] : NO_EVENT;
    return event >= EVENT_ODD_PRICES ? (float)code : decode((enum trace_event)event, code);
}

static float before(const struct trace_cols *cols, uint32_t i, int event)
{
    uint8_t code = cols->row[i].last[event];
    return event >= EVENT_ODD_PRICES ? (float)code : decode((enum trace_event)event, code);
}

static float *put_events(const struct trace *trace, const struct trace_cols *cols,
                         const struct trace_input *in, const struct view *view, float *x)
{
    const struct linecheck_cols *checks = in->checks;
    uint32_t i = view->i;
    for (int event = 0; event < EVENT_ODD_PRICES; event++) {
        *x++ = now(cols, trace, i, event) * (event == EVENT_SHARE ? 2 : 1);
    }
    *x++ = before(cols, i, EVENT_QUANTITY);
    *x++ = before(cols, i, EVENT_RECORD);
    *x++ = before(cols, i, EVENT_CHEAP);
    *x++ = before(cols, i, EVENT_DEAR);
    *x++ = before(cols, i, EVENT_PRICE);
    *x++ = cols->row[i].record - checks->row[i].quantity_mean;
    *x++ = logf(checks->row[i].quantity_spread + 0.05f);
    *x++ = checks->row[i].price_median - checks->row[i].price_low;
    *x++ = checks->row[i].price_high - checks->row[i].price_median;
    float lines = view->y[0], odd = now(cols, trace, i, EVENT_ODD_PRICES);
    *x++ = lines > 0 ? 2 * odd / lines : 0;
    *x++ = view->y[1] > 0 ? 2 * before(cols, i, EVENT_ODD_PRICES) / view->y[1] : 0;
    *x++ = logf(1 + odd);
    *x++ = 2 * cols->row[i].odd_prices / (cols->row[i].sold + 1);
    float back = now(cols, trace, i, EVENT_RETURNS), last = before(cols, i, EVENT_RETURNS);
    float rate = cols->row[i].returned * (1 - KEEP_RETURNS) + 0.02f;
    *x++ = logf(1 + back);
    *x++ = logf(1 + last);
    *x++ = deviance(back, rate, 2);
    *x++ = deviance(back + last, 2 * rate, 2);
    *x++ = logf(rate);
    return x;
}

/* What has just happened in terms of what has happened to this product before. */
static float *put_habits(const struct trace_cols *cols, const struct view *view, float *x)
{
    uint32_t i = view->i;
    float usual7 = sqrtf(cols->row[i].swing7 + 0.5f), usual28 = sqrtf(cols->row[i].swing28 + 0.5f);
    *x++ = logf((view->run + 0.5f) / (cols->row[i].gap + 0.5f));
    *x++ = logf(cols->row[i].gap + 0.5f);
    *x++ = logf(usual7);
    *x++ = logf(usual28);
    *x++ = view->off[2] / usual7;
    *x++ = view->off[4] / usual7;
    *x++ = view->off[5] / usual28;
    *x++ = view->off[7] / usual28;
    *x++ = 20 * cols->row[i].large / (cols->row[i].sold + 5);
    return x;
}

static void put(const struct trace *trace, const struct trace_cols *cols,
                const struct trace_input *in, const struct view *view, float *x)
{
    const struct tails_cols *tails = in->tails;
    uint32_t i = view->i;
    float *at = put_rates(trace, view, x);
    at = put_units(in, view, at);
    at = put_events(trace, cols, in, view, at);
    at = put_habits(cols, view, at);
    *at++ = logf(1 + view->y[0]);
    *at++ = logf(cols->row[i].sold + 1);
    *at++ = logf((float)(in->window->age[i] < AGED ? in->window->age[i] : AGED) / 100);
    *at++ = sqrtf(at_least(tails->rise[i], 0));
    *at++ = logf(1 + (float)tails->rise_length[i]);
    *at++ = sqrtf(at_least(tails->fall[i], 0));
    *at++ = logf(1 + (float)tails->fall_length[i]);
    ASSERT(at == x + TRACE_INPUTS);
    for (int k = 0; k < TRACE_INPUTS; k++) {
        x[k] = clip(x[k]);
    }
}

static void learn(const struct trace *trace, struct trace_cols *cols, const struct trace_input *in,
                  uint32_t i, const struct view *view)
{
    float y = in->lines[i], mean = view->level7 * view->shop[0];
    if (cols->row[i].sold > 0) {
        float error = y - mean, most = 9 * at_least(mean, 1) * view->spread; /* winsorised */
        cols->row[i].error = KEEP * cols->row[i].error + at_most(error * error, most);
        cols->row[i].mean = KEEP * cols->row[i].mean + mean;
    }
    float gap = cols->row[i].gap * GAP_KEEP; /* counted when it has ended: not in its own way */
    cols->row[i].gap = y > 0 ? at_least(gap, view->last_run) : gap;
    float most = SWING_MOST * SWING_MOST, off7 = view->off[4], off28 = view->off[7];
    cols->row[i].swing7 += SWING_RATE * (at_most(off7 * off7, most) - cols->row[i].swing7);
    cols->row[i].swing28 += SWING_RATE * (at_most(off28 * off28, most) - cols->row[i].swing28);
    bool large = now(cols, trace, i, EVENT_QUANTITY) > LARGE_Z;
    cols->row[i].large = KEEP * cols->row[i].large + (large ? 1 : 0);
    cols->row[i].sold = KEEP * cols->row[i].sold + y;
    cols->row[i].shop = KEEP * cols->row[i].shop + view->shop[0];
    cols->row[i].returned =
        KEEP_RETURNS * cols->row[i].returned + now(cols, trace, i, EVENT_RETURNS);
    cols->row[i].odd_prices =
        KEEP * cols->row[i].odd_prices + now(cols, trace, i, EVENT_ODD_PRICES);
    int32_t back = (int32_t)(cols->row[i].event_bucket - (uint32_t)trace->bucket);
    bool kept = cols->row[i].event_bucket && back >= 0 && back < TRACE_OPEN;
    for (int event = 0; event < TRACE_EVENTS; event++) {
        cols->row[i].last[event] = kept ? events_of(cols, i, trace->bucket)[event] : NO_EVENT;
    }
    uint32_t plane = place_of(trace->bucket, TRACE_DAYS);
    cols->row[i].lines[plane] = (uint8_t)at_most(y, UINT8_MAX);
}

void trace_close(const struct trace *trace, struct trace_cols *cols, const struct trace_input *in,
                 float *x, uint8_t *judged)
{
    const struct window *window = in->window;
    struct shop_past past;
    ASSERT(window->series <= TRACE_TILE && window->bucket == trace->bucket);
    look_back(trace, &past);
    for (uint32_t i = 0; i < window->series; i++) {
        judged[i] = 0;
        if (!window->age[i]) {
            continue;
        }
        struct view view;
        view.past = &past;
        look(trace, cols, in, i, &view);
        uint8_t flags = window->flags[(size_t)i * window->width + window->width - 1];
        float busy = at_least(view.level7, view.level28) * trace->usual * QUARTER;
        if (!(flags & WINDOW_CENSORED) && window->age[i] >= in->min_age &&
            busy >= (float)in->min_lines) {
            judged[i] = 1;
            put(trace, cols, in, &view, x + (size_t)i * TRACE_INPUTS);
        }
        learn(trace, cols, in, i, &view);
    }
}

/* --- state --- */

#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct trace, name), sizeof(((struct trace *)0)->name)                            \
    }
static const struct field FIELDS[] = {FIELD(bucket), FIELD(started), FIELD(total), FIELD(usual)};
#undef FIELD

void trace_save(const struct trace *trace, struct buf *out)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        buf_put(out, (const char *)trace + FIELDS[i].offset, FIELDS[i].bytes);
    }
}

struct status *trace_load(struct slice *bytes, struct trace *trace)
{
    struct trace read = {0};
    struct slice rest = *bytes;
    bool sane = true;
    for (size_t i = 0; sane && i < sizeof FIELDS / sizeof *FIELDS; i++) {
        sane = field_take(&rest, (char *)&read + FIELDS[i].offset, FIELDS[i].bytes);
    }
    for (int k = 0; k < TRACE_TOTALS; k++) {
        sane = sane && isfinite(read.total[k]) && read.total[k] >= 0;
    }
    if (!sane || read.started > 1 || !isfinite(read.usual) || read.usual < 0) {
        return status_new(STATUS_CORRUPT, "read traces: the record is cut short or out of range");
    }
    *trace = read;
    *bytes = rest;
    return NULL;
}
