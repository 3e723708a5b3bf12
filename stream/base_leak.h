/* Whether a base model has seen what a backtest is about to forecast: its manifest keeps, of each
 * panel, the last day known and the BASE_LEAK_SAMPLE smallest hashes of the names of its series. */
#ifndef RESTOCK_BASE_LEAK_H
#define RESTOCK_BASE_LEAK_H

#include "model/base_model.h"
#include "stream/panel.h"

enum { BASE_LEAK_SAMPLE = 32 };

/* The sample of a set of names, ascending: hashes[BASE_LEAK_SAMPLE]. Returns how many. */
uint32_t base_leak_sample(const uint64_t *hashes, size_t count, uint64_t *sample);
uint64_t base_leak_hash(struct slice name);
/* True where the base knows series of this panel beyond `origin_ms` (start of the first origin's
 * bucket, local time). A manifest without samples (made by hand) never leaks. */
bool base_leak_found(const struct base_model *base, const struct panel *panel, int64_t origin_ms);

#endif
