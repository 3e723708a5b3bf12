#include "optimize/glob.h"

#include <criterion/criterion.h>

static bool matches(const char *pattern, const char *text)
{
    return glob_matches(slice_of(pattern), slice_of(text));
}

Test(glob, by_hand)
{
    cr_expect(matches("", "") && matches("*", "") && matches("*", "abc") && matches("abc", "abc"));
    cr_expect(matches("a*c", "ac") && matches("a*c", "abbc") && matches("*a*", "bab"));
    cr_expect(matches("a?c", "abc") && matches("**x**", "x"));
    cr_expect(!matches("", "a") && !matches("a", "") && !matches("?", "") && !matches("a?c", "ac"));
    cr_expect(!matches("a*c", "acb") && !matches("toys/*", "toy/car"));
    cr_expect(matches("toys/*", "toys/cars/red"), "a star crosses levels");
}

/* The definition. */
static bool naive(const char *p, const char *t)
{
    if (!*p) {
        return !*t;
    }
    if (*p == '*') {
        return naive(p + 1, t) || (*t && naive(p, t + 1));
    }
    return *t && (*p == '?' || *p == *t) && naive(p + 1, t + 1);
}

static void spell(unsigned code, unsigned letters, const char *alphabet, unsigned base, char *out)
{
    for (unsigned i = 0; i < letters; i++, code /= base) {
        out[i] = alphabet[code % base];
    }
    out[letters] = '\0';
}

enum { PATTERNS = 256, TEXTS = 255 };

/* All patterns of four signs against all texts of up to seven letters. */
Test(glob, agrees_with_its_definition_and_meets_where_a_text_matches_both)
{
    static char pattern[PATTERNS][5], text[TEXTS][8];
    static bool hits[PATTERNS][TEXTS];
    unsigned texts = 0;
    for (unsigned length = 0; length <= 7; length++) {
        for (unsigned code = 0; code < 1u << length; code++) {
            spell(code, length, "ab", 2, text[texts++]);
        }
    }
    for (unsigned p = 0; p < PATTERNS; p++) {
        spell(p, 4, "ab?*", 4, pattern[p]);
        for (unsigned t = 0; t < texts; t++) {
            hits[p][t] = naive(pattern[p], text[t]);
            cr_assert_eq(matches(pattern[p], text[t]), hits[p][t], "%s %s", pattern[p], text[t]);
        }
    }
    for (unsigned p = 0; p < PATTERNS; p++) {
        for (unsigned q = 0; q < PATTERNS; q++) {
            bool common = false;
            for (unsigned t = 0; t < texts; t++) {
                common = common || (hits[p][t] && hits[q][t]);
            }
            bool meet = glob_meet(slice_of(pattern[p]), slice_of(pattern[q]));
            /* Patterns of four signs, of which one is a star, meet in a text of six letters or
             * fewer; these are up to seven long. */
            cr_assert_eq(meet, common, "%s %s", pattern[p], pattern[q]);
        }
    }
    cr_expect(!glob_meet(slice_of("a*"), slice_of("b*")) &&
              glob_meet(slice_of("a*"), slice_of("*b")));
    cr_expect(!glob_meet(slice_of("a?"), slice_of("b?")) &&
              !glob_meet(slice_of("a"), slice_of("ab")));
}
