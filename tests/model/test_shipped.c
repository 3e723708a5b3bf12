#include "model/shipped.h"

#include "model/base_model.h"

#include <criterion/criterion.h>
#include <string.h>

Test(shipped, loads_is_small_and_names_its_sources)
{
    struct base_model *base = NULL;
    struct slice bytes = shipped_model();
    cr_assert(bytes.bytes > 1000 && bytes.bytes <= 1 << 20);
    struct status *st = base_model_load(bytes, &base);
    cr_assert(!st, "%s", status_message(st));
    cr_assert_eq(base_model_bucket_s(base), 86400u);
    struct slice manifest = base_model_manifest(base);
    cr_assert(memmem(manifest.data, manifest.bytes, "CC BY 4.0", 9));
    cr_assert(memmem(manifest.data, manifest.bytes, "Online Retail", 13));
    cr_assert(memmem(manifest.data, manifest.bytes, "FreshRetailNet", 14));
    base_model_free(base);
}
