#include "config/value.h"

#include "tests/config/setup.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

TestSuite(value);

struct field {
    union {
        bool truth;
        int64_t integer;
        double real;
        int choice;
        const char *text;
        struct option_list list;
    };
};

static const struct option_choice CHOICES[] = {{"one", 1}, {"two", 2}, {NULL, 0}};

/* Set from YAML, then printed; "refused" where it is. */
static void expect_in(const struct option *option, const char *text, const char *expected)
{
    struct arena *arena = arena_create(1024, 1 << 20);
    struct yaml *yaml = NULL;
    struct field field = {.list = {0}};
    char printed[200] = "refused";
    struct status *st = yaml_parse("v", text, strlen(text), &yaml);
    cr_assert_null(st, "%s", status_message(st));
    st = value_set(option, yaml_root(yaml), arena, &field);
    if (st) {
        cr_expect(strstr(status_message(st), "v:1:1: a.b: expected "), "%s", status_message(st));
        cr_expect_eq(field.integer, 0, "untouched");
        status_free(st);
    } else {
        value_print(option, &field, printed, sizeof printed);
    }
    cr_expect_str_eq(printed, expected, "%s of type %s is %s, not %s", text,
                     value_type_name(option->type), printed, expected);
    yaml_destroy(yaml);
    arena_destroy(arena);
}

static void expect(enum option_type type, const char *text, const char *expected)
{
    struct option option = {.path = "a.b", .type = type, .choices = CHOICES};
    expect_in(&option, text, expected);
}

Test(value, bools)
{
    static const char *const yes[] = {"on", "true", "yes"}, *const no[] = {"off", "false", "no"};
    for (int i = 0; i < 3; i++) {
        expect(OPTION_BOOL, yes[i], "on");
        expect(OPTION_BOOL, no[i], "off");
    }
    static const char *const none[] = {"1", "TRUE", "y", "~", "[on]", "''"};
    for (int i = 0; i < 6; i++) {
        expect(OPTION_BOOL, none[i], "refused");
    }
}

Test(value, integers)
{
    expect(OPTION_INT, "0", "0");
    expect(OPTION_INT, "-5", "-5");
    expect(OPTION_INT, "9223372036854775807", "9223372036854775807");
    expect(OPTION_INT, "9007199254740993", "9007199254740993");
    static const char *const none[] = {
        "9223372036854775808", "1.0", "1e3", "0x10", "'5 '", "' 5'", "ten", "~", "''", "1_000"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        expect(OPTION_INT, none[i], "refused");
    }
}

Test(value, doubles)
{
    expect(OPTION_DOUBLE, "0.1", "0.1");
    expect(OPTION_DOUBLE, "1e-3", "0.001");
    expect(OPTION_DOUBLE, "-2.5", "-2.5");
    expect(OPTION_DOUBLE, "1e6", "1000000");
    expect(OPTION_DOUBLE, "1e300", "1e+300");
    expect(OPTION_DOUBLE, "0.12345678901234567", "0.12345678901234566");
    static const char *const none[] = {"nan", "inf", "1e999", "1,5", "x", "''", "0.1s", "0x10"};
    for (int i = 0; i < 8; i++) {
        expect(OPTION_DOUBLE, none[i], "refused");
    }
}

Test(value, durations)
{
    static const char *const cases[][2] = {{"200ms", "200ms"},
                                           {"1000ms", "1s"},
                                           {"90s", "90s"},
                                           {"60s", "1min"},
                                           {"15min", "15min"},
                                           {"60min", "1h"},
                                           {"24h", "1d"},
                                           {"36h", "36h"},
                                           {"7d", "1w"},
                                           {"2w", "2w"},
                                           {"0", "0ms"},
                                           {"0s", "0ms"},
                                           {"5", "refused"},
                                           {"5 s", "refused"},
                                           {"5m", "refused"},
                                           {"1.5h", "refused"},
                                           {"-5s", "refused"},
                                           {"s", "refused"},
                                           {"''", "refused"},
                                           {"1H", "refused"},
                                           {"99999999999w", "refused"},
                                           {"99999999999999999999s", "refused"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect(OPTION_DURATION, cases[i][0], cases[i][1]);
    }
    struct option signed_one = {.path = "a.b", .type = OPTION_DURATION, .min = -5000, .max = 5000};
    expect_in(&signed_one, "-5s", "-5s");
    expect_in(&signed_one, "-6s", "refused");
}

Test(value, sizes)
{
    static const char *const cases[][2] = {{"512KiB", "512KiB"},  {"1024KiB", "1MiB"},
                                           {"3GiB", "3GiB"},      {"1000", "1000B"},
                                           {"7B", "7B"},          {"0", "0"},
                                           {"1MB", "refused"},    {"-1", "refused"},
                                           {"1.5GiB", "refused"}, {"9999999999GiB", "refused"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect(OPTION_BYTES, cases[i][0], cases[i][1]);
    }
}

Test(value, choices_and_texts)
{
    expect(OPTION_ENUM, "two", "two");
    expect(OPTION_ENUM, "three", "refused");
    expect(OPTION_ENUM, "''", "refused");
    expect(OPTION_TEXT, "plain.text/x-1", "plain.text/x-1");
    expect(OPTION_TEXT, "\"a \\\"b\\\" \\\\ \\n\"", "\"a \\\"b\\\" \\\\ \\x0a\"");
    expect(OPTION_TEXT, "~", "\"\"");
    expect(OPTION_TEXT, "'null'", "\"null\"");
    expect(OPTION_TEXT, "12", "12");
    expect(OPTION_TEXT, "[a]", "refused");
}

Test(value, lists)
{
    expect(OPTION_INTS, "[3, 7, 14]", "[3, 7, 14]");
    expect(OPTION_INTS, "5", "[5]");
    expect(OPTION_INTS, "[]", "[]");
    expect(OPTION_INTS, "[3, x]", "refused");
    expect(OPTION_INTS, "[[3]]", "refused");
    expect(OPTION_INTS, "{a: 3}", "refused");
    expect(OPTION_INTS, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]",
           "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]");
    expect(OPTION_INTS, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "refused");
    expect(OPTION_DURATIONS, "[1d, 168h]", "[1d, 1w]");
    expect(OPTION_DURATIONS, "[1]", "refused");
}

Test(value, limits_are_inclusive)
{
    struct option option = {.path = "a.b", .type = OPTION_INT, .min = -2, .max = 3};
    expect_in(&option, "-2", "-2");
    expect_in(&option, "3", "3");
    expect_in(&option, "-3", "refused");
    expect_in(&option, "4", "refused");
    option = (struct option){.path = "a.b", .type = OPTION_INTS, .min = 1, .max = 9};
    expect_in(&option, "[1, 9]", "[1, 9]");
    expect_in(&option, "[1, 10]", "refused");
    option = (struct option){.path = "a.b", .type = OPTION_DOUBLE, .max = 1};
    expect_in(&option, "1", "1");
    expect_in(&option, "1.0000001", "refused");
    expect_in(&option, "-0.1", "refused");
}

Test(value, expectations)
{
    char text[100];
    struct option option = {.path = "a.b", .type = OPTION_DURATION, .min = 1, .max = 10000};
    value_expectation(&option, text, sizeof text);
    cr_expect_str_eq(text, "duration, 1ms to 10s");
    option = (struct option){.path = "a.b", .type = OPTION_ENUM, .choices = CHOICES};
    value_expectation(&option, text, sizeof text);
    cr_expect_str_eq(text, "one of one, two");
    option = (struct option){.path = "a.b", .type = OPTION_BYTES, .min = 1, .max = 1e18};
    value_expectation(&option, text, sizeof text);
    cr_expect_str_eq(text, "size, 1B to 1e+18");
    char small[8];
    value_expectation(&option, small, sizeof small);
    cr_expect_str_eq(small, "size, 1");
}

Test(value, long_texts_are_cut_when_printed)
{
    char text[1000], printed[32];
    memset(text, '"', sizeof text);
    text[999] = '\0';
    value_print_text(text, printed, sizeof printed);
    size_t length = strlen(printed);
    cr_assert(length < sizeof printed && printed[length - 1] == '"');
    cr_assert(length % 2 == 0 && printed[length - 2] == '"' && printed[length - 3] == '\\',
              "no half of an escape");
}

Test(value, same_or_not)
{
    struct {
        int64_t number;
        double real;
        const char *text;
        struct option_list list;
        bool flag;
        int choice;
    } one = {5, 0.5, "x", {.count = 1, .values = {7}}, true, 1}, other = one;
    char copy[] = "x";
    const struct option rows[] = {
        {.path = "a", .type = OPTION_INT, .offset = offsetof(__typeof__(one), number)},
        {.path = "b", .type = OPTION_DOUBLE, .offset = offsetof(__typeof__(one), real)},
        {.path = "c", .type = OPTION_TEXT, .offset = offsetof(__typeof__(one), text)},
        {.path = "d", .type = OPTION_INTS, .offset = offsetof(__typeof__(one), list)},
        {.path = "e", .type = OPTION_BOOL, .offset = offsetof(__typeof__(one), flag)},
        {.path = "f", .type = OPTION_ENUM, .offset = offsetof(__typeof__(one), choice)}};
    other.text = copy;
    other.list.values[1] = 99; /* not in use */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect(value_same(&rows[i], &one, &other), "%s", rows[i].path);
    }
    other.number = 6;
    other.real = 0.25;
    copy[0] = 'y';
    other.list.values[0] = 8;
    other.flag = false;
    other.choice = 2;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect(!value_same(&rows[i], &one, &other), "%s", rows[i].path);
    }
}
