#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void expect(const char *path, const char *more, const char *expected)
{
    struct trial trial;
    char fields[256], json[512];
    (void)snprintf(fields, sizeof fields, "    customer: {from: '%s', default: none}\n", path);
    (void)snprintf(json, sizeof json, "{\"a\":\"A\",\"q\":1,\"t\":1291161600000%s}", more);
    trial_init(&trial, trial_fields(fields));
    for (int twice = 0; twice < 2; twice++) { /* the second time with hints */
        struct slice customer = trial_order(&trial, json)->customer;
        cr_assert(slice_is(customer, expected), "%s: %.*s", path, (int)customer.bytes,
                  customer.data);
    }
    trial_fini(&trial);
}

Test(map_path, nested_names_elements_and_alternatives)
{
    expect("b.c", ",\"b\":{\"x\":0,\"c\":\"deep\"}", "deep");
    expect("b[1].c", ",\"b\":[{},{\"c\":\"second\"}]", "second");
    expect("b[7].c", ",\"b\":[]", "none");
    expect("x | b | c", ",\"b\":null,\"c\":\"third\"", "third");
    expect("\"odd.name | x\" | y", ",\"odd.name | x\":\"quoted\"", "quoted");
    expect("Customer ID", ",\"Customer ID\":\"blank\"", "blank");
    expect("b.c", ",\"b\":\"no record\"", "none");
}

Test(map_path, a_field_that_moves_is_found_again)
{
    struct trial trial;
    trial_init(&trial, trial_fields(""));
    cr_assert(slice_is(trial_order(&trial, "{\"a\":\"A\",\"q\":1,\"t\":1291161600000}")->sku, "A"));
    cr_assert(slice_is(trial_order(&trial, "{\"t\":1291161600000,\"q\":1,\"a\":\"B\"}")->sku, "B"));
    trial_fini(&trial);
}
