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
    static const size_t bytes[] = {1, 2, 4, 8, 4, 8, 4, 4};
    for (int type = COLUMN_U8; type <= COLUMN_D32; type++) {
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

struct pair_row {
    float mean;
    uint16_t seen[2];
};

struct pair_cols {
    struct pair_row *row;
};

static const struct column PAIR_ROWS[] = {
    {"pair", COLUMN_RECORD, COLUMN_DERIVED, sizeof(struct pair_row),
     offsetof(struct pair_cols, row)},
    {"pair.mean", COLUMN_F32, COLUMN_HOT, 1, offsetof(struct pair_row, mean)},
    {"pair.seen", COLUMN_U16, COLUMN_HOT, 2, offsetof(struct pair_row, seen)},
};
static const struct column_table PAIRS = {"pair", PAIR_ROWS, 3};

Test(column, fields_of_a_record_stand_side_by_side)
{
    enum { N = 9 };
    struct pair_cols cols;
    _Alignas(64) unsigned char block[128];
    cr_assert_eq(column_table_bytes(&PAIRS, N), 128);
    cr_assert_eq(column_bind(&PAIRS, N, block, &cols), 128);
    cr_assert_eq((unsigned char *)cols.row, block);
    for (uint32_t k = 0; k < 2; k++) {
        struct column_place place = column_place(&PAIRS, 2, &cols, N, k);
        cr_expect_eq(place.at, (unsigned char *)&cols.row[0].seen[k]);
        cr_expect_eq(place.at + 5 * place.stride, (unsigned char *)&cols.row[5].seen[k]);
    }
    struct cols planes;
    unsigned char *plain = aligned_alloc(64, column_table_bytes(&TABLE, N));
    column_bind(&TABLE, N, plain, &planes);
    struct column_place place = column_place(&TABLE, 0, &planes, N, 2);
    cr_expect_eq(place.at + 5 * place.stride, (unsigned char *)&planes.level[2 * N + 5]);
    free(plain);
}

Test(column, no_place_of_a_record_itself, .signal = SIGABRT)
{
    struct pair_cols cols = {0};
    (void)column_place(&PAIRS, 0, &cols, 1, 0);
}

Test(column, whole_numbers_in_28_bits_and_a_power_of_ten)
{
    static const int64_t EXACT[] = {0, 1, 250, 268435455, 268435450, 1000000000, 123456780000};
    for (size_t i = 0; i < sizeof EXACT / sizeof EXACT[0]; i++) {
        cr_expect_eq(column_d32(column_d32_of(EXACT[i])), EXACT[i]);
    }
    for (int64_t value = 1; value < INT64_MAX / 3; value = value * 3 + 1) {
        int64_t found = column_d32(column_d32_of(value));
        cr_assert(found <= value && (double)(value - found) < 4e-8 * (double)value);
        cr_assert(column_d32(column_d32_of(found)) == found);
    }
    cr_expect_eq(column_d32_of(250), 250u, "small numbers are themselves");
    cr_expect_eq(column_d32_of(-7), 0u);
    cr_expect(column_d32(column_d32_of(INT64_MAX)) > INT64_MAX / 100 * 99);
    cr_expect(column_d32(UINT32_MAX) > 0, "no such code is written, none does harm");
}

Test(column, values_of_one_type_become_another)
{
    cr_expect(column_convertible(COLUMN_I64, COLUMN_D32));
    cr_expect(column_convertible(COLUMN_F32, COLUMN_F64));
    cr_expect_not(column_convertible(COLUMN_F32, COLUMN_I64));
    cr_expect_not(column_convertible(COLUMN_U8, COLUMN_F32));
    cr_expect_not(column_convertible(COLUMN_RECORD, COLUMN_U8));
    int64_t wide = 70000;
    uint16_t narrow = 0;
    uint8_t byte = 0;
    int32_t number = 0;
    column_convert(COLUMN_I64, &wide, COLUMN_U16, &narrow);
    cr_expect_eq(narrow, UINT16_MAX);
    wide = -70000;
    column_convert(COLUMN_I64, &wide, COLUMN_U8, &byte);
    column_convert(COLUMN_I64, &wide, COLUMN_I32, &number);
    cr_expect(byte == 0 && number == -70000);
    column_convert(COLUMN_I32, &number, COLUMN_I64, &wide);
    cr_expect_eq(wide, -70000);
    uint32_t code = column_d32_of(12345);
    column_convert(COLUMN_D32, &code, COLUMN_U16, &narrow);
    cr_expect_eq(narrow, 12345);
    column_convert(COLUMN_U16, &narrow, COLUMN_U32, &code);
    cr_expect_eq(code, 12345u);
    float single = 0.1f;
    double twice = 0;
    column_convert(COLUMN_F32, &single, COLUMN_F64, &twice);
    cr_expect_eq(twice, (double)0.1f);
    column_convert(COLUMN_F64, &twice, COLUMN_F32, &single);
    cr_expect_eq(single, 0.1f);
}
