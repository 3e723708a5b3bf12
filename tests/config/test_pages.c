#include "config/base/pages.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

TestSuite(pages);

/* Blocks of all sizes stay where they are, apart from each other, across single ones and regions.
 */
Test(pages, blocks_do_not_move_and_do_not_overlap)
{
    static const size_t SIZES[] = {64, 5120, 65536, 213056, 3 << 20};
    for (size_t s = 0; s < sizeof SIZES / sizeof SIZES[0]; s++) {
        struct pages pages;
        pages_init(&pages, SIZES[s]);
        enum { BLOCKS = 60 };
        size_t skip = SIZES[s] < 65536 ? (3 << 20) / SIZES[s] : 0; /* well into the regions */
        for (size_t i = 0; i < skip; i++) {
            cr_assert_not_null(pages_take(&pages));
        }
        unsigned char *block[BLOCKS];
        for (int i = 0; i < BLOCKS; i++) {
            block[i] = pages_take(&pages);
            cr_assert(block[i] && (uintptr_t)block[i] % 64 == 0);
            memset(block[i], i + 1, SIZES[s]);
        }
        for (int i = 0; i < BLOCKS; i++) {
            cr_expect(block[i][0] == i + 1 && block[i][SIZES[s] - 1] == i + 1);
        }
        cr_expect(pages.region_count < BLOCKS + skip && pages.taken == BLOCKS + skip);
        pages_fini(&pages);
        cr_expect(pages.taken == 0 && pages.left == 0);
        cr_assert_not_null(pages_take(&pages));
        pages_fini(&pages);
    }
}

Test(pages, few_blocks_take_no_region)
{
    struct pages pages;
    pages_init(&pages, 65536);
    for (size_t i = 0; i < 8; i++) {
        cr_assert_not_null(pages_take(&pages));
        cr_expect(pages.region_count == i + 1 && pages.left == 0);
    }
    pages_fini(&pages);
}

Test(pages, advice_keeps_what_is_there)
{
    enum { BYTES = 5 << 20 };
    char *at = calloc(1, BYTES);
    cr_assert_not_null(at);
    at[BYTES - 1] = 7;
    pages_advise(at, BYTES);
    pages_advise(at + 5, 100); /* less than a page: nothing happens */
    pages_advise(at, 0);
    cr_expect(at[BYTES - 1] == 7 && at[BYTES / 2] == 0);
    free(at);
}

Test(pages, refuses_sizes_that_break_the_alignment, .signal = SIGABRT)
{
    struct pages pages;
    pages_init(&pages, 100);
}
