#include "tests/config/setup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIELD(name) .offset = offsetof(struct all_options, name)

static const struct option_choice COLORS[] = {{"red", RED}, {"green", GREEN}, {NULL, 0}};

static const struct option ALL[] = {
    {.path = "on", .type = OPTION_BOOL, FIELD(on), .default_text = "off", .help = "on or off"},
    {.path = "all.count",
     .type = OPTION_INT,
     FIELD(count),
     .default_text = "7",
     .min = 1,
     .max = 100,
     .help = "how many | or few",
     .flags = OPTION_SHAPES_STATE},
    {.path = "all.free_count",
     .type = OPTION_INT,
     FIELD(free_count),
     .default_text = "-12345678901234567",
     .help = "any number"},
    {.path = "all.wait",
     .type = OPTION_DURATION,
     FIELD(wait_ms),
     .default_text = "90s",
     .help = "how long",
     .flags = OPTION_RELOAD},
    {.path = "all.size",
     .type = OPTION_BYTES,
     FIELD(size),
     .default_text = "16MiB",
     .max = 1073741824,
     .help = "how large"},
    {.path = "all.deep.rate",
     .type = OPTION_DOUBLE,
     FIELD(rate),
     .default_text = "0.1",
     .max = 1,
     .help = "a share",
     .flags = OPTION_SHAPES_STATE},
    {.path = "all.deep.color",
     .type = OPTION_ENUM,
     FIELD(color),
     .default_text = "red",
     .choices = COLORS,
     .help = "which"},
    {.path = "all.text", .type = OPTION_TEXT, FIELD(text), .default_text = "", .help = "what"},
    {.path = "all.password",
     .type = OPTION_TEXT,
     FIELD(secret),
     .default_text = "",
     .help = "hush",
     .flags = OPTION_SECRET},
    {.path = "all.sums",
     .type = OPTION_INTS,
     FIELD(sums),
     .default_text = "[3, 7]",
     .min = 1,
     .max = 100,
     .help = "lengths"},
    {.path = "all.waits",
     .type = OPTION_DURATIONS,
     FIELD(waits),
     .default_text = "[1d, 1w]",
     .help = "times"},
};
static const struct option MORE[] = {
    {.path = "time.bucket",
     .type = OPTION_DURATION,
     .offset = offsetof(struct more_options, bucket_ms),
     .default_text = "1d",
     .help = "slot",
     .flags = OPTION_SHAPES_STATE},
    {.path = "time.zone",
     .type = OPTION_TEXT,
     .offset = offsetof(struct more_options, zone),
     .default_text = "UTC",
     .help = "where"},
};
const struct option_table all_table = {"all of them", ALL, sizeof ALL / sizeof ALL[0],
                                       sizeof(struct all_options)};
const struct option_table more_table = {"time", MORE, 2, sizeof(struct more_options)};
const struct config_section setup_sections[3] = {
    {"kafka", "for the client"}, {"suppliers", "who"}, {"inputs.map", "deep"}};

struct status *setup_load(struct setup *setup, const char *text, const char *const *sets,
                          size_t set_count)
{
    *setup = (struct setup){.path = "/tmp/restock_config_XXXXXX"};
    setup->bindings[0] = (struct config_binding){&all_table, &setup->all};
    setup->bindings[1] = (struct config_binding){&more_table, &setup->more};
    if (text) {
        int fd = mkstemp(setup->path);
        cr_assert_geq(fd, 0);
        cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
    } else {
        setup->path[0] = '\0';
    }
    return config_load(text ? setup->path : NULL, sets, set_count, setup->bindings, 2,
                       setup_sections, 3, &setup->config);
}

void setup_ok(struct setup *setup, const char *text, const char *set)
{
    struct status *st = setup_load(setup, text, &set, set ? 1 : 0);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_not_null(setup->config);
}

static void expect_part(const struct setup *setup, const char *message, const char *part)
{
    char expected[1024];
    bool here = strncmp(part, "FILE", 4) == 0;
    snprintf(expected, sizeof expected, "%s%s", here ? setup->path : "", part + (here ? 4 : 0));
    cr_expect(strstr(message, expected), "'%s' is not in:\n%s", expected, message);
}

void setup_refused(const char *text, const char *set, const char *const *expected)
{
    struct setup setup;
    struct status *st = setup_load(&setup, text, &set, set ? 1 : 0);
    cr_assert_not_null(st, "accepted: %s", text ? text : set);
    cr_assert_eq(status_exit(st), 2);
    cr_assert_null(setup.config);
    cr_assert(setup.all.count == 0 && !setup.all.text, "targets are untouched");
    for (; *expected; expected++) {
        expect_part(&setup, status_message(st), *expected);
    }
    status_free(st);
    setup_fini(&setup);
}

void setup_fini(struct setup *setup)
{
    config_destroy(setup->config);
    if (setup->path[0]) {
        unlink(setup->path);
    }
}

const char *setup_free(const struct setup *setup, const char *section, const char *key)
{
    const struct yaml_node *node = yaml_get(config_node(setup->config, section), key);
    return node ? node->text : "(none)";
}
