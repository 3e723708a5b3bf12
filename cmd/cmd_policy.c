#include "cmd/command.h"
#include "stream/policy_cases.h"

#include <inttypes.h>
#include <stdio.h>

struct policy_args {
    const char *cases, *out;
};

static const struct arg ROWS[] = {
    {"cases", ARG_TEXT, "CASES.json",
     "problems: every object with a member \"solve\" is one; also .xz and .zst",
     offsetof(struct policy_args, cases)},
    {"out", ARG_TEXT, "RESULTS.json", "written: the same, with answers in place of problems",
     offsetof(struct policy_args, out)},
};
static const struct arg_spec SPEC = {
    "policy", "--cases CASES.json --out RESULTS.json",
    "solve textbook inventory problems exactly.\n"
    "Newsvendor, (s,S), (r,Q), lot sizes, joint orders, serial chains, safety stock in networks,\n"
    "warehouse and stores, lost sales: the policies that decisions are checked against. README.md\n"
    "lists the problems and their fields.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

static struct status *run(int argc, char **argv)
{
    struct policy_args args = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    if (!args.cases || !args.out) {
        return status_new(STATUS_USAGE, "policy: --cases and --out must both be given");
    }
    struct policy_cases_report report;
    TRY(policy_cases_run(args.cases, args.out, &report));
    (void)printf("{\"solved\":%" PRIu64 "}\n", report.solved);
    return NULL;
}

const struct command command_policy = {&SPEC, run};
