/* How long things take, as a histogram: records are noted when they come, and counted when what
 * follows from them is committed.
 *
 *     latency_begin(&latency, now_ms, count);      // these records came now
 *     latency_commit(&latency, now_ms);            // all that wait are done
 *     latency_drop(&latency);                      // ... or will be read again
 *
 * Owner: one worker thread; `figures` is copied into its view. */
#ifndef RESTOCK_LATENCY_H
#define RESTOCK_LATENCY_H

#include <stddef.h>
#include <stdint.h>

enum { LATENCY_SLOTS = 18, LATENCY_WAITING = 64 };

struct latency_figures {
    uint64_t sum_ms;
    uint64_t count[LATENCY_SLOTS]; /* those that took < 2^i ms; the last: longer */
};

struct latency {
    struct latency_figures figures;
    size_t waiting; /* entries in use; when all are, what comes waits with the newest */
    struct {
        int64_t since_ms;
        uint64_t count;
    } wait[LATENCY_WAITING];
};

void latency_begin(struct latency *latency, int64_t since_ms, uint64_t count);
void latency_commit(struct latency *latency, int64_t now_ms); /* before since_ms: took no time */
void latency_drop(struct latency *latency);
void latency_add(struct latency_figures *sum, const struct latency_figures *more);

#endif
