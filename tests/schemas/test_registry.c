#include "schemas/registry.h"

#include "stub_registry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

static struct stub_registry *stub;
static struct registry *registry;

static void setup(void)
{
    stub = stub_registry_start();
    struct registry_options options = {
        .url = stub_registry_url(stub), .user = "shop", .password = "pw", .timeout_ms = 300};
    struct status *st = registry_create(&options, &registry);
    cr_assert_null(st, "%s", status_message(st));
}

static void teardown(void)
{
    registry_destroy(registry);
    stub_registry_stop(stub);
}

TestSuite(registry, .init = setup, .fini = teardown);

static void nap(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

static void fails(struct status *st, enum status_code code, bool retry, const char *says)
{
    cr_assert_not_null(st);
    cr_assert_eq(status_code(st), code, "%s", status_message(st));
    cr_assert_eq(status_has(st, STATUS_RETRY), retry, "%s", status_message(st));
    cr_assert_not_null(strstr(status_message(st), says), "%s", status_message(st));
    status_free(st);
}

Test(registry, a_schema_is_fetched_once)
{
    int32_t id = stub_registry_add(stub, "{\"type\": \"string\"}", "");
    struct slice text;
    for (int i = 0; i < 3; i++) {
        cr_assert_null(registry_schema(registry, id, &text));
        cr_assert(slice_is(text, "{\"type\": \"string\"}"));
    }
    cr_assert_eq(stub_registry_requests(stub), 1);
    char authorization[128];
    stub_registry_authorization(stub, authorization);
    cr_assert_str_eq(authorization, "Authorization: Basic c2hvcDpwdw==");
    /* What is known stays known while the registry is away. */
    stub_registry_trouble(stub, STUB_BUSY);
    cr_assert_null(registry_schema(registry, id, &text));
}

Test(registry, an_unknown_id_is_no_failure_and_is_remembered)
{
    struct slice text = slice_of("x");
    for (int i = 0; i < 3; i++) {
        cr_assert_null(registry_schema(registry, 4242, &text));
        cr_assert_null(text.data);
    }
    cr_assert_eq(stub_registry_requests(stub), 1);
}

Test(registry, schemas_that_are_no_use_are_remembered)
{
    int32_t json = stub_registry_add(stub, "{}", ",\"schemaType\":\"JSON\"");
    int32_t parts =
        stub_registry_add(stub, "{\"type\":\"Other\"}",
                          ",\"references\":[{\"name\":\"Other\",\"subject\":\"o\",\"version\":1}]");
    struct slice text;
    for (int i = 0; i < 2; i++) {
        fails(registry_schema(registry, json, &text), STATUS_CORRUPT, false, "no Avro schema");
        fails(registry_schema(registry, parts, &text), STATUS_CORRUPT, false,
              "refers to other schemas");
    }
    cr_assert_eq(stub_registry_requests(stub), 2);
}

Test(registry, busy_is_worth_a_retry_and_briefly_remembered)
{
    int32_t id = stub_registry_add(stub, "\"int\"", "");
    struct slice text;
    stub_registry_trouble(stub, STUB_BUSY);
    fails(registry_schema(registry, id, &text), STATUS_REGISTRY, true, "503");
    stub_registry_trouble(stub, STUB_WELL);
    fails(registry_schema(registry, id, &text), STATUS_REGISTRY, true, "503");
    cr_assert_eq(stub_registry_requests(stub), 1);
    nap(REGISTRY_FAILURE_KEEP_MS + 50);
    cr_assert_null(registry_schema(registry, id, &text));
}

Test(registry, silence_ends_with_the_timeout)
{
    struct slice text;
    stub_registry_trouble(stub, STUB_SILENT);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    fails(registry_schema(registry, 1, &text), STATUS_REGISTRY, true, "not reached");
    clock_gettime(CLOCK_MONOTONIC, &to);
    cr_assert_lt(to.tv_sec - from.tv_sec, 2);
}

Test(registry, refusals_are_our_mistake)
{
    struct slice text;
    stub_registry_trouble(stub, STUB_REFUSES);
    fails(registry_schema(registry, 1, &text), STATUS_REGISTRY, false, "registry.password");
    fails(registry_check(registry), STATUS_REGISTRY, false, "registry.password");
    stub_registry_trouble(stub, STUB_HTML);
    fails(registry_schema(registry, 1, &text), STATUS_REGISTRY, false,
          "is the address that of a registry");
    fails(registry_check(registry), STATUS_REGISTRY, false, "is the address");
    stub_registry_trouble(stub, STUB_WELL);
    cr_assert_null(registry_check(registry));
}

Test(registry, register_latest_compatible)
{
    int32_t first = 0, second = 0, id = 0;
    struct slice text;
    bool compatible = false;
    cr_assert_null(registry_latest(registry, "forecasts-value", &id, &text));
    cr_assert_null(text.data);
    cr_assert_null(
        registry_compatible(registry, "forecasts-value", slice_of("\"int\""), &compatible));
    cr_assert(compatible);
    cr_assert_null(
        registry_register(registry, "forecasts-value", slice_of("{\"type\":\n\"int\"}"), &first));
    cr_assert_null(registry_register(registry, "forecasts-value", slice_of("\"long\""), &second));
    cr_assert_neq(first, second);
    cr_assert_null(registry_register(registry, "forecasts-value", slice_of("\"long\""), &id));
    cr_assert_eq(id, second);
    cr_assert_null(registry_latest(registry, "forecasts-value", &id, &text));
    cr_assert(id == second && slice_is(text, "\"long\""));
    cr_assert_null(registry_schema(registry, first, &text));
    cr_assert(slice_is(text, "{\"type\":\n\"int\"}"));
    stub_registry_trouble(stub, STUB_CONFLICT);
    cr_assert_null(
        registry_compatible(registry, "forecasts-value", slice_of("\"string\""), &compatible));
    cr_assert_not(compatible);
    fails(registry_register(registry, "forecasts-value", slice_of("\"string\""), &id),
          STATUS_CONFIG, false, "incompatible");
}

Test(registry, addresses)
{
    struct registry *other = NULL;
    fails(registry_create(&(struct registry_options){.url = NULL}, &other), STATUS_CONFIG, false,
          "no address");
    fails(registry_create(&(struct registry_options){.url = "ftp://x"}, &other), STATUS_CONFIG,
          false, "http://");
    fails(registry_create(&(struct registry_options){.url = "http://u:p@x"}, &other), STATUS_CONFIG,
          false, "password");
    cr_assert_null(other);
    /* The second of two addresses answers. */
    char urls[128];
    snprintf(urls, sizeof urls, "http://127.0.0.1:1, %s/", stub_registry_url(stub));
    cr_assert_null(
        registry_create(&(struct registry_options){.url = urls, .timeout_ms = 500}, &other));
    cr_assert_null(registry_check(other));
    registry_destroy(other);
    cr_assert_null(registry_create(
        &(struct registry_options){.url = "http://127.0.0.1:1", .timeout_ms = 500}, &other));
    fails(registry_check(other), STATUS_REGISTRY, true, "127.0.0.1:1");
    registry_destroy(other);
    registry_destroy(NULL);
}
