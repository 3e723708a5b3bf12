/* The generated table behind embedded.h: ends with a row without name. */
#ifndef RESTOCK_EMBEDDED_FILES_H
#define RESTOCK_EMBEDDED_FILES_H

#include "schemas/embedded.h"

extern const struct embedded_file embedded_files[];

#endif
