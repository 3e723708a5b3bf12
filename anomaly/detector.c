#include "anomaly/detector.h"

#include <math.h>
#include <stdlib.h>

/* All thresholds are in units of the series itself. Each test keeps a histogram of its statistic on
 * a logarithmic scale (a twelfth of a decade per bin, twenty-four octaves around its mean) and
 * reads probabilities from it; beyond the quantile 1 - PEAK_SHARE from a generalised Pareto
 * distribution fitted by moments every FIT_EVERY rows. */

#define PEAK_SHARE 0.02
#define LEAST_PEAKS 20.0
#define PRIOR_PEAKS 40.0
#define PRIOR_EXCESS 0.3 /* of the threshold */
#define MOST_SHAPE 0.5
#define MOST_BEYOND 2.5 /* decades that the fit may go beyond its threshold */
#define LN10 2.302585092994045684

#define RANGE_MARGIN 0.02
#define RANGE_DECADES 20.0
#define RANGE_MOST 4.0
#define LEARN_LINEAR 0.02
#define DAY_RATE 0.05
#define DAY_FLOOR 0.2
#define MEAN_RATE 0.0005
#define FADE 0.995
#define CLEARLY 0.6 /* decades */
#define NOTEWORTHY 2.5

enum {
    BINS = 192,
    PER_OCTAVE = 8,
    MIDDLE_OCTAVE = 10, /* of the mean */
    SCALE_ROWS = 400, /* the scale is fixed after so many rows */
    TRUSTED_ROWS = 50,
    FIT_EVERY = 16,
    LAGS = 12,
    RECENT = 48,
    DAY_SLOTS = 48,
    DAY_SEEN = 3,
    DAY_ROWS = 4,
    RANGE_AFTER = 10,
    LINEAR_AFTER = 20,
    MEAN_AFTER = 60,
};

struct tail {
    float count[BINS];
    double rows, scale, sum;
    double base,
        base_score; /* threshold of the peaks, in histogram units, and -log10 of its probability */
    double width, shape; /* of the Pareto distribution of what exceeds it */
    int base_bin, since;
};

struct detector {
    int64_t rows;
    double low, high;
    double mean, square; /* slow mean; sum of squares about it */
    double recent[RECENT], sum; /* ring of values and their sum */
    double weight[LAGS];
    double day_mean[DAY_SLOTS], day_variance[DAY_SLOTS], day_count[DAY_SLOTS];
    double day_error[DAY_ROWS];
    double told; /* fading memory of the last alarm */
    struct tail linear, day, level;
};

struct detector *detector_create(void)
{
    return calloc(1, sizeof(struct detector));
}

void detector_destroy(struct detector *detector)
{
    free(detector);
}

static void tail_fit(struct tail *tail)
{
    double above = 0, wanted = fmax(PEAK_SHARE * tail->rows, LEAST_PEAKS);
    int bin = BINS;
    while (bin > 0 && above < wanted) {
        above += (double)tail->count[--bin];
    }
    tail->base_bin = bin;
    tail->base = exp2((double)bin / PER_OCTAVE);
    double prior = PRIOR_EXCESS * tail->base;
    double first = PRIOR_PEAKS * prior, second = 2 * PRIOR_PEAKS * prior * prior;
    for (; bin < BINS; bin++) {
        double excess = exp2((bin + 0.5) / PER_OCTAVE) - tail->base;
        first += (double)tail->count[bin] * excess;
        second += (double)tail->count[bin] * excess * excess;
    }
    first /= above + PRIOR_PEAKS;
    second /= above + PRIOR_PEAKS;
    double ratio = first * first / fmax(second - first * first, 1e-12 * first * first + 1e-300);
    tail->shape = fmin(fmax(0.5 * (1 - ratio), 0), MOST_SHAPE);
    tail->width = fmax(first * (1 - tail->shape), 1e-9);
    tail->base_score = -log10((above + 1) / (tail->rows + 2));
}

static double tail_read(const struct tail *tail, double x, int bin)
{
    if (x > tail->base) {
        double z = (x - tail->base) / tail->width;
        double nats = tail->shape > 1e-4 ? log1p(tail->shape * z) / tail->shape : z;
        return tail->base_score + fmin(nats / LN10, MOST_BEYOND);
    }
    double above = 0;
    for (int i = bin; i < BINS; i++) {
        above += (double)tail->count[i];
    }
    return fmin(-log10((above + 1) / (tail->rows + 2)), tail->base_score);
}

/* -log10 of the share of rows with a statistic as large as this one (>= 0), which is then counted.
 */
static double tail_score(struct tail *tail, double statistic)
{
    if (tail->rows < SCALE_ROWS) {
        tail->sum += statistic;
        tail->scale = tail->sum / (tail->rows + 1);
    }
    double x = tail->scale > 0 ? fmin(statistic / tail->scale * (1 << MIDDLE_OCTAVE), 1e15) : 0;
    int bin = x > 1 ? (int)fmin(PER_OCTAVE * log2(x), BINS - 1) : 0;
    double score = tail->rows > TRUSTED_ROWS ? tail_read(tail, x, bin) : 0;
    tail->count[bin] += 1;
    tail->rows += 1;
    if (++tail->since >= FIT_EVERY) {
        tail->since = 0;
        tail_fit(tail);
    }
    return score;
}

/* A record by a margin: by chance one row in n / 2 is a record. */
static double judge_range(struct detector *d, double value)
{
    double range = d->high - d->low;
    range = range > 0 ? range : fmax(fabs(d->high) * 1e-3, 1e-9);
    double beyond = fmax(value - d->high, d->low - value) / range;
    d->high = fmax(d->high, value);
    d->low = fmin(d->low, value);
    if (d->rows <= RANGE_AFTER || beyond <= RANGE_MARGIN) {
        return 0;
    }
    return log10((double)(d->rows + 1) / 2) + fmin(RANGE_DECADES * beyond, RANGE_MOST);
}

static double lag(const struct detector *d, int64_t back)
{
    return d->recent[(size_t)((d->rows - back) % RECENT)];
}

/* Normalised least mean squares (Widrow, Hoff 1960) over the last LAGS rows, in units of the range.
 */
static double judge_linear(struct detector *d, double value, double unit)
{
    if (d->rows < LAGS) {
        return 0;
    }
    double z[LAGS], predicted = 0, power = 1e-3;
    for (int k = 0; k < LAGS; k++) {
        z[k] = (lag(d, k + 1) - d->mean) / unit;
        predicted += d->weight[k] * z[k];
        power += z[k] * z[k];
    }
    double error = (value - d->mean) / unit - predicted;
    double step = LEARN_LINEAR * fmax(-1, fmin(1, error)) / power;
    for (int k = 0; k < LAGS; k++) {
        d->weight[k] += step * z[k];
    }
    return d->rows > LINEAR_AFTER ? tail_score(&d->linear, fabs(error)) : 0;
}

/* The last rows against the usual value of their time of day, in units of its usual deviation. */
static double judge_day(struct detector *d, int64_t time_ms, double value)
{
    const int64_t day_ms = 86400000;
    int slot = (int)(((time_ms % day_ms + day_ms) % day_ms) * DAY_SLOTS / day_ms);
    double error = d->day_count[slot] > 0 ? value - d->day_mean[slot] : 0, sum = error;
    for (int k = DAY_ROWS - 1; k > 0; k--) {
        d->day_error[k] = d->day_error[k - 1];
        sum += d->day_error[k];
    }
    d->day_error[0] = error;
    double usual = sqrt(d->square / (double)(d->rows + 1)) + 1e-12;
    double statistic = fabs(sum / DAY_ROWS) / (sqrt(d->day_variance[slot]) + DAY_FLOOR * usual);
    double score = d->day_count[slot] >= DAY_SEEN ? tail_score(&d->day, statistic) : 0;
    double rate = fmax(1 / (d->day_count[slot] + 1), DAY_RATE);
    d->day_variance[slot] += rate * (error * error - d->day_variance[slot]);
    d->day_mean[slot] += rate * (value - d->day_mean[slot]);
    d->day_count[slot] += 1;
    return score;
}

static double judge_level(struct detector *d, double value)
{
    size_t place = (size_t)(d->rows % RECENT);
    d->sum += value - (d->rows >= RECENT ? d->recent[place] : 0);
    d->recent[place] = value;
    double mean = d->sum / fmin(RECENT, (double)(d->rows + 1));
    return d->rows > MEAN_AFTER ? tail_score(&d->level, fabs(mean - d->mean)) : 0;
}

/* One alarm an incident: only what is clearly stranger than the last one, as far as that is
 * remembered. */
static double tell(struct detector *d, double score)
{
    if (score > d->told + (d->told > NOTEWORTHY ? CLEARLY : 0)) {
        d->told = score;
        return fmin(score / DETECTOR_FULL, 1);
    }
    d->told *= FADE;
    return 0;
}

double detector_score(struct detector *detector, int64_t time_ms, double value)
{
    struct detector *d = detector;
    if (!(fabs(value) < 1e150)) { /* not finite, or its square would not be */
        return 0;
    }
    if (!d->rows) {
        d->low = d->high = d->mean = value;
    }
    double range = d->high - d->low, unit = range > 0 ? range : fmax(fabs(d->high) * 1e-3, 1e-9);
    double score = judge_range(d, value);
    score = fmax(score, judge_linear(d, value, unit));
    score = fmax(score, judge_level(d, value));
    score = fmax(score, judge_day(d, time_ms, value));
    double off = value - d->mean;
    d->mean += fmax(1.0 / (double)(d->rows + 1), MEAN_RATE) * off;
    d->square += off * off;
    d->rows++;
    return tell(d, score);
}
