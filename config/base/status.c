#include "config/base/status.h"

#include "config/base/redact.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Code, flags and message in one allocation: success costs a register, failure one malloc. */
struct status {
    enum status_code code;
    unsigned flags;
    char message[];
};

/* Given out when there is no memory for a message; never freed. */
static struct status no_memory = {.code = STATUS_NO_MEMORY, .flags = 0};

static struct status *build(enum status_code code, unsigned flags, const char *format, va_list args,
                            const char *tail)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t head = length < 0 ? 0 : (size_t)length;
    size_t tail_length = tail ? strlen(tail) + 2 : 0;
    struct status *st = malloc(sizeof *st + head + tail_length + 1);
    if (!st) {
        return &no_memory;
    }
    st->code = code;
    st->flags = flags;
    st->message[0] = '\0';
    if (length >= 0) {
        (void)vsnprintf(st->message, head + 1, format, args);
    }
    if (tail) {
        memcpy(st->message + head, ": ", 2);
        memcpy(st->message + head + 2, tail, tail_length - 1);
    }
    /* Messages end in logs, reports and on screens. */
    st->message[redact_addresses(st->message, strlen(st->message))] = '\0';
    return st;
}

struct status *status_new(enum status_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct status *st = build(code, 0, format, args, NULL);
    va_end(args);
    return st;
}

struct status *status_new_flags(enum status_code code, unsigned flags, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct status *st = build(code, flags, format, args, NULL);
    va_end(args);
    return st;
}

struct status *status_wrap(struct status *st, const char *format, ...)
{
    if (!st || st == &no_memory) {
        return st;
    }
    va_list args;
    va_start(args, format);
    struct status *wrapped = build(st->code, st->flags, format, args, st->message);
    va_end(args);
    if (wrapped == &no_memory) {
        return st; /* the inner message is worth more than the context */
    }
    free(st);
    return wrapped;
}

struct status *status_join(struct status *st, struct status *more)
{
    if (!st || !more) {
        return st ? st : more;
    }
    struct status *joined = status_new_flags(st->code, st->flags | more->flags, "%s\n%s",
                                             status_message(st), status_message(more));
    status_free(st);
    status_free(more);
    return joined;
}

enum status_code status_code(const struct status *st)
{
    return st ? st->code : STATUS_OK;
}

bool status_has(const struct status *st, unsigned flags)
{
    return st && (st->flags & flags) == flags;
}

const char *status_message(const struct status *st)
{
    if (!st) {
        return "ok";
    }
    return st == &no_memory ? "out of memory" : st->message;
}

void status_free(struct status *st)
{
    if (st && st != &no_memory) {
        free(st);
    }
}

int status_exit(const struct status *st)
{
    switch (status_code(st)) {
    case STATUS_OK:
        return 0;
    case STATUS_USAGE:
    case STATUS_CONFIG:
        return 2;
    case STATUS_NO_MEMORY:
    case STATUS_IO:
    case STATUS_CORRUPT:
    case STATUS_BROKER:
    case STATUS_REGISTRY:
    case STATUS_FENCED:
    case STATUS_STATE:
    case STATUS_TIMEOUT:
    case STATUS_STOPPED:
        return 1;
    }
    return 1;
}
