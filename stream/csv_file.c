#include "stream/csv_file.h"

#include "config/base/ensure.h"

#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

enum { IN_BYTES = 64 << 10, MAGIC_BYTES = 6 };
static const uint64_t LZMA_MEMORY_MAX = 1ULL << 30;

enum csv_packing { CSV_PLAIN, CSV_XZ, CSV_ZST };

struct csv_file {
    FILE *file;
    char *path;
    enum csv_packing packing;
    lzma_stream xz;
    ZSTD_DStream *zst;
    bool zst_open; /* inside a frame */
    uint64_t done, total;
    bool eof;
    size_t at, filled;
    unsigned char in[IN_BYTES];
};

static struct status *fill(struct csv_file *file)
{
    if (file->at < file->filled || file->eof) {
        return NULL;
    }
    file->at = 0;
    file->filled = fread(file->in, 1, sizeof file->in, file->file);
    file->done += file->filled;
    file->eof = file->filled == 0;
    if (file->eof && ferror(file->file)) {
        return status_new(STATUS_IO, "read %s: %s", file->path, strerror(errno));
    }
    return NULL;
}

static struct status *begin(struct csv_file *file)
{
    static const unsigned char XZ[] = {0xfd, '7', 'z', 'X', 'Z', 0},
                               ZST[] = {0x28, 0xb5, 0x2f, 0xfd};
    TRY(fill(file));
    if (file->filled >= sizeof XZ && memcmp(file->in, XZ, sizeof XZ) == 0) {
        file->packing = CSV_XZ;
        lzma_ret code = lzma_stream_decoder(&file->xz, LZMA_MEMORY_MAX, LZMA_CONCATENATED);
        if (code != LZMA_OK) {
            return status_new(STATUS_NO_MEMORY, "read %s: cannot start liblzma (%d)", file->path,
                              (int)code);
        }
    } else if (file->filled >= sizeof ZST && memcmp(file->in, ZST, sizeof ZST) == 0) {
        file->packing = CSV_ZST;
        file->zst = ZSTD_createDStream();
        if (!file->zst) {
            return status_new(STATUS_NO_MEMORY, "read %s: cannot start libzstd", file->path);
        }
        (void)ZSTD_DCtx_setParameter(file->zst, ZSTD_d_windowLogMax, 30);
    }
    return NULL;
}

struct status *csv_file_open(const char *path, struct csv_file **out)
{
    struct stat about;
    FILE *opened = fopen(path, "rbe");
    if (!opened) {
        return status_new(STATUS_IO, "open %s: %s", path, strerror(errno));
    }
    struct csv_file *file = calloc(1, sizeof *file);
    char *copy = strdup(path);
    ASSERT(file && copy && "out of memory for a file");
    file->file = opened;
    file->path = copy;
    file->xz = (lzma_stream)LZMA_STREAM_INIT;
    if (fstat(fileno(opened), &about) == 0 && S_ISREG(about.st_mode)) {
        file->total = (uint64_t)about.st_size;
    }
    struct status *st = begin(file);
    if (st) {
        csv_file_close(file);
        return st;
    }
    *out = file;
    return NULL;
}

void csv_file_close(struct csv_file *file)
{
    if (file) {
        lzma_end(&file->xz);
        ZSTD_freeDStream(file->zst);
        (void)fclose(file->file);
        free(file->path);
        free(file);
    }
}

static struct status *read_xz(struct csv_file *file, char *data, size_t room, size_t *bytes)
{
    file->xz.next_out = (unsigned char *)data;
    file->xz.avail_out = room;
    for (;;) {
        TRY(fill(file));
        file->xz.next_in = file->in + file->at;
        file->xz.avail_in = file->filled - file->at;
        lzma_ret code = lzma_code(&file->xz, file->eof ? LZMA_FINISH : LZMA_RUN);
        file->at = file->filled - file->xz.avail_in;
        *bytes = room - file->xz.avail_out;
        if (code == LZMA_STREAM_END || *bytes == room) {
            return NULL;
        }
        if (code != LZMA_OK) {
            return status_new(STATUS_CORRUPT, "read %s: %s", file->path,
                              code == LZMA_BUF_ERROR ? "the .xz file ends too early"
                                                     : "the .xz file is damaged");
        }
    }
}

static struct status *read_zst(struct csv_file *file, char *data, size_t room, size_t *bytes)
{
    ZSTD_outBuffer out = {data, room, 0};
    for (;;) {
        TRY(fill(file));
        ZSTD_inBuffer in = {file->in, file->filled, file->at};
        size_t before = out.pos;
        size_t left = 0;
        if (in.pos < in.size || file->zst_open) {
            left = ZSTD_decompressStream(file->zst, &out, &in);
            if (ZSTD_isError(left)) {
                return status_new(STATUS_CORRUPT, "read %s: the .zst file is damaged (%s)",
                                  file->path, ZSTD_getErrorName(left));
            }
            file->zst_open = left != 0;
        }
        file->at = in.pos;
        *bytes = out.pos;
        if (out.pos == room) {
            return NULL;
        }
        if (file->eof && out.pos == before) {
            return file->zst_open ? status_new(STATUS_CORRUPT,
                                               "read %s: the .zst file ends too early", file->path)
                                  : NULL;
        }
    }
}

struct status *csv_file_read(struct csv_file *file, char *data, size_t room, size_t *bytes)
{
    *bytes = 0;
    if (file->packing == CSV_XZ) {
        return read_xz(file, data, room, bytes);
    }
    if (file->packing == CSV_ZST) {
        return read_zst(file, data, room, bytes);
    }
    TRY(fill(file));
    size_t left = file->filled - file->at;
    *bytes = left < room ? left : room;
    memcpy(data, file->in + file->at, *bytes);
    file->at += *bytes;
    return NULL;
}

void csv_file_progress(const struct csv_file *file, uint64_t *done, uint64_t *total)
{
    *done = file->done;
    *total = file->total;
}
