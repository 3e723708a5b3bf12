#include "stream/policy_ask.h"

#include "config/base/arena.h"
#include "schemas/json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct arena *arena;

static struct policy_ask open(const char *text)
{
    struct datum *problem;
    struct decode_error error;
    arena = arena_create(1 << 12, 1 << 20);
    cr_assert(json_decode(arena, slice_of(text), &problem, &error));
    return (struct policy_ask){.problem = problem};
}

static void close(void)
{
    arena_destroy(arena);
}

Test(policy_ask, reads_what_is_there)
{
    struct policy_ask ask =
        open("{\"a\": 2.5, \"b\": -3, \"c\": [1, 2, 3], \"d\": true, \"e\": 7}");
    cr_assert_eq(policy_ask_number(&ask, "a", ASK_ABOVE_0), 2.5);
    cr_assert_eq(policy_ask_number(&ask, "b", ASK_ANY), -3);
    cr_assert_eq(policy_ask_number_or(&ask, "no", ASK_ANY, 4), 4);
    double list[4];
    cr_assert_eq(policy_ask_numbers(&ask, "c", ASK_FROM_0, 4, list), 3);
    cr_assert_eq(list[2], 3);
    cr_assert(policy_ask_flag(&ask, "d"));
    cr_assert_not(policy_ask_flag(&ask, "no"));
    cr_assert_eq(policy_ask_whole(&ask, "e", 0, 7), 7);
    cr_assert_eq(policy_ask_whole_or(&ask, "e", 0, 7, 3), 7);
    cr_assert_eq(policy_ask_whole_or(&ask, "nowhere", 0, 7, 3), 3);
    policy_ask_end(&ask);
    cr_assert_not(policy_ask_fault(&ask), "%s", ask.fault);
    close();
}

Test(policy_ask, the_first_fault_stays)
{
    struct policy_ask ask = open("{\"a\": \"x\", \"b\": 1.5}");
    cr_assert(isfinite(policy_ask_number(&ask, "a", ASK_ABOVE_0)));
    cr_assert_eq(policy_ask_whole(&ask, "b", 2, 9), 2);
    cr_assert_str_eq(ask.fault, "a: expected a number above 0");
    close();
}

Test(policy_ask, unread_fields_are_faults)
{
    struct policy_ask ask = open("{\"a\": 1, \"b\": 1}");
    (void)policy_ask_field(&ask, "a");
    policy_ask_end(&ask);
    cr_assert_str_eq(ask.fault, "b: not a field of this problem");
    close();
}

Test(policy_ask, demands)
{
    struct pmf pmf = {0};
    struct policy_ask ask = open("{\"demand\": {\"kind\": \"geometric\", \"mean\": 5}}");
    struct demand_law law = policy_ask_demand(&ask);
    cr_assert(policy_ask_pmf(&ask, &law, 2, &pmf));
    cr_assert(fabs(pmf_mean(&pmf) - 10) < 1e-6 && fabs(pmf_variance(&pmf) - 60) < 1e-5);
    close();
    ask = open("{\"demand\": {\"kind\": \"discrete\", \"first\": 2, \"chances\": [0.5, 0.5]}}");
    law = policy_ask_demand(&ask);
    cr_assert(policy_ask_pmf(&ask, &law, 2, &pmf));
    cr_assert_eq(pmf.first, 4);
    cr_assert_eq(pmf.count, 3);
    cr_assert_not(policy_ask_pmf(&ask, &law, 1.5, &pmf));
    close();
    ask = open("{\"demand\": {\"kind\": \"normal\", \"mean\": 5}}");
    (void)policy_ask_demand(&ask);
    cr_assert_str_eq(ask.fault, "demand: sd: expected a number above 0");
    close();
    ask = open("{\"demand\": 3}");
    (void)policy_ask_demand(&ask);
    cr_assert(policy_ask_fault(&ask));
    close();
    pmf_fini(&pmf);
}
