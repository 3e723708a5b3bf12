/* Framing of messages per topic: what stands before the body, and which schema wrote it.
 *   confluent      00, schema id as 4 big-endian bytes, Avro
 *   single-object  C3 01, CRC-64-AVRO of the writer's schema, little-endian, Avro
 *   raw            Avro alone, written with the schema of the configuration
 *   json           the value alone
 *
 *     struct wire_input input = {.format = WIRE_CONFLUENT, .registry = registry};
 *     struct wire_decoder *decoder;
 *     TRY(wire_decoder_open(&input, &decoder));
 *     struct wire_message message;
 *     struct status *st = wire_decode(decoder, arena, bytes, &message);
 *     if (st) { registry away: wait, then the same message again }
 *     else if (!message.datum) { dead letter: message.error, message.schema_id }
 *
 *     struct wire_encoder *encoder;                           // one per worker and output topic
 *     TRY(wire_encoder_open(&output, &encoder));              // registers its schema
 *     wire_begin(encoder, buf, &w); ... emit ...; emit_end(&w);
 *
 * Thread: one owner each (they share the worker's registry client).
 */
#ifndef RESTOCK_WIRE_H
#define RESTOCK_WIRE_H

#include "config/base/arena.h"
#include "config/base/buf.h"
#include "config/base/status.h"
#include "schemas/avro_schema.h"
#include "schemas/datum.h"
#include "schemas/emit.h"
#include "schemas/registry.h"

enum wire_format { WIRE_JSON, WIRE_CONFLUENT, WIRE_SINGLE_OBJECT, WIRE_RAW };

enum {
    WIRE_NO_SCHEMA = -1, /* schema_id where the framing has none */
    WIRE_SCHEMAS_MAX = 1024, /* different writer schemas of one topic */
    WIRE_OLD_SCHEMAS_MAX = 32,
};

/* Does "json", "confluent", "single-object", "raw" name a format? */
bool wire_format_parse(struct slice text, enum wire_format *out);
const char *wire_format_name(enum wire_format format);

struct wire_input {
    enum wire_format format;
    const char *schema_path; /* .avsc file: reader's schema; required for raw and single-object */
    struct slice schema_text; /* instead of schema_path, e.g. embedded_schema("stock") */
    const char *const *old_schema_paths; /* single-object: further writers' schemas */
    size_t old_schema_count;
    struct registry *registry; /* confluent; borrowed, outlives the decoder */
};

struct wire_message {
    const struct datum *datum; /* NULL: refused */
    int32_t schema_id; /* confluent, else WIRE_NO_SCHEMA */
    struct decode_error error; /* when refused */
};

struct wire_decoder;

struct status *wire_decoder_open(const struct wire_input *input, struct wire_decoder **out)
    __attribute__((warn_unused_result));
void wire_decoder_close(struct wire_decoder *decoder); /* NULL is fine */

/* NULL: *out says what the bytes are. Otherwise the registry did not answer (flag STATUS_RETRY: ask
 * again later with the same bytes). The tree lives in `arena`, points into `bytes` and the decoder.
 */
struct status *wire_decode(struct wire_decoder *decoder, struct arena *arena, struct slice bytes,
                           struct wire_message *out) __attribute__((warn_unused_result));

struct wire_output {
    enum wire_format format;
    const char *record; /* "forecast", "alert", "replenishment" ...: an embedded schema */
    const char *subject; /* confluent: "<topic>-value" */
    struct registry *registry; /* confluent; needed during open only */
};

struct wire_encoder;

struct status *wire_encoder_open(const struct wire_output *output, struct wire_encoder **out)
    __attribute__((warn_unused_result));
void wire_encoder_close(struct wire_encoder *encoder); /* NULL is fine */

/* Append the framing to buf and start a walk of the record; end it with emit_end. */
void wire_begin(const struct wire_encoder *encoder, struct buf *buf, struct emit *w);

/* "<topic>-value" and the like: schema id of a confluent encoder, WIRE_NO_SCHEMA otherwise. */
int32_t wire_encoder_id(const struct wire_encoder *encoder);

#endif
