/* The direct head: all quantiles of one forecast and its mean, from the outputs of the network and
 * the distribution that the network corrects.
 *
 *     q[0] = e^m (g[0] + s o[0])
 *     q[k] = q[k - 1] + e^m s softplus(softplus^-1((g[k] - g[k - 1]) / s) + o[k])
 *     mean = mean_nb e^(m + c)
 *
 * g: continuous quantiles of the negative binomial (negbin_smooth), s: its deviation. Increments
 * are positive whatever the network says: quantiles never cross (cumulative softplus; Gasthaus et
 * al. 2019). Outputs of zero say the distribution itself.
 *
 * Trained by the mean pinball loss of all levels over s (Koenker, Bassett 1978), the mean by the
 * likelihood of the negative binomial (model/likelihood.h). A forecast weighs as its deviation to a
 * power: large series lead, but do not decide alone.
 *
 * Pure; any thread. */
#ifndef RESTOCK_DIRECT_H
#define RESTOCK_DIRECT_H

#include "model/likelihood.h"
#include "model/mat.h"
#include "model/negbin.h"

enum { DIRECT_SCALE, DIRECT_MEAN, DIRECT_LEVELS, DIRECT_OUTPUTS = DIRECT_LEVELS + FORECAST_LEVELS };
enum { DIRECT_LANES = NEGBIN_LANES };

struct direct_base { /* one forecast before it is corrected */
    struct likelihood nb;
    float deviation, q[FORECAST_LEVELS];
};

void direct_begin(const struct negbin_table *table, const struct likelihood *nb,
                  struct direct_base *base);
/* q[Q] ascending, not below zero; returns the mean. out: [DIRECT_OUTPUTS], bounded here: a
 * network that is lost stays within a factor of 4.5. Where one is not finite, the distribution
 * itself. */
float direct_read(const struct direct_base *base, const float *out, float *q);
/* direct_begin and direct_read of DIRECT_LANES forecasts side by side: mean, variance [L] of the
 * negative binomials (no mean: zeros are said), out [DIRECT_OUTPUTS, L]; said [L] the means, q [Q,
 * L]. No lane depends on another one. */
void direct_lanes(const struct negbin_table *table, const float *mean, const float *variance,
                  const float *out, float *said, float *q);
/* Loss at demand y and its gradient by the outputs; d_out NULL: the loss alone. */
double direct_loss(const struct direct_base *base, float y, const float *out, float *d_out);
/* Weight of a forecast in the loss. */
float direct_weight(const struct likelihood *nb);

#endif
