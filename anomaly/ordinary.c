#include "anomaly/ordinary.h"

#include <math.h>

#define LN10 2.302585092994045684
#define PRIOR_TESTS 10000.0
#define POWER 1.75 /* of the raw score in which excesses are exponential; see the header */
#define PRIOR_AT_0 1.07 /* score of raw score 0, extrapolated; see PRIOR_SLOPE */
#define PRIOR_SLOPE 0.16 /* of the score in that power */
#define LEAST_PEAKS 40.0
#define LEAST_BASE 6 /* bin: raw score 1.41; below, the law is another */

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

/* above: [BINS + 1] share of tests at or over each edge; the prior is PRIOR_TESTS of them. Returns
 * tests. */
static double gather(const struct calibrate_pool *pool, double *above)
{
    double tests = pool->tests + PRIOR_TESTS, count = 0;
    above[CALIBRATE_BINS] = 0;
    for (int bin = CALIBRATE_BINS - 1; bin >= 0; bin--) {
        count += (double)pool->seen[bin];
        above[bin] = (count + PRIOR_TESTS * prior_share(edge(bin))) / tests;
    }
    return tests;
}

static int highest(const double *above, double share, int least)
{
    int bin = CALIBRATE_BINS - 1;
    while (bin > least && above[bin] < share) {
        bin--;
    }
    return bin;
}

/* By what was seen alone: the prior must not soften a pool that knows better. */
static void doubt(struct ordinary *ordinary, const struct calibrate_pool *pool)
{
    double count = 0;
    for (int bin = CALIBRATE_BINS - 1; bin >= 0; bin--) {
        count += (double)pool->seen[bin];
        double share = (double)ORDINARY_DOUBT * count / (pool->tests + PRIOR_TESTS);
        ordinary->seen[bin] =
            share > 0 ? fminf((float)-log10(share), CALIBRATE_MOST) : CALIBRATE_MOST;
    }
}

void ordinary_fit(struct ordinary *ordinary, const struct calibrate_pool *pool)
{
    double above[CALIBRATE_BINS + 1], tests = gather(pool, above);
    int base = highest(above, fmax(ORDINARY_BASE, LEAST_PEAKS / tests), LEAST_BASE);
    int cut = highest(above, fmin(ORDINARY_CUT, above[base] / 6), base + 1);
    /* Time at risk over events, both in shares of the tests: the sum of excesses cut off at `cut`
     * is the integral of the share above. */
    double risk = 0, events = above[base] - above[cut];
    for (int bin = base; bin < cut; bin++) {
        double width = power_of(edge(bin + 1)) - power_of(edge(bin));
        risk += width * 0.5 * (above[bin] + above[bin + 1]);
    }
    double usual = 1 / (PRIOR_SLOPE * LN10), scale = events > 0 ? risk / events : usual;
    ordinary->base = (float)edge(base);
    ordinary->base_score = (float)fmax(-log10(above[base]), 0.1);
    ordinary->scale = (float)fmin(fmax(scale, 0.2 * usual), 5 * usual);
    doubt(ordinary, pool);
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

float ordinary_score(const struct ordinary *ordinary, float raw)
{
    if (!(raw > 0)) {
        return 0;
    }
    if (raw <= ordinary->base) {
        return raw / ordinary->base * ordinary->base_score;
    }
    double excess = power_of((double)raw) - power_of((double)ordinary->base);
    float fitted = ordinary->base_score + (float)(excess / LN10) / ordinary->scale;
    float score = fminf(fitted, seen_score(ordinary, raw));
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
