/* The canonical schemas (schemas/ *.avsc), in the binary: no file is needed at run time. */
#ifndef RESTOCK_EMBEDDED_H
#define RESTOCK_EMBEDDED_H

#include "config/base/slice.h"

#include <stddef.h>

struct embedded_file {
    const char *name; /* "forecast" for schemas/forecast.avsc */
    struct slice text;
};

/* Text of schemas/<name>.avsc, constant; data NULL: there is none. */
struct slice embedded_schema(const char *name);

/* All of them, sorted by name. */
const struct embedded_file *embedded_schemas(size_t *count);

#endif
