/* Training of the net of anomaly/weigh.h: softmax cross entropy over rows of statistics with
 * weights, AdamW on shuffled batches, inputs standardised (folded into the first layer at the end),
 * weights averaged over the last steps. Same rows, options and seed: same weights (same binary,
 * same CPU type). Thread: any; nothing is shared. */
#ifndef RESTOCK_WEIGH_TRAIN_H
#define RESTOCK_WEIGH_TRAIN_H

#include "anomaly/weigh.h"

#include <stdbool.h>

struct weigh_rows { /* grown by weigh_rows_add; zero = empty */
    size_t count, capacity;
    float *x; /* [count, TRACE_INPUTS] */
    uint8_t *class_of; /* [count] 0: nothing wrong, 1 + enum alert_kind */
    float *weight; /* [count] */
};

void weigh_rows_add(struct weigh_rows *rows, const float *x, int class_of, float weight);
void weigh_rows_fini(struct weigh_rows *rows);

struct weigh_training {
    int64_t epochs; /* >= 1 */
    double rate, decay;
    uint64_t seed;
    void *context;
    /* After each epoch: mean loss of it. False: stop. NULL: nobody looks. */
    bool (*progress)(void *context, int64_t epoch, double loss);
};

/* Loss of one row, and its gradient added to grad. */
float weigh_backward(const struct weigh_net *net, const float *x, int class_of, float weight,
                     struct weigh_net *grad);
/* weights: [weigh_floats()]. Errors: nothing to learn from (STATUS_USAGE), stopped
 * (STATUS_STOPPED), memory. */
struct status *weigh_train(struct weigh_rows *rows, const struct weigh_training *training,
                           float *weights) __attribute__((warn_unused_result));

#endif
