/* Bytes of a file, decompressed as they come: plain, .xz (liblzma) or .zst (libzstd), told by the
 * file's first bytes. Owner: one thread. */
#ifndef RESTOCK_CSV_FILE_H
#define RESTOCK_CSV_FILE_H

#include "config/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct csv_file;

/* On error *out is untouched. */
struct status *csv_file_open(const char *path, struct csv_file **out)
    __attribute__((warn_unused_result));
void csv_file_close(struct csv_file *file); /* NULL is fine */
/* Up to `room` bytes; *bytes = 0 at the end. Damaged and cut files are STATUS_CORRUPT. */
struct status *csv_file_read(struct csv_file *file, char *data, size_t room, size_t *bytes)
    __attribute__((warn_unused_result));
/* Bytes of the file (as it lies on disk) that were read, and its size (0: unknown, a pipe), for a
 * progress bar. */
void csv_file_progress(const struct csv_file *file, uint64_t *done, uint64_t *total);

#endif
