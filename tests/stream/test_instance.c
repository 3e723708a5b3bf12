#include "stream/instance.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void load(const char *set, const char *folder, struct settings *settings)
{
    char state[256];
    snprintf(state, sizeof state, "state_folder=%s", folder);
    const char *sets[] = {set, state};
    struct status *st = settings_load(NULL, sets, 2, settings);
    cr_assert_null(st, "%s", status_message(st));
}

Test(instance, auto_takes_the_lowest_free_slot_and_gives_it_back)
{
    char folder[] = "/tmp/restock-test-instance-XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    struct settings settings;
    load("instance=auto", folder, &settings);
    struct instance a, b, c;
    cr_assert_null(instance_open(&settings, &a));
    cr_assert_null(instance_open(&settings, &b));
    cr_assert(a.lasting && b.lasting);
    cr_assert_str_neq(a.name, b.name);
    cr_assert_str_eq(a.name + strlen(a.name) - 2, "-0");
    cr_assert_str_eq(b.name + strlen(b.name) - 2, "-1");
    instance_close(&a);
    cr_assert_null(instance_open(&settings, &c));
    cr_assert_str_eq(c.name, a.name); /* a restart gets its name back */
    instance_close(&b);
    instance_close(&c);
    settings_fini(&settings);
}

Test(instance, names_of_the_configuration_are_taken_and_cleaned)
{
    struct settings settings;
    load("instance=shop/3", "/tmp", &settings);
    struct instance instance;
    cr_assert_null(instance_open(&settings, &instance));
    cr_assert_str_eq(instance.name, "shop_3");
    cr_assert(instance.lasting);
    instance_close(&instance);
    settings_fini(&settings);
}

Test(instance, without_a_folder_the_name_is_unique_but_not_lasting)
{
    struct settings settings;
    load("instance=auto", "/dev/null/nowhere", &settings);
    struct instance a, b;
    cr_assert_null(instance_open(&settings, &a));
    cr_assert_null(instance_open(&settings, &b));
    cr_assert(!a.lasting && !b.lasting);
    cr_assert_str_neq(a.name, b.name);
    instance_close(&a);
    instance_close(&b);
    settings_fini(&settings);
}

Test(instance, too_long_a_name_is_refused)
{
    char set[256] = "instance=";
    memset(set + strlen(set), 'x', 200);
    struct settings settings;
    load(set, "/tmp", &settings);
    struct instance instance;
    struct status *st = instance_open(&settings, &instance);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
    settings_fini(&settings);
}
