/* Stack: dense layers that map a batch of fixed shape to itself (an autoencoder), forward, backward
 * and one step of gradient descent. Batches always have STACK_BATCH rows, so that products have one
 * shape and the same rows give the same bits.
 *
 *     a' = f(a W + b)      f(v) = v / (1 + |v|) where the layer bends, v where it does not
 *
 * Pure; one owner. Needs gemm_init. */
#ifndef RESTOCK_STACK_H
#define RESTOCK_STACK_H

#include "config/base/rng.h"

#include <stddef.h>
#include <stdint.h>

enum { STACK_BATCH = 64, STACK_LAYERS = 4, STACK_WIDTH = 64 };

struct stack_shape {
    int layers;
    uint32_t width[STACK_LAYERS + 1]; /* of the input, and of what each layer gives */
    uint8_t bends[STACK_LAYERS];
};

struct stack_pass { /* of one batch */
    float a[STACK_LAYERS + 1][STACK_BATCH * STACK_WIDTH]; /* [B, width]: input, then each layer */
    float d[2][STACK_BATCH * STACK_WIDTH];
    float error[STACK_BATCH]; /* mean squared difference of a row and its copy */
};

size_t stack_floats(const struct stack_shape *shape);
void stack_init(const struct stack_shape *shape, struct rng *rng, float *weights);
/* pass->a[0] is given; fills the rest. */
void stack_forward(const struct stack_shape *shape, const float *weights, struct stack_pass *pass);
/* After stack_forward: gradient of the sum of squared differences of the rows with gate 1, per such
 * row. gradient: [stack_floats], overwritten. Destroys pass->d. */
void stack_backward(const struct stack_shape *shape, const float *weights, struct stack_pass *pass,
                    const float *gate, float *gradient);
/* weights -= rate * gradient, its norm cut at `clip`; where that is not finite nothing changes. */
void stack_step(const struct stack_shape *shape, float *weights, const float *gradient, float rate,
                float clip);

#endif
