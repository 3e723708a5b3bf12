#include "config/base/ensure.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(ensure);

Test(ensure, what_holds_passes)
{
    int evaluated = 0;
    ASSERT(++evaluated == 1);
    cr_assert_eq(evaluated, 1);
}

Test(ensure, what_fails_aborts, .signal = SIGABRT)
{
    ASSERT(1 > 2);
}

#ifndef NDEBUG
Test(ensure, debug_assert_fails_in_debug_builds, .signal = SIGABRT)
{
    DEBUG_ASSERT(1 > 2);
}
#endif
