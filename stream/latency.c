#include "stream/latency.h"

void latency_begin(struct latency *latency, int64_t since_ms, uint64_t count)
{
    if (!count) {
        return;
    }
    size_t last = latency->waiting - 1;
    if (latency->waiting &&
        (latency->wait[last].since_ms == since_ms || latency->waiting == LATENCY_WAITING)) {
        latency->wait[last].count += count;
        return;
    }
    latency->wait[latency->waiting].since_ms = since_ms;
    latency->wait[latency->waiting].count = count;
    latency->waiting++;
}

void latency_commit(struct latency *latency, int64_t now_ms)
{
    for (size_t i = 0; i < latency->waiting; i++) {
        int64_t ms = now_ms - latency->wait[i].since_ms;
        ms = ms > 0 ? ms : 0;
        size_t slot = 0;
        while (slot < LATENCY_SLOTS - 1 && ms >= INT64_C(1) << slot) {
            slot++;
        }
        latency->figures.count[slot] += latency->wait[i].count;
        latency->figures.sum_ms += (uint64_t)ms * latency->wait[i].count;
    }
    latency->waiting = 0;
}

void latency_drop(struct latency *latency)
{
    latency->waiting = 0;
}

void latency_add(struct latency_figures *sum, const struct latency_figures *more)
{
    sum->sum_ms += more->sum_ms;
    for (size_t i = 0; i < LATENCY_SLOTS; i++) {
        sum->count[i] += more->count[i];
    }
}
