#include "model/direct.h"

#include "config/base/clones.h"
#include "model/fast.h"
#include "model/levels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { Q = FORECAST_LEVELS };

static const float SCALE_MOST = 1.5f, LEVEL_MOST = 4; /* of the outputs */
static const float INCREMENT_LEAST = 1e-3f; /* deviations between two levels */
static const float WEIGHT_POWER = 0.5f;
static const float MEAN_SHARE = 0.1f; /* of the mean's likelihood in the loss */

static float variance_of(const struct likelihood *nb)
{
    return nb->mean + nb->mean * nb->mean / nb->size;
}

void direct_begin(const struct negbin_table *table, const struct likelihood *nb,
                  struct direct_base *base)
{
    float variance = variance_of(nb);
    base->nb = *nb;
    base->deviation = sqrtf(variance);
    negbin_smooth(table, nb->mean, variance, base->q);
}

static float bounded(float x, float most)
{
    return fminf(fmaxf(x, -most), most);
}

/* 0 * x is NaN where x is not finite. */
static bool all_finite(const float *out)
{
    float sum = 0;
    for (int o = 0; o < DIRECT_OUTPUTS; o++) {
        sum += 0 * out[o];
    }
    return sum == 0;
}

struct steps { /* of the row of quantiles, before e^m, in deviations */
    float size[Q]; /* first quantile, then increments */
    float slope[Q]; /* by its output */
    float lift; /* e^m */
};

/* softplus(softplus^-1(rise) + o) = log(1 + (e^rise - 1) e^o). */
CLONES static void climb(const struct direct_base *base, const float *restrict out,
                         struct steps *restrict steps)
{
    const float *restrict level = out + DIRECT_LEVELS, *restrict q = base->q;
    float per = 1 / base->deviation, rise[Q];
    steps->lift = fast_exp(bounded(out[DIRECT_SCALE], SCALE_MOST));
    for (int k = 1; k < Q; k++) {
        rise[k] = (q[k] - q[k - 1]) * per;
    }
    rise[0] = 0;
    for (int k = 0; k < Q; k++) {
        float least = rise[k] > INCREMENT_LEAST ? rise[k] : INCREMENT_LEAST, o = level[k];
        o = o > LEVEL_MOST ? LEVEL_MOST : o < -LEVEL_MOST ? -LEVEL_MOST : o;
        float raised = (fast_exp(least) - 1) * fast_exp(o);
        steps->size[k] = fast_log(1 + raised);
        steps->slope[k] = (o == level[k] ? 1.0f : 0.0f) * raised / (1 + raised);
    }
    steps->size[0] = q[0] * per + bounded(level[0], LEVEL_MOST);
    steps->slope[0] = fabsf(level[0]) < LEVEL_MOST;
}

static float row_of(const struct direct_base *base, const struct steps *steps, float *q)
{
    float at = 0, unit = steps->lift * base->deviation;
    for (int k = 0; k < Q; k++) {
        at += steps->size[k];
        q[k] = unit * at;
    }
    return unit;
}

float direct_read(const struct direct_base *base, const float *out, float *q)
{
    static const float NOTHING[DIRECT_OUTPUTS];
    const float *used = all_finite(out) ? out : NOTHING;
    struct steps steps;
    climb(base, used, &steps);
    (void)row_of(base, &steps, q);
    for (int k = 0; k < Q; k++) {
        q[k] = fmaxf(q[k], 0);
    }
    return base->nb.mean * expf(bounded(used[DIRECT_SCALE] + used[DIRECT_MEAN], SCALE_MOST));
}

struct lanes_read {
    uint32_t lanes; /* L; kept from the compiler: gcc 12 unrolls a loop of sixteen first, and finds
                       no vectors in it then */
    const float *g; /* [Q, L] continuous quantiles */
    const float *mean, *variance, *out;
};

/* The loops of climb() and row_of(), turned. */
CLONES static void read_lanes(const struct lanes_read *in, float *restrict said, float *restrict q)
{
    const uint32_t L = in->lanes;
    const float *g = in->g, *mean = in->mean, *variance = in->variance, *out = in->out;
    float sum[DIRECT_LANES] = {0}, use[DIRECT_LANES], per[DIRECT_LANES], units[DIRECT_LANES],
          reached[DIRECT_LANES];
    for (uint32_t o = 0; o < DIRECT_OUTPUTS; o++) {
        for (uint32_t lane = 0; lane < L; lane++) {
            sum[lane] += 0 * out[o * L + lane]; /* NaN where one is not finite */
        }
    }
    for (uint32_t lane = 0; lane < L; lane++) {
        /* Loads before conditions: only then are these selections, not branches. */
        float scale = out[DIRECT_SCALE * L + lane], more = out[DIRECT_MEAN * L + lane];
        float first = out[DIRECT_LEVELS * L + lane], wide = variance[lane], m = mean[lane];
        float known = sum[lane] == 0 ? 1.0f : 0.0f, there = m > 0 ? 1.0f : 0.0f;
        scale = known > 0 ? scale : 0;
        more = known > 0 ? more + scale : 0;
        first = known > 0 ? first : 0;
        wide = there > 0 ? wide : 1;
        scale = scale > SCALE_MOST ? SCALE_MOST : scale;
        scale = scale < -SCALE_MOST ? -SCALE_MOST : scale;
        more = more > SCALE_MOST ? SCALE_MOST : more;
        more = more < -SCALE_MOST ? -SCALE_MOST : more;
        first = first > LEVEL_MOST ? LEVEL_MOST : first;
        first = first < -LEVEL_MOST ? -LEVEL_MOST : first;
        float deviation = sqrtf(wide), unit = there * fast_exp(scale) * deviation;
        float at = g[lane] / deviation + first, value = unit * at;
        use[lane] = known;
        per[lane] = 1 / deviation;
        units[lane] = unit;
        said[lane] = there * m * fast_exp(more);
        reached[lane] = at;
        q[lane] = value > 0 ? value : 0;
    }
    for (uint32_t k = 1; k < Q; k++) {
        const float *below = g + (k - 1) * L, *here = g + k * L,
                    *os = out + (DIRECT_LEVELS + k) * L;
        float *restrict row = q + k * L;
        for (uint32_t lane = 0; lane < L; lane++) {
            float rise = (here[lane] - below[lane]) * per[lane], o = os[lane];
            o = use[lane] > 0 ? o : 0;
            rise = rise > INCREMENT_LEAST ? rise : INCREMENT_LEAST;
            o = o > LEVEL_MOST ? LEVEL_MOST : o;
            o = o < -LEVEL_MOST ? -LEVEL_MOST : o;
            float at = reached[lane] + fast_log(1 + (fast_exp(rise) - 1) * fast_exp(o));
            float value = units[lane] * at;
            reached[lane] = at;
            row[lane] = value > 0 ? value : 0;
        }
    }
}

void direct_lanes(const struct negbin_table *table, const float *mean, const float *variance,
                  const float *out, float *said, float *q)
{
    float g[Q * DIRECT_LANES] = {0}, row[Q];
    for (int lane = 0; lane < DIRECT_LANES; lane++) {
        if (mean[lane] > 0) {
            negbin_smooth(table, mean[lane], variance[lane], row);
            for (int k = 0; k < Q; k++) {
                g[k * DIRECT_LANES + lane] = row[k];
            }
        }
    }
    struct lanes_read in = {
        .lanes = DIRECT_LANES, .g = g, .mean = mean, .variance = variance, .out = out};
    read_lanes(&in, said, q);
}

float direct_weight(const struct likelihood *nb)
{
    return powf(variance_of(nb), WEIGHT_POWER / 2);
}

double direct_loss(const struct direct_base *base, float y, const float *out, float *d_out)
{
    struct steps steps;
    float q[Q], mean[2] = {out[DIRECT_SCALE] + out[DIRECT_MEAN], 0}, d_mean[2];
    climb(base, out, &steps);
    float unit = row_of(base, &steps, q), slope = 0;
    double loss = 0, above = 0;
    if (d_out) {
        memset(d_out, 0, DIRECT_OUTPUTS * sizeof *d_out);
    }
    /* From the highest level down: a step moves every quantile from its own on. */
    for (int k = Q - 1; k >= 0; k--) {
        float level = forecast_levels[k];
        loss += (double)levels_pinball(y, q[k], level) / (double)base->deviation;
        slope += ((y < q[k] ? 1.0f : 0.0f) - level) / base->deviation;
        above += (double)(((y < q[k] ? 1.0f : 0.0f) - level) * q[k] / base->deviation);
        if (d_out) {
            d_out[DIRECT_LEVELS + k] = slope * unit * steps.slope[k] / Q;
        }
    }
    if (d_out) {
        likelihood_gradient(&base->nb, y, mean, d_mean);
        d_out[DIRECT_MEAN] = MEAN_SHARE * d_mean[0];
        d_out[DIRECT_SCALE] =
            d_out[DIRECT_MEAN] + (fabsf(out[DIRECT_SCALE]) < SCALE_MOST ? (float)(above / Q) : 0);
    }
    return loss / Q + (double)MEAN_SHARE * likelihood_loss(&base->nb, y, mean);
}
