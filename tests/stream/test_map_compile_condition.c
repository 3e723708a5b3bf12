#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void expect(const char *condition, const char *part)
{
    char fields[512];
    (void)snprintf(fields, sizeof fields, "  keep:\n    it: '%s'\n", condition);
    char *text = trial_mistakes(trial_fields(fields));
    cr_assert(strstr(text, part) != NULL, "%s: %s", condition, text);
    cr_assert(*part || !*text, "%s: %s", condition, text);
    free(text);
}

Test(map_compile_condition, good_ones)
{
    expect("a is x", "");
    expect("a | b starts with \"x and y\" and $quantity >= -1", "");
}

Test(map_compile_condition, mistakes)
{
    expect("a", "is no condition");
    expect("a > many", "'many' is no number");
    expect("$quantity is 5", "'$quantity' is a number");
    expect("$sku > 5", "'$sku' is a text");
    expect("$customer is x", "no rule for such a field");
    expect("$nothing is x", "no rule for such a field");
    expect("a exists twice", "'twice' is too much here");
    expect("a matches [", "without ']'");
    expect("@item > 0", "only where the section has `split`");
    expect("a is 1 and a is 1 and a is 1 and a is 1 and a is 1 and a is 1 and a is 1 and a is 1 "
           "and a is 1",
           "more than 8 parts");
}
