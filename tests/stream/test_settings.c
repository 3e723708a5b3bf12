#include "stream/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void expect_refused(const char *const *sets, size_t count, const char *word)
{
    struct settings settings = {.state_hash = 77};
    struct status *st = settings_load(NULL, sets, count, &settings);
    cr_assert(st, "%s was taken", sets[0]);
    cr_expect(strstr(status_message(st), word), "%s: %s", sets[0], status_message(st));
    cr_expect(status_code(st) == STATUS_CONFIG, "%s", sets[0]);
    cr_expect(settings.state_hash == 77 && !settings.config, "untouched on errors");
    status_free(st);
}

Test(settings, defaults_are_a_whole_configuration)
{
    struct settings settings;
    cr_assert(!settings_load(NULL, NULL, 0, &settings));
    cr_expect(settings.stream.bucket_ms == 86400000 && settings.zone && settings.base);
    cr_expect(settings.stream.application[0] && settings.stream.topics[TOPIC_LINES][0]);
    cr_expect(settings_max_lead_ms(&settings) > settings.stream.lateness_ms);
    settings_fini(&settings);
    cr_expect(!settings.config && !settings.zone);
}

Test(settings, what_no_single_option_can_say_is_refused_by_name)
{
    expect_refused((const char *[]){"time.bucket=5h"}, 1, "time.bucket");
    expect_refused((const char *[]){"application="}, 1, "application");
    expect_refused((const char *[]){"output.format=confluent"}, 1, "registry.url");
    expect_refused((const char *[]){"commit_min_interval=50s", "commit_interval=10s"}, 2,
                   "commit_min_interval");
    expect_refused((const char *[]){"time.future_bound=9d", "time.max_lead=8d"}, 2,
                   "time.future_bound");
    expect_refused((const char *[]){"time.zone=Europe/Atlantis"}, 1, "time.zone");
    expect_refused((const char *[]){"forecasts.sums=[14,7]"}, 1, "forecasts.sums");
    expect_refused((const char *[]){"plan.windw=9"}, 1, "plan.window");
}

Test(settings, the_bound_of_a_lead_itself_is_fine)
{
    const char *sets[] = {"time.future_bound=8d", "time.max_lead=8d", "commit_interval=3s",
                          "commit_min_interval=3s", "time.bucket=1w"};
    struct settings settings;
    struct status *st = settings_load(NULL, sets, 5, &settings);
    cr_assert(!st, "%s", status_message(st));
    cr_expect(settings.stream.bucket_ms == 7 * INT64_C(86400000));
    settings_fini(&settings);
}

Test(settings, the_room_for_open_buckets_follows_lateness_and_lead)
{
    struct settings settings = {.stream = {.bucket_ms = 1000, .lateness_ms = 500}};
    cr_expect(settings_max_lead_ms(&settings) == 4000, "four buckets");
    cr_expect(settings_open_buckets(&settings) == 5 + 1);
    settings.stream.max_lead_ms = 2000;
    cr_expect(settings_open_buckets(&settings) == 3 + 1);
    settings.stream.lateness_ms = 9000;
    cr_expect(settings_max_lead_ms(&settings) == 9001, "never below the lateness");
}

Test(settings, the_hash_of_the_state_knows_what_shapes_it)
{
    struct settings one, two, other;
    const char *shape[] = {"plan.window=56"};
    cr_assert(!settings_load(NULL, NULL, 0, &one));
    cr_assert(!settings_load(NULL, NULL, 0, &two));
    struct status *st = settings_load(NULL, shape, 1, &other);
    cr_assert(!st, "%s", status_message(st));
    cr_expect(one.state_hash == two.state_hash && one.state_hash != other.state_hash);
    settings_fini(&one);
    settings_fini(&two);
    settings_fini(&other);
}

Test(settings, printing_hides_the_password)
{
    const char *sets[] = {"registry.password=open-sesame", "registry.user=ali"};
    struct settings settings;
    struct status *st = settings_load(NULL, sets, 2, &settings);
    cr_assert(!st, "%s", status_message(st));
    cr_expect(strcmp(settings.stream.registry_password, "open-sesame") == 0);
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    settings_print(&settings, out);
    cr_assert(fclose(out) == 0);
    cr_expect(strstr(text, "ali") && !strstr(text, "open-sesame"));
    free(text);
    settings_fini(&settings);
}

Test(settings, changes_are_told_by_what_they_need)
{
    struct settings one, other;
    const char *sets[] = {"log.level=debug",         "log.format=json",
                          "alerts.budget_per_day=3", "registry.password=open-sesame",
                          "kafka.client.id=x",       "suppliers.acme.weekdays=[mon]"};
    cr_assert(!settings_load(NULL, NULL, 0, &one));
    struct status *st = settings_load(NULL, sets, sizeof sets / sizeof sets[0], &other);
    cr_assert(!st, "%s", status_message(st));
    struct buf reloaded = {0}, restart = {0};
    settings_changes(&one, &one, &reloaded, &restart);
    cr_expect(reloaded.bytes == 0 && restart.bytes == 0);
    settings_changes(&one, &other, &reloaded, &restart);
    buf_byte(&reloaded, '\0');
    buf_byte(&restart, '\0');
    cr_expect_str_eq(reloaded.data, "log.level log.format");
    cr_expect_str_eq(restart.data, "registry.password alerts.budget_per_day kafka suppliers");
    buf_fini(&reloaded);
    buf_fini(&restart);
    settings_fini(&one);
    settings_fini(&other);
}

Test(settings, no_two_tables_share_an_option)
{
    size_t count;
    const struct option_table *const *tables = settings_tables(&count);
    cr_assert(count >= 5);
    for (size_t t = 0; t < count; t++) {
        for (size_t u = t + 1; u < count; u++) {
            cr_expect(tables[t] != tables[u]);
        }
    }
    cr_expect(settings_sections(&count) && count > 0);
}

Test(settings, learning_online_needs_weights_to_begin_with)
{
    const char *nothing[] = {"model.learn=online", "model.base=none"},
               *idle[] = {"model.base=blank"};
    const char *blank[] = {"model.learn=online", "model.base=blank"};
    struct settings settings;
    struct status *st = settings_load(NULL, nothing, 2, &settings);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    cr_expect(strstr(status_message(st), "model.base"));
    status_free(st);
    st = settings_load(NULL, idle, 1, &settings);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
    st = settings_load(NULL, blank, 2, &settings);
    cr_assert(!st, "%s", status_message(st));
    cr_expect_not_null(settings.forecast.base_ref);
    settings_fini(&settings);
}
