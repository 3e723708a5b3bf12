#include "anomaly/weigh_train.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "model/adam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256, FIRST_ROWS = 4096 };
#define CLIP 2.0f
#define NOISE 0.02f /* added to inputs, so that no single value is learned by heart */

void weigh_rows_add(struct weigh_rows *rows, const float *x, int class_of, float weight)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? rows->capacity * 2 : FIRST_ROWS;
        rows->x = realloc(rows->x, capacity * TRACE_INPUTS * sizeof *rows->x);
        rows->class_of = realloc(rows->class_of, capacity);
        rows->weight = realloc(rows->weight, capacity * sizeof *rows->weight);
        ASSERT(rows->x && rows->class_of && rows->weight && "out of memory for training rows");
        rows->capacity = capacity;
    }
    memcpy(rows->x + rows->count * TRACE_INPUTS, x, TRACE_INPUTS * sizeof *x);
    rows->class_of[rows->count] = (uint8_t)class_of;
    rows->weight[rows->count++] = weight;
}

void weigh_rows_fini(struct weigh_rows *rows)
{
    free(rows->x);
    free(rows->class_of);
    free(rows->weight);
    *rows = (struct weigh_rows){0};
}

/* dz -> gradients of one layer and of its input. */
static inline void layer_back(const float *restrict in, int inputs, const float *restrict w,
                              int outputs, const float *restrict dz, float *restrict dw,
                              float *restrict din)
{
    for (int f = 0; f < inputs; f++) {
        float sum = 0;
        for (int k = 0; k < outputs; k++) {
            dw[f * outputs + k] += in[f] * dz[k];
            sum += w[f * outputs + k] * dz[k];
        }
        din[f] = sum * (in[f] > 0 ? 1 : WEIGH_LEAK);
    }
}

static float softmax_back(const float *z, int class_of, float weight, float *dz)
{
    float most = z[0], sum = 0;
    for (int c = 1; c < WEIGH_CLASSES; c++) {
        most = fmaxf(most, z[c]);
    }
    for (int c = 0; c < WEIGH_CLASSES; c++) {
        dz[c] = expf(z[c] - most);
        sum += dz[c];
    }
    for (int c = 0; c < WEIGH_CLASSES; c++) {
        dz[c] = weight * (dz[c] / sum - (c == class_of));
    }
    return weight * (logf(sum) + most - z[class_of]);
}

CLONES static void backward(const struct weigh_net *net, const float *restrict x,
                            const struct weigh_pass *pass, const float *dz, struct weigh_net *grad)
{
    float db[WEIGH_SECOND], da[WEIGH_HIDDEN];
    for (int k = 0; k < WEIGH_OUTPUTS; k++) {
        grad->b3[k] += dz[k];
    }
    layer_back(pass->b, WEIGH_SECOND, net->w3, WEIGH_OUTPUTS, dz, grad->w3, db);
    for (int k = 0; k < WEIGH_SECOND; k++) {
        grad->b2[k] += db[k];
    }
    layer_back(pass->a, WEIGH_HIDDEN, net->w2, WEIGH_SECOND, db, grad->w2, da);
    for (int k = 0; k < WEIGH_HIDDEN; k++) {
        grad->b1[k] += da[k];
    }
    for (int f = 0; f < TRACE_INPUTS; f++) {
        float *restrict dw = grad->w1 + f * WEIGH_HIDDEN;
        for (int k = 0; k < WEIGH_HIDDEN; k++) {
            dw[k] += x[f] * da[k];
        }
    }
}

float weigh_backward(const struct weigh_net *net, const float *x, int class_of, float weight,
                     struct weigh_net *grad)
{
    ASSERT((unsigned)class_of < WEIGH_CLASSES);
    struct weigh_pass pass;
    float dz[WEIGH_OUTPUTS] = {0};
    weigh_forward(net, x, &pass);
    float loss = softmax_back(pass.z, class_of, weight, dz);
    backward(net, x, &pass, dz, grad);
    return loss;
}

struct work {
    const struct weigh_rows *rows;
    const struct weigh_training *training;
    float mean[TRACE_INPUTS], scale[TRACE_INPUTS];
    float *block; /* gradient, first, second, average */
    uint32_t *order;
    struct adam adam;
    struct weigh_net net, grad;
    double total_weight;
    long step, steps;
};

static void standardise(struct work *work)
{
    double sum[TRACE_INPUTS] = {0}, square[TRACE_INPUTS] = {0};
    const struct weigh_rows *rows = work->rows;
    for (size_t i = 0; i < rows->count; i++) {
        double w = (double)rows->weight[i];
        work->total_weight += w;
        for (int f = 0; f < TRACE_INPUTS; f++) {
            double v = (double)rows->x[i * TRACE_INPUTS + (size_t)f];
            sum[f] += w * v;
            square[f] += w * v * v;
        }
    }
    for (int f = 0; f < TRACE_INPUTS; f++) {
        double mean = sum[f] / work->total_weight;
        work->mean[f] = (float)mean;
        work->scale[f] =
            (float)(1 / sqrt(fmax(square[f] / work->total_weight - mean * mean, 1e-4)));
    }
}

/* The net takes raw inputs: w1 and b1 of standardised ones are turned. */
static void fold(const struct work *work, float *weights)
{
    struct weigh_net net;
    weigh_bind(&net, weights);
    for (int f = 0; f < TRACE_INPUTS; f++) {
        for (int k = 0; k < WEIGH_HIDDEN; k++) {
            float *w = &net.w1[f * WEIGH_HIDDEN + k];
            *w *= work->scale[f];
            net.b1[k] -= *w * work->mean[f];
        }
    }
}

static double run_batch(struct work *work, size_t first, size_t count, struct rng *rng)
{
    const struct weigh_rows *rows = work->rows;
    double loss = 0;
    float per = (float)((double)rows->count / work->total_weight / BATCH);
    for (size_t b = 0; b < count; b++) {
        size_t i = work->order[first + b];
        float x[TRACE_INPUTS];
        for (int f = 0; f < TRACE_INPUTS; f++) {
            float raw = rows->x[i * TRACE_INPUTS + (size_t)f];
            x[f] = (raw - work->mean[f]) * work->scale[f] + NOISE * (float)(4 * rng_unit(rng) - 2);
        }
        loss += (double)weigh_backward(&work->net, x, rows->class_of[i], rows->weight[i] * per,
                                       &work->grad);
    }
    struct adam_rate rate = {adam_schedule((float)work->training->rate, work->step++, work->steps),
                             (float)work->training->decay, CLIP};
    (void)adam_step(&work->adam, &rate);
    return loss;
}

static struct status *run(struct work *work)
{
    const struct weigh_training *training = work->training;
    size_t count = work->rows->count, batches = count / BATCH;
    struct rng rng;
    rng_init(&rng, training->seed);
    weigh_init(&work->net, &rng);
    work->steps = (long)(batches * (size_t)training->epochs);
    for (size_t i = 0; i < count; i++) {
        work->order[i] = (uint32_t)i;
    }
    for (int64_t epoch = 0; epoch < training->epochs; epoch++) {
        for (size_t i = count; i > 1; i--) {
            size_t other = (size_t)rng_below(&rng, i);
            uint32_t swap = work->order[i - 1];
            work->order[i - 1] = work->order[other];
            work->order[other] = swap;
        }
        double loss = 0;
        for (size_t b = 0; b < batches; b++) {
            loss += run_batch(work, b * BATCH, BATCH, &rng);
        }
        if (training->progress &&
            !training->progress(training->context, epoch + 1, loss / (double)batches)) {
            return status_new(STATUS_STOPPED, "stopped");
        }
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    float one = *(const float *)a, two = *(const float *)b;
    return (one > two) - (one < two);
}

struct odd {
    float odds, weight;
};

/* What the odds of ordinary rows mean: two quantiles of them, by weight. */
static void measure(const struct weigh_rows *rows, float *weights)
{
    static const double SHARES[2] = {1e-2, 1e-4};
    struct weigh_net net;
    weigh_bind(&net, weights);
    struct odd *odds = malloc((rows->count + 1) * sizeof *odds);
    ASSERT(odds && "out of memory for quantiles");
    size_t count = 0;
    double total = 0, above = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct weigh_pass pass;
        enum alert_kind kind;
        if (!rows->class_of[i]) {
            weigh_forward(&net, rows->x + i * TRACE_INPUTS, &pass);
            odds[count++] = (struct odd){weigh_odds(&pass, &kind), rows->weight[i]};
            total += (double)rows->weight[i];
        }
    }
    qsort(odds, count, sizeof *odds, by_size);
    for (size_t i = count, k = 2; i-- > 0 && k > 0;) {
        above += (double)odds[i].weight;
        while (k > 0 && above >= SHARES[k - 1] * total) {
            net.scale[--k] = odds[i].odds;
        }
    }
    free(odds);
}

struct status *weigh_train(struct weigh_rows *rows, const struct weigh_training *training,
                           float *weights)
{
    if (rows->count < BATCH || rows->count > UINT32_MAX) {
        return status_new(STATUS_USAGE, "%zu rows of statistics are too few to learn from",
                          rows->count);
    }
    size_t floats = weigh_floats();
    struct work work = {.rows = rows, .training = training};
    work.block = calloc(5 * floats, sizeof *work.block);
    work.order = malloc(rows->count * sizeof *work.order);
    struct status *st = NULL;
    if (!work.block || !work.order) {
        st = status_new(STATUS_NO_MEMORY, "out of memory for training");
    } else {
        work.adam = (struct adam){.floats = floats,
                                  .weights = work.block,
                                  .gradient = work.block + floats,
                                  .first = work.block + 2 * floats,
                                  .second = work.block + 3 * floats,
                                  .average = work.block + 4 * floats};
        weigh_bind(&work.net, work.adam.weights);
        weigh_bind(&work.grad, work.adam.gradient);
        standardise(&work);
        st = run(&work);
    }
    if (!st) {
        memcpy(weights, work.adam.average, floats * sizeof *weights);
        fold(&work, weights);
        measure(rows, weights);
    }
    free(work.block);
    free(work.order);
    return st;
}
