/* Commands: one row each in the table of main.c. A command parses its words, builds, calls,
 * reports; it holds no logic. */
#ifndef RESTOCK_COMMAND_H
#define RESTOCK_COMMAND_H

#include "cmd/args.h"

#include <stdatomic.h>

struct command {
    const struct arg_spec *spec;
    /* argv[0] is the command's name. The status decides the exit status: 0, 1 or 2. */
    struct status *(*run)(int argc, char **argv);
};

extern const struct command command_demo, command_backtest, command_check_config, command_run,
    command_simulate, command_topics, command_detect, command_plan, command_inspect,
    command_dead_letters, command_pretrain, command_explain, command_policy;

/* Set by SIGTERM and SIGINT, and by SIGHUP; the only mutable globals of the program beside the log
 * sink. */
extern _Atomic bool command_stop, command_reload;

#endif
