/* Command line of one command: rows of options, from which parsing, help and mistakes are made.
 *
 *     struct run_args { const char *config; struct arg_list sets; bool until_end; };
 *     static const struct arg ROWS[] = {
 *         {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct run_args, config)},
 *         {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated", offsetof(struct
 * run_args, sets)},
 *         {"until-end", ARG_FLAG, NULL, "stop at the end seen at start", offsetof(struct run_args,
 * until_end)},
 *     };
 *     static const struct arg_spec SPEC = {"run", "--config FILE [options]", "attach and serve",
 * ROWS, 3}; struct run_args args = {0}; TRY(args_parse(&SPEC, argc, argv, &args, NULL));       //
 * argv[0] is the command's name
 */
#ifndef RESTOCK_ARGS_H
#define RESTOCK_ARGS_H

#include "config/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum arg_kind {
    ARG_FLAG /* bool */,
    ARG_TEXT /* const char * */,
    ARG_TEXTS /* struct arg_list */,
    ARG_INT /* int64_t, >= 0 */
};

enum { ARG_LIST_MAX = 256 };

struct arg_list {
    size_t count;
    const char *values[ARG_LIST_MAX];
};

struct arg {
    const char *name; /* without the dashes */
    enum arg_kind kind;
    const char *value; /* what help calls the value; NULL for flags */
    const char *help;
    size_t offset;
};

struct arg_spec {
    const char *command, *usage, *summary;
    const struct arg *rows;
    size_t count;
};

/* words: what is no option, or NULL where none is allowed. STATUS_USAGE names the word and the
 * nearest option. */
struct status *args_parse(const struct arg_spec *spec, int argc, char **argv, void *out,
                          struct arg_list *words) __attribute__((warn_unused_result));
void args_help(const struct arg_spec *spec, FILE *out);

#endif
