/* One error type for the whole program.
 *
 * A function that can fail because of the world (files, broker, configuration) returns `struct
 * status *`: NULL is success, anything else is owned by the caller, who frees, wraps or returns it.
 *
 *     struct status *open_all(struct thing *t) {
 *         TRY(thing_open(t, "a"));                       // nothing held yet: leave at once
 *         struct status *st = thing_open(t, "b");
 *         if (st) {
 *             thing_close(t);
 *             return status_wrap(st, "open %s", "b");    // context is added going up
 *         }
 *         return NULL;
 *     }
 *
 * Our own mistakes are no status: see ensure.h. Bad events are no status either: they are counted
 * and dead-lettered. Thread: a status belongs to one thread at a time; there is no global state but
 * a constant out-of-memory object.
 */
#ifndef RESTOCK_STATUS_H
#define RESTOCK_STATUS_H

#include <stdbool.h>

enum status_code {
    STATUS_OK = 0,
    STATUS_NO_MEMORY,
    STATUS_USAGE, /* command line: exit 2 */
    STATUS_CONFIG, /* configuration file or value: exit 2 */
    STATUS_IO, /* file, socket */
    STATUS_CORRUPT, /* bytes that are not what their format says */
    STATUS_BROKER, /* Kafka */
    STATUS_REGISTRY, /* schema registry */
    STATUS_FENCED, /* another process took over: the producer is dead, state must be dropped */
    STATUS_STATE, /* stored state and offsets disagree: going on would break a guarantee */
    STATUS_TIMEOUT,
    STATUS_STOPPED, /* asked to end */
};

enum status_flags {
    STATUS_RETRY = 1, /* the same call may succeed later */
    STATUS_ABORT_TXN = 2, /* the transaction must be aborted, then the outbox sent again */
    STATUS_FATAL = 4, /* the client handle is unusable */
};

struct status;

/* New status; message: what was attempted, on which object, what to do next; lower case, no
 * newline. Never returns NULL. */
struct status *status_new(enum status_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result, returns_nonnull));

/* As status_new, with a set of enum status_flags. */
struct status *status_new_flags(enum status_code code, unsigned flags, const char *format, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result, returns_nonnull));

/* Put "context: " before the message. Takes st (NULL stays NULL) and returns its replacement. */
struct status *status_wrap(struct status *st, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* Append the message of `more` behind a newline, so that one status can carry many errors. Either
 * may be NULL; takes both. */
struct status *status_join(struct status *st, struct status *more)
    __attribute__((warn_unused_result));

enum status_code status_code(const struct status *st); /* STATUS_OK for NULL */
bool status_has(const struct status *st, unsigned flags); /* all of the flags; false for NULL */
const char *status_message(const struct status *st); /* "ok" for NULL; lives as long as st */
void status_free(struct status *st); /* NULL is fine */
int status_exit(const struct status *st); /* 0, 1 or 2: the exit status of a command */

#define TRY(call)                                                                                  \
    do {                                                                                           \
        struct status *try_status_ = (call);                                                       \
        if (try_status_) {                                                                         \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

#endif
