/* The HTTP port: live page, metrics, health, API. Reads only; one thread of its own.
 *
 *     TRY(http_open(&options, &http));      // after runtime_start
 *     ... http_address(http) ...            // "http://127.0.0.1:8080/"
 *     http_close(http);                     // before runtime_stop
 *
 *   /         live page               /healthz  200 while every loop turns
 *   /metrics  Prometheus text         /readyz   200 when joined, restored and progressing; else 503
 *                                               with the reasons
 *   /status, /api/v1/status           counts, workers, shards
 *   /api/v1/alerts?state=OPEN,UPDATE&limit=N   newest event of each alert; replenishments the same
 *   /api/v1/proposals                          another name of replenishments
 *   /api/v1/forecasts?limit=N                  newest forecasts
 *   /api/v1/shards                             the shards of /status
 *   /api/v1/keys?part=TEXT            series with a forecast ("SKU|LOCATION") that contain TEXT
 *   /api/v1/series?sku=S&location=L   {"series": ring, stock, alerts; "forecast": newest event}
 */
#ifndef RESTOCK_HTTP_H
#define RESTOCK_HTTP_H

#include "stream/recent.h"
#include "stream/runtime.h"

struct http;

struct http_options {
    const char *listen; /* "ADDRESS:PORT", "[::1]:PORT"; port 0: any that is free */
    struct runtime *runtime; /* borrowed until http_close, as is recent */
    struct recent *recent;
    const char *note; /* a sentence that the page shows on top; NULL: none */
};

/* STATUS_CONFIG: listen is no address; STATUS_IO: it cannot be had. */
struct status *http_open(const struct http_options *options, struct http **out)
    __attribute__((warn_unused_result));
void http_close(struct http *http); /* NULL is fine */
const char *http_address(const struct http *http);

#endif
