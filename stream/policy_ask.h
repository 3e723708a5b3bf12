/* Reads one problem of a case file (stream/policy_cases.h): numbers with limits, demands, and what
 * is wrong with them. The first fault stays; later reads give harmless values.
 *
 *     struct policy_ask ask = {.problem = datum};
 *     double holding = policy_ask_number(&ask, "holding_cost", ASK_ABOVE_0);
 *     if (policy_ask_fault(&ask)) { ... "holding_cost: expected a number above 0" ... }
 *
 * Thread: any. */
#ifndef RESTOCK_POLICY_ASK_H
#define RESTOCK_POLICY_ASK_H

#include "optimize/pmf.h"
#include "schemas/datum.h"

enum policy_range { ASK_ANY, ASK_FROM_0, ASK_ABOVE_0, ASK_CHANCE /* inside (0, 1) */ };
enum policy_demand { DEMAND_NORMAL, DEMAND_LOGNORMAL, DEMAND_POISSON, DEMAND_NEGBIN, DEMAND_GIVEN };

struct policy_ask {
    const struct datum *problem; /* a record */
    uint64_t read; /* fields asked for, by place; those beyond 63 count as read */
    char fault[160]; /* "": none */
};

struct demand_law {
    enum policy_demand kind;
    double mean, sd; /* lognormal: of the logarithm */
    int64_t first; /* DEMAND_GIVEN */
    const struct datum *chances;
};

void policy_ask_refuse(struct policy_ask *ask, const char *field, const char *expected);
const struct datum *policy_ask_field(struct policy_ask *ask, const char *field); /* NULL: none */
double policy_ask_number(struct policy_ask *ask, const char *field, enum policy_range range);
/* `otherwise` where the field is not there. */
double policy_ask_number_or(struct policy_ask *ask, const char *field, enum policy_range range,
                            double otherwise);
int64_t policy_ask_whole(struct policy_ask *ask, const char *field, int64_t least, int64_t most);
int64_t policy_ask_whole_or(struct policy_ask *ask, const char *field, int64_t least, int64_t most,
                            int64_t otherwise);
bool policy_ask_flag(struct policy_ask *ask, const char *field); /* false where it is not there */
/* A list of numbers into out[most]; its length, 0 after a fault. */
size_t policy_ask_numbers(struct policy_ask *ask, const char *field, enum policy_range range,
                          size_t most, double *out);
/* {"kind": "poisson", "mean": 20} and so on. */
struct demand_law policy_ask_demand(struct policy_ask *ask);
/* The law over `periods` periods in whole units; false (a fault) where it has no whole numbers or
 * would be too large. */
bool policy_ask_pmf(struct policy_ask *ask, const struct demand_law *law, double periods,
                    struct pmf *out);
/* Names a field that nobody asked for. */
void policy_ask_end(struct policy_ask *ask);

static inline bool policy_ask_fault(const struct policy_ask *ask)
{
    return ask->fault[0] != '\0';
}

#endif
