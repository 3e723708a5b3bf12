/* The loss that the mean of the network descends (model/direct.h): negative log-likelihood of a
 * count under the negative binomial that it corrects.
 *
 *     mean = mean_nb * exp(m), size = size_nb * exp(v)     (variance = mean + mean^2 / size)
 *
 * Pure; any thread. */
#ifndef RESTOCK_LIKELIHOOD_H
#define RESTOCK_LIKELIHOOD_H

struct likelihood {
    float mean, size; /* of the uncorrected distribution, both > 0 */
};

/* Gradient by m and v at a count y, each clipped to a few units: one wild order teaches no more
 * than any other surprise. */
void likelihood_gradient(const struct likelihood *base, float y, const float *out, float *d_out);
/* The loss itself, without clipping, from lgamma: for reports and checks. */
double likelihood_loss(const struct likelihood *base, float y, const float *out);

#endif
