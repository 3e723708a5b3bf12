/* `restock policy`: answers of the exact policies to a file of problems.
 *
 * The file is JSON of any shape. Every object with a member "solve" is a problem and is replaced by
 * its answer; everything else is copied. Members of a problem's "as" are repeated in the answer.
 *
 *     {"chairs": {"solve": "s_s", "demand": {"kind": "poisson", "mean": 20}, "order_cost": 64,
 *                 "holding_cost": 1, "shortage_cost": 9, "as": {"mu": 20}}}
 * ->  {"chairs": {"mu":20,"s":14,"S":62,"cost":49.1727...}}
 *
 * Thread: any. */
#ifndef RESTOCK_POLICY_CASES_H
#define RESTOCK_POLICY_CASES_H

#include "config/base/status.h"

#include <stdint.h>

struct policy_cases_report {
    uint64_t solved;
};

/* Reads `cases`, writes `out` anew. Nothing is written when a problem is refused: the error names
 * its place (`/chairs: order_cost: ...`). */
struct status *policy_cases_run(const char *cases, const char *out,
                                struct policy_cases_report *report)
    __attribute__((warn_unused_result));

#endif
