#include "anomaly/ordinary.h"

#include <math.h>

#define LN10 2.302585092994045684
#define POWER 1.75 /* of the raw score in which excesses are exponential; see the header */
#define PRIOR_AT_0 1.07 /* score of raw score 0, extrapolated; see PRIOR_SLOPE */
#define PRIOR_SLOPE 0.16 /* of the score in that power */
#define LEAST_PEAKS 40.0
#define ROUND_MOST 4 /* times as many scores above a level as expected, and ... */
#define ROUND_LEAST 3 /* ... as many more, may one round count */
#define LEAST_BASE 0 /* bin: raw score 1; nothing below is counted */

static double edge(int bin)
{
    return exp2((double)bin / CALIBRATE_PER_OCTAVE);
}

static double power_of(double raw)
{
    return pow(raw, POWER);
}

static double prior_share(double raw)
{
    return pow(10, -PRIOR_AT_0 - PRIOR_SLOPE * power_of(raw));
}

/* above: [BINS + 1] tests at or over each edge. */
static void gather(const struct calibrate_pool *pool, double *above)
{
    above[CALIBRATE_BINS] = 0;
    for (int bin = CALIBRATE_BINS - 1; bin >= 0; bin--) {
        above[bin] = above[bin + 1] + (double)pool->seen[bin];
    }
}

static int highest(const double *above, double count, int least)
{
    int bin = CALIBRATE_BINS - 1;
    while (bin > least && above[bin] < count) {
        bin--;
    }
    return bin;
}

static void doubt(struct ordinary *ordinary, const double *above, double tests)
{
    for (int bin = 0; bin < CALIBRATE_BINS; bin++) {
        double share = (double)ORDINARY_DOUBT * above[bin] / fmax(tests, 1);
        ordinary->seen[bin] =
            share > 0 ? fminf((float)-log10(share), CALIBRATE_MOST) : CALIBRATE_MOST;
    }
}

void ordinary_fit(struct ordinary *ordinary, const struct calibrate_pool *pool)
{
    double above[CALIBRATE_BINS + 1], usual = 1 / (PRIOR_SLOPE * LN10);
    gather(pool, above);
    int base = highest(above, fmax(ORDINARY_BASE * pool->tests, LEAST_PEAKS), 0);
    double cut_at = fmin(ORDINARY_CUT * pool->tests, above[base] / 6);
    int cut = highest(above, fmax(cut_at, 1), base + 1);
    /* Time at risk over events: the sum of excesses cut off at `cut` is the integral of the count
     * above. */
    double risk = CALIBRATE_PRIOR * usual, events = CALIBRATE_PRIOR + above[base] - above[cut];
    for (int bin = base; bin < cut; bin++) {
        double width = power_of(edge(bin + 1)) - power_of(edge(bin));
        risk += width * 0.5 * (above[bin] + above[bin + 1]);
    }
    double share = (above[base] + CALIBRATE_PRIOR) /
                   (pool->tests + CALIBRATE_PRIOR / fmax(prior_share(edge(base)), 1e-6));
    ordinary->base = (float)edge(base);
    ordinary->base_score = (float)fmax(-log10(share), 0.1);
    ordinary->scale = (float)fmin(fmax(risk / events, 0.2 * usual), 5 * usual);
    doubt(ordinary, above, pool->tests);
}

static float seen_score(const struct ordinary *ordinary, float raw)
{
    float at = log2f(raw) * (float)CALIBRATE_PER_OCTAVE;
    if (at < 0) {
        return 0;
    }
    int bin = at < (float)(CALIBRATE_BINS - 1) ? (int)at : CALIBRATE_BINS - 2;
    float low = ordinary->seen[bin], high = ordinary->seen[bin + 1];
    return low + fminf(at - (float)bin, 1) * (high - low);
}

static float fitted_score(const struct ordinary *ordinary, float raw)
{
    if (raw <= ordinary->base) {
        return raw / ordinary->base * ordinary->base_score;
    }
    double excess = power_of((double)raw) - power_of((double)ordinary->base);
    return ordinary->base_score + (float)(excess / LN10) / ordinary->scale;
}

float ordinary_score(const struct ordinary *ordinary, float raw)
{
    if (!(raw > 0)) {
        return 0;
    }
    float fitted = fitted_score(ordinary, raw);
    if (raw <= ordinary->base) {
        return fitted;
    }
    float further = -log10f(ORDINARY_FURTHER / ORDINARY_DOUBT);
    float score = fminf(fitted, seen_score(ordinary, raw) + further);
    return fminf(fmaxf(score, ordinary->base_score), CALIBRATE_MOST);
}

float ordinary_raw(const struct ordinary *ordinary, float score)
{
    if (score <= ordinary->base_score) {
        return score / ordinary->base_score * ordinary->base;
    }
    double excess = (double)((score - ordinary->base_score) * ordinary->scale) * LN10;
    float fitted = (float)pow(power_of((double)ordinary->base) + excess, 1 / POWER);
    int bin = 0;
    while (bin < CALIBRATE_BINS - 1 && ordinary->seen[bin] < score) {
        bin++;
    }
    if (!bin || ordinary->seen[bin] < score) {
        return fmaxf(fitted, bin ? (float)edge(bin) : 0);
    }
    float low = ordinary->seen[bin - 1], high = ordinary->seen[bin];
    float at = (float)(bin - 1) + (score - low) / (high - low);
    return fmaxf(fitted, exp2f(at / (float)CALIBRATE_PER_OCTAVE));
}

void ordinary_temper(const struct ordinary *ordinary, struct calibrate_pool *pool)
{
    double above = 0;
    for (int bin = CALIBRATE_BINS - 1; bin >= 0; bin--) {
        double share = pow(10, -(double)fitted_score(ordinary, (float)edge(bin)));
        double most = ROUND_LEAST + ROUND_MOST * share * (double)pool->fresh_tests;
        double fresh = above + (double)pool->fresh[bin];
        if (fresh > most) {
            pool->fresh[bin] -= (int32_t)fmin(fresh - floor(most), 1e9);
            fresh = floor(most);
        }
        above = fresh;
    }
}
