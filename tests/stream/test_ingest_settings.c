#include "stream/ingest_settings.h"

#include <criterion/criterion.h>

static struct settings settings;

static void load(const char *set)
{
    struct status *st = settings_load(NULL, &set, 1, &settings);
    cr_assert_null(st, "%s", st ? status_message(st) : "");
}

Test(ingest_settings, topics_follow_the_mode_and_limits_that_are_set)
{
    load("time.mode=replay");
    struct ingest_options options = ingest_settings_topics(&settings, 8);
    cr_expect(options.replay && !options.until_end && !options.end_is_final);
    cr_expect_eq(options.lines_partitions, 8);
    cr_expect_eq(options.max_lead_ms, settings_max_lead_ms(&settings), "after defaults");
    cr_expect_eq(options.buckets, &settings.buckets);
    settings_fini(&settings);
    load("time.allowed_lateness=3h");
    options = ingest_settings_topics(&settings, 1);
    cr_expect(!options.replay);
    cr_expect_eq(options.lateness_ms, 3 * 3600000);
    settings_fini(&settings);
}

Test(ingest_settings, files_end_for_good_whatever_the_mode)
{
    load("time.mode=live");
    struct ingest_options options = ingest_settings_files(&settings, 2, NULL);
    cr_expect(options.replay && options.until_end && options.end_is_final);
    cr_expect_str_eq(options.topics[INPUT_FEEDBACK], "feedback");
    cr_expect_eq(options.idle_timeout_ms, settings.stream.idle_timeout_ms);
    settings_fini(&settings);
}
