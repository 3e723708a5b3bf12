#include "schemas/wire.h"

#include "event_fixture.h"
#include "schemas/embedded.h"
#include "stub_registry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct stub_registry *stub;
static struct registry *registry;
static struct arena *arena;
static struct wire_decoder *decoder;
static struct wire_message message;

static void setup(void)
{
    stub = stub_registry_start();
    cr_assert_null(registry_create(
        &(struct registry_options){.url = stub_registry_url(stub), .timeout_ms = 500}, &registry));
    arena = arena_create(16 << 10, 4 << 20);
}

static void teardown(void)
{
    wire_decoder_close(decoder);
    registry_destroy(registry);
    stub_registry_stop(stub);
    arena_destroy(arena);
}

TestSuite(wire, .init = setup, .fini = teardown);

static void open_decoder(struct wire_input input)
{
    wire_decoder_close(decoder);
    decoder = NULL;
    struct status *st = wire_decoder_open(&input, &decoder);
    cr_assert_null(st, "%s", status_message(st));
}

static void open_fails(struct wire_input input, const char *says)
{
    struct wire_decoder *none = NULL;
    struct status *st = wire_decoder_open(&input, &none);
    cr_assert_not_null(st);
    cr_assert_null(none);
    cr_assert_not_null(strstr(status_message(st), says), "%s", status_message(st));
    status_free(st);
}

static void decode(const char *bytes, size_t count)
{
    arena_reset(arena);
    struct status *st = wire_decode(decoder, arena, (struct slice){bytes, count}, &message);
    cr_assert_null(st, "%s", status_message(st));
}

static void refused(const char *bytes, size_t count, const char *reason)
{
    decode(bytes, count);
    cr_assert_null(message.datum);
    cr_assert_str_eq(message.error.reason, reason);
}

#define SIZED(text) text, sizeof text - 1

Test(wire, format_names)
{
    for (int i = WIRE_JSON; i <= WIRE_RAW; i++) {
        enum wire_format found = WIRE_JSON;
        cr_assert(wire_format_parse(slice_of(wire_format_name((enum wire_format)i)), &found));
        cr_assert_eq((int)found, i);
    }
    enum wire_format untouched = WIRE_RAW;
    cr_assert_not(wire_format_parse(slice_of("avro"), &untouched));
    cr_assert_eq(untouched, WIRE_RAW);
}

Test(wire, json)
{
    open_decoder((struct wire_input){.format = WIRE_JSON});
    decode(SIZED("{\"a\":1}"));
    cr_assert_eq(message.datum->count, 1);
    cr_assert_eq(message.schema_id, WIRE_NO_SCHEMA);
    refused(SIZED("{\"a\":x}"), "unexpected character");
    cr_assert_str_eq(message.error.field, "a");
    cr_assert_eq(message.error.offset, 5);
    refused("", 0, "message is empty");
    refused(NULL, 0, "message is empty");
}

Test(wire, raw)
{
    open_decoder((struct wire_input){.format = WIRE_RAW, .schema_text = slice_of("\"long\"")});
    decode(SIZED("\x0a"));
    cr_assert_eq(message.datum->i64, 5);
    refused(SIZED("\x0a\0"), "something follows the value");
    open_fails((struct wire_input){.format = WIRE_RAW}, "format raw needs `schema`");
    open_fails((struct wire_input){.format = WIRE_RAW, .schema_text = slice_of("\"Foo\"")},
               "unknown type");
    open_fails((struct wire_input){.format = WIRE_RAW, .schema_path = "/nowhere.avsc"},
               "/nowhere.avsc");
}

Test(wire, confluent)
{
    int32_t id = stub_registry_add(
        stub, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"}]}",
        "");
    cr_assert_eq(id, 1);
    open_decoder((struct wire_input){.format = WIRE_CONFLUENT, .registry = registry});
    for (int i = 0; i < 3; i++) {
        decode(SIZED("\0\0\0\0\x01\x0a"));
        cr_assert_eq(message.datum->children[0].i64, 5);
        cr_assert_eq(message.schema_id, 1);
    }
    cr_assert_eq(stub_registry_requests(stub), 1);
    refused(SIZED("\0\0\0\0\x01\x8a"), "message ends too early");
    cr_assert_eq(message.error.offset, 5);
    cr_assert_str_eq(message.error.field, "x");
    refused(SIZED("\0\0\0"), "message is too short for a schema id");
    refused(SIZED("\x07\0\0\0\x01\x0a"), "first byte is not 0: not in the registry's framing");
    cr_assert_eq(message.schema_id, WIRE_NO_SCHEMA);
    refused(SIZED("\0\0\0\x10\x92\x0a"), "unknown schema id");
    cr_assert_eq(message.schema_id, 4242);
    refused(SIZED("\0\xff\xff\xff\xff\x0a"), "unknown schema id");
    cr_assert_eq(stub_registry_requests(stub), 2);
    open_fails((struct wire_input){.format = WIRE_CONFLUENT}, "registry.url");
}

Test(wire, confluent_with_a_reader)
{
    stub_registry_add(
        stub, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"}]}",
        "");
    stub_registry_add(
        stub, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"y\",\"type\":\"int\"}]}",
        "");
    stub_registry_add(stub, "{\"type\":\"record\"}", "");
    stub_registry_add(stub, "{}", ",\"schemaType\":\"PROTOBUF\"");
    open_decoder((struct wire_input){
        .format = WIRE_CONFLUENT,
        .registry = registry,
        .schema_text = slice_of(
            "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"long\"},"
            "{\"name\":\"z\",\"type\":\"string\",\"default\":\"d\"}]}")});
    for (int i = 0; i < 2; i++) {
        decode(SIZED("\0\0\0\0\x01\x0a"));
        cr_assert(slice_is(message.datum->children[1].text, "d"));
        decode(SIZED("\0\0\0\0\x02\x0a"));
        cr_assert_null(message.datum);
        cr_assert_not_null(strstr(message.error.reason, "field x of R: the writer lacks it"), "%s",
                           message.error.reason);
        decode(SIZED("\0\0\0\0\x03\x0a"));
        cr_assert_not_null(strstr(message.error.reason, "no name"), "%s", message.error.reason);
        decode(SIZED("\0\0\0\0\x04\x0a"));
        cr_assert_not_null(strstr(message.error.reason, "no Avro schema"), "%s",
                           message.error.reason);
    }
    cr_assert_eq(stub_registry_requests(stub), 4);
}

Test(wire, a_registry_away_blames_no_message)
{
    stub_registry_add(stub, "\"int\"", "");
    stub_registry_trouble(stub, STUB_BUSY);
    open_decoder((struct wire_input){.format = WIRE_CONFLUENT, .registry = registry});
    struct status *st =
        wire_decode(decoder, arena, (struct slice){"\0\0\0\0\x01\x0a", 6}, &message);
    cr_assert_eq(status_code(st), STATUS_REGISTRY);
    cr_assert(status_has(st, STATUS_RETRY));
    status_free(st);
    stub_registry_trouble(stub, STUB_WELL);
    nanosleep(&(struct timespec){0, (REGISTRY_FAILURE_KEEP_MS + 50) * 1000000L}, NULL);
    decode(SIZED("\0\0\0\0\x01\x0a"));
    cr_assert_eq(message.datum->i64, 5);
}

static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

Test(wire, single_object_with_older_writers)
{
    char old[] = "/tmp/oldXXXXXX", bad[] = "/tmp/badXXXXXX";
    write_file(old, "\"int\"");
    write_file(bad, "\"string\"");
    const char *olds[] = {old}, *bads[] = {bad};
    struct wire_input input = {.format = WIRE_SINGLE_OBJECT,
                               .schema_text = slice_of("\"long\""),
                               .old_schema_paths = olds,
                               .old_schema_count = 1};
    open_decoder(input);
    /* CRC-64-AVRO of "int" is 7275d51a3f395c8f, of "long" d054e14493f41db7. */
    decode(SIZED("\xc3\x01\x8f\x5c\x39\x3f\x1a\xd5\x75\x72\x0a"));
    cr_assert_eq(message.datum->i64, 5);
    decode(SIZED("\xc3\x01\xb7\x1d\xf4\x93\x44\xe1\x54\xd0\x0c"));
    cr_assert_eq(message.datum->i64, 6);
    refused(SIZED("\xc3\x01\xb7\x1d\xf4\x93\x44\xe1\x54\xd1\x0c"), "unknown schema fingerprint");
    refused(SIZED("\xc3\x02\xb7\x1d\xf4\x93\x44\xe1\x54\xd0\x0c"),
            "does not begin with C3 01: not a single-object encoding");
    refused(SIZED("\xc3\x01\xb7"), "message is too short for a schema fingerprint");
    input.old_schema_paths = bads;
    open_fails(input, bad);
    open_fails((struct wire_input){.format = WIRE_SINGLE_OBJECT}, "single-object needs `schema`");
    unlink(old);
    unlink(bad);
}

/* What an encoder writes, the decoder of the same format reads, whatever the framing. */
Test(wire, encoders_and_decoders_fit)
{
    struct buf out = {0}, json = {0}, again = {0};
    for (int format = WIRE_JSON; format <= WIRE_RAW; format++) {
        struct wire_output output = {.format = (enum wire_format)format,
                                     .record = "forecast",
                                     .subject = "forecasts-value",
                                     .registry = registry};
        struct wire_encoder *encoder = NULL;
        struct status *st = wire_encoder_open(&output, &encoder);
        cr_assert_null(st, "%s", status_message(st));
        cr_assert_eq(wire_encoder_id(encoder), format == WIRE_CONFLUENT ? 1 : WIRE_NO_SCHEMA);
        struct emit w;
        buf_reset(&out);
        wire_begin(encoder, &out, &w);
        event_fixture_forecast(&w);
        wire_encoder_close(encoder);
        if (format == WIRE_JSON) {
            buf_put(&json, out.data, out.bytes);
        }
        bool needs_text = format == WIRE_RAW || format == WIRE_SINGLE_OBJECT;
        open_decoder((struct wire_input){.format = (enum wire_format)format,
                                         .registry = registry,
                                         .schema_text = needs_text ? embedded_schema("forecast")
                                                                   : (struct slice){0}});
        decode(out.data, out.bytes);
        cr_assert_not_null(message.datum, "%s", message.error.reason);
        buf_reset(&again);
        datum_print(&again, message.datum);
        cr_assert(slice_equal(buf_view(&again), buf_view(&json)));
    }
    buf_fini(&out);
    buf_fini(&json);
    buf_fini(&again);
}

Test(wire, encoders_that_cannot_open)
{
    struct wire_encoder *encoder = NULL;
    struct wire_output output = {
        .format = WIRE_CONFLUENT, .record = "alert", .subject = "alerts-value"};
    struct status *st = wire_encoder_open(&output, &encoder);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
    output.registry = registry;
    stub_registry_trouble(stub, STUB_CONFLICT);
    st = wire_encoder_open(&output, &encoder);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    cr_assert_not_null(strstr(status_message(st), "alerts-value"));
    status_free(st);
    stub_registry_trouble(stub, STUB_BUSY);
    st = wire_encoder_open(&output, &encoder);
    cr_assert(status_has(st, STATUS_RETRY));
    status_free(st);
    cr_assert_null(encoder);
    wire_encoder_close(NULL);
}
