/* Asking for memory ahead of its use, for many places at once: a load that nobody waits for.
 *
 * A prefetch instruction would do the same, but processors drop it where the page's translation is
 * not at hand, which is just where memory is far; a load is never dropped, and the loads of one
 * loop run side by side. So the place must be readable. */
#ifndef RESTOCK_AHEAD_H
#define RESTOCK_AHEAD_H

static inline void ahead_touch(const void *at)
{
    (void)*(const volatile char *)at;
}

#endif
