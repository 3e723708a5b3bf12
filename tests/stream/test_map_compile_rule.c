#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void expect(const char *rule, const char *part)
{
    char fields[512];
    (void)snprintf(fields, sizeof fields, "    %s\n", rule);
    char *text = trial_mistakes(trial_fields(fields));
    cr_assert(strstr(text, part) != NULL, "%s: %s", rule, text);
    cr_assert(*part || !*text, "%s: %s", rule, text);
    free(text);
}

Test(map_compile_rule, good_ones)
{
    expect("customer: {from: c, trim: yes, case: upper, optional: true}", "");
    expect("unit_price: {from: p, decimals: 0}", "");
    expect("currency: {const: GBP}", "");
}

Test(map_compile_rule, mistakes)
{
    expect("customer: {form: c}", "did you mean 'from'?");
    expect("customer: {trim: true}", "either 'from' (a path) or 'const'");
    expect("customer: {from: c, const: x}", "either 'from' (a path) or 'const'");
    expect("customer: {from: c, case: big}", "case: expected upper, lower or keep");
    expect("customer: {from: c, trim: maybe}", "trim: expected true or false");
    expect("customer: {from: c, decimals: 2}", "'decimals' has no meaning for this field");
    expect("customer: {from: c, values: x}", "values: expected a table");
    expect("unit_price: {from: c, scale: 3}", "'scale' has no meaning for this field");
    expect("promotion: {from: [a]}", "expected a text");
    expect("customer: {from: c, step: 1h}", "'step' has no meaning for this field");
}
