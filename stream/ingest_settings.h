/* Options of INGEST as the settings say, for the worker and for runs on files.
 *
 * Pure; any thread. What is returned borrows from `settings` and `map`. */
#ifndef RESTOCK_INGEST_SETTINGS_H
#define RESTOCK_INGEST_SETTINGS_H

#include "stream/ingest.h"
#include "stream/settings.h"

/* Of a run on topics: decoders, maps, topics and until_end are the caller's to set. */
struct ingest_options ingest_settings_topics(const struct settings *settings,
                                             int32_t lines_partitions);
/* Of a run on files of orders, whose end is final. */
struct ingest_options ingest_settings_files(const struct settings *settings,
                                            int32_t lines_partitions, const struct map *map);

#endif
