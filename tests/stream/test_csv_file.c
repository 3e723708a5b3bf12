#include "stream/csv_file.h"

#include <criterion/criterion.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

enum { BYTES = 300000 };

static unsigned char plain[BYTES], packed[BYTES + 1000];
static char path[64];

static void write_bytes(const unsigned char *data, size_t bytes)
{
    (void)snprintf(path, sizeof path, "/tmp/test_csv_file_%d", (int)getpid());
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    (void)fwrite(data, 1, bytes, file);
    (void)fclose(file);
}

/* Reads it all in pieces of odd size; returns the status of the last call. */
static struct status *read_all(unsigned char *out, size_t *total)
{
    struct csv_file *file = NULL;
    size_t bytes = 1;
    *total = 0;
    struct status *st = csv_file_open(path, &file);
    while (!st && bytes) {
        size_t room = BYTES + 10 - *total;
        st = csv_file_read(file, (char *)out + *total, room < 777 ? room : 777, &bytes);
        *total += st ? 0 : bytes;
    }
    csv_file_close(file);
    (void)unlink(path);
    return st;
}

static void check_packed(size_t bytes, const char *cut_message)
{
    static unsigned char out[BYTES + 10];
    size_t total;
    write_bytes(packed, bytes);
    struct status *st = read_all(out, &total);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_eq(total, BYTES);
    cr_assert_eq(memcmp(out, plain, BYTES), 0);
    write_bytes(packed, bytes / 2);
    st = read_all(out, &total);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    cr_assert(strstr(status_message(st), cut_message) != NULL, "%s", status_message(st));
    status_free(st);
    packed[bytes / 2] ^= 0x55;
    packed[bytes / 3] ^= 0x55;
    write_bytes(packed, bytes);
    st = read_all(out, &total);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
}

static void fill(void)
{
    for (size_t i = 0; i < BYTES; i++) {
        plain[i] = (unsigned char)((i * 2654435761u) >> 13);
    }
}

Test(csv_file, plain_files_pass_through)
{
    static unsigned char out[BYTES + 10];
    size_t total;
    fill();
    write_bytes(plain, BYTES);
    struct status *st = read_all(out, &total);
    cr_assert_null(st);
    cr_assert_eq(total, BYTES);
    cr_assert_eq(memcmp(out, plain, BYTES), 0);
}

Test(csv_file, xz)
{
    size_t bytes = 0;
    fill();
    cr_assert_eq(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, plain, BYTES, packed, &bytes,
                                         sizeof packed),
                 LZMA_OK);
    check_packed(bytes, "ends too early");
}

Test(csv_file, zstd)
{
    fill();
    ZSTD_CCtx *context = ZSTD_createCCtx();
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t bytes = ZSTD_compress2(context, packed, sizeof packed, plain, BYTES);
    (void)ZSTD_freeCCtx(context);
    cr_assert_not(ZSTD_isError(bytes));
    check_packed(bytes, "ends too early");
}
