#include "config/base/ensure.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKTRACE_MAX = 48 };

_Noreturn void ensure_failed(const char *what, const char *file, int line)
{
    void *frames[BACKTRACE_MAX];
    fprintf(stderr, "restock: assertion failed: %s at %s:%d\n", what, file, line);
    backtrace_symbols_fd(frames, backtrace(frames, BACKTRACE_MAX), STDERR_FILENO);
    abort();
}
