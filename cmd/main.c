#include "cmd/command.h"

#include "config/yaml.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>

static const struct command *const COMMANDS[] = {
    &command_demo,         &command_run,          &command_simulate, &command_backtest,
    &command_topics,       &command_detect,       &command_plan,     &command_inspect,
    &command_dead_letters, &command_check_config, &command_pretrain, &command_policy,
    &command_explain};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

_Atomic bool command_stop, command_reload;

static void on_signal(int number)
{
    if (number == SIGHUP) {
        atomic_store(&command_reload, true);
    } else {
        atomic_store(&command_stop, true);
    }
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Buffers of the bus come and go by the megabyte; given back to the system each time, a twentieth
 * of the program's time goes into clearing the same pages anew. */
static void keep_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, 8 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

static void help(FILE *out)
{
    fprintf(out,
            "restock %s: live forecasts, alerts and replenishment proposals from an order bus\n\n"
            "usage: restock COMMAND [options]\n\n",
            RESTOCK_VERSION);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *summary = COMMANDS[i]->spec->summary;
        fprintf(out, "  %-14s %.*s\n", COMMANDS[i]->spec->command, (int)strcspn(summary, ".\n"),
                summary);
    }
    fprintf(out, "\nrestock COMMAND --help tells more. Exit status: 0 done, 1 failed, 2 usage or "
                 "configuration.\n");
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(COMMANDS[i]->spec->command, name) == 0) {
            return COMMANDS[i];
        }
    }
    return NULL;
}

static int no_such(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = COMMANDS[i]->spec->command;
    }
    const char *nearest = yaml_nearest(name, names, COMMAND_COUNT);
    fprintf(stderr, "restock: there is no command %s%s%s (restock --help lists all)\n", name,
            nearest ? "; did you mean " : "", nearest ? nearest : "");
    return 2;
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            return false;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    keep_memory();
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("restock %s\n", RESTOCK_VERSION);
        return 0;
    }
    const struct command *command = find(argv[1]);
    if (!command) {
        return no_such(argv[1]);
    }
    if (asks_help(argc - 1, argv + 1)) {
        args_help(command->spec, stdout);
        return 0;
    }
    catch_signals();
    struct status *st = command->run(argc - 1, argv + 1);
    if (st && status_code(st) != STATUS_STOPPED) {
        fprintf(stderr, "restock: %s\n", status_message(st));
    }
    int exit_status = status_exit(st);
    status_free(st);
    return exit_status;
}
