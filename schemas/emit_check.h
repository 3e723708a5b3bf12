/* Follows a walk of emit.h through the schema and stops (ASSERT) at the first step that does not
 * fit: a name, a type, a missing field, a wrong count. For emit.c alone. */
#ifndef RESTOCK_EMIT_CHECK_H
#define RESTOCK_EMIT_CHECK_H

#include "schemas/avro_schema.h"

enum { EMIT_DEPTH_MAX = 16 };

struct emit_check;

struct emit_check *emit_check_create(const struct avro_schema *schema);
void emit_check_end(struct emit_check *check); /* the root must be complete; frees it */

/* (emit_check_value, the step to the next value, is declared in emit.h.) */
void emit_check_count(struct emit_check *check, size_t count); /* of the container just opened */
void emit_check_close(struct emit_check *check, enum avro_kind kind);
void emit_check_key(struct emit_check *check);
void emit_check_branch(struct emit_check *check, uint32_t branch);
void emit_check_symbol(struct emit_check *check, uint32_t index, const char *symbol);

#endif
