#include "stream/policy_cases.h"

#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct status *run(const char *text, struct policy_cases_report *report, char **answer)
{
    char cases[FILE_PATH_BYTES], out[FILE_PATH_BYTES];
    file_fixture(cases, text);
    file_fixture(out, "what was here before");
    struct status *st = policy_cases_run(cases, out, report);
    *answer = file_text(out);
    unlink(cases);
    unlink(out);
    return st;
}

Test(policy_cases, problems_become_answers_and_the_rest_is_copied)
{
    struct policy_cases_report report;
    char *answer;
    cr_assert_null(
        run("{\"note\": \"x\\\"y\", \"list\": [1.5, null, {\"solve\": \"lot\", \"as\": "
            "{\"id\": \"a,b\"}, \"demand_rate\": 8, \"order_cost\": 4, \"holding_cost\": "
            "1}], \"empty\": {}}",
            &report, &answer));
    cr_assert_eq(report.solved, 1);
    cr_assert_str_eq(answer, "{\"note\":\"x\\\"y\",\"list\":[1.5,null,{\"id\":\"a,b\",\"Q\":8,"
                             "\"cost\":8}],\"empty\":{}}\n");
    free(answer);
}

static void refused(const char *text, const char *wanted)
{
    struct policy_cases_report report;
    char *answer;
    struct status *st = run(text, &report, &answer);
    cr_assert_not_null(st, "%s", text);
    cr_assert(strstr(status_message(st), wanted), "%s: %s", text, status_message(st));
    cr_assert_str_eq(answer, "what was here before");
    cr_assert_eq(report.solved, 0);
    status_free(st);
    free(answer);
}

Test(policy_cases, refusals_name_the_place_and_write_nothing)
{
    refused("{\"a\": [{}, {\"solve\": \"lot\"}]}", "/a[1]: demand_rate: expected a number above 0");
    refused("{\"solve\": \"guess\"}", "solve: expected newsvendor");
    refused("{\"solve\": 7}", "solve: expected newsvendor");
    refused("{\"a\": ", "byte");
    refused("", "byte");
    refused("{\"solve\": \"lot\", \"demand_rate\": 8, \"order_cost\": 4, \"holding_cost\": 1, "
            "\"colour\": 1}",
            "colour: not a field of this problem");
}

Test(policy_cases, a_missing_file_is_an_error)
{
    struct policy_cases_report report;
    struct status *st = policy_cases_run("no-such-file.json", "no-such-folder/out", &report);
    cr_assert_eq(status_code(st), STATUS_IO);
    status_free(st);
}
