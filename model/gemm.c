#include "model/gemm.h"

#include <cblas.h>
#include <string.h>

struct status *gemm_init(void)
{
    const char *build = openblas_get_config();
    if (strstr(build, "SINGLE_THREADED")) {
        return status_new(
            STATUS_CONFIG,
            "the OpenBLAS found at run time is the serial build (%s): install libopenblas0-pthread",
            build);
    }
    openblas_set_num_threads(1);
    return NULL;
}

void gemm_run(const struct gemm *gemm)
{
    int m = (int)gemm->m, n = (int)gemm->n, k = (int)gemm->k;
    cblas_sgemm(CblasRowMajor, gemm->a_turned ? CblasTrans : CblasNoTrans,
                gemm->b_turned ? CblasTrans : CblasNoTrans, m, n, k, 1, gemm->a,
                gemm->a_turned ? m : k, gemm->b, gemm->b_turned ? k : n, gemm->keep, gemm->c, n);
}
