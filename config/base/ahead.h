/* Asking for memory ahead of its use, for many places at once: loads that nobody waits for.
 *
 *     struct ahead ahead = {0};
 *     for (...) { ahead_add(&ahead, &table[hash_of(line)]); }     // where? at most AHEAD_MOST
 *     ahead_load(&ahead);                                         // all of them, side by side
 *
 * A prefetch instruction would do the same, but processors drop it where the page's translation is
 * not at hand, which is just where memory is far; a load is never dropped (measured with 100,000
 * series: 1.1 to 1.3 times the time of a line). So the places must be readable. Addresses are
 * collected first and loaded in one short loop, because a processor looks only some hundred
 * instructions ahead of a load that has not come. */
#ifndef RESTOCK_AHEAD_H
#define RESTOCK_AHEAD_H

enum { AHEAD_MOST = 128 };

struct ahead {
    unsigned count;
    const void *at[AHEAD_MOST];
};

static inline void ahead_add(struct ahead *ahead, const void *at)
{
    ahead->at[ahead->count++] = at;
}

static inline void ahead_load(struct ahead *ahead)
{
    for (unsigned i = 0; i < ahead->count; i++) {
        (void)*(const volatile char *)ahead->at[i];
    }
    ahead->count = 0;
}

#endif
