#include "schemas/wire.h"

#include "config/base/ensure.h"
#include "schemas/avro_decode.h"
#include "schemas/embedded.h"
#include "schemas/json.h"

#include <stdlib.h>

enum {
    CONFLUENT_MAGIC = 0,
    CONFLUENT_BYTES = 5,
    SINGLE_OBJECT_BYTES = 10,
    FRAME_BYTES_MAX = 10,
    REASON_BYTES = 400,
};

static const unsigned char SINGLE_OBJECT_MAGIC[2] = {0xc3, 0x01};

static const char *const NAMES[] = {
    [WIRE_JSON] = "json",
    [WIRE_CONFLUENT] = "confluent",
    [WIRE_SINGLE_OBJECT] = "single-object",
    [WIRE_RAW] = "raw",
};

struct writer { /* a schema that messages were written with */
    uint64_t key; /* registry id, or fingerprint */
    struct avro_schema *schema;
    struct avro_plan *plan; /* NULL: `reason` says why its messages are refused */
    char *reason;
};

struct wire_decoder {
    enum wire_format format;
    struct registry *registry; /* borrowed */
    struct avro_schema *reader; /* NULL: as written */
    struct writer *writers;
    size_t writer_count, writer_last;
};

struct wire_encoder {
    enum wire_format format;
    struct avro_schema *schema;
    int32_t id;
    size_t frame_bytes;
    unsigned char frame[FRAME_BYTES_MAX];
};

bool wire_format_parse(struct slice text, enum wire_format *out)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (slice_is(text, NAMES[i])) {
            *out = (enum wire_format)i;
            return true;
        }
    }
    return false;
}

const char *wire_format_name(enum wire_format format)
{
    return NAMES[format];
}

/* A new writer of `key`; takes the schema, which may be NULL together with a reason. */
static struct writer *writer_add(struct wire_decoder *decoder, uint64_t key,
                                 struct avro_schema *schema, struct status *why)
{
    struct writer *writers =
        realloc(decoder->writers, (decoder->writer_count + 1) * sizeof *writers);
    ASSERT(writers);
    decoder->writers = writers;
    struct writer *writer = &writers[decoder->writer_count++];
    *writer = (struct writer){.key = key, .schema = schema};
    if (!why) {
        why = avro_plan_create(schema, decoder->reader, &writer->plan);
    }
    if (why) {
        writer->reason = strndup(status_message(why), REASON_BYTES);
        ASSERT(writer->reason);
        status_free(why);
    }
    return writer;
}

static struct writer *writer_find(struct wire_decoder *decoder, uint64_t key)
{
    if (decoder->writer_last < decoder->writer_count &&
        decoder->writers[decoder->writer_last].key == key) {
        return &decoder->writers[decoder->writer_last];
    }
    for (size_t i = 0; i < decoder->writer_count; i++) {
        if (decoder->writers[i].key == key) {
            decoder->writer_last = i;
            return &decoder->writers[i];
        }
    }
    return NULL;
}

/* A schema of the configuration becomes a writer; one that the reader cannot read is an error. */
static struct status *writer_of_file(struct wire_decoder *decoder, struct avro_schema *schema)
{
    struct writer *writer = writer_add(decoder, avro_schema_fingerprint(schema), schema, NULL);
    return writer->plan ? NULL : status_new(STATUS_CONFIG, "%s", writer->reason);
}

static struct status *decoder_schemas(struct wire_decoder *decoder, const struct wire_input *input)
{
    bool has_reader = input->schema_path || input->schema_text.data;
    if (decoder->format == WIRE_JSON) {
        return NULL;
    }
    if (decoder->format == WIRE_CONFLUENT && !decoder->registry) {
        return status_new(STATUS_CONFIG, "format confluent needs registry.url");
    }
    if (!has_reader) {
        return decoder->format == WIRE_CONFLUENT
                   ? NULL
                   : status_new(STATUS_CONFIG, "format %s needs `schema`: an .avsc file",
                                wire_format_name(decoder->format));
    }
    TRY(input->schema_path ? avro_schema_load(input->schema_path, &decoder->reader)
                           : avro_schema_parse(input->schema_text, &decoder->reader));
    if (decoder->format == WIRE_CONFLUENT) {
        return NULL;
    }
    struct avro_schema *same;
    TRY(avro_schema_parse(avro_schema_text(decoder->reader), &same));
    TRY(writer_of_file(decoder, same));
    for (size_t i = 0; i < input->old_schema_count; i++) {
        struct avro_schema *old;
        TRY(avro_schema_load(input->old_schema_paths[i], &old));
        TRY(status_wrap(writer_of_file(decoder, old), "schema %s", input->old_schema_paths[i]));
    }
    return NULL;
}

struct status *wire_decoder_open(const struct wire_input *input, struct wire_decoder **out)
{
    ASSERT(input->old_schema_count <= WIRE_OLD_SCHEMAS_MAX);
    struct wire_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        return status_new(STATUS_NO_MEMORY, "no memory for a decoder");
    }
    decoder->format = input->format;
    decoder->registry = input->registry;
    struct status *st = decoder_schemas(decoder, input);
    if (st) {
        wire_decoder_close(decoder);
        return st;
    }
    *out = decoder;
    return NULL;
}

void wire_decoder_close(struct wire_decoder *decoder)
{
    if (!decoder) {
        return;
    }
    for (size_t i = 0; i < decoder->writer_count; i++) {
        avro_plan_destroy(decoder->writers[i].plan);
        avro_schema_destroy(decoder->writers[i].schema);
        free(decoder->writers[i].reason);
    }
    free(decoder->writers);
    avro_schema_destroy(decoder->reader);
    free(decoder);
}

static struct status *refuse(struct wire_message *out, const char *reason)
{
    out->error = (struct decode_error){.reason = reason};
    return NULL;
}

static void decode_body(const struct writer *writer, struct arena *arena, struct slice bytes,
                        size_t skip, struct wire_message *out)
{
    if (!writer->plan) {
        out->error = (struct decode_error){.reason = writer->reason};
        return;
    }
    struct slice body = {bytes.data + skip, bytes.bytes - skip};
    struct datum *datum;
    if (avro_decode(writer->plan, arena, body, &datum, &out->error)) {
        out->datum = datum;
    } else {
        out->error.offset += skip;
    }
}

/* The writer of a registry id, asked for once. NULL in *found: out->error says why. */
static struct status *writer_of_id(struct wire_decoder *decoder, uint32_t id,
                                   struct wire_message *out, struct writer **found)
{
    *found = writer_find(decoder, id);
    if (*found) {
        return NULL;
    }
    if (id > INT32_MAX) {
        return refuse(out, "unknown schema id");
    }
    if (decoder->writer_count >= WIRE_SCHEMAS_MAX) {
        return refuse(out, "too many schemas in one topic");
    }
    struct slice text;
    struct status *st = registry_schema(decoder->registry, (int32_t)id, &text);
    if (st && status_code(st) != STATUS_CORRUPT) {
        return st;
    }
    if (!st && !text.data) {
        return refuse(out, "unknown schema id");
    }
    struct avro_schema *schema = NULL;
    st = st ? st : avro_schema_parse(text, &schema);
    *found = writer_add(decoder, id, schema, st);
    return NULL;
}

static struct status *decode_confluent(struct wire_decoder *decoder, struct arena *arena,
                                       struct slice bytes, struct wire_message *out)
{
    if (bytes.bytes < CONFLUENT_BYTES) {
        return refuse(out, "message is too short for a schema id");
    }
    if (bytes.data[0] != CONFLUENT_MAGIC) {
        return refuse(out, "first byte is not 0: not in the registry's framing");
    }
    uint32_t id = 0;
    for (size_t i = 1; i < CONFLUENT_BYTES; i++) {
        id = id << 8 | (unsigned char)bytes.data[i];
    }
    out->schema_id = (int32_t)id;
    struct writer *writer;
    TRY(writer_of_id(decoder, id, out, &writer));
    if (writer) {
        decode_body(writer, arena, bytes, CONFLUENT_BYTES, out);
    }
    return NULL;
}

static struct status *decode_single_object(struct wire_decoder *decoder, struct arena *arena,
                                           struct slice bytes, struct wire_message *out)
{
    if (bytes.bytes < SINGLE_OBJECT_BYTES) {
        return refuse(out, "message is too short for a schema fingerprint");
    }
    if (memcmp(bytes.data, SINGLE_OBJECT_MAGIC, sizeof SINGLE_OBJECT_MAGIC) != 0) {
        return refuse(out, "does not begin with C3 01: not a single-object encoding");
    }
    uint64_t fingerprint = 0;
    for (size_t i = SINGLE_OBJECT_BYTES; i-- > sizeof SINGLE_OBJECT_MAGIC;) {
        fingerprint = fingerprint << 8 | (unsigned char)bytes.data[i];
    }
    struct writer *writer = writer_find(decoder, fingerprint);
    if (!writer) {
        return refuse(out, "unknown schema fingerprint");
    }
    decode_body(writer, arena, bytes, SINGLE_OBJECT_BYTES, out);
    return NULL;
}

struct status *wire_decode(struct wire_decoder *decoder, struct arena *arena, struct slice bytes,
                           struct wire_message *out)
{
    out->datum = NULL;
    out->schema_id = WIRE_NO_SCHEMA;
    if (!bytes.bytes) {
        return refuse(out, "message is empty");
    }
    switch (decoder->format) {
    case WIRE_CONFLUENT:
        return decode_confluent(decoder, arena, bytes, out);
    case WIRE_SINGLE_OBJECT:
        return decode_single_object(decoder, arena, bytes, out);
    case WIRE_RAW:
        decode_body(&decoder->writers[0], arena, bytes, 0, out);
        return NULL;
    case WIRE_JSON:
        break;
    }
    struct datum *datum;
    if (json_decode(arena, bytes, &datum, &out->error)) {
        out->datum = datum;
    }
    return NULL;
}

static void put_frame(struct wire_encoder *encoder)
{
    unsigned char *frame = encoder->frame;
    if (encoder->format == WIRE_CONFLUENT) {
        uint32_t id = (uint32_t)encoder->id;
        frame[0] = CONFLUENT_MAGIC;
        for (size_t i = 1; i < CONFLUENT_BYTES; i++) {
            frame[i] = (unsigned char)(id >> (32 - 8 * i));
        }
        encoder->frame_bytes = CONFLUENT_BYTES;
    } else if (encoder->format == WIRE_SINGLE_OBJECT) {
        memcpy(frame, SINGLE_OBJECT_MAGIC, sizeof SINGLE_OBJECT_MAGIC);
        uint64_t fingerprint = avro_schema_fingerprint(encoder->schema);
        for (size_t i = sizeof SINGLE_OBJECT_MAGIC; i < SINGLE_OBJECT_BYTES; i++) {
            frame[i] = (unsigned char)fingerprint;
            fingerprint >>= 8;
        }
        encoder->frame_bytes = SINGLE_OBJECT_BYTES;
    }
}

static struct status *encoder_schema(struct wire_encoder *encoder, const struct wire_output *output)
{
    struct slice text = embedded_schema(output->record);
    ASSERT(text.data);
    TRY(avro_schema_parse(text, &encoder->schema));
    if (encoder->format == WIRE_CONFLUENT) {
        if (!output->registry) {
            return status_new(STATUS_CONFIG, "format confluent needs registry.url");
        }
        ASSERT(output->subject);
        TRY(registry_register(output->registry, output->subject, text, &encoder->id));
    }
    put_frame(encoder);
    return NULL;
}

struct status *wire_encoder_open(const struct wire_output *output, struct wire_encoder **out)
{
    struct wire_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder) {
        return status_new(STATUS_NO_MEMORY, "no memory for an encoder");
    }
    encoder->format = output->format;
    encoder->id = WIRE_NO_SCHEMA;
    struct status *st = encoder_schema(encoder, output);
    if (st) {
        wire_encoder_close(encoder);
        return status_wrap(st, "output %s", output->record);
    }
    *out = encoder;
    return NULL;
}

void wire_encoder_close(struct wire_encoder *encoder)
{
    if (encoder) {
        avro_schema_destroy(encoder->schema);
        free(encoder);
    }
}

void wire_begin(const struct wire_encoder *encoder, struct buf *buf, struct emit *w)
{
    buf_put(buf, encoder->frame, encoder->frame_bytes);
#ifdef NDEBUG
    const struct avro_schema *checked = NULL;
#else
    const struct avro_schema *checked = encoder->schema;
#endif
    emit_init(w, buf, encoder->format == WIRE_JSON ? EMIT_JSON : EMIT_AVRO, checked);
}

int32_t wire_encoder_id(const struct wire_encoder *encoder)
{
    return encoder->id;
}
