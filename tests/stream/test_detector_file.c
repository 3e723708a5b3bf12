#include "stream/detector_file.h"

#include "stream/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t DAY_MS = 86400000;

static struct status *load(const char *name, int64_t bucket_ms, struct weigh **out)
{
    struct settings settings;
    cr_assert_null(settings_load(NULL, NULL, 0, &settings));
    struct status *st = detector_file_load(settings.config, name, bucket_ms, out);
    settings_fini(&settings);
    return st;
}

Test(detector_file, shipped_is_for_days_none_is_none)
{
    struct weigh *weigh = NULL;
    cr_assert_null(load("none", DAY_MS, &weigh));
    cr_assert_null(weigh);
    cr_assert_null(load("shipped", 7 * DAY_MS, &weigh));
    cr_assert_null(weigh);
    cr_assert_null(load("shipped", DAY_MS, &weigh));
    cr_assert(weigh);
    weigh_free(weigh);
}

Test(detector_file, a_file_is_taken_or_refused_by_name)
{
    char path[] = "/tmp/restock-detector-XXXXXX";
    int file = mkstemp(path);
    FILE *out = fdopen(file, "w");
    fwrite(weigh_shipped().data, 1, weigh_shipped().bytes, out);
    fclose(out);
    struct weigh *weigh = NULL;
    cr_assert_null(load(path, DAY_MS, &weigh));
    cr_assert(weigh);
    weigh_free(weigh);
    weigh = NULL;
    struct status *st = load(path, 7 * DAY_MS, &weigh);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
    out = fopen(path, "w");
    fputs("no detector", out);
    fclose(out);
    st = load(path, DAY_MS, &weigh);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    cr_assert(strstr(status_message(st), path));
    status_free(st);
    (void)remove(path);
    st = load(path, DAY_MS, &weigh);
    cr_assert(st);
    cr_assert_null(weigh);
    status_free(st);
}
