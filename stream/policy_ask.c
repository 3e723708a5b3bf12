#include "stream/policy_ask.h"

#include "config/base/ensure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void policy_ask_refuse(struct policy_ask *ask, const char *field, const char *expected)
{
    if (!policy_ask_fault(ask)) {
        (void)snprintf(ask->fault, sizeof ask->fault, "%s%s%s", field, field[0] ? ": " : "",
                       expected);
    }
}

const struct datum *policy_ask_field(struct policy_ask *ask, const char *field)
{
    const struct datum *found = datum_child(ask->problem, slice_of(field), NULL);
    if (found && found - ask->problem->children < 64) {
        ask->read |= 1ULL << (found - ask->problem->children);
    }
    return found;
}

static const char *range_text(enum policy_range range)
{
    static const char *const TEXTS[] = {"expected a number", "expected a number of at least 0",
                                        "expected a number above 0",
                                        "expected a number between 0 and 1"};
    return TEXTS[range];
}

static bool in_range(double value, enum policy_range range)
{
    return fabs(value) <= 1e15 && (range < ASK_FROM_0 || value >= 0) &&
           (range < ASK_ABOVE_0 || value > 0) && (range < ASK_CHANCE || value < 1);
}

static double number_of(struct policy_ask *ask, const struct datum *datum, const char *field,
                        enum policy_range range)
{
    double value;
    if (!datum || datum_f64(datum, &value) != DATUM_NUMBER_OK || !in_range(value, range)) {
        policy_ask_refuse(ask, field, range_text(range));
        return range == ASK_CHANCE ? 0.5 : 1;
    }
    return value;
}

double policy_ask_number(struct policy_ask *ask, const char *field, enum policy_range range)
{
    return number_of(ask, policy_ask_field(ask, field), field, range);
}

double policy_ask_number_or(struct policy_ask *ask, const char *field, enum policy_range range,
                            double otherwise)
{
    const struct datum *datum = policy_ask_field(ask, field);
    return datum ? number_of(ask, datum, field, range) : otherwise;
}

int64_t policy_ask_whole(struct policy_ask *ask, const char *field, int64_t least, int64_t most)
{
    const struct datum *datum = policy_ask_field(ask, field);
    int64_t value;
    if (!datum || datum_scaled(datum, 0, &value) != DATUM_NUMBER_OK || value < least ||
        value > most) {
        char text[96];
        (void)snprintf(text, sizeof text, "expected a whole number from %lld to %lld",
                       (long long)least, (long long)most);
        policy_ask_refuse(ask, field, text);
        return least;
    }
    return value;
}

int64_t policy_ask_whole_or(struct policy_ask *ask, const char *field, int64_t least, int64_t most,
                            int64_t otherwise)
{
    return policy_ask_field(ask, field) ? policy_ask_whole(ask, field, least, most) : otherwise;
}

bool policy_ask_flag(struct policy_ask *ask, const char *field)
{
    const struct datum *datum = policy_ask_field(ask, field);
    if (datum && datum->kind != DATUM_BOOL) {
        policy_ask_refuse(ask, field, "expected true or false");
        return false;
    }
    return datum && datum->boolean;
}

size_t policy_ask_numbers(struct policy_ask *ask, const char *field, enum policy_range range,
                          size_t most, double *out)
{
    const struct datum *list = policy_ask_field(ask, field);
    if (!list || list->kind != DATUM_ARRAY || list->count == 0 || list->count > most) {
        char text[64];
        (void)snprintf(text, sizeof text, "expected a list of 1 to %zu numbers", most);
        policy_ask_refuse(ask, field, text);
        return 0;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        out[i] = number_of(ask, &list->children[i], field, range);
    }
    return policy_ask_fault(ask) ? 0 : list->count;
}

static void read_given(struct policy_ask *ask, struct policy_ask *inner, struct demand_law *law)
{
    law->kind = DEMAND_GIVEN;
    law->first = policy_ask_whole(inner, "first", 0, 1000000000);
    law->chances = policy_ask_field(inner, "chances");
    double sum = 0;
    for (uint32_t i = 0;
         law->chances && law->chances->kind == DATUM_ARRAY && i < law->chances->count; i++) {
        sum += number_of(inner, &law->chances->children[i], "chances", ASK_FROM_0);
    }
    if (!(fabs(sum - 1) < 1e-6) || law->chances->count > PMF_MOST) {
        policy_ask_refuse(ask, "demand.chances", "expected a list of chances that sum to 1");
    }
}

struct demand_law policy_ask_demand(struct policy_ask *ask)
{
    struct demand_law law = {.kind = DEMAND_POISSON, .mean = 1, .sd = 1};
    const struct datum *datum = policy_ask_field(ask, "demand");
    if (!datum || datum->kind != DATUM_RECORD) {
        policy_ask_refuse(ask, "demand", "expected an object with kind and its parameters");
        return law;
    }
    struct policy_ask inner = {.problem = datum};
    const struct datum *kind = policy_ask_field(&inner, "kind");
    struct slice name = kind && kind->kind == DATUM_TEXT ? kind->text : slice_of("");
    if (slice_is(name, "normal")) {
        law.kind = DEMAND_NORMAL;
        law.mean = policy_ask_number(&inner, "mean", ASK_FROM_0);
        law.sd = policy_ask_number(&inner, "sd", ASK_ABOVE_0);
    } else if (slice_is(name, "lognormal")) {
        law.kind = DEMAND_LOGNORMAL;
        law.mean = policy_ask_number(&inner, "mu", ASK_ANY);
        law.sd = policy_ask_number(&inner, "sigma", ASK_ABOVE_0);
    } else if (slice_is(name, "poisson")) {
        law.mean = policy_ask_number(&inner, "mean", ASK_ABOVE_0);
        law.sd = sqrt(law.mean);
    } else if (slice_is(name, "geometric")) {
        law.kind = DEMAND_NEGBIN;
        law.mean = policy_ask_number(&inner, "mean", ASK_ABOVE_0);
        law.sd = sqrt(law.mean + law.mean * law.mean);
    } else if (slice_is(name, "negbin")) {
        law.kind = DEMAND_NEGBIN;
        law.mean = policy_ask_number(&inner, "mean", ASK_ABOVE_0);
        law.sd = policy_ask_number(&inner, "sd", ASK_ABOVE_0);
    } else if (slice_is(name, "discrete")) {
        read_given(ask, &inner, &law);
    } else {
        policy_ask_refuse(&inner, "kind",
                          "expected normal, lognormal, poisson, geometric, negbin or discrete");
    }
    policy_ask_end(&inner);
    policy_ask_refuse(ask, policy_ask_fault(&inner) ? "demand" : "", inner.fault);
    return law;
}

static void given_pmf(const struct demand_law *law, struct pmf *out)
{
    double *p = calloc(law->chances->count, sizeof *p);
    ASSERT(p && "out of memory for a distribution");
    for (uint32_t i = 0; i < law->chances->count; i++) {
        (void)datum_f64(&law->chances->children[i], &p[i]);
    }
    pmf_given(out, law->first, p, law->chances->count);
    free(p);
}

bool policy_ask_pmf(struct policy_ask *ask, const struct demand_law *law, double periods,
                    struct pmf *out)
{
    double mean = law->mean * periods, variance = law->sd * law->sd * periods;
    if (law->kind == DEMAND_NORMAL || law->kind == DEMAND_LOGNORMAL) {
        policy_ask_refuse(ask, "demand", "expected a demand in whole units");
    } else if (law->kind == DEMAND_GIVEN && (periods != floor(periods) || periods > 64 ||
                                             (double)law->chances->count * periods > 4096)) {
        policy_ask_refuse(ask, "demand",
                          "expected whole periods, at most 64, and at most 4096 "
                          "different totals");
    } else if (law->kind != DEMAND_GIVEN && !(pmf_points(mean, variance) < PMF_MOST)) {
        policy_ask_refuse(ask, "demand", "too spread out to be counted: use a larger unit");
    }
    if (policy_ask_fault(ask)) {
        return false;
    }
    if (law->kind == DEMAND_GIVEN) {
        struct pmf one = {0};
        given_pmf(law, &one);
        pmf_times(out, &one, (unsigned)periods);
        pmf_fini(&one);
    } else if (law->kind == DEMAND_POISSON) {
        pmf_poisson(out, mean);
    } else {
        pmf_negbin(out, mean, variance);
    }
    return true;
}

void policy_ask_end(struct policy_ask *ask)
{
    for (uint32_t i = 0; i < ask->problem->count && i < 64; i++) {
        struct slice name = ask->problem->children[i].name;
        if (!(ask->read >> i & 1)) {
            char text[96];
            (void)snprintf(text, sizeof text, "%.*s: not a field of this problem",
                           (int)(name.bytes < 40 ? name.bytes : 40), name.data);
            policy_ask_refuse(ask, "", text);
        }
    }
}
