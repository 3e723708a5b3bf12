#include "stub_registry.h"

#include "config/base/arena.h"
#include "config/base/buf.h"
#include "config/base/ensure.h"
#include "schemas/datum.h"
#include "schemas/json.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCHEMAS_MAX = 2048, SUBJECTS_MAX = 64, REQUEST_BYTES = 1 << 20 };

struct stub_registry {
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below but url */
    int listener, wake[2];
    char url[64];
    enum stub_trouble trouble;
    int requests;
    char authorization[128];
    char *schemas[SCHEMAS_MAX], *extra[SCHEMAS_MAX];
    int32_t schema_count;
    char *subjects[SUBJECTS_MAX];
    int32_t subject_ids[SUBJECTS_MAX]; /* newest */
    int subject_count;
    char request[REQUEST_BYTES + 1];
};

static void reply(struct buf *out, int code, const char *body, size_t bytes)
{
    buf_print(
        out,
        "HTTP/1.1 %d X\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: "
        "%zu\r\nConnection: close\r\n\r\n",
        code, bytes);
    buf_put(out, body, bytes);
}

static void reply_text(struct buf *out, int code, const char *body)
{
    reply(out, code, body, strlen(body));
}

static void reply_schema(struct stub_registry *stub, struct buf *out, int32_t id)
{
    struct buf body = {0};
    buf_print(&body, "{\"id\":%d,\"schema\":", id);
    datum_print_text(&body, slice_of(stub->schemas[id - 1]));
    buf_print(&body, "%s}", stub->extra[id - 1]);
    reply(out, 200, body.data, body.bytes);
    buf_fini(&body);
}

static int32_t intern(struct stub_registry *stub, struct slice text, const char *extra)
{
    for (int32_t i = 0; i < stub->schema_count; i++) {
        if (slice_is(text, stub->schemas[i])) {
            return i + 1;
        }
    }
    ASSERT(stub->schema_count < SCHEMAS_MAX);
    stub->schemas[stub->schema_count] = strndup(text.data, text.bytes);
    stub->extra[stub->schema_count] = strdup(extra);
    return ++stub->schema_count;
}

static int32_t *subject(struct stub_registry *stub, const char *name, size_t bytes, bool create)
{
    struct slice wanted = {name, bytes};
    for (int i = 0; i < stub->subject_count; i++) {
        if (slice_is(wanted, stub->subjects[i])) {
            return &stub->subject_ids[i];
        }
    }
    if (!create) {
        return NULL;
    }
    ASSERT(stub->subject_count < SUBJECTS_MAX);
    stub->subjects[stub->subject_count] = strndup(name, bytes);
    return &stub->subject_ids[stub->subject_count++];
}

static void get(struct stub_registry *stub, const char *path, struct buf *out)
{
    int id;
    if (sscanf(path, "/schemas/ids/%d", &id) == 1) {
        if (id < 1 || id > stub->schema_count) {
            reply_text(out, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
        } else {
            reply_schema(stub, out, id);
        }
        return;
    }
    if (strcmp(path, "/subjects") == 0) {
        reply_text(out, 200, "[]");
        return;
    }
    const char *end = strstr(path, "/versions/latest");
    if (strncmp(path, "/subjects/", 10) == 0 && end) {
        const int32_t *newest = subject(stub, path + 10, (size_t)(end - path - 10), false);
        if (newest) {
            reply_schema(stub, out, *newest);
        } else {
            reply_text(out, 404, "{\"error_code\":40401,\"message\":\"Subject not found\"}");
        }
        return;
    }
    reply_text(out, 404, "{\"error_code\":404,\"message\":\"no such path\"}");
}

static void post(struct stub_registry *stub, const char *path, struct slice body, struct buf *out)
{
    struct arena *arena = arena_create(4096, 8 << 20);
    struct datum *json = NULL;
    struct decode_error error;
    bool ok = json_decode(arena, body, &json, &error);
    const struct datum *schema = ok ? datum_child(json, slice_of("schema"), NULL) : NULL;
    const char *end = strstr(path, "/versions");
    bool conflict = stub->trouble == STUB_CONFLICT;
    if (!schema || schema->kind != DATUM_TEXT) {
        reply_text(out, 422, "{\"error_code\":42201,\"message\":\"Invalid schema\"}");
    } else if (strncmp(path, "/compatibility/subjects/", 24) == 0 && end) {
        const int32_t *newest = subject(stub, path + 24, (size_t)(end - path - 24), false);
        reply_text(out, newest ? 200 : 404,
                   !newest    ? "{\"error_code\":40401,\"message\":\"Subject not found\"}"
                   : conflict ? "{\"is_compatible\":false}"
                              : "{\"is_compatible\":true}");
    } else if (strncmp(path, "/subjects/", 10) == 0 && end) {
        if (conflict) {
            reply_text(
                out, 409,
                "{\"error_code\":409,\"message\":\"Schema being registered is incompatible\"}");
        } else {
            char answer[64];
            int32_t *newest = subject(stub, path + 10, (size_t)(end - path - 10), true);
            *newest = intern(stub, schema->text, "");
            snprintf(answer, sizeof answer, "{\"id\":%d}", *newest);
            reply_text(out, 200, answer);
        }
    } else {
        reply_text(out, 404, "{\"error_code\":404,\"message\":\"no such path\"}");
    }
    arena_destroy(arena);
}

/* Head and body of one request; false when the peer went away. */
static bool receive(struct stub_registry *stub, int socket, struct slice *body)
{
    size_t bytes = 0, wanted = SIZE_MAX, head = 0;
    while (bytes < wanted) {
        ssize_t got = read(socket, stub->request + bytes, REQUEST_BYTES - bytes);
        if (got <= 0) {
            return false;
        }
        bytes += (size_t)got;
        stub->request[bytes] = 0;
        const char *end = strstr(stub->request, "\r\n\r\n");
        if (end && wanted == SIZE_MAX) {
            const char *length = strcasestr(stub->request, "content-length:");
            head = (size_t)(end - stub->request) + 4;
            wanted = head + (length && length < end ? (size_t)atol(length + 15) : 0);
        }
    }
    *body = (struct slice){stub->request + head, wanted - head};
    return true;
}

static void serve(struct stub_registry *stub, int socket)
{
    struct slice body;
    struct buf out = {0};
    if (!receive(stub, socket, &body)) {
        return;
    }
    char method[8], path[1024];
    ASSERT(sscanf(stub->request, "%7s %1023s", method, path) == 2);
    pthread_mutex_lock(&stub->lock);
    stub->requests++;
    const char *authorization = strstr(stub->request, "Authorization: ");
    stub->authorization[0] = 0;
    if (authorization) {
        snprintf(stub->authorization, sizeof stub->authorization, "%.*s",
                 (int)strcspn(authorization, "\r"), authorization);
    }
    enum stub_trouble trouble = stub->trouble;
    if (trouble == STUB_BUSY) {
        reply_text(&out, 503, "{}");
    } else if (trouble == STUB_REFUSES) {
        reply_text(&out, 401, "{\"error_code\":401,\"message\":\"who are you\"}");
    } else if (trouble == STUB_HTML) {
        reply_text(&out, 404, "<html>404</html>");
    } else if (strcmp(method, "GET") == 0) {
        get(stub, path, &out);
    } else {
        post(stub, path, body, &out);
    }
    pthread_mutex_unlock(&stub->lock);
    if (trouble == STUB_SILENT) {
        struct pollfd gone = {.fd = socket, .events = POLLIN};
        poll(&gone, 1, 2000);
    } else {
        ASSERT(write(socket, out.data, out.bytes) == (ssize_t)out.bytes);
    }
    buf_fini(&out);
}

static void *run(void *context)
{
    struct stub_registry *stub = context;
    struct pollfd fds[2] = {{.fd = stub->listener, .events = POLLIN},
                            {.fd = stub->wake[0], .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
        int socket = accept(stub->listener, NULL, NULL);
        if (socket >= 0) {
            serve(stub, socket);
            close(socket);
        }
    }
    return NULL;
}

struct stub_registry *stub_registry_start(void)
{
    struct stub_registry *stub = calloc(1, sizeof *stub);
    ASSERT(stub);
    pthread_mutex_init(&stub->lock, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    stub->listener = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT(stub->listener >= 0 && pipe(stub->wake) == 0);
    ASSERT(bind(stub->listener, (struct sockaddr *)&address, bytes) == 0 &&
           listen(stub->listener, 8) == 0);
    ASSERT(getsockname(stub->listener, (struct sockaddr *)&address, &bytes) == 0);
    snprintf(stub->url, sizeof stub->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    ASSERT(pthread_create(&stub->thread, NULL, run, stub) == 0);
    return stub;
}

void stub_registry_stop(struct stub_registry *stub)
{
    ASSERT(write(stub->wake[1], "", 1) == 1);
    pthread_join(stub->thread, NULL);
    close(stub->listener);
    close(stub->wake[0]);
    close(stub->wake[1]);
    for (int32_t i = 0; i < stub->schema_count; i++) {
        free(stub->schemas[i]);
        free(stub->extra[i]);
    }
    for (int i = 0; i < stub->subject_count; i++) {
        free(stub->subjects[i]);
    }
    pthread_mutex_destroy(&stub->lock);
    free(stub);
}

const char *stub_registry_url(const struct stub_registry *stub)
{
    return stub->url;
}

int32_t stub_registry_add(struct stub_registry *stub, const char *text, const char *extra)
{
    pthread_mutex_lock(&stub->lock);
    int32_t id = intern(stub, slice_of(text), extra);
    pthread_mutex_unlock(&stub->lock);
    return id;
}

void stub_registry_trouble(struct stub_registry *stub, enum stub_trouble trouble)
{
    pthread_mutex_lock(&stub->lock);
    stub->trouble = trouble;
    pthread_mutex_unlock(&stub->lock);
}

int stub_registry_requests(struct stub_registry *stub)
{
    pthread_mutex_lock(&stub->lock);
    int requests = stub->requests;
    pthread_mutex_unlock(&stub->lock);
    return requests;
}

void stub_registry_authorization(struct stub_registry *stub, char out[128])
{
    pthread_mutex_lock(&stub->lock);
    memcpy(out, stub->authorization, 128);
    pthread_mutex_unlock(&stub->lock);
}
