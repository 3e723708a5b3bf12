#include "stream/base_file.h"

#include "model/gemm.h"
#include "model/shipped.h"
#include "stream/csv_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 64 * 1024, FILE_MOST = 4 << 20 };

static struct status *read_all(struct csv_file *file, struct buf *bytes)
{
    for (size_t got = 1; got;) {
        buf_room(bytes, READ_BYTES);
        TRY(csv_file_read(file, bytes->data + bytes->bytes, READ_BYTES, &got));
        bytes->bytes += got;
        if (bytes->bytes > FILE_MOST) {
            return status_new(STATUS_CORRUPT, "larger than any base model");
        }
    }
    return NULL;
}

static struct status *load(const char *path, uint32_t bucket_s, struct buf *bytes,
                           struct base_model **out)
{
    struct csv_file *file = NULL;
    struct base_model *base = NULL;
    TRY(csv_file_open(path, &file));
    struct status *st = read_all(file, bytes);
    csv_file_close(file);
    TRY(st);
    TRY(base_model_load(buf_view(bytes), &base));
    if (base_model_bucket_s(base) != bucket_s) {
        st = status_new(STATUS_CONFIG,
                        "the base model is for buckets of %u s, time.bucket is %u s: pre-train one "
                        "on such a panel",
                        base_model_bucket_s(base), bucket_s);
        base_model_free(base);
        return st;
    }
    *out = base;
    return NULL;
}

struct status *base_file_load(const char *path, uint32_t bucket_s, struct base_model **out)
{
    TRY(gemm_init());
    struct buf bytes = {0};
    struct status *st = load(path, bucket_s, &bytes, out);
    buf_fini(&bytes);
    return status_wrap(st, "model.base: %s", path);
}

struct status *base_file_shipped(uint32_t bucket_s, struct base_model **out)
{
    struct base_model *base = NULL;
    TRY(gemm_init());
    TRY(status_wrap(base_model_load(shipped_model(), &base), "model.base: " BASE_SHIPPED));
    if (base_model_bucket_s(base) != bucket_s) {
        base_model_free(base);
        base = NULL;
    }
    *out = base;
    return NULL;
}

bool base_file_set(const char *model, char *out, size_t bytes)
{
    bool word = strcmp(model, BASE_NONE) == 0 || strcmp(model, BASE_SHIPPED) == 0;
    char *path = word ? NULL : realpath(model, NULL);
    int length = snprintf(out, bytes, "model.base=%s", path ? path : model);
    free(path);
    return length >= 0 && (size_t)length < bytes;
}
