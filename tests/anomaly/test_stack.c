#include "anomaly/stack.h"

#include "model/gemm.h"
#include "tests/ref/ref_stack.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static const struct stack_shape DEEP = {4, {64, 32, 8, 32, 64}, {1, 0, 1, 0}};
static const struct stack_shape FLAT = {2, {64, 8, 64}, {0, 0}};

struct rig {
    const struct stack_shape *shape;
    float *weights, *gradient, gate[STACK_BATCH];
    struct stack_pass *pass;
    struct rng rng;
};

static void init(struct rig *rig, const struct stack_shape *shape)
{
    cr_assert_null(gemm_init());
    rig->shape = shape;
    rig->weights = calloc(stack_floats(shape), sizeof(float));
    rig->gradient = calloc(stack_floats(shape), sizeof(float));
    rig->pass = calloc(1, sizeof *rig->pass);
    rng_init(&rig->rng, 4);
    stack_init(shape, &rig->rng, rig->weights);
    for (int row = 0; row < STACK_BATCH; row++) {
        rig->gate[row] = row % 3 != 0;
    }
}

/* Windows on a line of four directions, with noise. */
static void draw(struct rig *rig)
{
    for (int row = 0; row < STACK_BATCH; row++) {
        double s[4];
        for (int d = 0; d < 4; d++) {
            s[d] = rng_normal(&rig->rng);
        }
        for (int k = 0; k < 64; k++) {
            rig->pass->a[0][row * 64 + k] =
                (float)(s[k % 4] * cos(k * 0.7) + 0.1 * rng_normal(&rig->rng));
        }
    }
}

static void fini(struct rig *rig)
{
    free(rig->weights);
    free(rig->gradient);
    free(rig->pass);
}

Test(stack, agrees_with_its_naive_twin)
{
    const struct stack_shape *shapes[] = {&DEEP, &FLAT};
    for (int s = 0; s < 2; s++) {
        struct rig rig;
        init(&rig, shapes[s]);
        draw(&rig);
        stack_forward(rig.shape, rig.weights, rig.pass);
        for (int row = 0; row < STACK_BATCH; row += 7) {
            double y[STACK_WIDTH];
            ref_stack(rig.shape, rig.weights, rig.pass->a[0] + row * 64, y);
            for (int k = 0; k < 64; k++) {
                /* four layers of float sums of order one */
                cr_assert_float_eq((double)rig.pass->a[rig.shape->layers][row * 64 + k], y[k],
                                   1e-4);
            }
            double loss = ref_stack_loss(rig.shape, rig.weights, rig.pass->a[0] + row * 64);
            cr_assert_float_eq((double)rig.pass->error[row], loss / 64, 1e-4 * (1 + loss));
        }
        fini(&rig);
    }
}

static double gated_loss(const struct rig *rig)
{
    double sum = 0, rows = 0;
    for (int row = 0; row < STACK_BATCH; row++) {
        if (rig->gate[row] > 0) {
            sum += ref_stack_loss(rig->shape, rig->weights, rig->pass->a[0] + row * 64);
            rows += 1;
        }
    }
    return sum / rows;
}

Test(stack, gradient_is_that_of_finite_differences)
{
    const struct stack_shape *shapes[] = {&DEEP, &FLAT};
    for (int s = 0; s < 2; s++) {
        struct rig rig;
        init(&rig, shapes[s]);
        draw(&rig);
        stack_forward(rig.shape, rig.weights, rig.pass);
        stack_backward(rig.shape, rig.weights, rig.pass, rig.gate, rig.gradient);
        size_t floats = stack_floats(rig.shape);
        for (size_t k = 0; k < floats; k += floats / 60) {
            float kept = rig.weights[k], step = 2e-3f;
            rig.weights[k] = kept + step;
            double up = gated_loss(&rig);
            rig.weights[k] = kept - step;
            double down = gated_loss(&rig);
            rig.weights[k] = kept;
            double slope = (up - down) / (2 * (double)step);
            /* the kink of |v| in f's second derivative: error of the order of the step */
            cr_assert_float_eq((double)rig.gradient[k], slope, 0.01 * (1 + fabs(slope)),
                               "weight %zu: %f and %f", k, (double)rig.gradient[k], slope);
        }
        fini(&rig);
    }
}

Test(stack, learns_to_copy)
{
    const struct stack_shape *shapes[] = {&DEEP, &FLAT};
    for (int s = 0; s < 2; s++) {
        struct rig rig;
        init(&rig, shapes[s]);
        double first = 0, last = 0;
        for (int step = 0; step < 3000; step++) {
            draw(&rig);
            stack_forward(rig.shape, rig.weights, rig.pass);
            double error = 0;
            for (int row = 0; row < STACK_BATCH; row++) {
                error += (double)rig.pass->error[row] / STACK_BATCH;
            }
            first = step ? first : error;
            last = error;
            stack_backward(rig.shape, rig.weights, rig.pass, rig.gate, rig.gradient);
            stack_step(rig.shape, rig.weights, rig.gradient, 0.02f, 2);
        }
        cr_assert_lt(last, 0.25 * first, "shape %d: %f of %f", s, last, first);
        fini(&rig);
    }
}

Test(stack, a_gradient_that_is_no_number_changes_nothing)
{
    struct rig rig;
    init(&rig, &FLAT);
    float kept = rig.weights[5];
    rig.gradient[3] = NAN;
    rig.gradient[5] = 1;
    stack_step(rig.shape, rig.weights, rig.gradient, 0.1f, 1);
    cr_assert_eq(rig.weights[5], kept);
    fini(&rig);
}
