#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void expect(const char *path, const char *part)
{
    char fields[512];
    (void)snprintf(fields, sizeof fields, "    customer: '%s'\n", path);
    char *text = trial_mistakes(trial_fields(fields));
    cr_assert(strstr(text, part) != NULL, "%s: %s", path, text);
    cr_assert(*part || !*text, "%s: %s", path, text);
    free(text);
}

Test(map_compile_path, good_ones)
{
    expect("a.b[3].c | \"x.y\"", "");
    expect("a[0][1]", "");
}

Test(map_compile_path, mistakes)
{
    expect("", "is no path");
    expect("a..b", "is no path");
    expect("a.", "is no path");
    expect("a[x]", "is no path");
    expect("a[0]b", "is no path");
    expect("\"open", "is no path");
    expect("a | ", "is no path");
    expect("lines[*].x", "[*] stands only behind the list");
    expect("@index", "only where the section has `split`");
    expect("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", "is no path");
    expect("a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a", "more than 16 alternatives");
}
