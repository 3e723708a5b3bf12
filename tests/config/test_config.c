#include "config/base/buf.h"
#include "tests/config/setup.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

TestSuite(config);

#define EXPECT(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(config, defaults_without_a_file)
{
    struct setup setup;
    setup_ok(&setup, NULL, NULL);
    const struct all_options *all = &setup.all;
    cr_assert(!all->on && all->count == 7 && all->free_count == -12345678901234567);
    cr_assert(all->wait_ms == 90000 && all->size == 16 << 20 && all->color == RED);
    cr_assert_float_eq(all->rate, 0.1, 1e-15);
    cr_assert_str_eq(all->text, "");
    cr_assert(all->sums.count == 2 && all->sums.values[1] == 7);
    cr_assert(all->waits.count == 2 && all->waits.values[1] == 604800000);
    cr_assert(setup.more.bucket_ms == 86400000);
    cr_assert_str_eq(setup.more.zone, "UTC");
    cr_assert_str_eq(config_path(setup.config), "");
    cr_assert_null(config_node(setup.config, "kafka"));
    setup_fini(&setup);
    config_destroy(NULL);
}

Test(config, values_of_a_file)
{
    struct setup setup;
    setup_ok(&setup,
             "on: yes\nall:\n  count: 12\n  wait: 2h\n  size: 1KiB\n  deep: {rate: 1e-3, color: "
             "green}\n  text: 'a: b'\n  sums: [1]\n  waits: 30min\ntime.zone: Europe/London\n",
             NULL);
    const struct all_options *all = &setup.all;
    cr_assert(all->on && all->count == 12 && all->wait_ms == 7200000 && all->size == 1024);
    cr_assert(all->color == GREEN && all->sums.count == 1 && all->waits.values[0] == 1800000);
    cr_assert_str_eq(all->text, "a: b");
    cr_assert_str_eq(setup.more.zone, "Europe/London", "a dotted name at the top");
    cr_assert_eq(setup.more.bucket_ms, 86400000, "the default");
    cr_assert_str_eq(config_path(setup.config), setup.path);
    setup_fini(&setup);
}

Test(config, json)
{
    struct setup setup;
    setup_ok(&setup,
             "{\"all\": {\"count\": 3, \"text\": \"x\"}, \"kafka\": {\"bootstrap.servers\": "
             "\"h:9092\"}}",
             NULL);
    cr_assert_eq(setup.all.count, 3);
    cr_assert_str_eq(setup_free(&setup, "kafka", "bootstrap.servers"), "h:9092");
    setup_fini(&setup);
}

Test(config, nothing_in_the_file_is_fine)
{
    static const char *const texts[] = {"", "# only this\n", "~\n", "all:\n", "all: {}\ntime: ~\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct setup setup;
        setup_ok(&setup, texts[i], NULL);
        cr_assert_eq(setup.all.count, 7);
        setup_fini(&setup);
    }
}

Test(config, all_errors_come_at_once_with_place_name_and_what_to_do)
{
    setup_refused("all:\n  cuont: 1\n  count: 101\n  deep:\n    color: blue\nall.wait: 5\n"
                  "kafak: {}\n",
                  "all.size=many",
                  EXPECT("FILE:2:3: all.cuont: there is no such option; did you mean all.count?",
                         "FILE:3:10: all.count: expected whole number, 1 to 100, found '101'",
                         "FILE:5:12: all.deep.color: expected one of red, green, found 'blue'",
                         "FILE:6:11: all.wait: expected duration such as 200ms, 30s, 15min, 1h, "
                         "1d, 1w, found '5'",
                         "FILE:7:1: kafak: there is no such option; did you mean kafka?",
                         "--set all.size: all.size: expected size, 0 to 1GiB, found 'many'"));
}

Test(config, a_name_at_the_wrong_place_is_known)
{
    setup_refused("bucket: 1h\n", NULL,
                  EXPECT("bucket: there is no such option; did you mean time.bucket?"));
    setup_refused("tmie: {bucket: 1h}\n", NULL,
                  EXPECT("tmie: there is no such option; did you mean time?"));
    setup_refused("time: {color: red}\n", NULL, EXPECT("did you mean all.deep.color?"));
    setup_refused("warehouse: 1\n", NULL, EXPECT("restock check-config --reference"));
}

Test(config, values_of_a_wrong_kind)
{
    setup_refused("all: 3\n", NULL, EXPECT("FILE:1:6: all: expected a group of options"));
    setup_refused("all: [count]\n", NULL, EXPECT("FILE:1:6: all: expected a group of options"));
    setup_refused("- all\n", NULL, EXPECT("FILE:1:1: expected groups of options"));
    setup_refused("just text\n", NULL, EXPECT("FILE:1:1: expected groups of options"));
    setup_refused("all: {count: [1]}\n", NULL, EXPECT("found 'a list'"));
    setup_refused("all: {count: {a: 1}}\n", NULL, EXPECT("found 'a group of options'"));
    setup_refused("all: {count: }\n", NULL, EXPECT("all.count: expected whole number"));
}

Test(config, an_option_given_twice)
{
    setup_refused("all: {count: 1}\nall.count: 2\n", NULL,
                  EXPECT("FILE:2:12: all.count is given twice; first at 1:14"));
    setup_refused("all: {count: 1, count: 2}\n", NULL, EXPECT("'count' stands here again"));
    setup_refused("all.deep: {rate: 0}\nall: {deep: {rate: 1}}\n", NULL, EXPECT("given twice"));
    setup_refused("inputs: {map: {a: 1}}\ninputs.map: {b: 1}\n", NULL,
                  EXPECT("inputs.map is given twice"));
}

Test(config, a_file_that_cannot_be_read_hides_no_wrong_override)
{
    setup_refused("all: [\n", "all.count=x", EXPECT("FILE:2:1: ", "--set all.count: all.count"));
    struct setup setup;
    struct status *st = setup_load(&setup, NULL, NULL, 0);
    status_free(st);
    struct config *config = NULL;
    st = config_load("/nonexistent/restock.yaml", NULL, 0, setup.bindings, 2, setup_sections, 3,
                     &config);
    cr_assert_str_eq(status_message(st),
                     "cannot read /nonexistent/restock.yaml: No such file or directory");
    cr_assert_null(config);
    status_free(st);
    setup_fini(&setup);
}

Test(config, secrets_do_not_stand_in_errors)
{
    struct setup setup;
    struct status *st = setup_load(&setup, "all: {password: [hunter2]}\n", NULL, 0);
    cr_assert_not_null(st);
    cr_assert_not(strstr(status_message(st), "hunter2"));
    status_free(st);
    setup_fini(&setup);
}

/* A hostile file: thousands of problems are not joined one by one for minutes. */
Test(config, many_problems_are_counted)
{
    struct buf text = {0};
    for (int i = 0; i < 60000; i++) {
        buf_print(&text, "unknown_option_number_%d: 1\n", i);
    }
    buf_byte(&text, '\0');
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    setup_refused(text.data, NULL, EXPECT("and 59950 more problems"));
    clock_gettime(CLOCK_MONOTONIC, &end);
    cr_assert_lt(end.tv_sec - start.tv_sec, 20);
    buf_fini(&text);
}

static uint64_t hash_with(const char *set)
{
    struct setup setup;
    setup_ok(&setup, NULL, set);
    uint64_t hash = config_state_hash(setup.bindings, 2);
    setup_fini(&setup);
    return hash;
}

Test(config, state_hash_follows_what_shapes_state_alone)
{
    uint64_t hash = hash_with(NULL);
    cr_assert_eq(hash, hash_with("all.count=7"), "said or not, the same value");
    cr_assert_eq(hash, hash_with("time.bucket=24h"));
    cr_assert_eq(hash, hash_with("all.text=other"));
    cr_assert_neq(hash, hash_with("all.count=8"));
    cr_assert_neq(hash, hash_with("time.bucket=1h"));
    cr_assert_neq(hash, hash_with("all.deep.rate=0.1000000000001"), "to the last digit");
}

Test(config, place_names_file_or_giver)
{
    struct setup setup;
    char expected[100];
    setup_ok(&setup, "kafka:\n  a: 1\n", "kafka.b=2");
    const struct yaml_node *kafka = config_node(setup.config, "kafka");
    snprintf(expected, sizeof expected, "%s:2:6: ", setup.path);
    cr_assert_str_eq(config_place(setup.config, yaml_get(kafka, "a")), expected);
    cr_assert_str_eq(config_place(setup.config, yaml_get(kafka, "b")), "--set kafka.b: ");
    setup_fini(&setup);
}
