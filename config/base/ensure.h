/* Assertions for our own mistakes; they stay on in release builds, because a wrong order costs more
 * than a restart. DEBUG_ASSERT is for inner loops and vanishes with NDEBUG. */
#ifndef RESTOCK_ENSURE_H
#define RESTOCK_ENSURE_H

/* Print what failed with a backtrace and abort. The only place below cmd/ that may end the process.
 */
_Noreturn void ensure_failed(const char *what, const char *file, int line) __attribute__((cold));

#define ASSERT(condition) ((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define DEBUG_ASSERT(condition) ((void)0)
#else
#define DEBUG_ASSERT(condition) ASSERT(condition)
#endif

#endif
