/* Matrix products, the one place that knows OpenBLAS. Row-major, float32, one thread.
 *
 * Thread: any, after gemm_init. */
#ifndef RESTOCK_GEMM_H
#define RESTOCK_GEMM_H

#include "config/base/status.h"

#include <stdint.h>

/* Once per process, before any product: one thread per product, and a refusal (STATUS_CONFIG) of
 * the serial build of OpenBLAS, which returns wrong products when several threads call it. */
struct status *gemm_init(void) __attribute__((warn_unused_result));

struct gemm { /* C[M,N] = A x B + keep * C */
    uint32_t m, n, k;
    const float *a; /* [M,K], or [K,M] where a_turned */
    const float *b; /* [K,N], or [N,K] where b_turned */
    float *c; /* [M,N] */
    float keep; /* 0: C is overwritten, whatever it held */
    _Bool a_turned, b_turned;
};

void gemm_run(const struct gemm *gemm);

#endif
