#include "model/known.h"

#include "model/fast.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { K = WINDOW_KNOWN };

static const float Z_MOST = 2, MOVE_MOST = 1.6f; /* log of the largest factor */
static const float MEDIAN_STEP = 0.01f;
static const double UNIT = 1 << 20;
static const double LARGEST = 1e6; /* of one series in one close */
static const float WILD = 6; /* an error counts at most this many deviations */
static const double SHOCK = 0.1; /* deviation of a day's common shock */
static const double MEMORY = 0.998; /* of information, per close */
static const double STEP_MOST = 0.25, EFFECT_MOST = 4;
/* Deviation of an effect before anything is seen; a price moves demand by a power. */
static const double PRIOR[K] = {2, 0.5, 0.5, 0.5, 0.5};

static float bounded(float x, float most)
{
    return fminf(fmaxf(x, -most), most);
}

uint32_t known_read(const float *raw, float usual, float *z)
{
    uint32_t there = 0;
    memset(z, 0, K * sizeof *z);
    for (int k = 0; raw && k < K; k++) {
        bool price = k == WINDOW_PRICE;
        if (isfinite(raw[k]) && (!price || (raw[k] > 0 && usual > 0))) {
            z[k] = bounded(price ? logf(raw[k] / usual) : raw[k], Z_MOST);
            there |= 1u << k;
        }
    }
    return there;
}

float known_usual(float usual, float raw, uint32_t observed)
{
    if (!(isfinite(raw) && raw > 0)) {
        return usual;
    }
    if (!(usual > 0)) {
        return raw;
    }
    float step = fmaxf(MEDIAN_STEP, 0.3f / (float)(observed + 1));
    return usual * expf(bounded(logf(raw / usual), step));
}

float known_factor(const struct known_effects *effects, const float *z)
{
    float move = 0;
    for (int k = 0; k < K; k++) {
        move += effects->effect[k] * z[k];
    }
    return fast_exp(bounded(move, MOVE_MOST));
}

static int64_t fixed(double x)
{
    return (int64_t)rint(fmin(fmax(x, -LARGEST), LARGEST) * UNIT);
}

void known_count(struct known_tally *tally, const struct known_case *one)
{
    double mean = (double)one->expected * (double)one->factor, spread = (double)one->spread;
    if (!(mean > 0 && spread > 0 && isfinite(mean + spread))) {
        return;
    }
    double weight = mean / spread, wild = (double)WILD * sqrt(mean * spread);
    double error = fmin(fmax((double)one->y - mean, -wild), wild) / spread;
    tally->weight += fixed(weight);
    tally->gradient += fixed(error);
    tally->plain += fixed((double)one->expected);
    tally->moved += fixed(mean);
    for (int k = 0, pair = 0; k < K; k++) {
        double z = (double)one->z[k];
        if (z != 0) {
            tally->weights[k] += fixed(weight * z);
            tally->gradients[k] += fixed(error * z);
        }
        for (int j = 0; j <= k; j++, pair++) {
            if (z != 0 && one->z[j] != 0) {
                tally->pairs[pair] += fixed(weight * z * (double)one->z[j]);
            }
        }
    }
}

/* Solve A x = b in place, A [K, K] positive definite: Cholesky. */
static void solve(double a[K][K], double b[K])
{
    for (int j = 0; j < K; j++) {
        for (int i = j; i < K; i++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++) {
                sum -= a[i][k] * a[j][k];
            }
            a[i][j] = i == j ? sqrt(fmax(sum, 1e-9)) : sum / a[j][j];
        }
    }
    for (int i = 0; i < K; i++) {
        for (int k = 0; k < i; k++) {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    for (int i = K - 1; i >= 0; i--) {
        for (int k = i + 1; k < K; k++) {
            b[i] -= a[k][i] * b[k];
        }
        b[i] /= a[i][i];
    }
}

float known_fold(struct known_effects *effects, struct known_tally *tally)
{
    double shared = (double)tally->weight / UNIT + 1 / (SHOCK * SHOCK);
    double matrix[K][K] = {0}, step[K];
    bool any = false;
    for (int k = 0, pair = 0; k < K; k++) {
        double weight = (double)tally->weights[k] / UNIT;
        step[k] =
            (double)tally->gradients[k] / UNIT - weight * ((double)tally->gradient / UNIT) / shared;
        any |= tally->weights[k] != 0;
        for (int j = 0; j <= k; j++, pair++) {
            double found = (double)tally->pairs[pair] / UNIT -
                           weight * ((double)tally->weights[j] / UNIT) / shared;
            double kept = MEMORY * (double)effects->information[pair] + found;
            effects->information[pair] = (float)kept;
            matrix[k][j] = kept + (j == k ? 1 / (PRIOR[k] * PRIOR[k]) : 0);
        }
    }
    float moved = tally->plain > 0 ? (float)((double)tally->moved / (double)tally->plain) : 1;
    memset(tally, 0, sizeof *tally);
    if (!any) {
        return moved;
    }
    solve(matrix, step);
    for (int k = 0; k < K; k++) {
        double next = (double)effects->effect[k] + fmin(fmax(step[k], -STEP_MOST), STEP_MOST);
        effects->effect[k] = (float)fmin(fmax(next, -EFFECT_MOST), EFFECT_MOST);
    }
    return moved;
}
