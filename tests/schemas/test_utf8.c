#include "schemas/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

static size_t valid(const char *text)
{
    return utf8_valid(text, strlen(text));
}

Test(utf8, accepts_each_length)
{
    const char *text =
        "abcdefgh \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf "
        "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf end";
    cr_assert_eq(valid(text), strlen(text));
    cr_assert_eq(utf8_valid("", 0), 0);
    cr_assert_eq(utf8_valid("a\0b", 3), 3);
}

Test(utf8, stops_at_the_first_bad_character)
{
    static const char *const BAD[] = {"\x80",
                                      "\xbf",
                                      "\xc0\xaf",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xc2",
                                      "\xc2 ",
                                      "\xe2\x82",
                                      "\xe2\x82 ",
                                      "\xf0\x9f\x98",
                                      "\xf0\x9f\x98 "};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char text[64] = "0123456789";
        cr_assert_eq(valid(BAD[i]), 0, "%zu", i);
        strcat(text, BAD[i]);
        cr_assert_eq(valid(text), 10, "%zu", i);
    }
}

/* Against the definition: decode the code point, encode it in the shortest form, compare. */
Test(utf8, agrees_with_the_definition_on_all_three_byte_runs)
{
    for (unsigned run = 0; run < 1u << 16; run++) {
        unsigned char b[3] = {(unsigned char)(0xe0 | (run >> 12 & 15)),
                              (unsigned char)(0x80 | (run >> 6 & 63)),
                              (unsigned char)(0x80 | (run & 63))};
        bool good = run >= 0x800 && (run < 0xd800 || run > 0xdfff);
        cr_assert_eq(utf8_valid((const char *)b, 3), good ? 3 : 0, "%x", run);
    }
}
