#include "config/base/buf.h"
#include "tests/config/setup.h"

#include <criterion/criterion.h>
#include <stdlib.h>

TestSuite(section);

#define EXPECT(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(section, kafka_is_flat_however_it_is_written)
{
    static const char *const texts[] = {
        "kafka: {session: {timeout: {ms: 6000}}, bootstrap.servers: x}\n",
        "kafka: {session.timeout.ms: 6000, bootstrap: {servers: x}}\n",
        "{\"kafka\": {\"session.timeout\": {\"ms\": 6000}, \"bootstrap.servers\": \"x\"}}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct setup setup;
        setup_ok(&setup, texts[i], NULL);
        cr_assert_eq(config_node(setup.config, "kafka")->count, 2);
        cr_assert_str_eq(setup_free(&setup, "kafka", "session.timeout.ms"), "6000");
        cr_assert_str_eq(setup_free(&setup, "kafka", "bootstrap.servers"), "x");
        setup_fini(&setup);
    }
}

Test(section, overrides_of_kafka_replace_the_same_name)
{
    struct setup setup;
    setenv("RESTOCK__KAFKA__B_C", "3", 1);
    setup_ok(&setup, "kafka: {a: {b: 1}, b: {c: 2}, d: 4}\n", "kafka.a.b=9");
    cr_assert_eq(config_node(setup.config, "kafka")->count, 3);
    cr_assert_str_eq(setup_free(&setup, "kafka", "a.b"), "9");
    cr_assert_str_eq(setup_free(&setup, "kafka", "b.c"), "3");
    cr_assert_str_eq(setup_free(&setup, "kafka", "d"), "4");
    setup_fini(&setup);
}

Test(section, a_name_and_a_longer_one_live_together)
{
    struct setup setup;
    setup_ok(&setup, "kafka: {a: 1}\n", "kafka.a.b=2");
    cr_assert_str_eq(setup_free(&setup, "kafka", "a"), "1");
    cr_assert_str_eq(setup_free(&setup, "kafka", "a.b"), "2");
    setup_fini(&setup);
}

Test(section, a_whole_section_from_an_override_replaces_what_was_before)
{
    struct setup setup;
    const char *sets[] = {"kafka.x=1", "kafka={y: {z: 2}}", "kafka.w=3", "suppliers={b: 1}"};
    struct status *st = setup_load(&setup, "kafka: {a: 1}\nsuppliers: {a: 1}\n", sets, 4);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_eq(config_node(setup.config, "kafka")->count, 2);
    cr_assert_str_eq(setup_free(&setup, "kafka", "y.z"), "2");
    cr_assert_str_eq(setup_free(&setup, "kafka", "w"), "3");
    cr_assert_str_eq(setup_free(&setup, "suppliers", "a"), "(none)");
    cr_assert_str_eq(setup_free(&setup, "suppliers", "b"), "1");
    setup_fini(&setup);
}

Test(section, other_sections_keep_their_shape)
{
    struct setup setup;
    setup_ok(&setup, "suppliers: {acme: {closed: [a], weekdays: [mon]}, b.c: {closed: []}}\n",
             "suppliers.acme.weekdays=[tue, wed]");
    const struct yaml_node *acme = config_node(setup.config, "suppliers.acme");
    cr_assert(acme && acme->count == 2);
    cr_assert_str_eq(yaml_get(acme, "closed")->items[0]->text, "a");
    cr_assert_eq(yaml_get(acme, "weekdays")->count, 2);
    cr_assert_not_null(config_node(setup.config, "suppliers.b.c.closed"));
    cr_assert_null(config_node(setup.config, "suppliers.x"));
    setup_fini(&setup);
    setup_ok(&setup, "suppliers: {b.c: {d: 1}}\n", "suppliers.b.c.e=2");
    cr_assert_eq(config_node(setup.config, "suppliers")->count, 1, "the dotted name is found");
    cr_assert_str_eq(setup_free(&setup, "suppliers.b.c", "e"), "2");
    setup_fini(&setup);
    setup_ok(&setup, "suppliers: {b.c: {d: 1}, b: {x: 1}, b.c.d: {y: 1}}\n", "suppliers.b.c.d.z=2");
    const struct yaml_node *longest = yaml_get(config_node(setup.config, "suppliers"), "b.c.d");
    cr_assert_eq(longest->count, 2, "of several names that fit, the longest");
    setup_fini(&setup);
    setup_ok(&setup, NULL, "suppliers.new.closed=[x]");
    cr_assert_eq(config_node(setup.config, "suppliers.new.closed")->count, 1);
    setup_fini(&setup);
}

Test(section, a_deep_section_is_free_and_its_neighbours_are_not)
{
    struct setup setup;
    setup_ok(&setup, "inputs: {map: {anything: {goes: 1}}}\n", NULL);
    cr_assert_str_eq(setup_free(&setup, "inputs.map.anything", "goes"), "1");
    setup_fini(&setup);
    setup_refused("inputs: {mpa: 1}\n", NULL,
                  EXPECT("inputs.mpa: there is no such option; did you mean inputs.map?"));
}

Test(section, what_is_no_mapping_is_given_as_it_is)
{
    struct setup setup;
    setup_ok(&setup, "kafka: text\n", NULL);
    cr_assert_eq(config_node(setup.config, "kafka")->kind, YAML_SCALAR);
    setup_fini(&setup);
    setup_ok(&setup, "kafka:\n", NULL);
    cr_assert(yaml_is_null(config_node(setup.config, "kafka")));
    setup_fini(&setup);
    setup_ok(&setup, "kafka:\n", "kafka.a=1");
    cr_assert_str_eq(setup_free(&setup, "kafka", "a"), "1");
    setup_fini(&setup);
}

Test(section, a_name_of_kafka_given_twice)
{
    setup_refused("kafka: {a: {b: 1}, a.b: 2}\n", NULL,
                  EXPECT("FILE:1:20: kafka.a.b is given twice; first at 1:13"));
}

/* Names and numbers that no person writes must not reach an assertion. */
Test(section, bounds)
{
    struct buf text = {0};
    buf_text(&text, "kafka:\n");
    for (int i = 0; i < 20000; i++) {
        buf_print(&text, "  n%d: 1\n", i);
    }
    buf_byte(&text, '\0');
    setup_refused(text.data, NULL, EXPECT("more than 4000 values in this section"));
    buf_reset(&text);
    buf_text(&text, "kafka: {");
    for (int i = 0; i < 300; i++) {
        buf_byte(&text, 'x');
    }
    buf_text(&text, ": 1}\n");
    buf_byte(&text, '\0');
    setup_refused(text.data, NULL, EXPECT("FILE:1:9: a name of more than 255 characters"));
    buf_fini(&text);
}
