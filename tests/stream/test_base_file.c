#include "stream/base_file.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/restock-base-XXXXXX";

static void write_base(uint32_t bucket_s, size_t cut)
{
    struct buf bytes = {0};
    float *weights = calloc(net_floats(), sizeof *weights);
    base_model_save(weights, bucket_s, slice_of("{}"), &bytes);
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, bytes.data, bytes.bytes - cut), (ssize_t)(bytes.bytes - cut));
    close(file);
    buf_fini(&bytes);
    free(weights);
}

static void refused(enum status_code code, const char *word)
{
    struct base_model *base = NULL;
    struct status *st = base_file_load(path, 86400, &base);
    cr_assert(status_code(st) == code && strstr(status_message(st), path) &&
                  strstr(status_message(st), word),
              "%s", status_message(st));
    cr_assert_null(base);
    status_free(st);
    unlink(path);
}

Test(base_file, comes_from_a_file)
{
    struct base_model *base = NULL;
    write_base(86400, 0);
    cr_assert_null(base_file_load(path, 86400, &base));
    cr_assert_eq(base_model_bucket_s(base), 86400u);
    base_model_free(base);
    unlink(path);
}

Test(base_file, other_buckets_and_cut_files_are_refused_by_name)
{
    write_base(604800, 0);
    refused(STATUS_CONFIG, "time.bucket");
    strcpy(path + strlen(path) - 6, "XXXXXX");
    write_base(86400, 5);
    refused(STATUS_CORRUPT, "does not fit");
}

Test(base_file, a_file_that_is_not_there_is_named)
{
    strcpy(path + strlen(path) - 6, "absent");
    refused(STATUS_IO, "absent");
}

Test(base_file, the_shipped_one_is_for_days)
{
    struct base_model *base = NULL;
    cr_assert_null(base_file_shipped(86400, &base));
    cr_assert_not_null(base);
    base_model_free(base);
    cr_assert_null(base_file_shipped(604800, &base));
    cr_assert_null(base);
}

Test(base_file, an_option_names_words_and_whole_paths)
{
    char text[64], folder[4096];
    cr_assert(base_file_set("shipped", text, sizeof text));
    cr_assert_str_eq(text, "model.base=shipped");
    cr_assert(base_file_set("absent.rsbm", text, sizeof text)); /* said when it is opened */
    cr_assert_str_eq(text, "model.base=absent.rsbm");
    cr_assert(base_file_set(".", folder, sizeof folder));
    cr_assert_eq(folder[strlen("model.base=")], '/');
    cr_assert(!base_file_set("shipped", text, 18));
}
