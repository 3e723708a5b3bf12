/* Files of orders through INGEST: one file is one partition of the input, as the worker reads
 * topics.
 *
 *     struct file_ingest *files;
 *     TRY(file_ingest_open(&options, lines, &files));
 *     for (bool more = true; more;) {
 *         TRY(file_ingest_read(files, &more));
 *         // take what lies in `lines`, then outbox_reset(lines)
 *     }
 *     file_ingest_close(files);
 *
 * Owner: one thread. */
#ifndef RESTOCK_FILE_INGEST_H
#define RESTOCK_FILE_INGEST_H

#include "stream/ingest.h"
#include "stream/settings.h"

enum { FILE_INGEST_MOST = 64 }; /* files */

struct file_ingest_options {
    const struct settings *settings;
    const char *map; /* file */
    const char *const *paths; /* [count] in any order of time */
    size_t count;
    int32_t lines_partitions;
    int64_t clock_ms; /* stamps far beyond are refused as too new */
};

struct file_ingest;

/* Lines, ticks and dead letters go into the outbox, which outlives it. On error *out is untouched.
 */
struct status *file_ingest_open(const struct file_ingest_options *options, struct outbox *lines,
                                struct file_ingest **out) __attribute__((warn_unused_result));
void file_ingest_close(struct file_ingest *files); /* NULL is fine */
/* Reads on until a megabyte is in the outbox, or all files have ended: then *more is false. What
 * the call before has left there must have been taken. */
struct status *file_ingest_read(struct file_ingest *files, bool *more)
    __attribute__((warn_unused_result));
/* Bytes read, and of all files. */
void file_ingest_progress(const struct file_ingest *files, uint64_t *done, uint64_t *total);
const struct ingest_counts *file_ingest_counts(const struct file_ingest *files);
const struct zone *file_ingest_zone(const struct file_ingest *files); /* of the map */

#endif
