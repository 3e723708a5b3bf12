/* The detector of anomaly.detector: the one that was shipped in the program, or a file. */
#ifndef RESTOCK_DETECTOR_FILE_H
#define RESTOCK_DETECTOR_FILE_H

#include "anomaly/weigh.h"
#include "config/config.h"

/* name: shipped, none, or a path relative to the configuration's folder. The detector is made for
 * buckets of a day: for others the shipped one is left out (*out NULL), a file is refused
 * (STATUS_CONFIG). Errors name the file; then *out is untouched. The caller frees with
 * weigh_free. */
struct status *detector_file_load(const struct config *config, const char *name, int64_t bucket_ms,
                                  struct weigh **out) __attribute__((warn_unused_result));

#endif
