#include "stream/map_pattern.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>

static bool matches(const char *pattern, const char *text)
{
    struct map_pattern compiled;
    const char *problem = "";
    cr_assert(map_pattern_parse(slice_of(pattern), &compiled, &problem), "%s: %s", pattern,
              problem);
    return map_pattern_match(&compiled, slice_of(text));
}

static void refused(const char *pattern, const char *part)
{
    struct map_pattern compiled;
    const char *problem = "";
    cr_assert_not(map_pattern_parse(slice_of(pattern), &compiled, &problem), "%s", pattern);
    cr_assert(strstr(problem, part) != NULL, "%s: %s", pattern, problem);
}

Test(map_pattern, codes)
{
    cr_assert(matches("[0-9]{5}[A-Z]*", "85123A"));
    cr_assert(matches("[0-9]{5}[A-Z]*", "22086"));
    cr_assert_not(matches("[0-9]{5}[A-Z]*", "2208"));
    cr_assert_not(matches("[0-9]{5}[A-Z]*", "220867"));
    cr_assert_not(matches("[0-9]{5}[A-Z]*", "POST"));
    cr_assert(matches("a.*b", "axxbxb"));
    cr_assert(matches("[^0-9]+", "abc"));
    cr_assert(matches("x{2,3}", "xxx"));
    cr_assert_not(matches("x{2,3}", "xxxx"));
    cr_assert(matches("a\\.b[]]", "a.b]"));
    cr_assert(matches("", ""));
    cr_assert_not(matches("", "a"));
}

Test(map_pattern, mistakes_are_named)
{
    refused("[a", "without ']'");
    refused("[z-a]", "backwards");
    refused("a{x}", "repetition");
    refused("a{3,2}", "repetition");
    refused("(a|b)", "special character");
    refused("a\\", "at the end");
    refused("abcdefghijklmnopqrstuvwxyzabcdefg", "more than 32");
}

Test(map_pattern, long_texts_never_match_and_bad_ones_cost_little)
{
    char text[400];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    cr_assert_not(matches("a*", text));
    text[255] = '\0';
    cr_assert(matches("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*", text));
    cr_assert_not(matches("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

/* POSIX as oracle, on patterns of both languages. */
Test(map_pattern, agrees_with_posix)
{
    static const char *const ATOMS[] = {"a", "b", "[ab]", "[^a]", ".", "c"};
    static const char *const COUNTS[] = {"", "*", "+", "?", "{2}", "{1,3}", "{2,}"};
    struct rng rng;
    rng_init(&rng, 5);
    for (int round = 0; round < 3000; round++) {
        char pattern[128] = "", posix[140], text[12];
        for (uint64_t i = 1 + rng_below(&rng, 4); i > 0; i--) {
            size_t at = strlen(pattern);
            (void)snprintf(pattern + at, sizeof pattern - at, "%s%s", ATOMS[rng_below(&rng, 6)],
                           COUNTS[rng_below(&rng, 7)]);
        }
        size_t bytes = rng_below(&rng, 9);
        for (size_t i = 0; i < bytes; i++) {
            text[i] = "abc"[rng_below(&rng, 3)];
        }
        text[bytes] = '\0';
        (void)snprintf(posix, sizeof posix, "^%s$", pattern);
        regex_t regex;
        cr_assert_eq(regcomp(&regex, posix, REG_EXTENDED | REG_NOSUB), 0);
        bool expected = regexec(&regex, text, 0, NULL, 0) == 0;
        regfree(&regex);
        cr_assert_eq(matches(pattern, text), expected, "%s on '%s'", pattern, text);
    }
}
