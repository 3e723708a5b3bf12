/* Text and JSON of what the runtime tells: /metrics (Prometheus), /status, readiness with reasons.
 * Pure readers of runtime.h; any thread. */
#ifndef RESTOCK_METRICS_H
#define RESTOCK_METRICS_H

#include "config/base/buf.h"
#include "stream/runtime.h"

void metrics_prometheus(struct runtime *runtime, struct buf *out);
/* {"version", "instance", "ready", "lines": {...}, "workers": [...], "shards": [...]} */
void metrics_status(struct runtime *runtime, struct buf *json);
void metrics_shards(struct runtime *runtime, struct buf *json); /* the array of "shards" alone */
/* True: ready. Else one reason a line. */
bool metrics_ready(struct runtime *runtime, struct buf *reasons);

#endif
