#include "stream/plan.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct settings load(const char *set)
{
    struct settings settings;
    struct status *st = settings_load(NULL, &set, set ? 1 : 0, &settings);
    cr_assert(!st, "%s", status_message(st));
    return settings;
}

Test(plan, turns_times_into_buckets)
{
    struct settings settings = load("time.bucket=1w");
    struct plan *plan;
    cr_assert(!plan_create(&settings, 3, NULL, &plan));
    cr_expect(plan->partitions == 3 && plan->settings_ref == &settings && !plan->sinks_ref);
    cr_expect(plan->slot_days == 7);
    cr_expect(plan->window == settings.stream.window);
    cr_expect(plan->open == 2 * settings_open_buckets(&settings));
    cr_expect(plan->slots == plan->window + plan->open);
    int64_t week = 7 * INT64_C(86400000);
    cr_expect(plan->cancel_buckets == (settings.stream.cancel_horizon_ms + week - 1) / week);
    cr_expect(plan->dedup_buckets >= 1 && plan->retire_buckets >= 1);
    cr_expect(plan->forecasts && plan->alerts && plan->replenishments);
    plan_destroy(plan);
    plan_destroy(NULL);
    settings_fini(&settings);
}

Test(plan, more_buckets_than_a_tile_has_are_refused_with_their_numbers)
{
    struct settings settings = load(NULL);
    settings.stream.window = 1024; /* beyond the limits of options, which may change */
    struct plan *plan = (struct plan *)&settings;
    struct status *st = plan_create(&settings, 1, NULL, &plan);
    cr_assert(st && status_code(st) == STATUS_CONFIG);
    cr_expect(strstr(status_message(st), "plan.window") && strstr(status_message(st), "1024"), "%s",
              status_message(st));
    cr_expect(plan == (struct plan *)&settings, "untouched");
    status_free(st);
    settings_fini(&settings);
}

Test(plan, the_layout_names_every_column)
{
    struct settings settings = load(NULL);
    struct plan *plan;
    cr_assert(!plan_create(&settings, 1, NULL, &plan));
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    plan_print_layout(plan, out);
    cr_assert(fclose(out) == 0);
    cr_expect(strstr(text, "emitted_mean") && strstr(text, "forecast.level"));
    free(text);
    plan_destroy(plan);
    settings_fini(&settings);
}
