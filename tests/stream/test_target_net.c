#include "stream/target_net.h"

#include "optimize/target_file.h"
#include "stream/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct status *load(const char *name, struct level_net **out)
{
    struct settings settings;
    cr_assert_null(settings_load(NULL, NULL, 0, &settings));
    struct status *st = target_net_load(settings.config, name, out);
    settings_fini(&settings);
    return st;
}

static void refused(const char *set, const char *more, const char *because)
{
    const char *sets[] = {"replenish.policy=learned", set, more};
    struct settings settings;
    struct status *st = settings_load(NULL, sets, more ? 3 : 2, &settings);
    cr_assert(st && strstr(status_message(st), because), "%s", st ? status_message(st) : "taken");
    status_free(st);
}

Test(target_net, shipped_or_a_file)
{
    struct level_net *net = NULL, *from_file = NULL;
    char path[] = "/tmp/restock-target-XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    fwrite(target_file_shipped().data, 1, target_file_shipped().bytes, out);
    fclose(out);
    cr_assert_null(load("shipped", &net));
    cr_assert_null(load(path, &from_file));
    cr_assert(memcmp(net, from_file, sizeof *net) == 0);
    free(net);
    free(from_file);
    (void)remove(path);
}

Test(target_net, a_wrong_file_is_named)
{
    struct level_net *net = NULL;
    struct status *st = load("/nowhere/target.bin", &net);
    cr_assert(st && strstr(status_message(st), "/nowhere/target.bin") && !net);
    status_free(st);
}

Test(target_net, nothing_is_loaded_that_nobody_asked_for)
{
    struct level_net *net = NULL;
    struct proposal_options options = {.target = "/nowhere/target.bin"};
    cr_assert_null(target_net_for(NULL, &options, 86400000, &net));
    cr_assert_null(net);
}

Test(target_net, settings_take_it_only_where_it_has_a_meaning)
{
    struct settings settings;
    const char *learned[] = {"replenish.policy=learned"};
    cr_assert_null(settings_load(NULL, NULL, 0, &settings));
    cr_assert_null(settings.proposal.net_ref);
    settings_fini(&settings);
    cr_assert_null(settings_load(NULL, learned, 1, &settings));
    cr_assert(settings.proposal.net_ref && settings.proposal.net_ref == settings.target);
    settings_fini(&settings);
    refused("replenish.service_target=0.9", NULL, "service_target");
    refused("time.bucket=1w", "model.base=none", "longer than a day");
    refused("replenish.learned_target=/nowhere/t.bin", NULL, "/nowhere/t.bin");
}
