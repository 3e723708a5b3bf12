#include "model/gemm.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

enum { M = 7, N = 11, K = 13 };

static float a[M * K], b[K * N], turned_a[K * M], turned_b[N * K], expected[M * N];

static void init(void)
{
    cr_assert_null(gemm_init());
    struct rng rng;
    rng_init(&rng, 9);
    for (int i = 0; i < M; i++) {
        for (int k = 0; k < K; k++) {
            a[i * K + k] = turned_a[k * M + i] = (float)rng_normal(&rng);
        }
    }
    for (int k = 0; k < K; k++) {
        for (int j = 0; j < N; j++) {
            b[k * N + j] = turned_b[j * K + k] = (float)rng_normal(&rng);
        }
    }
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < N; j++) {
            expected[i * N + j] = 0;
            for (int k = 0; k < K; k++) {
                expected[i * N + j] += a[i * K + k] * b[k * N + j];
            }
        }
    }
}

static void check(const float *c, float times)
{
    for (int i = 0; i < M * N; i++) {
        cr_assert_float_eq(c[i], times * expected[i], 1e-4, "element %d: %g, expected %g", i,
                           (double)c[i], (double)(times * expected[i]));
    }
}

TestSuite(gemm, .init = init);

Test(gemm, all_four_turns_give_the_product)
{
    for (int turns = 0; turns < 4; turns++) {
        float c[M * N];
        memset(c, 0xff, sizeof c); /* NaN: with keep 0 it must not matter */
        gemm_run(&(struct gemm){.m = M,
                                .n = N,
                                .k = K,
                                .a = turns & 1 ? turned_a : a,
                                .a_turned = turns & 1,
                                .b = turns & 2 ? turned_b : b,
                                .b_turned = (turns & 2) != 0,
                                .c = c});
        check(c, 1);
    }
}

Test(gemm, keep_adds)
{
    float c[M * N] = {0};
    struct gemm product = {.m = M, .n = N, .k = K, .a = a, .b = b, .c = c, .keep = 1};
    gemm_run(&product);
    gemm_run(&product);
    check(c, 2);
}

static void *multiply(void *failed)
{
    for (int round = 0; round < 3000; round++) {
        float x[64 * 40], y[40 * 96], c[64 * 96];
        for (int i = 0; i < 64 * 40; i++) {
            x[i] = (float)(i % 7);
        }
        for (int i = 0; i < 40 * 96; i++) {
            y[i] = 1;
        }
        gemm_run(&(struct gemm){.m = 64, .n = 96, .k = 40, .a = x, .b = y, .c = c});
        for (int i = 0; i < 64; i++) {
            float sum = 0;
            for (int k = 0; k < 40; k++) {
                sum += x[i * 40 + k];
            }
            if (c[i * 96] != sum || c[i * 96 + 95] != sum) {
                *(int *)failed = 1;
            }
        }
    }
    return NULL;
}

/* The serial build of OpenBLAS fails this within a few hundred products. */
Test(gemm, products_of_several_threads_do_not_mix)
{
    pthread_t threads[4];
    int failed[4] = {0};
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, multiply, &failed[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(failed[i], 0);
    }
}
