/* The dotted path of a decode_error, written from the root down: "lines[3].Quantity". */
#ifndef RESTOCK_DECODE_PATH_H
#define RESTOCK_DECODE_PATH_H

#include "schemas/datum.h"

/* Each appends to error->field and cuts at the field's size, never inside a character. name must be
 * valid UTF-8; control characters become '?', so that the path may stand in a log line or a header.
 */
void decode_path_name(struct decode_error *error, struct slice name);
void decode_path_index(struct decode_error *error, uint32_t index);

#endif
