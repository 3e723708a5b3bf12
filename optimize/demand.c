#include "optimize/demand.h"

#include "config/base/ensure.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Interpolation in length. Means are linear between rows. Deviations from the mean move with the
 * square root of the length, as those of independent days do, and the result is kept between the
 * two rows, which makes it monotone: a deviation that grows makes a convex or concave path with the
 * right ends, and the clamp removes the dip of the convex ones. Before the first row all is
 * proportional. */

enum { KNOTS = DEMAND_LEVELS + 1, MIX_LOW = 4, MIX_POINTS = KNOTS + MIX_LOW + 2 };

static const double TAIL_STEPS = 36; /* beyond, nothing is left in a double */

static double clean(float value)
{
    return isfinite(value) && value > 0 ? (double)value : 0;
}

static void put_row(struct demand_curve *curve, double length, double mean, const float *quantiles)
{
    uint32_t row = curve->rows;
    bool first = row == 0;
    curve->length[row] = length;
    curve->mean[row] = first ? mean : larger(mean, curve->mean[row - 1]);
    double least = 0;
    for (size_t k = 0; k < DEMAND_LEVELS; k++) {
        double below = first ? 0 : curve->quantiles[row - 1][k];
        least = larger(larger(clean(quantiles[k]), below), least);
        curve->quantiles[row][k] = least;
    }
    curve->rows++;
}

static double row_spread(const double *quantiles)
{
    return quantiles[DEMAND_LEVELS - 3] - quantiles[1];
}

static double spread_growth(const struct demand_curve *curve)
{
    if (curve->rows < 2) {
        return 0.7; /* between independent (0.5) and wholly common (1) errors */
    }
    uint32_t last = curve->rows - 1;
    double near = row_spread(curve->quantiles[last - 1]), far = row_spread(curve->quantiles[last]);
    if (!(near > 0) || !(far > 0)) {
        return 0.7;
    }
    return smaller(
        larger(log(far / near) / log(curve->length[last] / curve->length[last - 1]), 0.5), 1);
}

/* last: the last two levels. */
static double tail_step(const double *last)
{
    return log((1 - last[0]) / (1 - last[1]));
}

void demand_curve_init(struct demand_curve *curve, const float *levels, size_t rows,
                       const float *lengths, const float *means, const float *quantiles)
{
    memset(curve, 0, sizeof *curve);
    for (size_t k = 0; k < DEMAND_LEVELS; k++) {
        curve->levels[k] = (double)levels[k];
        ASSERT(curve->levels[k] > (k ? curve->levels[k - 1] : 0) && curve->levels[k] < 1);
    }
    double reached = 0;
    for (size_t taken = 0; taken < DEMAND_ROWS_MAX; taken++) {
        /* Smallest length not taken yet; the last place goes to the longest row, so that long lead
         * times keep their forecast. */
        size_t best = rows;
        for (size_t i = 0; i < rows; i++) {
            double length = clean(lengths[i]);
            if (length <= reached) {
                continue;
            }
            bool better =
                best == rows || (taken + 1 == DEMAND_ROWS_MAX) == (lengths[i] > lengths[best]);
            best = better && (best == rows || lengths[i] != lengths[best]) ? i : best;
        }
        if (best == rows) {
            break;
        }
        reached = clean(lengths[best]);
        put_row(curve, reached, clean(means[best]), quantiles + best * DEMAND_LEVELS);
    }
    curve->growth = spread_growth(curve);
    curve->tail_step = tail_step(curve->levels + DEMAND_LEVELS - 2);
}

/* Knots and mean are set: the ends, the tail and the excess. */
static void finish(struct demand *d, double tail_step)
{
    double slope = (d->x[2] - d->x[1]) / (d->level[2] - d->level[1]);
    d->level[0] = 0;
    d->x[0] = larger(0, d->x[1] - slope * d->level[1]);
    const int top = KNOTS - 1;
    double beyond = 1 - d->level[top];
    double body = 0;
    for (int k = 0; k < top; k++) {
        d->x[k + 1] = larger(d->x[k + 1], d->x[k]); /* equal ones may differ in the last digit */
        body += (d->level[k + 1] - d->level[k]) * 0.5 * (d->x[k] + d->x[k + 1]);
    }
    double fitted = (d->x[top] - d->x[top - 1]) / tail_step;
    /* The mean knows of rare large orders that no quantile shows; it may lengthen the tail, within
     * reason. */
    double by_mean = (d->mean - body) / beyond - d->x[top];
    double most = fitted > 0 ? 4 * fitted : 1 + d->x[top];
    d->tail = smaller(larger(by_mean, fitted), larger(most, fitted));
    d->excess[top] = beyond * d->tail;
    for (int k = top - 1; k >= 0; k--) {
        double width = d->x[k + 1] - d->x[k];
        d->excess[k] = d->excess[k + 1] + width * (1 - 0.5 * (d->level[k] + d->level[k + 1]));
    }
}

static void scaled_row(const struct demand_curve *curve, uint32_t row, double factor, double spread,
                       struct demand *out)
{
    double mean = curve->mean[row];
    out->mean = mean * factor;
    for (size_t k = 0; k < DEMAND_LEVELS; k++) {
        out->x[k + 1] = larger(0, mean * factor + (curve->quantiles[row][k] - mean) * spread);
    }
}

static void between_rows(const struct demand_curve *curve, uint32_t row, double slots,
                         struct demand *out)
{
    double a = curve->length[row], b = curve->length[row + 1];
    double part = (slots - a) / (b - a);
    double root = (sqrt(slots) - sqrt(a)) / (sqrt(b) - sqrt(a));
    double mean_a = curve->mean[row], mean_b = curve->mean[row + 1];
    out->mean = mean_a + (mean_b - mean_a) * part;
    for (size_t k = 0; k < DEMAND_LEVELS; k++) {
        double low = curve->quantiles[row][k], high = curve->quantiles[row + 1][k];
        double x = out->mean + (low - mean_a) + ((high - mean_b) - (low - mean_a)) * root;
        out->x[k + 1] = smaller(larger(x, low), high);
    }
}

void demand_at(const struct demand_curve *curve, double slots, struct demand *out)
{
    memset(out, 0, sizeof *out);
    for (size_t k = 0; k < DEMAND_LEVELS; k++) {
        out->level[k + 1] = curve->rows ? curve->levels[k] : (double)(k + 1) / (DEMAND_LEVELS + 1);
    }
    if (curve->rows && slots > 0) {
        uint32_t last = curve->rows - 1;
        if (slots <= curve->length[0]) {
            double factor = slots / curve->length[0];
            scaled_row(curve, 0, factor, factor, out);
        } else if (slots >= curve->length[last]) {
            double factor = slots / curve->length[last];
            scaled_row(curve, last, factor, factor > 1 ? pow(factor, curve->growth) : 1, out);
        } else {
            uint32_t row = 0;
            while (curve->length[row + 1] < slots) {
                row++;
            }
            between_rows(curve, row, slots, out);
        }
    }
    finish(out, curve->rows ? curve->tail_step : 1);
}

double demand_mean(const struct demand_curve *curve, double slots)
{
    if (curve->rows == 0 || !(slots > 0)) {
        return 0;
    }
    uint32_t row = 0;
    while (row + 1 < curve->rows && curve->length[row + 1] < slots) {
        row++;
    }
    if (slots <= curve->length[0] || row + 1 == curve->rows) {
        return curve->mean[row] * slots / curve->length[row];
    }
    double part = (slots - curve->length[row]) / (curve->length[row + 1] - curve->length[row]);
    return curve->mean[row] + (curve->mean[row + 1] - curve->mean[row]) * part;
}

void demand_between(const struct demand_curve *curve, double after, double slots,
                    struct demand *out)
{
    demand_at(curve, slots, out);
    if (after > 0 && out->mean > 0) {
        double mean = demand_mean(curve, after + slots) - demand_mean(curve, after);
        demand_scale(out, larger(0, mean) / out->mean);
    }
}

void demand_scale(struct demand *demand, double factor)
{
    DEBUG_ASSERT(factor >= 0);
    demand->mean *= factor;
    demand->tail *= factor;
    for (int k = 0; k < KNOTS; k++) {
        demand->x[k] *= factor;
        demand->excess[k] *= factor;
    }
}

/* Largest knot at or below x; x[0] <= x <= x[top]. */
static int knot_below(const struct demand *demand, double x)
{
    int k = 0;
    while (k + 2 < KNOTS && demand->x[k + 1] <= x) {
        k++;
    }
    return k;
}

/* exp(-steps) for 0 <= steps < TAIL_STEPS within 2e-7 of itself: 2^-(whole + part), the part by its
 * Taylor series, the whole in the exponent. */
static inline double fall(double steps)
{
    double halvings = steps * 1.4426950408889634;
    int64_t whole = (int64_t)halvings;
    double x = (halvings - (double)whole - 0.5) * -0.6931471805599453;
    double sum =
        1 + x * (1 + x * (1 / 2.0 +
                          x * (1 / 6.0 + x * (1 / 24.0 + x * (1 / 120.0 + x * (1 / 720.0))))));
    uint64_t bits = (uint64_t)(1023 - whole) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power * 0.7071067811865476;
}

double demand_beyond(const struct demand *demand, double x, double *shortfall)
{
    const int top = KNOTS - 1;
    if (x < demand->x[0]) {
        *shortfall = demand->excess[0] + demand->x[0] - x;
        return 1;
    }
    if (x >= demand->x[top]) {
        double steps = demand->tail > 0 ? (x - demand->x[top]) / demand->tail : TAIL_STEPS;
        double rest = steps < TAIL_STEPS ? fall(steps) : 0;
        *shortfall = demand->excess[top] * rest;
        return demand->tail > 0 ? (1 - demand->level[top]) * rest : 0;
    }
    int k = knot_below(demand, x);
    double width = demand->x[k + 1] - demand->x[k];
    double part = (x - demand->x[k]) / width;
    double here = 1 - (demand->level[k] + (demand->level[k + 1] - demand->level[k]) * part);
    *shortfall =
        demand->excess[k + 1] + (demand->x[k + 1] - x) * 0.5 * (here + 1 - demand->level[k + 1]);
    return here;
}

double demand_above(const struct demand *demand, double x)
{
    double shortfall;
    return demand_beyond(demand, x, &shortfall);
}

double demand_shortfall(const struct demand *demand, double x)
{
    double shortfall;
    demand_beyond(demand, x, &shortfall);
    return shortfall;
}

double demand_quantile(const struct demand *demand, double level)
{
    const int top = KNOTS - 1;
    if (level >= demand->level[top]) {
        double rest = larger(1 - level, 1e-12);
        return demand->x[top] + demand->tail * log((1 - demand->level[top]) / rest);
    }
    int k = 0;
    while (k + 2 < KNOTS && demand->level[k + 1] <= level) {
        k++;
    }
    double part = (larger(level, 0) - demand->level[k]) / (demand->level[k + 1] - demand->level[k]);
    return demand->x[k] + (demand->x[k + 1] - demand->x[k]) * part;
}

double demand_spread(const struct demand *demand)
{
    return (demand_quantile(demand, 0.9) - demand_quantile(demand, 0.1)) / 2.5631031310892007;
}

/* weight * P(D <= grid[k]) onto below[k]. The grid ascends but for rounding, so the knot is looked
 * for from the last one on. */
static void add_below(const struct demand *part, double weight, const double *grid, double *below)
{
    const int top = KNOTS - 1;
    const double beyond = 1 - part->level[top];
    int knot = 0;
    for (int k = 0; k < MIX_POINTS; k++) {
        double x = grid[k];
        if (x < part->x[0]) {
            continue;
        }
        if (x >= part->x[top]) {
            double steps = part->tail > 0 ? (x - part->x[top]) / part->tail : TAIL_STEPS;
            below[k] += weight * (steps < TAIL_STEPS ? 1 - beyond * fall(steps) : 1);
            continue;
        }
        while (knot + 2 < KNOTS && part->x[knot + 1] <= x) {
            knot++;
        }
        double width = part->x[knot + 1] - part->x[knot];
        double share = width > 0 ? larger(0, x - part->x[knot]) / width : 0;
        below[k] +=
            weight * (part->level[knot] + (part->level[knot + 1] - part->level[knot]) * share);
    }
}

/* The mixture's distribution function is taken at the weighted means of the parts' quantiles (where
 * the mixture's own quantiles are nearly), and towards both ends; its quantiles are read off
 * between these points. */
void demand_mix(const struct demand *parts, const double *weights, size_t count, struct demand *out)
{
    ASSERT(count > 0);
    if (count == 1) {
        *out = parts[0];
        return;
    }
    const int top = KNOTS - 1;
    double grid[MIX_POINTS] = {0}, below[MIX_POINTS] = {0};
    double low = parts[0].x[0], high = parts[0].x[top], mean = 0;
    for (size_t i = 0; i < count; i++) {
        low = smaller(low, parts[i].x[0]);
        high = larger(high, parts[i].x[top]);
        mean += weights[i] * parts[i].mean;
        for (int k = 0; k < KNOTS; k++) {
            grid[k + MIX_LOW] += weights[i] * parts[i].x[k];
        }
    }
    for (int k = 0; k < MIX_LOW; k++) {
        grid[k] = low + (grid[MIX_LOW] - low) * k / MIX_LOW;
    }
    grid[MIX_POINTS - 2] = 0.5 * (grid[MIX_POINTS - 3] + high);
    grid[MIX_POINTS - 1] = high;
    for (size_t i = 0; i < count; i++) {
        add_below(&parts[i], weights[i], grid, below);
    }
    memcpy(out->level, parts[0].level, sizeof out->level);
    out->mean = mean;
    int at = 0;
    for (int k = 1; k < KNOTS; k++) {
        while (at + 2 < MIX_POINTS && below[at + 1] < out->level[k]) {
            at++;
        }
        double rise = below[at + 1] - below[at];
        double part = rise > 0 ? (out->level[k] - below[at]) / rise : 0;
        out->x[k] = grid[at] + (grid[at + 1] - grid[at]) * smaller(larger(part, 0), 1);
    }
    finish(out, tail_step(out->level + top - 1));
}
