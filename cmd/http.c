#include "cmd/http.h"

#include "cmd/metrics.h"
#include "cmd/page.h"
#include "config/base/ensure.h"
#include "schemas/datum.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MAX = 64, IDLE_S = 30, LIST_LIMIT = 200, KEYS_LIMIT = 50, TEXT_MAX = 512 };

struct http {
    struct http_options options;
    struct MHD_Daemon *daemon;
    char address[128];
};

struct request {
    const struct http *http;
    struct MHD_Connection *connection;
    struct buf *out;
};

static const char *query(const struct request *request, const char *name)
{
    const char *value =
        MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
    return value && strlen(value) <= TEXT_MAX ? value : "";
}

static size_t limit_of(const struct request *request)
{
    const char *text = query(request, "limit");
    char *end;
    unsigned long limit = strtoul(text, &end, 10);
    return *text && !*end && limit <= LIST_LIMIT ? limit : LIST_LIMIT;
}

/* --- what is served; each returns the HTTP status */

static unsigned serve_page(const struct request *request)
{
    buf_slice(request->out, page_html());
    return MHD_HTTP_OK;
}

static unsigned serve_metrics(const struct request *request)
{
    metrics_prometheus(request->http->options.runtime, request->out);
    return MHD_HTTP_OK;
}

static unsigned serve_status(const struct request *request)
{
    metrics_status(request->http->options.runtime, request->out);
    if (request->http->options.note) {
        request->out->bytes--; /* the closing brace */
        buf_text(request->out, ",\"note\":");
        datum_print_text(request->out, slice_of(request->http->options.note));
        buf_byte(request->out, '}');
    }
    return MHD_HTTP_OK;
}

static unsigned serve_health(const struct request *request)
{
    struct runtime_view view;
    runtime_view(request->http->options.runtime, &view);
    buf_text(request->out, view.alive ? "ok\n" : "a worker's loop has not turned for 30 s\n");
    return view.alive ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned serve_ready(const struct request *request)
{
    if (!metrics_ready(request->http->options.runtime, request->out)) {
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    buf_text(request->out, "ready\n");
    return MHD_HTTP_OK;
}

static unsigned serve_alerts(const struct request *request)
{
    recent_list(request->http->options.recent, TOPIC_ALERTS, query(request, "state"),
                limit_of(request), request->out);
    return MHD_HTTP_OK;
}

static unsigned serve_replenishments(const struct request *request)
{
    recent_list(request->http->options.recent, TOPIC_REPLENISHMENTS, query(request, "state"),
                limit_of(request), request->out);
    return MHD_HTTP_OK;
}

static unsigned serve_forecasts(const struct request *request)
{
    recent_list(request->http->options.recent, TOPIC_FORECASTS, "", limit_of(request),
                request->out);
    return MHD_HTTP_OK;
}

static unsigned serve_shards(const struct request *request)
{
    metrics_shards(request->http->options.runtime, request->out);
    return MHD_HTTP_OK;
}

static unsigned serve_keys(const struct request *request)
{
    recent_keys(request->http->options.recent, TOPIC_FORECASTS, slice_of(query(request, "part")),
                KEYS_LIMIT, request->out);
    return MHD_HTTP_OK;
}

static unsigned serve_series(const struct request *request)
{
    struct slice sku = slice_of(query(request, "sku"));
    struct slice location = slice_of(query(request, "location"));
    struct buf key = {0};
    buf_slice(&key, sku);
    buf_byte(&key, '|');
    buf_slice(&key, location);
    buf_text(request->out, "{\"series\":");
    bool found = runtime_series(request->http->options.runtime, sku, location, request->out);
    buf_text(request->out, found ? ",\"forecast\":" : "null,\"forecast\":");
    bool has =
        recent_get(request->http->options.recent, TOPIC_FORECASTS, buf_view(&key), request->out);
    buf_text(request->out, has ? "}" : "null}");
    buf_fini(&key);
    return found || has ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND;
}

#define JSON "application/json"
#define TEXT "text/plain; charset=utf-8"
static const struct route {
    const char *path, *type;
    unsigned (*serve)(const struct request *request);
} ROUTES[] = {
    {"/", "text/html; charset=utf-8", serve_page},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", serve_metrics},
    {"/healthz", TEXT, serve_health},
    {"/readyz", TEXT, serve_ready},
    {"/status", JSON, serve_status},
    {"/api/v1/status", JSON, serve_status},
    {"/api/v1/alerts", JSON, serve_alerts},
    {"/api/v1/replenishments", JSON, serve_replenishments},
    {"/api/v1/proposals", JSON, serve_replenishments},
    {"/api/v1/forecasts", JSON, serve_forecasts},
    {"/api/v1/shards", JSON, serve_shards},
    {"/api/v1/keys", JSON, serve_keys},
    {"/api/v1/series", JSON, serve_series},
};

static const struct route *route_of(const char *path)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++) {
        if (strcmp(ROUTES[i].path, path) == 0) {
            return &ROUTES[i];
        }
    }
    return NULL;
}

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned code, const char *type,
                               struct buf *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->bytes, body->data, MHD_RESPMEM_MUST_COPY);
    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'; script-src "
                            "'unsafe-inline'; connect-src 'self'; img-src data:");
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **state)
{
    (void)version;
    (void)upload;
    (void)state;
    struct buf body = {0};
    if (*upload_bytes) { /* nothing is taken */
        *upload_bytes = 0;
        return MHD_YES;
    }
    const struct route *route = route_of(path);
    unsigned code;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        code = MHD_HTTP_METHOD_NOT_ALLOWED;
        buf_text(&body, "only GET\n");
    } else if (!route) {
        code = MHD_HTTP_NOT_FOUND;
        buf_text(&body, "not here; try /, /metrics, /healthz, /readyz, /status, /api/v1/alerts, "
                        "/api/v1/proposals, /api/v1/forecasts, /api/v1/shards, /api/v1/keys, "
                        "/api/v1/series\n");
    } else {
        struct request request = {context, connection, &body};
        code = route->serve(&request);
    }
    bool ours = route && code != MHD_HTTP_METHOD_NOT_ALLOWED;
    enum MHD_Result result = respond(connection, code, ours ? route->type : TEXT, &body);
    buf_fini(&body);
    return result;
}

/* --- address */

static struct status *parse(const char *listen, struct addrinfo **out)
{
    const char *colon = strrchr(listen, ':');
    char host[128] = "";
    size_t bytes = colon ? (size_t)(colon - listen) : 0;
    bool bracket = bytes > 1 && listen[0] == '[' && listen[bytes - 1] == ']';
    if (!colon || bytes >= sizeof host || !colon[1]) {
        return status_new(STATUS_CONFIG, "http.listen: expected ADDRESS:PORT, found '%s'", listen);
    }
    memcpy(host, listen + bracket, bytes - 2u * bracket);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int error = getaddrinfo(bytes ? host : NULL, colon + 1, &hints, out);
    return error ? status_new(STATUS_CONFIG, "http.listen: %s: %s", listen, gai_strerror(error))
                 : NULL;
}

static void name_address(struct http *http, const struct sockaddr *address)
{
    char host[64] = "";
    bool six = address->sa_family == AF_INET6;
    if (six) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
    } else {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    (void)snprintf(http->address, sizeof http->address, "http://%s%s%s:%u/", six ? "[" : "", host,
                   six ? "]" : "", info ? (unsigned)info->port : 0u);
}

struct status *http_open(const struct http_options *options, struct http **out)
{
    struct addrinfo *address = NULL;
    TRY(parse(options->listen, &address));
    struct http *http = calloc(1, sizeof *http);
    ASSERT(http && "out of memory for the HTTP server");
    http->options = *options;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO |
                     (address->ai_family == AF_INET6 ? (unsigned)MHD_USE_IPv6 : 0u);
    errno = 0;
    http->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, answer, http, MHD_OPTION_SOCK_ADDR, address->ai_addr,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
    if (!http->daemon) {
        int error = errno;
        freeaddrinfo(address);
        free(http);
        return status_new(STATUS_IO, "cannot listen on %s: %s; set http.listen", options->listen,
                          error ? strerror(error) : "the address is taken");
    }
    name_address(http, address->ai_addr);
    freeaddrinfo(address);
    *out = http;
    return NULL;
}

void http_close(struct http *http)
{
    if (http) {
        MHD_stop_daemon(http->daemon);
        free(http);
    }
}

const char *http_address(const struct http *http)
{
    return http->address;
}
