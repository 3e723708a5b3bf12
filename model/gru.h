/* One layer of gated recurrent units in the reset-after form (Cho et al. 2014; as PyTorch's
 * nn.GRU), forward and backward.
 *
 *     r = sigmoid(x Wr + br + h Ur + cr)      z = sigmoid(x Wz + bz + h Uz + cz)
 *     n = tanh(x Wn + bn + r * (h Un + cn))   h' = (1 - z) * n + z * h
 *
 * All three gates are one product for the input and one for the state; the element-wise part is
 * vectorised and multiversioned. Rows where live is 0 end with a state of zero: a series that does
 * not exist yet.
 *
 * Pure; any thread. */
#ifndef RESTOCK_GRU_H
#define RESTOCK_GRU_H

#include <stdint.h>

struct gru_weights { /* gates in the order r, z, n */
    uint32_t inputs, hidden; /* F, H */
    const float *wx; /* [3H,F] */
    const float *wh; /* [3H,H] */
    const float *bx, *bh; /* [3H] */
};

struct gru_step { /* one step of B rows; everything but live, x and h is filled by gru_forward */
    uint32_t rows; /* B */
    const float *x; /* [B,F] */
    const float *h; /* [B,H] state before */
    const uint8_t *live; /* [B] */
    float *gx, *gh; /* [B,3H] products; after the step gx holds r, z, n */
    float *next; /* [B,H] state after; may not be h */
};

struct gru_back { /* gradients of one step; sums are added to, the others overwritten */
    float *d_next; /* [B,H] in: gradient of the state after. Destroyed */
    float *d_gx, *d_gh; /* [B,3H] scratch */
    float *d_h; /* [B,H] out: gradient of the state before */
    float *d_wx, *d_wh, *d_bx, *d_bh; /* sums, shapes of gru_weights */
};

void gru_forward(const struct gru_weights *weights, const struct gru_step *step);
void gru_backward(const struct gru_weights *weights, const struct gru_step *step,
                  const struct gru_back *back);

#endif
