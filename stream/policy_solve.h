/* The exact policies of optimize/ by name: one problem in, its answer as the members of a JSON
 * object. README.md, "restock policy", lists the problems and their fields. Thread: any. */
#ifndef RESTOCK_POLICY_SOLVE_H
#define RESTOCK_POLICY_SOLVE_H

#include "config/base/buf.h"
#include "stream/policy_ask.h"

/* Appends `"s":6,"S":40,"cost":35.022` (no braces) to out; ask's fault says what was wrong. */
void policy_solve(struct policy_ask *ask, struct buf *out);

#endif
