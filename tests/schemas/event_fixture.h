/* One event of each output record, walked as the product walks it; for tests of emit and wire. */
#ifndef RESTOCK_EVENT_FIXTURE_H
#define RESTOCK_EVENT_FIXTURE_H

#include "schemas/emit.h"

void event_fixture_forecast(struct emit *w);
void event_fixture_alert(struct emit *w, bool full); /* full: no nulls */
void event_fixture_replenishment(struct emit *w, bool full);

#endif
