/* One curl handle, kept open between calls. Answers are JSON of our own decoder.
 *
 * Cache: schemas found stand in a table that only grows; ids not found in a small ring with an
 * expiry, so that a topic full of invented ids costs a bounded number of calls; the last failure to
 * reach the registry is repeated without a call for a moment. */
#include "schemas/registry.h"

#include "config/base/arena.h"
#include "config/base/buf.h"
#include "config/base/ensure.h"
#include "schemas/datum.h"
#include "schemas/json.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    URLS_MAX = 8,
    MISSING_MAX = 256,
    ANSWER_ARENA_MAX = 64 << 20,
    HTTP_OK = 200,
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_TIMEOUT = 408,
    HTTP_CONFLICT = 409,
    HTTP_INVALID = 422,
    HTTP_BUSY = 429,
    HTTP_SERVER_ERROR = 500,
    ERROR_SUBJECT_NOT_FOUND = 40401,
    ERROR_SCHEMA_NOT_FOUND = 40403,
    MESSAGE_BYTES = 200,
};

struct known {
    int32_t id;
    struct slice text; /* owned; data NULL: unusable */
    char *reason; /* owned; why it is unusable */
};

struct missing {
    int32_t id;
    int64_t until_ms;
};

struct registry {
    CURL *curl;
    struct curl_slist *headers;
    char *urls; /* owned; cut into pieces */
    const char *url[URLS_MAX];
    size_t url_count, url_now; /* the one that answered last */
    struct known *known;
    size_t known_count;
    struct missing missing[MISSING_MAX];
    size_t missing_next;
    int64_t failed_until_ms;
    char failure[MESSAGE_BYTES + 200];
    struct arena *arena; /* of one answer */
    struct buf body, answer;
    char *latest;
    char curl_error[CURL_ERROR_SIZE];
};

struct answer {
    long code; /* HTTP */
    const struct datum *json; /* NULL: none */
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t receive(char *data, size_t size, size_t count, void *context)
{
    struct registry *registry = context;
    if (size * count > REGISTRY_ANSWER_BYTES_MAX - registry->answer.bytes) {
        return 0;
    }
    buf_put(&registry->answer, data, size * count);
    return size * count;
}

static struct status *urls_split(struct registry *registry, const char *urls)
{
    registry->urls = strdup(urls);
    ASSERT(registry->urls);
    char *rest = registry->urls;
    for (char *url; (url = strsep(&rest, ", ")) != NULL;) {
        if (!*url) {
            continue;
        }
        bool is_http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
        if (!is_http || registry->url_count == URLS_MAX) {
            return status_new(STATUS_CONFIG,
                              "registry: %s: expected up to %d addresses of the form "
                              "http://host:port or https://host:port",
                              is_http ? "too many addresses" : "bad address", URLS_MAX);
        }
        if (strchr(url, '@')) {
            return status_new(STATUS_CONFIG, "registry: user and password do not belong into the "
                                             "address: set them as options of their own");
        }
        size_t bytes = strlen(url);
        while (url[bytes - 1] == '/') {
            url[--bytes] = 0;
        }
        registry->url[registry->url_count++] = url;
    }
    return registry->url_count ? NULL : status_new(STATUS_CONFIG, "registry: no address is given");
}

static void set_options(struct registry *registry, const struct registry_options *options)
{
    CURL *curl = registry->curl;
    long timeout_ms = options->timeout_ms ? (long)options->timeout_ms : REGISTRY_TIMEOUT_MS;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, registry->headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, registry->curl_error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, registry);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "restock/" RESTOCK_VERSION);
    if (options->user && *options->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, options->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, options->password ? options->password : "");
    }
    if (options->ca_file && *options->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file);
    }
}

struct status *registry_create(const struct registry_options *options, struct registry **out)
{
    struct registry *registry = calloc(1, sizeof *registry);
    if (!registry) {
        return status_new(STATUS_NO_MEMORY, "no memory for a registry client");
    }
    struct status *st = urls_split(registry, options->url ? options->url : "");
    if (st) {
        registry_destroy(registry);
        return st;
    }
    registry->arena = arena_create(16 << 10, ANSWER_ARENA_MAX);
    registry->curl = curl_easy_init();
    registry->headers =
        curl_slist_append(NULL, "Accept: application/vnd.schemaregistry.v1+json, application/json");
    if (!registry->arena || !registry->curl || !registry->headers ||
        !curl_slist_append(registry->headers,
                           "Content-Type: application/vnd.schemaregistry.v1+json")) {
        registry_destroy(registry);
        return status_new(STATUS_NO_MEMORY, "no memory for a registry client");
    }
    set_options(registry, options);
    *out = registry;
    return NULL;
}

void registry_destroy(struct registry *registry)
{
    if (!registry) {
        return;
    }
    for (size_t i = 0; i < registry->known_count; i++) {
        free((void *)(uintptr_t)registry->known[i].text.data);
        free(registry->known[i].reason);
    }
    free(registry->known);
    free(registry->latest);
    free(registry->urls);
    buf_fini(&registry->body);
    buf_fini(&registry->answer);
    arena_destroy(registry->arena);
    curl_slist_free_all(registry->headers);
    curl_easy_cleanup(registry->curl);
    free(registry);
}

/* What curl could not do: worth another try, or a mistake in the configuration? */
static bool is_worth_retry(CURLcode code)
{
    switch ((int)code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_WRITE_ERROR: /* an answer beyond all bounds */
        return false;
    default:
        return true;
    }
}

static struct status *remember_failure(struct registry *registry, const char *what,
                                       const char *detail)
{
    snprintf(registry->failure, sizeof registry->failure, "schema registry %s: %s: %s",
             registry->url[registry->url_now], what, detail);
    registry->failed_until_ms = now_ms() + REGISTRY_FAILURE_KEEP_MS;
    return status_new_flags(STATUS_REGISTRY, STATUS_RETRY, "%s", registry->failure);
}

static int64_t number_of(const struct datum *json, const char *name)
{
    const struct datum *found = datum_child(json, slice_of(name), NULL);
    int64_t value = 0;
    return found && datum_scaled(found, 0, &value) == DATUM_NUMBER_OK ? value : 0;
}

static struct slice text_of(const struct datum *json, const char *name)
{
    const struct datum *found = datum_child(json, slice_of(name), NULL);
    return found && found->kind == DATUM_TEXT ? found->text : (struct slice){0};
}

/* One call to the address url_now. */
static CURLcode perform(struct registry *registry, const char *path, struct slice body)
{
    char url[2048];
    if ((size_t)snprintf(url, sizeof url, "%s%s", registry->url[registry->url_now], path) >=
        sizeof url) {
        snprintf(registry->curl_error, sizeof registry->curl_error, "the address is too long");
        return CURLE_URL_MALFORMAT;
    }
    CURL *curl = registry->curl;
    buf_reset(&registry->answer);
    registry->curl_error[0] = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (body.data) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK && !registry->curl_error[0]) {
        snprintf(registry->curl_error, sizeof registry->curl_error, "%s", curl_easy_strerror(code));
    }
    return code;
}

static bool is_server_trouble(long code)
{
    return code >= HTTP_SERVER_ERROR || code == HTTP_BUSY || code == HTTP_TIMEOUT;
}

/* The answer, or why there is none; body.data NULL: GET. */
static struct status *call(struct registry *registry, const char *path, struct slice body,
                           struct answer *out)
{
    if (now_ms() < registry->failed_until_ms) {
        return status_new_flags(STATUS_REGISTRY, STATUS_RETRY, "%s", registry->failure);
    }
    CURLcode code = CURLE_OK;
    long http = 0;
    for (size_t i = 0; i < registry->url_count; i++) {
        code = perform(registry, path, body);
        if (code == CURLE_OK) {
            curl_easy_getinfo(registry->curl, CURLINFO_RESPONSE_CODE, &http);
            if (!is_server_trouble(http)) {
                break;
            }
        }
        if (i + 1 < registry->url_count) {
            registry->url_now = (registry->url_now + 1) % registry->url_count;
        }
    }
    const char *url = registry->url[registry->url_now];
    if (code != CURLE_OK) {
        return is_worth_retry(code)
                   ? remember_failure(registry, "not reached", registry->curl_error)
                   : status_new(STATUS_REGISTRY, "schema registry %s: %s", url,
                                registry->curl_error);
    }
    if (is_server_trouble(http)) {
        char detail[32];
        snprintf(detail, sizeof detail, "HTTP %ld", http);
        return remember_failure(registry, "cannot answer now", detail);
    }
    if (http == HTTP_UNAUTHORIZED || http == HTTP_FORBIDDEN) {
        return status_new(STATUS_REGISTRY,
                          "schema registry %s refused us (HTTP %ld): check registry.user and "
                          "registry.password",
                          url, http);
    }
    arena_reset(registry->arena);
    struct datum *json = NULL;
    struct decode_error error;
    bool ok = json_decode(registry->arena, buf_view(&registry->answer), &json, &error);
    *out = (struct answer){http, ok ? json : NULL};
    return NULL;
}

/* An answer that we have no use for. */
static struct status *unexpected(const struct registry *registry, const struct answer *answer,
                                 const char *path)
{
    struct slice message = text_of(answer->json, "message");
    return status_new(STATUS_REGISTRY,
                      "schema registry %s: GET or POST %s: HTTP %ld %.*s: is the "
                      "address that of a registry?",
                      registry->url[registry->url_now], path, answer->code,
                      (int)(message.bytes < MESSAGE_BYTES ? message.bytes : MESSAGE_BYTES),
                      message.data ? message.data : "");
}

static bool is_missing(const struct answer *answer)
{
    int64_t error = number_of(answer->json, "error_code");
    return answer->code == HTTP_NOT_FOUND && error >= ERROR_SUBJECT_NOT_FOUND &&
           error <= ERROR_SCHEMA_NOT_FOUND;
}

/* Why the schema of an answer is of no use, or NULL. */
static const char *unusable(const struct datum *json)
{
    struct slice type = text_of(json, "schemaType");
    const struct datum *references = datum_child(json, slice_of("references"), NULL);
    if (type.bytes && !slice_is(type, "AVRO")) {
        return "is no Avro schema";
    }
    if (references && references->count) {
        return "refers to other schemas, which is not supported: register it as one piece";
    }
    return NULL;
}

static struct known *known_add(struct registry *registry, int32_t id)
{
    struct known *known =
        realloc(registry->known, (registry->known_count + 1) * sizeof *registry->known);
    ASSERT(known);
    registry->known = known;
    known += registry->known_count++;
    *known = (struct known){.id = id};
    return known;
}

static struct status *known_answer(const struct known *known, struct slice *out)
{
    if (known->reason) {
        return status_new(STATUS_CORRUPT, "schema %d %s", known->id, known->reason);
    }
    *out = known->text;
    return NULL;
}

struct status *registry_schema(struct registry *registry, int32_t id, struct slice *out)
{
    for (size_t i = registry->known_count; i-- > 0;) {
        if (registry->known[i].id == id) {
            return known_answer(&registry->known[i], out);
        }
    }
    int64_t now = now_ms();
    for (size_t i = 0; i < MISSING_MAX; i++) {
        if (registry->missing[i].id == id && now < registry->missing[i].until_ms) {
            *out = (struct slice){0};
            return NULL;
        }
    }
    char path[64];
    snprintf(path, sizeof path, "/schemas/ids/%d", id);
    struct answer answer = {0};
    TRY(call(registry, path, (struct slice){0}, &answer));
    if (is_missing(&answer)) {
        registry->missing[registry->missing_next++ % MISSING_MAX] =
            (struct missing){id, now_ms() + REGISTRY_NOT_FOUND_KEEP_MS};
        *out = (struct slice){0};
        return NULL;
    }
    struct slice text = text_of(answer.json, "schema");
    if (answer.code != HTTP_OK || !text.data) {
        return unexpected(registry, &answer, path);
    }
    const char *reason = unusable(answer.json);
    struct known *known = known_add(registry, id);
    if (reason) {
        known->reason = strdup(reason);
        ASSERT(known->reason);
    } else {
        char *copy = strndup(text.data, text.bytes);
        ASSERT(copy);
        known->text = (struct slice){copy, strlen(copy)};
    }
    return known_answer(known, out);
}

/* prefix + subject (escaped) + suffix. */
static struct status *subject_path(struct registry *registry, const char *prefix,
                                   const char *subject, const char *suffix, char path[1024])
{
    char *escaped = curl_easy_escape(registry->curl, subject, 0);
    ASSERT(escaped);
    int bytes = snprintf(path, 1024, "%s/subjects/%s%s", prefix, escaped, suffix);
    curl_free(escaped);
    return bytes < 1024 ? NULL : status_new(STATUS_CONFIG, "subject %.60s... is too long", subject);
}

static struct slice schema_body(struct registry *registry, struct slice text)
{
    buf_reset(&registry->body);
    buf_text(&registry->body, "{\"schema\":");
    datum_print_text(&registry->body, text);
    buf_byte(&registry->body, '}');
    return buf_view(&registry->body);
}

struct status *registry_register(struct registry *registry, const char *subject, struct slice text,
                                 int32_t *id)
{
    char path[1024];
    TRY(subject_path(registry, "", subject, "/versions", path));
    struct answer answer = {0};
    TRY(call(registry, path, schema_body(registry, text), &answer));
    if (answer.code == HTTP_CONFLICT || answer.code == HTTP_INVALID) {
        struct slice message = text_of(answer.json, "message");
        return status_new(STATUS_CONFIG,
                          "schema registry %s: subject %s does not take our schema (HTTP %ld): "
                          "%.*s: use another topic or relax the subject's compatibility",
                          registry->url[registry->url_now], subject, answer.code,
                          (int)(message.bytes < MESSAGE_BYTES ? message.bytes : MESSAGE_BYTES),
                          message.data ? message.data : "");
    }
    int64_t found = number_of(answer.json, "id");
    if (answer.code != HTTP_OK || found < 1 || found > INT32_MAX) {
        return unexpected(registry, &answer, path);
    }
    *id = (int32_t)found;
    return NULL;
}

struct status *registry_latest(struct registry *registry, const char *subject, int32_t *id,
                               struct slice *text)
{
    char path[1024];
    TRY(subject_path(registry, "", subject, "/versions/latest", path));
    struct answer answer = {0};
    TRY(call(registry, path, (struct slice){0}, &answer));
    if (is_missing(&answer)) {
        *text = (struct slice){0};
        return NULL;
    }
    int64_t found = number_of(answer.json, "id");
    struct slice schema = text_of(answer.json, "schema");
    if (answer.code != HTTP_OK || !schema.data || found < 1 || found > INT32_MAX) {
        return unexpected(registry, &answer, path);
    }
    free(registry->latest);
    registry->latest = strndup(schema.data, schema.bytes);
    ASSERT(registry->latest);
    *id = (int32_t)found;
    *text = slice_of(registry->latest);
    return NULL;
}

struct status *registry_compatible(struct registry *registry, const char *subject,
                                   struct slice text, bool *compatible)
{
    char path[1024];
    TRY(subject_path(registry, "/compatibility", subject, "/versions/latest", path));
    struct answer answer = {0};
    TRY(call(registry, path, schema_body(registry, text), &answer));
    if (is_missing(&answer)) {
        *compatible = true;
        return NULL;
    }
    const struct datum *found = datum_child(answer.json, slice_of("is_compatible"), NULL);
    if (answer.code != HTTP_OK || !found || found->kind != DATUM_BOOL) {
        return unexpected(registry, &answer, path);
    }
    *compatible = found->boolean;
    return NULL;
}

struct status *registry_check(struct registry *registry)
{
    struct answer answer = {0};
    TRY(call(registry, "/subjects", (struct slice){0}, &answer));
    return answer.code == HTTP_OK && answer.json && answer.json->kind == DATUM_ARRAY
               ? NULL
               : unexpected(registry, &answer, "/subjects");
}
