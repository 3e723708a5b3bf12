#include "config/base/status.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

TestSuite(status);

Test(status, code_and_message)
{
    struct status *st = status_new(STATUS_IO, "open %s: %d", "x", 7);
    cr_assert_eq(status_code(st), STATUS_IO);
    cr_assert_str_eq(status_message(st), "open x: 7");
    cr_assert_not(status_has(st, STATUS_RETRY));
    status_free(st);
    cr_assert_eq(status_code(NULL), STATUS_OK);
    cr_assert_str_eq(status_message(NULL), "ok");
    cr_assert_not(status_has(NULL, 0));
    status_free(NULL);
}

Test(status, flags_are_all_or_nothing)
{
    struct status *st =
        status_new_flags(STATUS_BROKER, STATUS_RETRY | STATUS_ABORT_TXN, "send %d", 1);
    cr_assert(status_has(st, STATUS_RETRY));
    cr_assert(status_has(st, STATUS_RETRY | STATUS_ABORT_TXN));
    cr_assert_not(status_has(st, STATUS_RETRY | STATUS_FATAL));
    status_free(st);
}

Test(status, wrap_keeps_code_and_flags)
{
    struct status *st = status_new_flags(STATUS_FENCED, STATUS_FATAL, "gone");
    st = status_wrap(status_wrap(st, "shard %d", 3), "close");
    cr_assert_str_eq(status_message(st), "close: shard 3: gone");
    cr_assert_eq(status_code(st), STATUS_FENCED);
    cr_assert(status_has(st, STATUS_FATAL));
    status_free(st);
    cr_assert_null(status_wrap(NULL, "nothing %d", 1));
}

Test(status, wrap_treats_percent_in_a_message_as_text)
{
    struct status *st = status_wrap(status_new(STATUS_IO, "100%% of %s", "%s%n"), "a");
    cr_assert_str_eq(status_message(st), "a: 100% of %s%n");
    status_free(st);
}

Test(status, join_puts_a_line_each)
{
    struct status *st = status_join(NULL, status_new(STATUS_CONFIG, "one"));
    st = status_join(st, status_new_flags(STATUS_IO, STATUS_RETRY, "two"));
    st = status_join(st, NULL);
    cr_assert_str_eq(status_message(st), "one\ntwo");
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    cr_assert(status_has(st, STATUS_RETRY));
    status_free(st);
    cr_assert_null(status_join(NULL, NULL));
}

static struct status *failing(int *reached)
{
    TRY(status_new(STATUS_TIMEOUT, "late"));
    *reached = 1;
    return NULL;
}

Test(status, try_leaves_at_once)
{
    int reached = 0;
    struct status *st = failing(&reached);
    cr_assert_eq(status_code(st), STATUS_TIMEOUT);
    cr_assert_eq(reached, 0);
    status_free(st);
}

Test(status, exit_codes)
{
    static const struct {
        enum status_code code;
        int exit;
    } cases[] = {{STATUS_USAGE, 2},    {STATUS_CONFIG, 2},  {STATUS_NO_MEMORY, 1},
                 {STATUS_IO, 1},       {STATUS_CORRUPT, 1}, {STATUS_BROKER, 1},
                 {STATUS_REGISTRY, 1}, {STATUS_FENCED, 1},  {STATUS_STATE, 1},
                 {STATUS_TIMEOUT, 1},  {STATUS_STOPPED, 1}};
    cr_assert_eq(status_exit(NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct status *st = status_new(cases[i].code, "x");
        cr_expect_eq(status_exit(st), cases[i].exit, "code %d", cases[i].code);
        status_free(st);
    }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* A message that no memory can hold: the constant object takes its place, and survives everything.
 */
Test(status, no_memory_for_a_message)
{
    struct rlimit limit = {512 << 20, 512 << 20};
    size_t bytes = 300 << 20;
    char *text = malloc(bytes);
    cr_assert_not_null(text);
    memset(text, 'x', bytes - 1);
    text[bytes - 1] = '\0';
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    struct status *st = status_new(STATUS_IO, "%s", text);
    cr_assert_eq(status_code(st), STATUS_NO_MEMORY);
    cr_assert_str_eq(status_message(st), "out of memory");
    st = status_wrap(st, "context");
    cr_assert_str_eq(status_message(st), "out of memory");
    cr_assert_eq(status_exit(st), 1);
    status_free(st);
    status_free(st);

    struct status *small = status_wrap(status_new(STATUS_IO, "small"), "%s", text);
    cr_assert_str_eq(status_message(small), "small", "better than nothing");
    status_free(small);
    free(text);
}
#endif
