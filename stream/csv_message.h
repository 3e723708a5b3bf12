/* A table as messages for a map: rows that belong together become one message with a list of lines,
 * as the map's `table` says.
 *
 *     struct csv_messages *messages;
 *     TRY(csv_messages_open("orders.csv.xz", map, &messages));
 *     for (int64_t offset = 0;; offset++) {
 *         const struct datum *message;
 *         struct slice original;
 *         TRY(csv_messages_next(messages, &message, &original));
 *         if (!message) { break; }
 *         ingest_read_datum(ingest, INPUT_ORDERS, file_number, offset, message, original);
 *         ...
 *     }
 *
 * Several files are several partitions of one input: ingest merges them by event time. Owner: one
 * thread. */
#ifndef RESTOCK_CSV_MESSAGE_H
#define RESTOCK_CSV_MESSAGE_H

#include "config/base/slice.h"
#include "config/base/status.h"
#include "schemas/datum.h"
#include "stream/map.h"

#include <stdint.h>

struct csv_messages;

enum { CSV_MESSAGE_ROWS_MAX = 50000 }; /* more rows of one message are cut there */

/* map NULL: each row is a message. Sorts the table where the map says so. */
struct status *csv_messages_open(const char *path, const struct map *map, struct csv_messages **out)
    __attribute__((warn_unused_result));
void csv_messages_close(struct csv_messages *messages); /* NULL is fine */
/* *message NULL: the end. original: the rows as they stand in the file. Both live until the next
 * call. */
struct status *csv_messages_next(struct csv_messages *messages, const struct datum **message,
                                 struct slice *original) __attribute__((warn_unused_result));
uint64_t
csv_messages_line(const struct csv_messages *messages); /* where the message begins in the file */
void csv_messages_progress(const struct csv_messages *messages, uint64_t *done, uint64_t *total);

#endif
