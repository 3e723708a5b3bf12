/* A base model from its file. */
#ifndef RESTOCK_BASE_FILE_H
#define RESTOCK_BASE_FILE_H

#include "model/base_model.h"

#include <stdbool.h>

/* Words for model.base that are no file. */
#define BASE_SHIPPED "shipped" /* the one in the program; for buckets of a day, none for others */
#define BASE_NONE "none"
#define BASE_BLANK "blank" /* knows nothing; to learn online from */

/* bucket_s: length of the buckets that it must be for. Errors name the file; then *out is
 * untouched. Also makes the matrix products ready (gemm_init). The caller frees with
 * base_model_free. */
struct status *base_file_load(const char *path, uint32_t bucket_s, struct base_model **out)
    __attribute__((warn_unused_result));
/* `model.base=...` for --set, of a word, or of a path that is meant from here and not from the
 * configuration's folder. False: it does not fit. */
bool base_file_set(const char *model, char *out, size_t bytes);
/* The shipped one, or NULL where it is not for such buckets. */
struct status *base_file_shipped(uint32_t bucket_s, struct base_model **out)
    __attribute__((warn_unused_result));

#endif
