#include "schemas/decode_path.h"

#include "schemas/utf8.h"

#include <criterion/criterion.h>

Test(decode_path, names_and_indexes)
{
    struct decode_error error = {.field = ""};
    decode_path_name(&error, slice_of("lines"));
    decode_path_index(&error, 3);
    decode_path_name(&error, slice_of("Quantity"));
    cr_assert_str_eq(error.field, "lines[3].Quantity");
}

Test(decode_path, cuts_between_characters_and_hides_controls)
{
    struct decode_error error = {.field = ""};
    for (int i = 0; i < 60; i++) {
        decode_path_name(&error, slice_of("\xe2\x82\xac"));
    }
    size_t bytes = strlen(error.field);
    cr_assert_lt(bytes, sizeof error.field);
    cr_assert_eq(utf8_valid(error.field, bytes), bytes);
    error.field[0] = 0;
    decode_path_name(&error, slice_of("a\nb"));
    cr_assert_str_eq(error.field, "a?b");
}
