#include "config/base/slice.h"

#include <criterion/criterion.h>

TestSuite(slice);

Test(slice, of_and_is)
{
    cr_assert(slice_is(slice_of("abc"), "abc"));
    cr_assert_not(slice_is(slice_of("abc"), "ab"));
    cr_assert_not(slice_is(slice_of("abc"), "abd"));
    cr_assert(slice_is((struct slice){"abcdef", 3}, "abc"));
    cr_assert(slice_is(slice_of(NULL), ""));
    cr_assert(slice_equal((struct slice){NULL, 0}, (struct slice){"x", 0}));
    cr_assert(slice_equal((struct slice){"a\0b", 3}, (struct slice){"a\0b", 3}));
    cr_assert_not(slice_equal((struct slice){"a\0b", 3}, (struct slice){"a\0c", 3}));
}
