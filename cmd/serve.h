/* What run and demo have in common: the runtime, the HTTP port, systemd's notifications, reload,
 * the report at the end. */
#ifndef RESTOCK_SERVE_H
#define RESTOCK_SERVE_H

#include "cmd/args.h"
#include "stream/runtime.h"

struct serve_options {
    const struct settings *settings;
    struct runtime_options runtime; /* its recent events are kept by serve */
    const char *config; /* for reload; NULL: nothing to reload */
    const struct arg_list *sets;
    const char *note; /* shown on the page; NULL: none */
    const char *intro; /* printed below the page's address, with announce; NULL: none */
    int64_t seconds; /* end after so long; 0: no limit */
    bool announce; /* print the page's address, and a summary every second on a terminal */
    bool (*running)(void *context); /* false ends it; NULL: no such condition */
    void *context;
};

/* Until SIGTERM, SIGINT, the end of --until-end, or an error. Prints the report. */
struct status *serve(const struct serve_options *options) __attribute__((warn_unused_result));

#endif
