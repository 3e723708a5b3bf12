#include "config/base/column.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

TestSuite(column);

struct cols {
    float *level;
    uint8_t *flags;
    double *sum;
    uint16_t *small;
    int64_t *when;
    uint32_t *gap;
};

static const struct column ROWS[] = {
    {"level", COLUMN_F32, COLUMN_COLD, 3, offsetof(struct cols, level)},
    {"flags", COLUMN_U8, COLUMN_RING, 5, offsetof(struct cols, flags)},
    {"sum", COLUMN_F64, COLUMN_HOT, 1, offsetof(struct cols, sum)},
    {"small", COLUMN_U16, COLUMN_DERIVED, 1, offsetof(struct cols, small)},
    {"when", COLUMN_I64, COLUMN_HOT, 2, offsetof(struct cols, when)},
    {"gap", COLUMN_U32, COLUMN_COLD, 1, offsetof(struct cols, gap)},
};
static const struct column_table TABLE = {"test", ROWS, 6};

Test(column, bytes_of_types)
{
    static const size_t bytes[] = {1, 2, 4, 8, 4, 8};
    for (int type = COLUMN_U8; type <= COLUMN_F64; type++) {
        cr_expect_eq(column_type_bytes((enum column_type)type), bytes[type]);
    }
}

static size_t up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

Test(column, bind_carves_aligned_columns_that_do_not_touch)
{
    for (size_t n = 1; n <= 300; n += 13) {
        size_t bytes = column_table_bytes(&TABLE, n);
        cr_assert_eq(bytes,
                     up(12 * n) + up(5 * n) + up(8 * n) + up(2 * n) + up(16 * n) + up(4 * n));
        unsigned char *block = aligned_alloc(64, bytes);
        struct cols cols;
        cr_assert_eq(column_bind(&TABLE, n, block, &cols), bytes);
        cr_assert_eq((unsigned char *)cols.level, block);
        cr_assert_eq((unsigned char *)cols.flags, block + up(12 * n));
        cr_assert_eq((unsigned char *)cols.sum, block + up(12 * n) + up(5 * n));
        cr_assert_eq((unsigned char *)cols.gap, block + bytes - up(4 * n));
        cr_assert_eq((uintptr_t)cols.when % 64, 0);
        memset(cols.level, 1, 12 * n);
        memset(cols.flags, 2, 5 * n);
        memset(cols.sum, 3, 8 * n);
        memset(cols.small, 4, 2 * n);
        memset(cols.when, 5, 16 * n);
        memset(cols.gap, 6, 4 * n);
        cr_assert_eq(((unsigned char *)cols.level)[12 * n - 1], 1);
        cr_assert_eq(cols.flags[5 * n - 1], 2);
        cr_assert_eq(((unsigned char *)cols.sum)[8 * n - 1], 3);
        cr_assert_eq(((unsigned char *)cols.when)[16 * n - 1], 5);
        free(block);
    }
}

Test(column, nothing_takes_nothing)
{
    static const struct column_table none = {"none", NULL, 0};
    alignas(64) unsigned char block[64];
    struct cols cols = {0};
    cr_assert_eq(column_table_bytes(&none, 100), 0);
    cr_assert_eq(column_bind(&none, 100, block, &cols), 0);
    cr_assert_eq(column_table_bytes(&TABLE, 0), 0);
}

Test(column, a_block_at_a_wrong_address_is_our_mistake, .signal = SIGABRT)
{
    alignas(64) unsigned char block[128];
    struct cols cols;
    (void)column_bind(&TABLE, 1, block + 8, &cols);
}
