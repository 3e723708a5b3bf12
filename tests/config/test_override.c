#include "config/base/buf.h"
#include "tests/config/setup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(override);

#define EXPECT(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(override, set_beats_environment_beats_file)
{
    struct setup setup;
    setenv("RESTOCK__ALL__COUNT", "20", 1);
    setenv("RESTOCK__TIME__BUCKET", "1h", 1);
    setup_ok(&setup, "all: {count: 10}\ntime: {bucket: 2h, zone: X}\n", "all.count=30");
    cr_assert_eq(setup.all.count, 30);
    cr_assert_eq(setup.more.bucket_ms, 3600000);
    cr_assert_str_eq(setup.more.zone, "X");
    setup_fini(&setup);
}

Test(override, the_last_set_counts)
{
    struct setup setup;
    const char *sets[] = {"all.count=1", "all.count=2"};
    struct status *st = setup_load(&setup, NULL, sets, 2);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_eq(setup.all.count, 2);
    setup_fini(&setup);
}

Test(override, names_of_variables)
{
    struct setup setup;
    setenv("restock__all__Free_Count", "5", 1);
    setenv("RESTOCK__ALL__DEEP__COLOR", "green", 1);
    setenv("RESTOCK__ON", "true", 1);
    setenv("RESTOCK_ALL__COUNT", "no variable of ours", 1);
    setenv("RESTOCK__KAFKA__BOOTSTRAP_SERVERS", "h:9092", 1);
    setenv("RESTOCK__KAFKA__SESSION__TIMEOUT__MS", "6000", 1);
    setenv("RESTOCK__SUPPLIERS__ACME_LTD__CLOSED", "[2024-12-25]", 1);
    setup_ok(&setup, NULL, NULL);
    cr_assert_eq(setup.all.free_count, 5, "one underscore stays in the name of an option");
    cr_assert_eq(setup.all.color, GREEN);
    cr_assert(setup.all.on);
    cr_assert_str_eq(setup_free(&setup, "kafka", "bootstrap.servers"), "h:9092");
    cr_assert_str_eq(setup_free(&setup, "kafka", "session.timeout.ms"), "6000");
    const struct yaml_node *acme = config_node(setup.config, "suppliers.acme_ltd.closed");
    cr_assert(acme && acme->kind == YAML_SEQUENCE && acme->count == 1);
    setup_fini(&setup);
}

Test(override, values_are_yaml)
{
    struct setup setup;
    const char *sets[] = {"all.sums=[1, 2, 3]", "all.text=\"a: #b\"",
                          "all.waits=", "kafka={a.b: 1, c: {d: 2}}", "all.password=a=b=c"};
    struct status *st = setup_load(&setup, NULL, sets, 2);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert(setup.all.sums.count == 3 && setup.all.sums.values[2] == 3);
    cr_assert_str_eq(setup.all.text, "a: #b");
    setup_fini(&setup);
    st = setup_load(&setup, NULL, sets + 3, 2);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_str_eq(setup_free(&setup, "kafka", "c.d"), "2");
    cr_assert_str_eq(setup.all.secret, "a=b=c", "the first = counts");
    setup_fini(&setup);
    st = setup_load(&setup, NULL, sets + 2, 1);
    cr_assert(strstr(status_message(st), "--set all.waits: all.waits: expected list"), "%s",
              status_message(st));
    status_free(st);
    setup_fini(&setup);
}

Test(override, errors_name_the_giver)
{
    setenv("RESTOCK__ALL__COUNT", "many", 1);
    setenv("RESTOCK__ALL__CUONT", "1", 1);
    setenv("RESTOCK__ALL__SUMS", "[1, {", 1);
    setup_refused(NULL, "time.bukcet=1h",
                  EXPECT("RESTOCK__ALL__COUNT: all.count: expected whole number",
                         "RESTOCK__ALL__CUONT: all.cuont: there is no such option; did you mean "
                         "all.count?",
                         "RESTOCK__ALL__SUMS:2:1: ",
                         "--set time.bukcet: time.bukcet: there is no such option; did you mean "
                         "time.bucket?"));
}

Test(override, sets_that_are_none)
{
    setup_refused(NULL, "all.count", EXPECT("--set all.count: expected KEY=VALUE"));
    setup_refused(NULL, "=5", EXPECT("--set : expected KEY=VALUE"));
    setup_refused(NULL, "all=5", EXPECT("--set all: all: there is no such option"));
    setup_refused(NULL, "=", EXPECT("expected KEY=VALUE"));
}

Test(override, names_of_any_length)
{
    struct buf set = {0};
    buf_text(&set, "kafka.");
    for (int i = 0; i < 5000; i++) {
        buf_byte(&set, 'x');
    }
    buf_text(&set, "=1");
    buf_byte(&set, '\0');
    setup_refused(NULL, set.data, EXPECT("expected KEY=VALUE"));
    set.data[set.bytes - 3] = '\0';
    char name[6000];
    snprintf(name, sizeof name, "RESTOCK__%s", set.data);
    setenv(name, "1", 1);
    setup_refused(NULL, NULL, EXPECT("longer than any option"));
    buf_fini(&set);
}

Test(override, more_than_anybody_needs)
{
    char name[64];
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "RESTOCK__KAFKA__NAME_%d", i);
        setenv(name, "1", 1);
    }
    setup_refused(NULL, NULL, EXPECT("more than 512 overrides"));
}
